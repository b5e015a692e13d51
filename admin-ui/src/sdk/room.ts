import { Emitter } from "./emitter";
import type { Environment } from "./environment";
import { Outbox, type Pending } from "./outbox";
import { passes, Refusal } from "./refusal";
import {
  applyAgain, applyEvent, applyHistory, applyJoined, applyOlder, applyReacted, emptyRoom, quoteOf, type RoomState, trim,
  withHeld, withoutHeld,
} from "./state";
import {
  type AckFrame, type HistoryPage, isLogFrame, type JoinedFrame, type LogFrame, type MembersPage, type Message,
  type Position, type PostAck, type ReleasedFrame, type SanctionFrame, type ServerFrame, type Settings, type User,
} from "./wire";

export type RoomPhase = "joining" | "joined" | "refused";

export interface RoomEvents {
  /** Something that the room shows has changed: read `state`, `pending`, `typing`, `phase`. */
  change: Room;
  /** A message that has just been written by someone, oneself included; not history. */
  message: Message;
  /** A sanction against oneself. */
  sanction: SanctionFrame;
  /** What became of a message of one's own that waited for a moderator. */
  released: { message: Message; outcome: ReleasedFrame["outcome"] };
  /** Every message of the room is gone. */
  cleared: Room;
  notice: string;
}

/** What a room needs of its connection. */
export interface Line {
  /** Null where the frame can't go out now. */
  sendNow(frame: Record<string, unknown>, room: string): Promise<AckFrame> | null;
  request(frame: Record<string, unknown>, room: string, repeatable: boolean): Promise<AckFrame>;
  join(room: Room): void;
  leave(room: Room): void;
  user(): User | null;
  /** The server's clock less this one's, ms. */
  clockOffset(): number;
}

const typingFadesMs = 5000;
const typingEveryMs = 3000;
const missedAfterMs = 3000;
/** When something ends for a whole room, its readers don't all ask at once. */
const spreadMs = 4000;
/** Events are remembered while a page of the history is under way, and this long in any case. */
const recentMs = 5000;
const mostRecent = 1000;

/** One room, joined for as long as it isn't left: reconnects and recovery happen beneath it. */
export class Room extends Emitter<RoomEvents> {
  #state: RoomState = emptyRoom;
  #phase: RoomPhase = "joining";
  #refusal: Refusal | null = null;
  #typing = new Map<string, { user: User; until: number }>();
  #typingSent = -Infinity;
  #timers = new Set<unknown>();
  #reading = 0; // pages of the history under way
  #recent: { at: number; event: LogFrame }[] = []; // the last events, which a page may have been read before
  readonly #outbox: Outbox;

  /** Use `Chatd.join`. */
  constructor(
    readonly name: string,
    private readonly env: Environment,
    private readonly line: Line,
  ) {
    super();
    this.#outbox = new Outbox(
      env,
      (p) => (this.#phase === "joined" ? this.#sendPost(p) : null),
      () => this.#state.seq,
      () => this.line.user()?.id,
      () => this.emit("change", this),
    );
  }

