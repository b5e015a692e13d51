// The owner's accent colour, made readable whatever it is.

type RGB = [number, number, number];

/** #rgb or #rrggbb, with or without #; null for anything else. */
export function parseHex(text: string): RGB | null {
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (!hex) return null;
  const full = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
  return [0, 2, 4].map((i) => parseInt(full.slice(i, i + 2), 16)) as RGB;
}

export function toHex(rgb: RGB): string {
  return "#" + rgb.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("");
}

/** The contrast ratio of WCAG 2.2, 1 to 21. */
export function contrast(a: RGB, b: RGB): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(rgb: RGB): number {
  const [r, g, b] = rgb.map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const white: RGB = [255, 255, 255];
const ink: RGB = [16, 18, 24];

/** The text colour to use on `rgb`. */
export function textOn(rgb: RGB): RGB {
  return contrast(rgb, white) >= contrast(rgb, ink) ? white : ink;
}

/** `rgb` moved towards `end` until it can be read as text on `ground`. */
export function readableOn(rgb: RGB, ground: RGB, end: RGB, ratio = 4.8): RGB {
  for (let step = 0; step <= 20; step++) {
    const mixed = rgb.map((v, i) => v + ((end[i]! - v) * step) / 20) as RGB;
    if (contrast(mixed, ground) >= ratio) return mixed;
  }
  return end;
}

/** Sets the page's accent. By CSSOM, which a strict policy allows. */
export function setAccent(root: HTMLElement, text: string): void {
  const rgb = parseHex(text);
  if (!rgb) return;
  root.style.setProperty("--accent", toHex(rgb));
  root.style.setProperty("--on-accent", toHex(textOn(rgb)));
  root.style.setProperty("--accent-ink-light", toHex(readableOn(rgb, [240, 242, 247], ink)));
  root.style.setProperty("--accent-ink-dark", toHex(readableOn(rgb, [38, 42, 54], white)));
}
