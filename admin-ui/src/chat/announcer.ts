import type { Message } from "../sdk";
import { plainText } from "./body";
import { t, tn } from "./i18n";

const everyMs = 4000;
const longest = 140;

/**
 * What a screen reader hears of new messages: each by itself while they come slowly, a
 * summary every few seconds while they come fast.
 */
export class Announcer {
  text = "";
  #waiting: Message[] = [];
  #timer = 0;

  constructor(private readonly changed: () => void) {}

  message(m: Message): void {
    this.#waiting.push(m);
    if (!this.#timer) {
      this.#say();
      this.#timer = window.setInterval(() => this.#say(), everyMs);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  #say(): void {
    const last = this.#waiting.at(-1);
    if (!last) return this.stop();
    this.text = this.#waiting.length === 1
      ? t("said", { name: last.from.name, text: plainText(last).slice(0, longest) })
      : t("last_from", { count: tn("unread", this.#waiting.length), name: last.from.name });
    this.#waiting = [];
    this.changed();
  }
}