  get state(): RoomState {
    return this.#state;
  }
  get phase(): RoomPhase {
    return this.#phase;
  }
  /** Why the room can't be joined, or was left. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }
  /** Own posts that the room doesn't show yet, oldest first. */
  get pending(): readonly Pending[] {
    return this.#outbox.entries;
  }
  /** Others who are writing. */
  get typing(): readonly User[] {
    return [...this.#typing.values()].map((t) => t.user);
  }
  get position(): Position | undefined {
    return this.#state.epoch ? { epoch: this.#state.epoch, seq: this.#state.seq } : undefined;
  }

  /** Sends a message, now or once there is a connection. A nonce given again is stored once; `sentAs`: `Pending`'s. */
  post(text: string, replyTo?: string, nonce = this.env.randomId(), sentAs?: string): string {
    this.#outbox.add({ nonce, text, replyTo, at: this.env.now(), state: "waiting", sentAs });
    return nonce;
  }
  retry(nonce: string): void {
    this.#outbox.retry(nonce);
  }
  discard(nonce: string): void {
    this.#outbox.discard(nonce);
  }

  edit(messageId: string, text: string): Promise<AckFrame> {
    return this.#request({ type: "edit", message_id: messageId, text });
  }
  delete(...messageIds: string[]): Promise<AckFrame> {
    return this.#request({ type: "delete", message_ids: messageIds });
  }
  restore(...messageIds: string[]): Promise<AckFrame> {
    return this.#request({ type: "restore", message_ids: messageIds });
  }
  pin(messageId: string, on: boolean): Promise<AckFrame> {
    return this.#request({ type: "pin", message_id: messageId, on });
  }
  set(settings: Partial<Settings>): Promise<AckFrame> {
    return this.#request({ type: "set", settings });
  }
  async react(messageId: string, emoji: string, on: boolean): Promise<void> {
    await this.#request({ type: "react", message_id: messageId, emoji, on });
    this.#update(applyReacted(this.#state, messageId, emoji, on));
  }
  /** Seconds 0: for good. `intervalSeconds` is for slow, and for it alone. Answers with the sanction's id. */
  async sanction(user: string, effect: "ban" | "mute" | "slow", seconds: number, reason: string, intervalSeconds?: number): Promise<string> {
    const frame: Record<string, unknown> = { type: "sanction", room: this.name, user, effect, seconds, reason };
    if (effect === "slow") frame.interval_seconds = intervalSeconds;
    return String((await this.line.request(frame, this.name, false)).sanction_id ?? "");
  }
  lift(sanctionId: string): Promise<AckFrame> {
    return this.#request({ type: "lift", sanction_id: sanctionId });
  }
  async members(limit = 500): Promise<MembersPage> {
    return (await this.#request({ type: "members", limit })) as unknown as MembersPage;
  }

  /** Loads what came before the oldest message that is shown. */
  async loadOlder(limit = 50): Promise<void> {
    const before = (this.#state.past ?? this.#state).messages[0]?.seq ?? this.#state.seq + 1;
    await this.#history({ before, limit }, (page) => applyOlder(this.#state, page, before));
  }
  /** Shows the messages around one: joined to the newest where they touch, else as `state.past`. */
  async loadAround(messageId: string, limit = 50): Promise<void> {
    await this.#history({ around: messageId, limit }, (page) => applyHistory(this.#state, page));
  }
  /** Goes on from `state.past` towards the newest. */
  async loadNewer(limit = 100): Promise<void> {
    const last = this.#state.past?.messages.at(-1);
    if (last) await this.loadAround(last.id, limit);
  }
  /** Leaves `state.past`. */
  showNewest(): void {
    if (this.#state.past) this.#update({ ...this.#state, past: null });
  }
  /** Forgets the oldest messages beyond `keep`; they can be loaded again. */
  trim(keep: number): void {
    const next = trim(this.#state, keep);
    if (next !== this.#state) this.#update(next);
  }

  /** Tells others that one is writing; call it at every key. */
  sendTyping(): void {
    const now = this.env.now();
    if (now - this.#typingSent < typingEveryMs || this.#phase !== "joined") return;
    this.#typingSent = now;
    this.line.sendNow({ type: "typing", room: this.name }, this.name)?.catch(() => {});
  }
  /** Notes how far one has read. */
  markRead(seq: number): void {
    if (seq <= this.#state.read) return;
    this.#state = { ...this.#state, read: seq };
    this.line.sendNow({ type: "read", room: this.name, seq }, this.name)?.catch(() => {});
  }
  leave(): void {
    this.#stopTimers();
    this.line.leave(this);
  }
  /** After a refusal: tries again. */
  rejoin(): void {
    this.#phase = "joining";
    this.#refusal = null;
    this.line.join(this);
    this.emit("change", this);
  }

  // What follows is for the connection.

  /** @internal */
  receive(f: ServerFrame): void {
    if (isLogFrame(f)) return this.#event(f);
    switch (f.type) {
      case "joined":
        return this.#joined(f);
      case "left":
        return this.refuse(new Refusal(f.code, f.message, undefined, undefined, f.room));
      case "presence": {
        const members = new Map(this.#state.members);
        for (const m of f.joined ?? []) members.set(m.id, m);
        for (const m of f.left ?? []) members.delete(typeof m === "string" ? m : m.id);
        return this.#update({ ...this.#state, members, count: f.count });
      }
      case "typing":
        return this.#othersType(f.users);
      case "muted":
      case "unmuted":
      case "banned":
        this.#sanctioned(f);
        return this.emit("sanction", f);
      case "held":
        return this.#update(withHeld(this.#state, f.message));
      case "released":
        return this.#released(f);
      case "lockdown":
        this.#update({ ...this.#state, lockdown: f.lockdown });
        return this.#watchLockdown();
      case "rights":
        this.#update({ ...this.#state, rights: f.rights });
        return this.#watchMute();
      case "notice":
        return this.emit("notice", f.text);
    }
  }

  /** @internal The connection is gone; it will come back. */
  cut(): void {
    if (this.#phase === "joined") this.#phase = "joining";
    this.#state = { ...this.#state, replay: null };
    this.#typing.clear();
    this.emit("change", this);
  }

  /** @internal One is someone else now: what was shown, and its position, were another's. */
  startOver(): void {
    this.#state = { ...this.#state, epoch: "", reacted: new Map(), read: 0 };
  }

  /** @internal The room is out of reach until someone acts. */
  refuse(refusal: Refusal): void {
    this.#phase = "refused";
    this.#refusal = refusal;
    this.emit("change", this);
  }

  /** @internal A join was refused. Returns after how long to ask again; undefined: never. */
  joinRefused(refusal: Refusal): number | undefined {
    if (passes(refusal.code)) return refusal.retryAfterMs ?? 2000;
    this.refuse(refusal);
    return undefined;
  }

  /** @internal A heartbeat told of a position. */
  heard(p: Position): void {
    if (this.#phase !== "joined") return;
    if (p.epoch !== this.#state.epoch) return this.line.join(this);
    if (p.seq <= this.#state.seq) return;
    this.#after(missedAfterMs, () => {
      if (this.#phase === "joined" && p.epoch === this.#state.epoch && p.seq > this.#state.seq) this.line.join(this);
    });
  }

  /** @internal */
  dispose(): void {
    this.#stopTimers();
  }

  #joined(f: JoinedFrame): void {
    this.#phase = "joined";
    this.#refusal = null;
    if (!f.recovered) this.#recent = []; // what came between is not among them
    this.#update(applyJoined(this.#state, f));
    this.#outbox.seen();
    this.#outbox.flush();
    this.#watchMute();
    this.#watchLockdown();
  }

  #released(f: ReleasedFrame): void {
    const message = this.#state.held.find((m) => m.id === f.message_id);
    if (!message) return;
    this.#update(withoutHeld(this.#state, f.message_id));
    this.emit("released", { message, outcome: f.outcome });
  }

  #event(f: LogFrame): void {
    const fresh = f.seq > this.#state.seq;
    const waited = f.type === "message" ? this.#state.held.find((m) => m.id === f.message.id) : undefined;
    if (f.type === "message") this.#typing.delete(f.message.from.id);
    if (fresh && f.type !== "message" && f.type !== "room") this.#remember(f);
    this.#update(applyEvent(this.#state, f));
    this.#outbox.seen();
    if (!fresh) return;
    if (waited) this.emit("released", { message: waited, outcome: "released" });
    if (f.type === "message") this.emit("message", f.message);
    if (f.type === "cleared") this.emit("cleared", this);
  }

  #sanctioned(f: SanctionFrame): void {
    const { rights, settings } = this.#state;
    if (f.type === "muted") {
      const refused = { code: "muted", message: f.reason ?? "", until: f.until };
      this.#update({ ...this.#state, rights: { ...rights, post: false, refused } });
      this.#watchMute();
    } else if (f.type === "unmuted") {
      const post = rights.moderate || !settings.read_only;
      const refused = post ? undefined : { code: "room_read_only", message: "" };
      this.#update({ ...this.#state, rights: { ...rights, post, refused } });
    }
  }

  /** A mute ends by itself: nobody tells. */
  #watchMute(): void {
    const { refused } = this.#state.rights;
    if (refused?.code !== "muted" || !refused.until) return;
    const wait = this.#until(refused.until) + 250;
    if (wait > 86_400_000) return;
    this.#after(Math.max(wait, 1000), () => {
      if (this.#phase === "joined" && this.#state.rights.refused === refused) this.line.join(this);
    });
  }

  /** A lock-down ends by itself, too; with it what it took away, which only the server knows. */
  #watchLockdown(): void {
    const { lockdown } = this.#state;
    if (!lockdown) return;
    const wait = this.#until(lockdown.until);
    if (wait > 86_400_000) return;
    this.#after(Math.max(wait, 0) + 250, () => {
      if (this.#state.lockdown !== lockdown) return;
      this.#update({ ...this.#state, lockdown: null });
      const { rights } = this.#state;
      if (rights.post) return;
      this.#after(1000 + this.env.random() * spreadMs, () => {
        if (this.#phase === "joined" && this.#state.rights === rights) this.line.join(this);
      });
    });
  }

  /** How long it is until a time of the server's, ms. */
  #until(at: string): number {
    return Date.parse(at) - this.line.clockOffset() - this.env.now();
  }

  #othersType(users: readonly User[]): void {
    const until = this.env.now() + typingFadesMs;
    const me = this.line.user()?.id;
    for (const user of users) if (user.id !== me) this.#typing.set(user.id, { user, until });
    this.emit("change", this);
    this.#after(typingFadesMs + 50, () => {
      const now = this.env.now();
      for (const [id, t] of this.#typing) if (t.until <= now) this.#typing.delete(id);
      this.emit("change", this);
    });
  }

