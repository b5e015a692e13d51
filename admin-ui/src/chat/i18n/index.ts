import * as de from "./de";
import * as en from "./en";

export type Word = keyof typeof en.words;

const catalogues = { en, de };
export type Lang = keyof typeof catalogues;

let lang: Lang = "en";
let locale = "en"; // with its region: it decides between 6:30 PM and 18:30

/** The first of the wishes that has a catalogue. */
export function chooseLang(...wishes: (string | null | undefined)[]): Lang {
  for (const wish of wishes) {
    const base = wish?.toLowerCase().split(/[-_]/)[0];
    if (base && Object.hasOwn(catalogues, base)) return base as Lang;
  }
  return "en";
}

export function setLang(to: Lang, wishes: readonly string[] = []): void {
  lang = to;
  locale = wishes.find((w) => w.toLowerCase().split("-")[0] === to && supported(w)) ?? to;
  document.documentElement.lang = to;
}

function supported(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([tag]).length > 0;
  } catch {
    return false; // some systems name what is no language tag, like en-US@posix
  }
}

export function t(word: Word, vars: Record<string, string | number> = {}): string {
  return fill(catalogues[lang].words[word], vars);
}

/** `word_one` or `word_other`, by number. */
export function tn(word: "members_n" | "unread", n: number): string {
  const rule = new Intl.PluralRules(lang).select(n) === "one" ? "one" : "other";
  return t(`${word}_${rule}`, { n: number(n) });
}

function fill(text: string, vars: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(vars[key] ?? ""));
}

export function number(n: number): string {
  return n.toLocaleString(locale);
}

export interface Told {
  code: string;
  message?: string;
  until?: Date | string;
  retryAfterMs?: number;
}

/** What was refused, why, and how long to wait. Codes without words of their own fall back on the server's sentence. */
export function tell(e: Told): string {
  const table: Record<string, string> = catalogues[lang].errors;
  // Closed by a code of WebSocket itself (1002, 1007…): one side broke the protocol.
  const code = /^closed_1\d{3}$/.test(e.code) ? "unknown_type" : e.code;
  return [Object.hasOwn(table, code) ? table[code] : e.message || table.internal, ...details(e)].join(" ");
}

/** The reason, and how long to wait. */
export function details(e: Told): string[] {
  const parts: string[] = [];
  const reason = reasonOf(e);
  if (reason) parts.push(sayReason(reason));
  if (e.until) parts.push(t("until", { until: dateTime(e.until) }));
  else if (e.retryAfterMs) parts.push(t("wait", { wait: span(e.retryAfterMs) }));
  return parts;
}

/** A moderator's own words as a sentence. */
export function sayReason(reason: string): string {
  return t("reason", { reason }) + (/[.!?…。！？]$/.test(reason) ? "" : ".");
}

/** A moderator's own words within the server's sentence about a sanction. */
export function reasonOf(e: Told): string {
  if (e.code !== "banned" && e.code !== "muted") return "";
  return (e.message ?? "").replace(/^You are (?:banned|muted)\b[^:]*:?\s*/, "").replace(/^\.$/, "");
}

/** A time span in its largest fitting unit, rounded up. */
export function span(ms: number): string {
  const s = Math.max(1, Math.ceil(ms / 1000));
  const [n, unit] = s < 100 ? [s, "second"] : s < 5400 ? [Math.ceil(s / 60), "minute"]
    : s < 172_800 ? [Math.ceil(s / 3600), "hour"] : [Math.ceil(s / 86_400), "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: "long" }).format(n as number);
}

// Making a format costs more than using it a hundred times.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options);
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat(locale, options)));
  return f.format(new Date(at));
}

export function time(at: string | number): string {
  return format(at, { hour: "numeric", minute: "2-digit" });
}

export function dateTime(at: string | number | Date): string {
  return format(at, { dateStyle: "medium", timeStyle: "short" });
}

/** Today, yesterday, or the date. */
export function day(at: string | number, now: number): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return format(at, { weekday: "long", day: "numeric", month: "long", year: days > 300 ? "numeric" : undefined });
}

function midnight(at: string | number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
