import { Backoff, type Close, readClose } from "./backoff";
import { Emitter } from "./emitter";
import { browser, type Environment, type Socket } from "./environment";
import { oversize, Refusal, spoilsGuest } from "./refusal";
import { type Request, Requests } from "./requests";
import { type Line, Room } from "./room";
import type { AuthAck, ServerFrame, User, WelcomeFrame } from "./wire";

export interface Options {
  /** Where chatd is, http(s) or ws(s); default: where the page came from. */
  url?: string | URL;
  /** Asks for the visitor's sign-in token: before the first connection, and when one ends. Null: a guest. */
  getToken?: (why: "connect" | "expiring" | "expired") => Promise<string | null> | string | null;
  /** A guest token kept from an earlier visit. */
  guestToken?: string | null;
  /** A new guest's name; without it the server makes one. */
  name?: string;
  environment?: Partial<Environment>;
}

export type Status =
  | { state: "connecting" }
  | { state: "open" }
  /** Until `at`, ms since 1970; then it tries again. */
  | { state: "waiting"; at: number; code: string }
  | { state: "stopped"; refusal: Refusal };

export interface ChatdEvents {
  status: Status;
  /** Who one is: on connecting, and when that changes. */
  user: User;
  /** To be kept for the next visit; null: forget it. */
  guesttoken: string | null;
  notice: string;
  /** Every frame, before it is applied. */
  frame: ServerFrame;
}

const openWithinMs = 10_000;
/** What answers a page that has come back: nothing within this, and the connection counts as dead. */
const probeMs = 800;
const quietMs = 1500;
/** A connection that lasted this long was a good one: the next attempt starts from the shortest wait. */
const steadyMs = 5000;
/** So many tokens in a row that were over at the handshake: whoever makes them won't make a better one. */
const mostStale = 3;
const patienceMs = 20_000;
const defaultHeartbeatMs = 15_000;
const defaultFrameBytes = 65_536;

/** A connection to chatd that comes back by itself, and the rooms on it. */
export class Chatd extends Emitter<ChatdEvents> {
  readonly #env: Environment;
  readonly #backoff: Backoff;
  readonly #requests: Requests;
  readonly #rooms = new Map<string, Room>();
  #socket: Socket | null = null;
  #status: Status = { state: "connecting" };
  #user: User | null = null;
  #limits: Readonly<Record<string, number>> = {};
  #clockOffset = 0;
  #token: string | null = null;
  #guestToken: string | null;
  #renewedFor: string | null = null;
  #expiries = 0; // connections in a row that ended with their token, none of them steady
  #stale = 0; // and tokens in a row that were over at the handshake
  #next: "connect" | "expired" = "connect"; // why, once the wait is over
  #lastError: Refusal | null = null;
  #heartbeatMs = defaultHeartbeatMs;
  #lastFrame = 0;
  #opening = 0;
  #opened = Infinity;
  #timer: unknown; // what happens next: an attempt, a time-out of one, or the next look at the heartbeat
  #probe: unknown;
  #forgetReturn: () => void;

  constructor(private readonly options: Options = {}) {
    super();
    this.#env = { ...browser(), ...options.environment };
    this.#backoff = new Backoff(this.#env.random);
    this.#requests = new Requests(this.#env, patienceMs);
    this.#guestToken = options.guestToken ?? null;
    this.#forgetReturn = this.#env.onReturn(() => this.check());
    void this.#connect("connect");
  }

  get status(): Status {
    return this.#status;
  }
  get user(): User | null {
    return this.#user;
  }
  /** The server's limits, as its `welcome` told them. */
  get limits(): Readonly<Record<string, number>> {
    return this.#limits;
  }
  /** The server's clock less this one's, ms. */
  get clockOffset(): number {
    return this.#clockOffset;
  }

