import { Chatd, type Message, mayRetry, type Pending, type Refusal, type ReleasedFrame, type Room, type User } from "../sdk";
import { Announcer } from "./announcer";
import { t, tell } from "./i18n";
import { Lines } from "./lines";
import type { Effect } from "./moderation";
import type { Overlay } from "./overlay";
import { kept, readJSON, tab } from "./storage";

/** What is told beside the composer or, for acts elsewhere, above it. */
export interface Notice {
  kind: "info" | "error";
  /** Words, or a refusal whose waiting time counts down. */
  text?: string;
  refusal?: { code: string; message: string; until?: Date; at: number };
}

/** A message of one's own that a moderator, or time, has decided against. */
export interface Dropped {
  message: Message;
  outcome: Exclude<ReleasedFrame["outcome"], "released">;
}

const bannerAfterMs = 2000;
const noticeForMs = 6000;
const keepAtBottom = 400;
const keepAtMost = 3000;

/** The state of one room's page beyond what the SDK keeps, and everything that a visitor can do. */
export class Store {
  readonly room: Room;
  readonly announcer = new Announcer(() => this.changed());
  readonly lines = new Lines(() => this.changed());
  dropped: readonly Dropped[] = [];
  draft: string;
  replyTo: Message | null = null;
  editing: Message | null = null;
  notice: Notice | null = null;
  /** Until when the room takes no message of this visitor, ms since 1970. */
  cooldown = 0;
  unread = 0;
  /** The first message that came while nobody looked. */
  unreadFrom: number | null = null;
  atBottom = true;
  membersOpen = false;
  /** The connection has been away for long enough to say so. */
  trouble = false;
  loading = false;
  overlay: Overlay | null = null;
  /** The message to scroll to once it is there. */
  target: string | null = null;
  /** The message whose text is to get the caret (composer asked to take focus). */
  focusComposer = 0;
  ignored: ReadonlyMap<string, string>;
  named: boolean;
  sanctionReason = "";
  /** What this page has made, by whom it hits and how. */
  #sanctions = new Map<string, string>();

  #listeners = new Set<(urgent: boolean) => void>();
  #draftKey: string;
  #outboxKey: string;
  #troubleTimer = 0;
  #noticeTimer = 0;
  #readTimer = 0;
  #visible = () => document.visibilityState === "visible";
  #stops: (() => void)[] = [];

