// The sign-in token comes from the page that frames this one, by postMessage: from that
// window, and from its exact origin, alone. docs/embed.md describes it.

import { exactOrigin } from "./params";

interface Host {
  parent: Window;
  self: Window;
  referrer: string;
  ancestors?: { readonly length: number; readonly [i: number]: string };
}

/** Long enough for a page that has to ask its own server first, short enough for one that never answers. */
const patienceMs = 1500;

export class Handshake {
  readonly #origin: string | null;
  #waiting: ((token: string | null) => void)[] = [];
  #token: string | null = null;
  #answered = false;

  constructor(
    private readonly host: Host,
    origin: string | null,
    /** Called with a token that nobody waited for. */
    private readonly unasked: (token: string) => void,
  ) {
    this.#origin = origin ?? exactOrigin(host.ancestors?.[0]) ?? exactOrigin(host.referrer);
    host.self.addEventListener("message", (event) => this.#receive(event));
  }

  /** Asks the parent; null when it has none, or doesn't answer. */
  token(why: "connect" | "expiring" | "expired"): Promise<string | null> {
    if (why === "connect" && this.#answered) return Promise.resolve(this.#token);
    if (!this.#tell(why === "connect" ? "chatd:ready" : "chatd:token-needed")) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // A parent that keeps the visitor waiting for a renewed token is worth more patience.
      this.host.self.setTimeout(() => this.#answer(null, resolve), why === "connect" ? patienceMs : patienceMs * 4);
    });
  }

  #tell(type: string): boolean {
    if (this.host.parent === this.host.self || !this.#origin) return false;
    this.host.parent.postMessage({ type }, this.#origin);
    return true;
  }

  #receive(event: MessageEvent): void {
    if (event.source !== this.host.parent || event.origin !== this.#origin) return;
    const data: unknown = event.data;
    if (typeof data !== "object" || data === null || (data as { type?: unknown }).type !== "chatd:token") return;
    const token = (data as { token?: unknown }).token;
    if (token !== null && (typeof token !== "string" || token === "")) return;
    this.#answered = true;
    this.#token = token;
    if (this.#waiting.length > 0) this.#answer(token);
    else if (token !== null) this.unasked(token);
  }

  #answer(token: string | null, only?: (token: string | null) => void): void {
    const settled = only ? this.#waiting.filter((w) => w === only) : this.#waiting;
    this.#waiting = this.#waiting.filter((w) => !settled.includes(w));
    for (const resolve of settled) resolve(token);
  }
}