  /** Joins a room, now and after every reconnect, until `Room.leave`. */
  join(name: string): Room {
    let room = this.#rooms.get(name);
    if (!room) {
      room = new Room(name, this.#env, this.#line);
      this.#rooms.set(name, room);
      this.#join(room);
    }
    return room;
  }

  /** Changes a guest's name. */
  async rename(name: string): Promise<User> {
    return this.#auth({ name });
  }

  /** Signs in, or renews a sign-in. Another person than before gets a new connection. */
  async setToken(token: string): Promise<void> {
    this.#token = token;
    if (this.#status.state !== "open" || !this.#user) return this.#restart();
    try {
      await this.#auth(this.#guestToken ? { token, guest_token: this.#guestToken } : { token });
    } catch {
      this.#restart();
    }
  }

  /** Makes sure at once that the connection lives; call it when the page comes back to life. */
  check(): void {
    const now = this.#env.now();
    switch (this.#status.state) {
      case "waiting":
        return void this.#connect(this.#next);
      case "connecting":
        return this.#within(probeMs, () => this.#status.state !== "connecting");
      case "open": {
        if (now - this.#lastFrame < quietMs) return;
        for (const room of this.#rooms.values()) if (room.phase === "joined") this.#join(room);
        return this.#within(probeMs, () => this.#lastFrame >= now);
      }
    }
  }

  /** Replaces the present connection unless it proves in time that it is alive. */
  #within(ms: number, alive: () => boolean): void {
    const socket = this.#socket;
    if (!socket || this.#probe) return;
    this.#probe = this.#env.setTimeout(() => {
      this.#probe = undefined;
      if (this.#socket === socket && !alive()) this.#drop("not_in_time", 0);
    }, ms);
  }

  /** After a final refusal: tries once more. */
  retry(): void {
    if (this.#status.state !== "stopped") return;
    this.#lastError = this.#status.refusal;
    this.#renewedFor = null;
    this.#expiries = this.#stale = 0;
    this.#backoff.reset();
    // A guest who was logged out comes back as a new one, but only by hand.
    if (this.#status.refusal.code === "token_revoked" && this.#token === null) this.#forgetGuest();
    for (const room of this.#rooms.values()) room.rejoin();
    void this.#connect(this.#status.refusal.code.startsWith("token_") ? "expired" : "connect");
  }

  /** Ends everything. */
  close(): void {
    this.#stop(new Refusal("stopped", "Closed by this page."));
    for (const room of this.#rooms.values()) room.dispose();
    this.#rooms.clear();
    this.#forgetReturn();
  }

  readonly #line: Line = {
    sendNow: (frame, room) => {
      if (this.#status.state !== "open" || this.#rooms.get(room)?.phase !== "joined") return null;
      const [request, answer] = this.#requests.add(frame, room, false);
      this.#sendRequest(request);
      return answer;
    },
    request: (frame, room, repeatable) => {
      const [request, answer] = this.#requests.add(frame, room, repeatable);
      if (this.#rooms.get(room)?.phase === "joined") {
        this.#sendRequest(request);
      } else if (this.#rooms.get(room)?.phase === "refused") {
        this.#requests.abandon(room);
      }
      return answer;
    },
    join: (room) => this.#join(room),
    leave: (room) => {
      this.#rooms.delete(room.name);
      this.#requests.abandon(room.name);
      if (this.#status.state === "open") this.#send({ type: "leave", id: `leave-${this.#env.randomId()}`, room: room.name });
    },
    user: () => this.#user,
    clockOffset: () => this.#clockOffset,
  };

  async #connect(why: "connect" | "expired"): Promise<void> {
    this.#clearTimers();
    this.#setStatus({ state: "connecting" });
    const opening = (this.#opening = this.#env.now());
    if (this.options.getToken && (why === "expired" || this.#token === null)) {
      const token = await this.#askToken(why);
      if (this.#status.state !== "connecting" || this.#opening !== opening || this.#socket) return;
      if (why === "expired" && (token === null || token === this.#renewedFor)) {
        return this.#stop(this.#lastError ?? new Refusal("token_expired", "Your sign-in has expired. Sign in again."));
      }
      this.#token = token;
      if (why === "expired") this.#renewedFor = token;
    }
    this.#open();
  }

  async #askToken(why: "connect" | "expiring" | "expired"): Promise<string | null> {
    try {
      return (await this.options.getToken?.(why)) ?? null;
    } catch {
      return null;
    }
  }

  #open(): void {
    this.#lastError = null;
    this.#opened = Infinity;
    const socket = new this.#env.WebSocket(this.#address(), ["chatd.v1"]);
    this.#socket = socket;
    this.#timer = this.#env.setTimeout(() => this.#drop("not_in_time"), openWithinMs);
    socket.onmessage = (event) => this.#receive(String(event.data));
    socket.onclose = (event) => this.#closed(event.code, event.reason);
  }

  #address(): string {
    const base = new URL(String(this.options.url ?? globalThis.location.href));
    const url = new URL("ws", base);
    url.protocol = base.protocol === "https:" || base.protocol === "wss:" ? "wss:" : "ws:";
    url.hash = "";
    url.search = "";
    const token = this.#token ?? this.#guestToken;
    if (token) url.searchParams.set("token", token);
    else if (this.options.name) url.searchParams.set("name", this.options.name);
    // Whom one has been as a guest goes along: what was held against the guest goes on.
    if (this.#token && this.#guestToken) url.searchParams.set("guest_token", this.#guestToken);
    return url.href;
  }

  #receive(data: string): void {
    this.#lastFrame = this.#env.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(data) as ServerFrame;
    } catch {
      return; // not chatd
    }
    this.emit("frame", frame);
    switch (frame.type) {
      case "welcome":
        return this.#welcome(frame);
      case "ack":
        return void this.#requests.answer(frame);
      case "error":
        if (frame.id === undefined) this.#lastError = Refusal.of(frame);
        return void this.#requests.answer(frame);
      case "heartbeat":
        for (const [name, p] of Object.entries(frame.positions ?? {})) this.#rooms.get(name)?.heard(p);
        return;
      case "expiring":
        return void this.#renew();
      case "notice":
        if (frame.room === undefined) return this.emit("notice", frame.text);
    }
    if ("room" in frame && frame.room !== undefined) {
      this.#rooms.get(frame.room)?.receive(frame);
      if (frame.type === "joined") this.#flush(frame.room);
    } else {
      for (const room of this.#rooms.values()) room.receive(frame);
    }
  }

  #welcome(f: WelcomeFrame): void {
    this.#env.clearTimeout(this.#timer);
    this.#opened = this.#env.now();
    this.#stale = 0;
    this.#heartbeatMs = f.heartbeat_ms || defaultHeartbeatMs;
    this.#limits = f.limits ?? {};
    this.#clockOffset = Date.parse(f.server_time) - this.#env.now() || 0;
    if (this.#user && this.#user.id !== f.user.id) for (const room of this.#rooms.values()) room.startOver();
    this.#identify(f);
    this.#setStatus({ state: "open" });
    for (const room of this.#rooms.values()) this.#join(room);
    this.#watch();
  }

  #identify(a: AuthAck): void {
    if (a.guest_token && a.guest_token !== this.#guestToken) {
      this.#guestToken = a.guest_token;
      this.emit("guesttoken", a.guest_token);
    }
    this.#user = a.user;
    this.emit("user", a.user);
  }

  async #auth(fields: Record<string, unknown>): Promise<User> {
    const [request, answer] = this.#requests.add({ type: "auth", ...fields }, undefined, false);
    if (this.#status.state !== "open") request.settle(new Refusal("disconnected", "There is no connection."));
    else this.#sendRequest(request);
    const ack = (await answer) as unknown as AuthAck;
    this.#identify(ack);
    return ack.user;
  }

  async #renew(): Promise<void> {
    const token = await this.#askToken("expiring");
    if (token && token !== this.#token) await this.setToken(token);
  }

  #join(room: Room): void {
    if (this.#status.state !== "open") return;
    const frame: Record<string, unknown> = { type: "join", room: room.name };
    if (room.position) frame.since = room.position;
    const [request, answer] = this.#requests.add(frame, undefined, false);
    this.#sendRequest(request);
    const socket = this.#socket;
    answer.catch((refusal: Refusal) => {
      if (this.#socket !== socket || this.#rooms.get(room.name) !== room) return;
      if (refusal.code === "timeout") return this.#drop("not_in_time");
      if (refusal.code === "disconnected" || refusal.code === "stopped") return;
      const wait = room.joinRefused(refusal);
      if (wait === undefined) return this.#requests.abandon(room.name);
      this.#env.setTimeout(() => this.#socket === socket && this.#join(room), wait * (1 + this.#env.random() / 4));
    });
  }

  #flush(name: string): void {
    for (const request of this.#requests.unsent(name)) this.#sendRequest(request);
  }

  /** A frame above the server's limit would end the connection, and come again with the next one. */
  #sendRequest(request: Request): void {
    const data = JSON.stringify(request.frame);
    if (new TextEncoder().encode(data).length > (this.#limits.frame_bytes || defaultFrameBytes)) return request.settle(oversize());
    request.sent = true;
    if (this.#socket?.readyState === 1) this.#socket.send(data);
  }

  #send(frame: Record<string, unknown>): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Looks after the heartbeat; a page that slept finds here that it was away. */
  #watch(): void {
    const patience = this.#heartbeatMs + Math.max(2000, this.#heartbeatMs / 2);
    const quiet = this.#env.now() - this.#lastFrame;
    if (quiet >= patience) return this.#drop("not_in_time");
    this.#timer = this.#env.setTimeout(() => this.#watch(), Math.min(patience - quiet, this.#heartbeatMs));
  }

  #closed(code: number, reason: string): void {
    const close = readClose(code, reason);
    const told = this.#lastError;
    this.#release();
    if (close.again && close.code !== "token_expired") return this.#wait(close.code, close.retryAfterMs ?? told?.retryAfterMs);
    if (close.code === "token_expired" && this.#token !== null && this.options.getToken) return this.#expired(close, told);
    if (this.#forgetsGuest(close.code)) return void this.#connect("connect");
    this.#stop(told ?? new Refusal(close.code, ""));
  }

  /** Asks for a new token: at once, but with a wait where the last one didn't hold either, and not for ever. */
  #expired(close: Close, told: Refusal | null): void {
    if (this.#steady()) this.#expiries = 0;
    if (!close.again && ++this.#stale >= mostStale) return this.#stop(told ?? new Refusal(close.code, ""));
    if (++this.#expiries === 1) void this.#connect("expired");
    else this.#wait(close.code, close.retryAfterMs, "expired");
  }

  #steady(): boolean {
    return this.#env.now() - this.#opened > steadyMs;
  }

  /** A guest token that no longer holds (the server's secret is new) isn't worth a word: start anew. */
  #forgetsGuest(code: string): boolean {
    if (this.#guestToken === null || !spoilsGuest(code)) return false;
    if (this.#token !== null && !code.startsWith("guest_")) return false; // it is the sign-in that doesn't hold
    this.#forgetGuest();
    return true;
  }

  #forgetGuest(): void {
    this.#guestToken = null;
    this.emit("guesttoken", null);
  }

  /** Gives up a connection that seems dead, and makes another. */
  #drop(code: string, within?: number): void {
    this.#release();
    if (within === 0) void this.#connect("connect");
    else this.#wait(code);
  }

  #restart(): void {
    if (this.#status.state === "stopped") return this.retry();
    this.#release();
    void this.#connect("connect");
  }

  #release(): void {
    this.#clearTimers();
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      try {
        socket.close();
      } catch {
        // Already closed.
      }
    }
    this.#requests.cut();
    for (const room of this.#rooms.values()) room.cut();
  }

  #wait(code: string, askedMs?: number, next: "connect" | "expired" = "connect"): void {
    if (this.#steady()) this.#backoff.reset();
    this.#next = next;
    this.#opened = Infinity;
    const ms = this.#backoff.next(askedMs);
    this.#setStatus({ state: "waiting", at: this.#env.now() + ms, code });
    this.#timer = this.#env.setTimeout(() => void this.#connect(next), ms);
  }

  #stop(refusal: Refusal): void {
    this.#release();
    this.#setStatus({ state: "stopped", refusal });
    this.#requests.abandon();
    for (const room of this.#rooms.values()) if (room.phase !== "refused") room.refuse(refusal);
  }

  #clearTimers(): void {
    this.#env.clearTimeout(this.#timer);
    this.#env.clearTimeout(this.#probe);
    this.#timer = this.#probe = undefined;
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.emit("status", status);
  }
}

