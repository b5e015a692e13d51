import * as de from "./de";
import * as en from "./en";

export type Word = keyof typeof en.words;

const catalogues = { en, de };
export type Lang = keyof typeof catalogues;

let lang: Lang = "en";

/** The first of the wishes that has a catalogue. */
export function chooseLang(...wishes: (string | null | undefined)[]): Lang {
  for (const wish of wishes) {
    const base = wish?.toLowerCase().split(/[-_]/)[0];
    if (base && Object.hasOwn(catalogues, base)) return base as Lang;
  }
  return "en";
}

export function setLang(to: Lang): void {
  lang = to;
  document.documentElement.lang = to;
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
  return n.toLocaleString(lang);
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
  const parts = [Object.hasOwn(table, e.code) ? table[e.code] : e.message || table.internal];
  const reason = reasonOf(e);
  if (reason) parts.push(t("reason", { reason }));
  if (e.until) parts.push(t("until", { until: dateTime(e.until) }));
  else if (e.retryAfterMs) parts.push(t("wait", { wait: span(e.retryAfterMs) }));
  return parts.join(" ");
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
  return new Intl.NumberFormat(lang, { style: "unit", unit: unit as string, unitDisplay: "long" }).format(n as number);
}

export function time(at: string | number): string {
  return new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

export function dateTime(at: string | number | Date): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** Today, yesterday, or the date. */
export function day(at: string | number, now: number): string {
  const d = new Date(at);
  const days = Math.round((midnight(now) - midnight(d)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", year: days > 300 ? "numeric" : undefined }).format(d);
}

function midnight(at: number | Date): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
