import type { Environment } from "./environment";
import { identityChanged, leavesOpen, passes, type Refusal, repeats } from "./refusal";
import type { PostAck } from "./wire";

/** A post on its way. */
export interface Pending {
  readonly nonce: string;
  readonly text: string;
  readonly replyTo?: string;
  /** When it was written, ms since 1970. */
  readonly at: number;
  /** waiting: for the connection; sent: for the answer; stored: acknowledged, its event is to come; refused: see `refusal`. */
  readonly state: "waiting" | "sent" | "stored" | "refused";
  readonly refusal?: Refusal;
  readonly seq?: number;
  /** As whom it was sent while nothing has said yet whether it is stored. */
  readonly sentAs?: string;
}

/** How many posts go out before the first is answered; the server reads on up to 32. */
const inFlight = 16;

/**
 * Posts until they are stored and seen, or refused. What had no answer is sent again with its
 * nonce, under which the server stores it once for each author: as somebody else it waits for a word.
 */
export class Outbox {
  #entries: readonly Pending[] = [];
  #timer: unknown;
  #notBefore = 0;
  /** Posts with a passing refusal. Nothing newer goes out before them: it would overtake them. */
  readonly #held = new Set<string>();

  constructor(
    private readonly env: Environment,
    private readonly send: (post: Pending) => Promise<PostAck> | null,
    private readonly position: () => number,
    private readonly me: () => string | undefined,
    private readonly changed: () => void,
  ) {}

  get entries(): readonly Pending[] {
    return this.#entries;
  }

  add(post: Pending): void {
    this.#set([...this.#entries, post]);
    this.flush();
  }

  /** Sends what waits, in order. */
  flush(): void {
    if (this.env.now() < this.#notBefore) return; // the timer comes back
    let flying = this.#entries.filter((e) => e.state === "sent").length;
    for (const entry of this.#entries) {
      const held = this.#held.has(entry.nonce);
      if (held && entry.state === "sent") return;
      if (entry.state !== "waiting") continue;
      if (flying >= inFlight) return;
      const me = this.me();
      if (entry.sentAs !== undefined && entry.sentAs !== me) {
        this.#refused(entry.nonce, identityChanged());
        return; // that has flushed the rest
      }
      const answer = this.send(entry);
      if (!answer) return;
      flying++;
      this.#update(entry.nonce, { state: "sent", sentAs: me });
      answer.then(
        (ack) => this.#stored(entry.nonce, ack),
        (refusal: Refusal) => this.#refused(entry.nonce, refusal),
      );
      if (held) return;
    }
  }

  /** The room's position has moved: what is stored up to it, or held, is shown by the room itself. */
  seen(): void {
    const left = this.#entries.filter((e) => e.state !== "stored" || (e.seq ?? 0) > this.position());
    if (left.length !== this.#entries.length) this.#set(left);
  }

  retry(nonce: string): void {
    this.#update(nonce, { state: "waiting", refusal: undefined, sentAs: undefined });
    this.flush();
  }

  discard(nonce: string): void {
    this.#held.delete(nonce);
    this.#set(this.#entries.filter((e) => e.nonce !== nonce));
    this.flush();
  }

  stop(): void {
    this.#notBefore = 0;
    this.env.clearTimeout(this.#timer);
  }

  #stored(nonce: string, ack: PostAck): void {
    this.#held.delete(nonce);
    this.#update(nonce, { state: "stored", seq: ack.seq });
    this.seen();
    this.flush();
  }

  #refused(nonce: string, refusal: Refusal): void {
    if (!repeats(refusal.code)) {
      this.#held.delete(nonce);
      this.#update(nonce, { state: "refused", refusal });
      this.flush();
      return;
    }
    this.#update(nonce, leavesOpen(refusal.code) ? { state: "waiting" } : { state: "waiting", sentAs: undefined });
    if (refusal.code === "disconnected") return;
    if (this.#entries.some((e) => e.nonce === nonce)) this.#held.add(nonce);
    this.#later(refusal.retryAfterMs ?? 1000);
  }

  #later(ms: number): void {
    const at = this.env.now() + ms;
    if (at <= this.#notBefore) return;
    this.#notBefore = at;
    this.env.clearTimeout(this.#timer);
    this.#timer = this.env.setTimeout(() => {
      this.#notBefore = 0; // whatever the clock has done meanwhile
      this.flush();
    }, ms);
  }

  #update(nonce: string, change: Partial<Pending>): void {
    this.#set(this.#entries.map((e) => (e.nonce === nonce ? { ...e, ...change } : e)));
  }

  #set(entries: readonly Pending[]): void {
    this.#entries = entries;
    this.changed();
  }
}

/** Whether a refused post may be sent again as it is. */
export function mayRetry(p: Pending): boolean {
  return p.refusal !== undefined && (passes(p.refusal.code) || p.refusal.retryAfterMs !== undefined);
}
