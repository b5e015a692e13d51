// A small chatd for tests: one room's log with its rules of recovery, over sockets that
// never leave the process. It can cut any connection at any frame.

import type { Environment, Socket } from "../src/sdk/environment";
import type { Lockdown, LogFrame, Message, ReleasedFrame, Rights, Settings, User } from "../src/sdk/wire";

type Frame = Record<string, any>;

export interface Client {
  user: User;
  joined: Set<string>;
  alive: boolean;
  send(frame: Frame): void;
  close(code: number, reason?: string): void;
}

interface Stored extends Omit<Message, "reactions" | "reply_to"> {
  replyTo?: string;
  hidden: boolean;
  reactions: Map<string, Set<string>>;
}

interface Entry {
  seq: number;
  type: LogFrame["type"];
  ids: string[];
  patch?: Partial<Settings>;
  pinned?: boolean;
}

const emptySettings: Settings = {
  title: "", topic: "", min_length: 1, max_length: 500, history: 100, retain_count: 0, retain_seconds: 0,
  slow_mode_seconds: 0, read_only: false, closed: false, guests: "write", members_limit: 0, allowed_sites: [],
};

export class Model {
  epoch = "e1";
  seq = 0;
  settings: Settings = { ...emptySettings };
  clients = new Set<Client>();
  heartbeatMs = 15_000;
  recoverWindow = 1000;
  moderators = new Set<string>();
  limits: Record<string, number> = {};
  /** How long after it was read a page of the history goes out: events overtake it. */
  slowHistory = 0;
  /** Refuses the next request of a type. */
  refusals = new Map<string, Frame>();
  lastJoin: Frame | null = null;
  /** Whose posts wait for a moderator. */
  holding = new Set<string>();
  lockdown: Lockdown | null = null;
  #held = new Map<string, { from: User; text: string; at: string; replyTo?: string; nonce?: string }>();
  #cleared: Stored[] = [];
  #messages = new Map<string, Stored>();
  #events: Entry[] = [];
  #pins: string[] = [];
  #nonces = new Map<string, { id: string; seq?: number; at: string }>();
  #sockets = 0;

  constructor(private readonly now: () => number, private readonly random: () => number = () => 0.9) {}