  #sendPost(p: Pending): Promise<PostAck> | null {
    const frame: Record<string, unknown> = { type: "post", room: this.name, text: p.text, nonce: p.nonce };
    if (p.replyTo) frame.reply_to = p.replyTo;
    const answer = this.line.sendNow(frame, this.name) as Promise<PostAck> | null;
    return answer && answer.then((ack) => {
      // One that was held earlier is among `joined.held`, if it still waits.
      if (ack.held && !ack.duplicate) this.#update(withHeld(this.#state, this.#asHeld(p, ack)));
      return ack;
    });
  }

  /** A held post as it stands until the server's own word on it comes. */
  #asHeld(p: Pending, ack: PostAck): Message {
    const quoted = p.replyTo ? this.#state.messages.find((m) => m.id === p.replyTo) : undefined;
    return { id: ack.message_id, seq: 0, from: this.line.user()!, text: p.text, at: ack.at, ...(quoted && { reply_to: quoteOf(quoted) }) };
  }

  async #history(q: Record<string, unknown>, apply: (page: HistoryPage) => RoomState): Promise<void> {
    this.#reading++;
    try {
      const page = (await this.#request({ type: "history", ...q })) as unknown as HistoryPage;
      this.#update(applyAgain(apply(page), this.#recent.map((r) => r.event)));
    } finally {
      this.#reading--;
    }
  }

  #remember(event: LogFrame): void {
    const now = this.env.now();
    const since = this.#reading > 0 ? -Infinity : now - recentMs;
    this.#recent = [...this.#recent.filter((r) => r.at >= since), { at: now, event }].slice(-mostRecent);
  }

  #request(frame: Record<string, unknown>): Promise<AckFrame> {
    return this.line.request({ ...frame, room: this.name }, this.name, true);
  }

  #update(state: RoomState): void {
    this.#state = state;
    this.emit("change", this);
  }

  #after(ms: number, fn: () => void): void {
    const timer = this.env.setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms);
    this.#timers.add(timer);
  }

  #stopTimers(): void {
    for (const t of this.#timers) this.env.clearTimeout(t);
    this.#timers.clear();
    this.#outbox.stop();
  }
}