  constructor(readonly chatd: Chatd, readonly name: string) {
    this.#draftKey = `draft:${name}`;
    this.#outboxKey = `outbox:${name}`;
    this.draft = tab.get(this.#draftKey) ?? "";
    this.ignored = new Map(readJSON<[string, string][]>(kept.get("ignored"), []));
    this.named = kept.get("named") !== null;
    this.room = chatd.join(name);
    if (chatd.status.state === "stopped") chatd.retry(); // what ended another room need not hold here
    for (const p of readJSON<Pick<Pending, "nonce" | "text" | "replyTo" | "sentAs">[]>(tab.get(this.#outboxKey), [])) {
      this.room.post(p.text, p.replyTo, p.nonce, p.sentAs);
    }
    this.#listen();
  }

  #listen(): void {
    let shown = false;
    const visibility = () => {
      if (this.#visible()) this.look();
    };
    document.addEventListener("visibilitychange", visibility);
    this.#stops = [
      () => document.removeEventListener("visibilitychange", visibility),
      this.room.on("change", () => {
        this.#settleRefused();
        this.#saveOutbox();
        if (!shown && this.room.phase === "joined") {
          shown = true;
          this.#markMissed();
        }
        this.changed();
      }),
      this.room.on("message", (m) => this.#arrived(m)),
      this.room.on("notice", (text) => this.lines.add({ kind: "staff", text })),
      this.room.on("released", ({ message, outcome }) => this.#decided(message, outcome)),
      this.room.on("cleared", () => this.#cleared()),
      this.room.on("sanction", (f) => {
        this.sanctionReason = f.type === "unmuted" ? "" : (f.reason ?? "");
      }),
      this.chatd.on("notice", (text) => this.lines.add({ kind: "staff", text })),
      this.chatd.on("user", () => this.changed()),
      this.chatd.on("status", (status) => {
        if (status.state === "open" || status.state === "stopped") {
          clearTimeout(this.#troubleTimer);
          this.#troubleTimer = 0;
          this.trouble = false;
        } else if (!this.#troubleTimer) {
          this.#troubleTimer = window.setTimeout(() => {
            this.trouble = true;
            this.changed();
          }, bannerAfterMs);
        }
        this.changed();
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.room.leave();
    this.announcer.stop();
    this.lines.stop();
    for (const timer of [this.#troubleTimer, this.#noticeTimer, this.#readTimer]) clearTimeout(timer);
  }

  subscribe(fn: (urgent: boolean) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** Urgent: an answer to a key or a click, which must stand before the next key comes. */
  changed(urgent = false): void {
    for (const fn of this.#listeners) fn(urgent);
  }

  get me(): User | null {
    return this.chatd.user;
  }
  get guest(): boolean {
    return this.me?.role === "guest";
  }
  get title(): string {
    return this.room.state.settings.title || this.name;
  }
  get messages(): readonly Message[] {
    const { past, messages } = this.room.state;
    return past ? past.messages : messages;
  }
  find(id: string): Message | undefined {
    return this.messages.find((m) => m.id === id) ?? this.room.state.pins.find((m) => m.id === id);
  }
  nameOf(id: string): string | undefined {
    return this.room.state.members.get(id)?.name ?? this.room.state.messages.findLast((m) => m.from.id === id)?.from.name;
  }

  /** The least time between two messages, seconds: of the room, or of its lock-down. */
  get slow(): number {
    const { settings, lockdown } = this.room.state;
    return Math.max(settings.slow_mode_seconds, lockdown?.level === "slow" ? (lockdown.seconds ?? 0) : 0);
  }

  // Reading.

  #arrived(m: Message): void {
    const own = m.from.id === this.me?.id;
    if (own) {
      this.unreadFrom = null;
      this.unread = 0;
      const slow = this.slow;
      if (slow > 0 && !this.room.state.rights.moderate) this.cooldown = Date.parse(m.at) - this.chatd.clockOffset + slow * 1000;
    } else if (!this.ignored.has(m.from.id)) {
      this.announcer.message(m);
      if (!this.#visible() || !this.atBottom || this.room.state.past) {
        this.unread++;
        this.unreadFrom ??= m.seq;
      }
    }
    this.room.trim(this.atBottom && !this.room.state.past ? keepAtBottom : keepAtMost);
    this.look();
  }

  #decided(message: Message, outcome: ReleasedFrame["outcome"]): void {
    if (outcome === "released") return this.tell({ kind: "info", text: t("held_released") });
    this.dropped = [...this.dropped, { message, outcome }];
    this.tell({ kind: "error", text: t(`held_${outcome}`) });
  }

  #cleared(): void {
    if (this.editing) this.stopEditing();
    this.replyTo = null;
    this.unread = 0;
    this.unreadFrom = null;
    this.tell({ kind: "info", text: t("cleared") });
  }

  /** On coming in: the line between what was read on an earlier visit and what is new. */
  #markMissed(): void {
    const { read, messages } = this.room.state;
    const missed = read > 0 ? messages.filter((m) => m.seq > read && m.from.id !== this.me?.id) : [];
    this.unreadFrom = missed[0]?.seq ?? null;
    this.look();
  }

  /** The newest messages are in view, perhaps: then they are read. */
  look(): void {
    if (!this.#visible() || !this.atBottom || this.room.state.past) return this.changed();
    this.unread = 0;
    if (!this.#readTimer) {
      this.#readTimer = window.setTimeout(() => {
        this.#readTimer = 0;
        const newest = this.room.state.messages.at(-1);
        if (newest && this.#visible()) this.room.markRead(newest.seq);
      }, 1500);
    }
    this.changed();
  }

  scrolled(atBottom: boolean): void {
    if (atBottom === this.atBottom) return;
    this.atBottom = atBottom;
    if (!atBottom && this.unread === 0) this.unreadFrom = null;
    this.look();
  }

  async loadOlder(): Promise<void> {
    const { past, moreBefore } = this.room.state;
    if (this.loading || !(past ? past.moreBefore : moreBefore)) return;
    await this.#load(() => this.room.loadOlder());
  }

  async loadNewer(): Promise<void> {
    if (this.loading || !this.room.state.past) return;
    await this.#load(() => this.room.loadNewer());
  }

  async #load(what: () => Promise<void>): Promise<boolean> {
    this.loading = true;
    this.changed();
    try {
      await what();
      return true;
    } catch (error) {
      this.refused(error);
      return false;
    } finally {
      this.loading = false;
      this.changed();
    }
  }

  /** Shows a message, wherever it is in the history. */
  async jump(id: string): Promise<void> {
    if (!this.messages.some((m) => m.id === id)) {
      if (this.room.state.messages.some((m) => m.id === id)) this.room.showNewest();
      else if (!(await this.#load(() => this.room.loadAround(id)))) return;
    }
    this.target = id;
    this.changed();
  }

  showNewest(): void {
    this.room.showNewest();
    this.target = "newest";
    this.atBottom = true;
    this.look();
  }

  // Writing.

  setDraft(text: string): void {
    this.draft = text;
    if (!this.editing) tab.set(this.#draftKey, text || null);
    if (text && !this.editing) this.room.sendTyping();
    if (this.notice?.kind === "error" && !(this.notice.refusal?.until && this.cooldown > Date.now())) this.notice = null;
    this.changed();
  }

  send(): void {
    const text = this.draft.trim();
    const { settings } = this.room.state;
    if (text === "" || Array.from(text).length > settings.max_length) return;
    if (this.editing) return this.#saveEdit(this.editing, text);
    if (Date.now() < this.cooldown) return;
    this.notice = null;
    const replyTo = this.replyTo?.id;
    this.replyTo = null;
    this.setDraft("");
    this.unreadFrom = null;
    if (this.room.state.past) this.room.showNewest();
    this.room.post(text, replyTo);
    this.target = "newest";
    this.changed();
  }

  #saveEdit(message: Message, text: string): void {
    if (text === message.text) return this.stopEditing();
    this.room.edit(message.id, text).then(() => this.editing === message && this.stopEditing(), (e) => this.refused(e));
  }

  startReply(message: Message): void {
    if (this.editing) this.stopEditing();
    this.replyTo = message;
    this.focusComposer++;
    this.changed(true);
  }

  startEdit(message: Message): void {
    this.editing = message;
    this.replyTo = null;
    this.draft = message.text;
    this.focusComposer++;
    this.changed(true);
  }

  editLast(): boolean {
    const last = this.room.state.messages.findLast((m) => m.from.id === this.me?.id);
    if (last) this.startEdit(last);
    return last !== undefined;
  }

  stopEditing(): void {
    this.editing = null;
    this.draft = tab.get(this.#draftKey) ?? "";
    this.focusComposer++;
    this.changed(true);
  }

  stopReply(): void {
    this.replyTo = null;
    this.changed();
  }

  insert(text: string): void {
    this.setDraft(this.draft + (this.draft && !/\s$/.test(this.draft) ? " " : "") + text);
    this.focusComposer++;
    this.changed(true);
  }

  /** What was refused goes back into the composer, where that is empty; else it stays where it is, to be sent again. */
  #settleRefused(): void {
    for (const p of this.room.pending) {
      if (p.state !== "refused" || !p.refusal || this.#told.has(p)) continue;
      this.#told.add(p);
      this.refused(p.refusal);
      if (p.refusal.retryAfterMs && (p.refusal.code === "slow_mode" || p.refusal.code === "rate_limited")) {
        this.cooldown = Date.now() + p.refusal.retryAfterMs;
      }
      if (this.draft === "" && !this.editing) {
        this.draft = p.text;
        tab.set(this.#draftKey, p.text);
        this.replyTo = (p.replyTo && this.find(p.replyTo)) || null;
        this.room.discard(p.nonce);
      }
    }
  }
  #told = new WeakSet<Pending>();

  #saveOutbox(): void {
    const unsent = this.room.pending.filter((p) => p.state !== "stored").map(({ nonce, text, replyTo, sentAs }) => ({ nonce, text, replyTo, sentAs }));
    if (unsent.length > 0 || this.#saved) tab.set(this.#outboxKey, unsent.length > 0 ? JSON.stringify(unsent) : null);
    this.#saved = unsent.length > 0;
  }
  #saved = true;

  forgetDropped(d: Dropped): void {
    this.dropped = this.dropped.filter((other) => other !== d);
    this.changed(true);
  }

  /** Takes the words of what wasn't shown back into the composer. */
  rewrite(d: Dropped): void {
    this.insert(d.message.text);
    this.forgetDropped(d);
  }

  mayRetry(p: Pending): boolean {
    return mayRetry(p) && Date.now() >= this.cooldown;
  }

  // Acts.

  async react(m: Message, emoji: string): Promise<void> {
    const mine = this.room.state.reacted.get(m.id)?.includes(emoji) ?? false;
    await this.act(this.room.react(m.id, emoji, !mine));
  }

  async act(what: Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await what;
      if (done) this.tell({ kind: "info", text: done });
      return true;
    } catch (error) {
      this.refused(error);
      return false;
    }
  }

  remember(user: User, effect: Effect, id: string): void {
    this.#sanctions.set(`${effect} ${user.id}`, id);
    this.changed();
  }
  forget(user: User, effect: Effect, id: string): void {
    if (this.sanctionOf(user, effect) === id) this.#sanctions.delete(`${effect} ${user.id}`);
    this.changed();
  }
  sanctionOf(user: User, effect: Effect): string | undefined {
    return this.#sanctions.get(`${effect} ${user.id}`);
  }

  ignore(user: User, on: boolean): void {
    const next = new Map(this.ignored);
    if (on) next.set(user.id, user.name);
    else next.delete(user.id);
    this.ignored = next;
    kept.set("ignored", JSON.stringify([...next]));
    this.tell(on ? { kind: "info", text: t("ignoring", { name: user.name }) } : null);
  }

  async rename(name: string): Promise<Refusal | null> {
    try {
      await this.chatd.rename(name);
      this.named = true;
      kept.set("named", "1");
      this.changed();
      return null;
    } catch (error) {
      return error as Refusal;
    }
  }

  refused(error: unknown): void {
    const e = error as Refusal;
    const until = e.retryAfterMs ? new Date(Date.now() + e.retryAfterMs) : e.until;
    this.tell({ kind: "error", refusal: { code: e.code ?? "internal", message: e.message, until, at: Date.now() } });
  }

  tell(notice: Notice | null): void {
    clearTimeout(this.#noticeTimer);
    this.notice = notice;
    if (notice) {
      const until = notice.refusal?.until?.getTime() ?? 0;
      const ms = Math.max(noticeForMs, Math.min(until - Date.now(), 120_000));
      this.#noticeTimer = window.setTimeout(() => this.tell(null), ms);
    }
    this.changed();
  }

  open(overlay: Overlay | null): void {
    this.overlay = overlay;
    this.changed(true);
  }
}

/** A notice's words at a moment: waiting times count down. */
export function noticeText(n: Notice, now: number): string {
  if (!n.refusal) return n.text ?? "";
  const { code, message, until } = n.refusal;
  const wait = until ? until.getTime() - now : 0;
  return tell({ code, message, retryAfterMs: wait > 0 ? wait : undefined });
}