  connect(url: URL, send: (frame: Frame) => void, close: (code: number, reason?: string) => void): Client {
    const token = url.searchParams.get("token");
    const id = token ?? `g:${++this.#sockets}`;
    const name = url.searchParams.get("name") ?? (token?.slice(2) || `Guest ${this.#sockets}`);
    const role = id.startsWith("g:") ? "guest" : this.moderators.has(id) ? "moderator" : "user";
    const client: Client = { user: { id, name, role }, joined: new Set(), alive: true, send, close };
    this.clients.add(client);
    client.send({
      type: "welcome", user: client.user, guest_token: role === "guest" ? id : undefined, session: String(this.#sockets),
      server_time: this.#at(), heartbeat_ms: this.heartbeatMs, limits: this.limits,
    });
    return client;
  }

  gone(client: Client): void {
    client.alive = false;
    this.clients.delete(client);
    this.#presence("general");
  }

  heartbeat(): void {
    for (const c of this.clients) {
      const positions = Object.fromEntries([...c.joined].map((r) => [r, { epoch: this.epoch, seq: this.seq }]));
      c.send({ type: "heartbeat", at: this.#at(), positions });
    }
  }

  receive(client: Client, f: Frame): void {
    const refusal = this.refusals.get(f.type);
    if (refusal) {
      this.refusals.delete(f.type);
      return client.send({ type: "error", id: f.id, room: f.room, ...refusal });
    }
    const answer = (more: Frame = {}) => client.send({ type: "ack", id: f.id, ...more });
    const refuse = (code: string) => client.send({ type: "error", id: f.id, room: f.room, code, message: code });
    const target = this.#messages.get(f.message_id);
    switch (f.type) {
      case "auth":
        if (f.name) client.user = { ...client.user, name: f.name };
        return answer({ user: client.user });
      case "join":
        this.lastJoin = f;
        answer();
        return this.#join(client, f);
      case "leave":
        client.joined.delete(f.room);
        return answer();
      case "post": {
        const known = f.nonce && this.#nonces.get(client.user.id + f.nonce);
        if (known) return answer({ message_id: known.id, ...(known.seq ? { seq: known.seq } : { held: true }), at: known.at, duplicate: true });
        if (this.holding.has(client.user.id)) return this.#hold(client.user, f, answer);
        const m = this.post(client.user, f.text, f.reply_to, f.nonce, (stored) =>
          answer({ message_id: stored.id, seq: stored.seq, at: stored.at }));
        return void m;
      }
      case "edit":
        if (!target || target.hidden) return refuse("message_not_found");
        answer();
        return this.edit(f.message_id, f.text);
      case "delete":
        answer();
        return this.hide(f.message_ids);
      case "restore":
        answer();
        return this.restore(f.message_ids);
      case "react":
        if (!target || target.hidden) return refuse("message_not_found");
        answer();
        return this.react(client.user.id, f.message_id, f.emoji, f.on);
      case "pin":
        answer();
        return this.pin(f.message_id, f.on);
      case "set":
        answer();
        return this.set(f.settings);
      case "history": {
        const page = this.#history(f, client.user.id);
        if (this.slowHistory === 0) return answer(page);
        return void setTimeout(() => client.alive && answer(page), this.slowHistory);
      }
      case "members":
        return answer({ members: this.#members(f.room), count: this.#members(f.room).length });
      case "typing":
        answer();
        for (const c of this.clients) if (c !== client && c.joined.has(f.room)) c.send({ type: "typing", room: f.room, users: [client.user] });
        return;
      default:
        return answer();
    }
  }

  post(from: User, text: string, replyTo?: string, nonce?: string, stored: (m: Stored) => void = () => {}, id?: string): Stored {
    const seq = this.#next();
    const m: Stored = { id: id ?? `m${this.epoch}-${seq}`, seq, from, text, at: this.#at(), replyTo, hidden: false, reactions: new Map() };
    this.#messages.set(m.id, m);
    if (nonce) this.#nonces.set(from.id + nonce, m);
    stored(m);
    this.#log(seq, "message", [m.id]);
    return m;
  }
  edit(id: string, text: string): void {
    const m = this.#messages.get(id);
    if (!m || m.hidden) return;
    m.text = text;
    m.edited_at = this.#at();
    this.#log(this.#next(), "edited", [id]);
  }
  hide(ids: string[]): void {
    const changed = ids.filter((id) => this.#messages.get(id)?.hidden === false);
    for (const id of changed) this.#messages.get(id)!.hidden = true;
    this.#pins = this.#pins.filter((id) => !changed.includes(id));
    if (changed.length > 0) this.#log(this.#next(), "deleted", changed);
  }
  restore(ids: string[]): void {
    const changed = ids.filter((id) => this.#messages.get(id)?.hidden);
    for (const id of changed) this.#messages.get(id)!.hidden = false;
    if (changed.length > 0) this.#log(this.#next(), "restored", changed);
  }
  react(user: string, id: string, emoji: string, on: boolean): void {
    const m = this.#messages.get(id);
    if (!m || m.hidden) return;
    const who = m.reactions.get(emoji) ?? new Set();
    if (who.has(user) === on) return;
    if (on) who.add(user);
    else who.delete(user);
    m.reactions.set(emoji, who);
    if (who.size === 0) m.reactions.delete(emoji);
    this.#log(this.#next(), "reaction", [id]);
  }
  pin(id: string, on: boolean): void {
    const m = this.#messages.get(id);
    if (!m || m.hidden || this.#pins.includes(id) === on) return;
    this.#pins = on ? [id, ...this.#pins] : this.#pins.filter((p) => p !== id);
    this.#log(this.#next(), "room", [], {}, true);
  }
  set(patch: Partial<Settings>): void {
    this.#tellRights(() => {
      Object.assign(this.settings, patch);
      this.#log(this.#next(), "room", [], patch);
    });
  }
  #hold(from: User, f: Frame, answer: (more: Frame) => void): void {
    const id = `h${this.#nonces.size}`;
    const at = this.#at();
    this.#held.set(id, { from, text: f.text, at, replyTo: f.reply_to, nonce: f.nonce });
    this.#nonces.set(from.id + f.nonce, { id, at });
    answer({ message_id: id, at, held: true });
    const message = this.#heldOf(from.id).find((m) => m.id === id);
    this.#toAuthor(from.id, { type: "held", room: "general", code: "held", message });
  }
  heldIds(): string[] {
    return [...this.#held.keys()];
  }
  decide(id: string, outcome: ReleasedFrame["outcome"], wordFirst: boolean): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    const word = () => this.#toAuthor(held.from.id, { type: "released", room: "general", message_id: id, outcome });
    if (wordFirst) word();
    if (outcome === "released") this.post(held.from, held.text, held.replyTo, held.nonce, () => {}, id);
    if (!wordFirst) word();
  }
  clear(): void {
    this.#cleared.push(...this.#messages.values());
    this.#messages.clear();
    this.#pins = [];
    this.#log(this.#next(), "cleared", []);
  }
  /** What the room was cleared of comes back: its log begins another life. */
  reset(): void {
    const all = [...this.#cleared.splice(0), ...this.#messages.values()].sort((a, b) => a.seq - b.seq);
    this.#messages = new Map(all.map((m) => [m.id, m]));
    this.epoch += "x";
    this.#events = [];
    for (const c of [...this.clients]) c.close(4000, JSON.stringify({ code: "room_reset", retry_after_ms: 200 }));
  }
  lock(lockdown: Lockdown | null): void {
    this.#tellRights(() => {
      this.lockdown = lockdown;
      for (const c of this.clients) if (c.joined.has("general")) c.send({ type: "lockdown", room: "general", lockdown });
    });
  }
  #tellRights(change: () => void): void {
    const before = new Map([...this.clients].map((c) => [c, JSON.stringify(this.#rights(c.user))]));
    change();
    for (const c of this.clients) {
      if (!c.joined.has("general") || before.get(c) === JSON.stringify(this.#rights(c.user))) continue;
      c.send({ type: "rights", room: "general", rights: this.#rights(c.user) });
    }
  }
  #rights(user: User): Rights {
    const lockdown = this.lockdown && Date.parse(this.lockdown.until) > this.now() ? this.lockdown : null;
    if (this.moderators.has(user.id)) return { post: true, moderate: true };
    const refuse = (code: string): Rights => ({ post: false, moderate: false, refused: { code, message: code === "room_read_only" ? "Only moderators write in this room." : "" } });
    if (this.settings.read_only || lockdown?.level === "read_only") return refuse("room_read_only");
    if (lockdown?.level === "known") return refuse("not_known_yet");
    return { post: true, moderate: false };
  }
  #heldOf(user: string): Message[] {
    return [...this.#held].filter(([, h]) => h.from.id === user).map(([id, { from, text, at, replyTo }]) =>
      this.#wire({ id, seq: 0, from, text, at, replyTo, hidden: false, reactions: new Map() }));
  }
  #toAuthor(id: string, frame: Frame): void {
    for (const c of this.clients) if (c.user.id === id && c.joined.has("general")) c.send(frame);
  }
  ids(): string[] {
    return [...this.#messages.keys()];
  }

  #at(): string {
    return new Date(this.now()).toISOString();
  }
  #next(): number {
    return (this.seq += this.random() < 0.12 ? 2 : 1); // holes mean nothing
  }

  #log(seq: number, type: LogFrame["type"], ids: string[], patch?: Partial<Settings>, pinned?: boolean): void {
    const event = { seq, type, ids, patch, pinned };
    this.#events.push(event);
    const frame = this.#frame(event);
    for (const c of this.clients) if (frame && c.joined.has("general")) c.send(frame);
  }

  /** An event as it is told now; null where what it names is hidden. */
  #frame(e: Entry): Frame | null {
    const base = { room: "general", seq: e.seq, type: e.type };
    const visible = e.ids.flatMap((id) => this.#messages.get(id) ?? []).filter((m) => !m.hidden);
    switch (e.type) {
      case "message":
      case "edited":
        return visible[0] ? { ...base, message: this.#wire(visible[0]) } : null;
      case "deleted":
        return { ...base, message_ids: e.ids };
      case "cleared":
        return base;
      case "restored":
        return visible.length > 0 ? { ...base, messages: visible.map((m) => this.#wire(m)) } : null;
      case "reaction":
        return visible[0] ? { ...base, message_id: visible[0].id, reactions: this.#wire(visible[0]).reactions } : null;
      default:
        return { ...base, settings: e.patch, ...(e.pinned ? { pins: this.#wirePins() } : {}) };
    }
  }

  #wire(m: Stored): Message {
    const { hidden: _, replyTo, reactions, ...rest } = m;
    const quoted = replyTo ? this.#messages.get(replyTo) : undefined;
    return {
      ...rest,
      ...(quoted && { reply_to: { id: quoted.id, from: quoted.from, excerpt: quoted.hidden ? "" : [...quoted.text].slice(0, 120).join("") } }),
      reactions: [...reactions].map(([emoji, who]) => ({ emoji, count: who.size })),
    };
  }
  #wirePins(): Message[] {
    return this.#pins.flatMap((id) => this.#messages.get(id) ?? []).filter((m) => !m.hidden).map((m) => this.#wire(m));
  }
  #visible(): Stored[] {
    return [...this.#messages.values()].filter((m) => !m.hidden);
  }
  #members(room: string): User[] {
    return [...new Map([...this.clients].filter((c) => c.joined.has(room)).map((c) => [c.user.id, c.user])).values()];
  }
  #presence(room: string): void {
    for (const c of this.clients) {
      if (c.joined.has(room)) c.send({ type: "presence", room, count: this.#members(room).length, joined: this.#members(room) });
    }
  }

  #join(client: Client, f: Frame): void {
    client.joined.add(f.room);
    const after = this.#events.filter((e) => e.seq > (f.since?.seq ?? 0));
    const recovered = f.since?.epoch === this.epoch && f.since.seq <= this.seq && after.length <= this.recoverWindow;
    const replay = recovered ? after.map((e) => this.#frame(e)).filter((e) => e !== null) : [];
    const history = this.#visible().slice(-this.settings.history);
    const held = this.#heldOf(client.user.id);
    const lockdown = this.lockdown && Date.parse(this.lockdown.until) > this.now() ? this.lockdown : undefined;
    client.send({
      type: "joined", room: f.room, epoch: this.epoch, seq: this.seq, recovered, replay: replay.length,
      settings: { ...this.settings }, rights: this.#rights(client.user), held: held.length > 0 ? held : undefined, lockdown,
      members: this.#members(f.room), count: this.#members(f.room).length, pins: this.#wirePins(), read: 0,
      reacted: this.#reacted(client.user.id),
      ...(recovered ? {} : { history: history.map((m) => this.#wire(m)) }),
    });
    for (const frame of replay) client.send(frame);
    this.#presence(f.room);
  }

  #reacted(user: string): Record<string, string[]> {
    const mine = this.#visible().map((m) => [m.id, [...m.reactions].filter(([, who]) => who.has(user)).map(([e]) => e)] as const);
    return Object.fromEntries(mine.filter(([, emojis]) => emojis.length > 0));
  }

  #history(f: Frame, user: string): Frame {
    const all = this.#visible();
    const limit = f.limit ?? 50;
    const end = f.around ? Math.min(all.length, all.findIndex((m) => m.id === f.around) + Math.ceil(limit / 2))
      : f.before ? all.filter((m) => m.seq < f.before).length : all.length;
    const start = Math.max(0, end - limit);
    return {
      messages: all.slice(start, end).map((m) => this.#wire(m)), reacted: this.#reacted(user),
      more_before: start > 0, more_after: end < all.length,
    };
  }
}

/** Sockets to a Model. Frames take `delay` ms each way, in order; a cut loses what is under way. */
export class Network {
  delay = 5;
  down = false;
  /** What a handshake is closed with instead of a welcome. */
  refuseWith: { code: number; reason: string; error?: Frame } | null = null;
  sockets: FakeSocket[] = [];
  opened = 0;

  constructor(readonly model: Model) {}

  environment(): Partial<Environment> {
    const network = this;
    let n = 0;
    return {
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(network, url);
        }
      },
      randomId: () => `n${++n}-${network.opened}`,
      random: () => 0.5,
    };
  }

  /** The network goes: sockets are closed with 1006, or fall silent. */
  cut(how: "closed" | "silent" = "closed"): void {
    for (const s of [...this.sockets]) s.cut(how);
  }
}

export class FakeSocket implements Socket {
  readyState = 0;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  #client: Client | null = null;
  #silent = false;

  constructor(private readonly network: Network, readonly url: string) {
    network.opened++;
    network.sockets.push(this);
    this.#later(() => this.#open());
  }

  #open(): void {
    const { network } = this;
    if (network.down) return this.#end(1006, "");
    this.readyState = 1;
    const { refuseWith } = network;
    if (refuseWith) {
      if (refuseWith.error) this.#deliver({ type: "error", ...refuseWith.error });
      return this.#end(refuseWith.code, refuseWith.reason);
    }
    this.#client = network.model.connect(new URL(this.url), (f) => this.#later(() => this.#deliver(f)), (code, reason) =>
      this.#later(() => this.#end(code, reason ?? "")));
  }

  send(data: string): void {
    this.#later(() => {
      if (!this.#client?.alive || this.#silent) return;
      const most = this.network.model.limits.frame_bytes;
      if (most && Buffer.byteLength(data) > most) return this.#end(1009, "");
      this.network.model.receive(this.#client, JSON.parse(data));
    });
  }
  close(): void {
    this.cut("closed");
  }

  cut(how: "closed" | "silent"): void {
    if (how === "silent") this.#silent = true;
    else this.#end(1006, "");
    if (this.#client) this.network.model.gone(this.#client);
  }

  #deliver(frame: Frame): void {
    if (this.readyState === 1 && !this.#silent) this.onmessage?.({ data: JSON.stringify(frame) });
  }
  #end(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.network.sockets = this.network.sockets.filter((s) => s !== this);
    if (this.#client?.alive) this.network.model.gone(this.#client);
    this.onclose?.({ code, reason });
  }
  #later(fn: () => void): void {
    setTimeout(fn, this.network.delay);
  }
}
