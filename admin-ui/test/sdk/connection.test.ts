import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Chatd, type Options, Refusal, type Status } from "../../src/sdk";
import { Model, Network } from "../model";

let model: Model;
let network: Network;
let returned: () => void;
const open: Chatd[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T18:00:00Z") });
  model = new Model(Date.now);
  network = new Network(model);
});
afterEach(() => {
  for (const c of open.splice(0)) c.close();
  vi.useRealTimers();
});

function connect(options: Options = {}): Chatd {
  const chatd = new Chatd({
    url: "https://chat.example/",
    ...options,
    environment: {
      ...network.environment(),
      now: Date.now,
      setTimeout: (fn, ms) => setTimeout(fn, ms),
      clearTimeout: (t) => clearTimeout(t as NodeJS.Timeout),
      onReturn: (fn) => {
        returned = fn;
        return () => {};
      },
    },
  });
  open.push(chatd);
  return chatd;
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const texts = (c: Chatd) => c.join("general").state.messages.map((m) => m.text);
const ann = { id: "u:ann", name: "Ann", role: "user" as const };

async function joined(options: Options = {}): Promise<Chatd> {
  const chatd = connect(options);
  chatd.join("general");
  await pass(50);
  return chatd;
}

describe("connecting", () => {
  test("joins, shows the history, and follows", async () => {
    model.post(ann, "before");
    const chatd = await joined();
    model.post(ann, "after");
    await pass(50);
    expect(texts(chatd)).toEqual(["before", "after"]);
    expect(chatd.user?.name).toBe("Guest 1");
  });

  test("brings the guest token of an earlier visit, and tells of a new one", async () => {
    const told: (string | null)[] = [];
    const chatd = connect({ guestToken: "g:old" });
    chatd.on("guesttoken", (t) => told.push(t));
    await pass(50);
    expect(chatd.user?.id).toBe("g:old");
    expect(told).toEqual([]);
    const fresh = connect();
    fresh.on("guesttoken", (t) => told.push(t));
    await pass(50);
    expect(told).toEqual([fresh.user!.id]);
  });

  test("asks for a token once and goes by it", async () => {
    const getToken = vi.fn(() => "u:ann");
    const chatd = await joined({ getToken, guestToken: "g:old" });
    expect(chatd.user?.id).toBe("u:ann");
    network.cut();
    await pass(2000);
    expect(getToken.mock.calls).toEqual([["connect"]]);
  });
});

describe("reconnecting", () => {
  test("recovers what was missed, in order, without the history anew", async () => {
    const chatd = await joined();
    const first = model.post(ann, "first");
    await pass(50);
    network.cut();
    model.edit(first.id, "first, edited");
    model.hide([model.post(ann, "gone").id]);
    model.post(ann, "second");
    await pass(2000);
    expect(texts(chatd)).toEqual(["first, edited", "second"]);
    expect(model.lastJoin?.since).toMatchObject({ epoch: "e1" });
  });

  test("starts over when the log's life is another", async () => {
    model.post(ann, "old life");
    const chatd = await joined();
    network.cut();
    model = new Model(Date.now);
    Object.assign(network, { model });
    model.epoch = "e2";
    model.post(ann, "new life");
    await pass(2000);
    expect(texts(chatd)).toEqual(["new life"]);
  });

  test("waits longer each time, at least half of the step and never above 30 s", async () => {
    const chatd = await joined();
    const waits: number[] = [];
    chatd.on("status", (s) => s.state === "waiting" && waits.push(s.at - Date.now()));
    network.down = true;
    network.cut();
    await pass(180_000);
    expect(waits.slice(0, 7)).toEqual([375, 750, 1500, 3000, 6000, 12_000, 22_500]);
    expect(Math.max(...waits)).toBe(22_500); // 30 s with a random of one half
  });

  test("waits as long as a draining server asks", async () => {
    const chatd = await joined();
    const status: Status[] = [];
    chatd.on("status", (s) => status.push(s));
    for (const c of model.clients) c.close(4000, '{"code":"going_away","retry_after_ms":4000}');
    await pass(10);
    expect(status[0]).toMatchObject({ state: "waiting", code: "going_away" });
    const opened = network.opened;
    await pass(3900);
    expect(network.opened).toBe(opened);
    await pass(2200);
    expect(chatd.status.state).toBe("open");
  });

  test("takes a connection that misses its heartbeat for dead", async () => {
    const chatd = await joined();
    network.cut("silent");
    await pass(20_000);
    expect(chatd.status.state).toBe("open");
    await pass(4000);
    expect(network.opened).toBe(2);
    expect(chatd.status.state).toBe("open");
  });

  test("keeps a quiet connection that has heartbeats", async () => {
    await joined();
    for (let i = 0; i < 20; i++) {
      model.heartbeat();
      await pass(15_000);
    }
    expect(network.opened).toBe(1);
  });

  test("asks again for what a heartbeat says it missed", async () => {
    const chatd = await joined();
    const lossy = [...model.clients][0]!;
    const send = lossy.send;
    lossy.send = () => {};
    model.post(ann, "dropped on the way");
    lossy.send = send;
    model.heartbeat();
    await pass(2000);
    expect(texts(chatd)).toEqual([]);
    await pass(1500);
    expect(texts(chatd)).toEqual(["dropped on the way"]);
  });
});

describe("coming back to the page", () => {
  test("a connection that died in silence is replaced within two seconds", async () => {
    const chatd = await joined();
    await pass(5000);
    network.cut("silent");
    model.post(ann, "meanwhile");
    returned();
    await pass(2000);
    expect(texts(chatd)).toEqual(["meanwhile"]);
  });

  test("a wait is cut short", async () => {
    const chatd = await joined();
    network.down = true;
    network.cut();
    await pass(60_000);
    network.down = false;
    expect(chatd.status.state).toBe("waiting");
    returned();
    await pass(100);
    expect(chatd.status.state).toBe("open");
  });

  test("a connection that lives is kept", async () => {
    await joined();
    await pass(5000);
    returned();
    await pass(5000);
    expect(network.opened).toBe(1);
  });
});

describe("what is final", () => {
  test.each([
    [4500, "banned"], [4501, "token_invalid"], [4503, "room_closed"], [4504, "room_full"], [4505, "guests_forbidden"],
    [4506, "room_unknown"], [4507, "kicked"], [4508, "protocol_abuse"],
  ])("%i %s stops and says why", async (code, reason) => {
    const chatd = await joined();
    const until = "2026-11-24T18:00:00.000Z";
    for (const c of model.clients) {
      c.send({ type: "error", code: reason, message: "You are banned: spam", until });
      // A guest token that is refused is given up first: this client brings none that is.
      c.close(code, JSON.stringify({ code: reason }));
    }
    Object.assign(network, { refuseWith: { code, reason: JSON.stringify({ code: reason }), error: { code: reason, message: "You are banned: spam", until } } });
    await pass(60_000);
    expect(chatd.status).toMatchObject({ state: "stopped", refusal: { code: reason, message: "You are banned: spam" } });
    expect(chatd.join("general").refusal?.until?.toISOString()).toBe(until);
    expect(network.opened).toBeLessThanOrEqual(2);
    returned();
    await pass(60_000);
    expect(network.opened).toBeLessThanOrEqual(2);
  });

  test.each([1002, 1003, 1007, 1008, 1009, 1010])("%i: the same frames would end the next connection as well", async (code) => {
    const chatd = await joined();
    for (const c of model.clients) c.close(code);
    await pass(60_000);
    expect(chatd.status).toMatchObject({ state: "stopped", refusal: { code: `closed_${code}` } });
    expect(network.opened).toBe(1);
  });

  test("a join that is refused leaves the connection open", async () => {
    model.refusals.set("join", { code: "room_full", message: "Full." });
    const chatd = await joined();
    const room = chatd.join("general");
    expect([chatd.status.state, room.phase, room.refusal?.code]).toEqual(["open", "refused", "room_full"]);
    room.rejoin();
    await pass(50);
    expect(room.phase).toBe("joined");
  });

  test("a join that comes too fast is repeated after the wait", async () => {
    model.refusals.set("join", { code: "rate_limited", message: "Slow down.", retry_after_ms: 3000 });
    const chatd = await joined();
    expect(chatd.join("general").phase).toBe("joining");
    await pass(4000);
    expect(chatd.join("general").phase).toBe("joined");
  });
});

describe("tokens", () => {
  test("a token that expires is renewed before it does", async () => {
    const getToken = vi.fn((why: string) => (why === "connect" ? "u:ann" : "u:ann?2"));
    const chatd = await joined({ getToken });
    for (const c of model.clients) c.send({ type: "expiring", at: "" });
    await pass(50);
    expect(getToken.mock.calls).toEqual([["connect"], ["expiring"]]);
    expect([network.opened, chatd.status.state]).toEqual([1, "open"]);
  });

  test("a token that has expired is replaced, and the room recovered", async () => {
    const getToken = vi.fn((why: string) => (why === "connect" ? "u:ann" : "u:ann-new"));
    const chatd = await joined({ getToken });
    for (const c of model.clients) c.close(4002, '{"code":"token_expired"}');
    await pass(100);
    expect(chatd.user?.id).toBe("u:ann-new");
    expect(getToken.mock.calls).toEqual([["connect"], ["expired"]]);
  });

  test("without a new one it stops", async () => {
    const chatd = await joined({ getToken: (why) => (why === "connect" ? "u:ann" : null) });
    for (const c of model.clients) c.close(4502, '{"code":"token_expired"}');
    await pass(60_000);
    expect(chatd.status).toMatchObject({ state: "stopped", refusal: { code: "token_expired" } });
    expect(network.opened).toBe(1);
  });

  test("a new one that is refused as well is not asked for again", async () => {
    const getToken = vi.fn(() => "u:ann");
    network.refuseWith = { code: 4502, reason: '{"code":"token_expired"}' };
    const chatd = await joined({ getToken });
    await pass(60_000);
    expect(chatd.status.state).toBe("stopped");
    expect(network.opened).toBeLessThanOrEqual(2);
  });

  test("new ones that are over as well are asked for with a wait between, three times at most", async () => {
    let n = 0;
    const getToken = vi.fn(() => `u:ann-${++n}`);
    network.refuseWith = { code: 4502, reason: '{"code":"token_expired"}' };
    const chatd = connect({ getToken });
    const waits: string[] = [];
    chatd.on("status", (s) => s.state === "waiting" && waits.push(s.code));
    await pass(60_000);
    expect(getToken.mock.calls).toEqual([["connect"], ["expired"], ["expired"]]);
    expect(network.opened).toBe(3);
    expect(waits).toEqual(["token_expired"]);
    expect(chatd.status).toMatchObject({ state: "stopped", refusal: { code: "token_expired" } });
    network.refuseWith = null;
    chatd.retry();
    await pass(100);
    expect(chatd.status.state).toBe("open");
  });

  test("tokens that end as soon as they are used don't make a storm", async () => {
    let n = 0;
    await joined({ getToken: () => `u:ann-${++n}` });
    const kill = setInterval(() => {
      for (const c of model.clients) c.close(4002, '{"code":"token_expired"}');
    }, 10);
    await pass(10_000);
    clearInterval(kill);
    expect(network.opened).toBeLessThan(10);
  });

  test("coming back to the page during such a wait asks for a token, not for a handshake with the old one", async () => {
    let n = 0;
    const getToken = vi.fn(() => `u:ann-${++n}`);
    network.refuseWith = { code: 4502, reason: '{"code":"token_expired"}' };
    const chatd = connect({ getToken });
    await pass(30);
    expect(chatd.status.state).toBe("waiting");
    network.refuseWith = null;
    returned();
    await pass(30);
    expect(getToken).toHaveBeenLastCalledWith("expired");
    expect(chatd.user?.id).toBe("u:ann-3");
  });

  test("a token that has done its time is replaced at once, every time", async () => {
    let n = 0;
    const chatd = await joined({ getToken: () => `u:ann-${++n}` });
    for (let i = 2; i < 7; i++) {
      await pass(6000);
      for (const c of model.clients) c.close(4002, '{"code":"token_expired"}');
      await pass(50);
      expect(chatd.user?.id).toBe(`u:ann-${i}`);
    }
  });

  test("a guest token from before the server's secret changed is forgotten", async () => {
    const told: (string | null)[] = [];
    network.refuseWith = { code: 4501, reason: '{"code":"guest_token_invalid"}' };
    const chatd = connect({ guestToken: "g:old" });
    chatd.on("guesttoken", (t) => told.push(t));
    await pass(7);
    network.refuseWith = null;
    await pass(100);
    expect(chatd.status.state).toBe("open");
    expect(told[0]).toBeNull();
    expect(chatd.user?.id).not.toBe("g:old");
  });
});

describe("posts", () => {
  test("wait for the connection and are stored once, in order", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    network.cut();
    for (const text of ["one", "two", "three"]) room.post(text);
    expect(room.pending.map((p) => p.state)).toEqual(["waiting", "waiting", "waiting"]);
    await pass(2000);
    expect(texts(chatd)).toEqual(["one", "two", "three"]);
    expect(room.pending).toEqual([]);
  });

  test("a lost answer doesn't store them twice", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    room.post("once");
    await pass(7); // the server has it, the answer is under way
    network.cut();
    await pass(2000);
    expect(texts(chatd)).toEqual(["once"]);
    expect(room.pending).toEqual([]);
  });

  test("an unknown outcome is repeated with the same nonce", async () => {
    const chatd = await joined();
    model.refusals.set("post", { code: "outcome_unknown", message: "", retry_after_ms: 100 });
    chatd.join("general").post("again");
    await pass(500);
    expect(texts(chatd)).toEqual(["again"]);
  });

  test("a passing refusal is waited out, and nothing newer overtakes it", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    model.refusals.set("post", { code: "busy", message: "", retry_after_ms: 5000 });
    room.post("one");
    await pass(50);
    model.refusals.set("post", { code: "busy", message: "", retry_after_ms: 1000 });
    room.post("two");
    room.post("three");
    await pass(4500);
    expect(texts(chatd)).toEqual([]);
    await pass(600); // the second refusal
    expect(texts(chatd)).toEqual([]);
    await pass(1100);
    expect(texts(chatd)).toEqual(["one", "two", "three"]);
  });

  test("discarding what waits so lets the rest go", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    model.refusals.set("post", { code: "busy", message: "", retry_after_ms: 1000 });
    const nonce = room.post("one");
    await pass(50);
    room.post("two");
    room.discard(nonce);
    await pass(1100);
    expect(texts(chatd)).toEqual(["two"]);
    expect(room.pending).toEqual([]);
  });

  test("one that is larger than a frame may be is refused here, and those after it go out", async () => {
    model.limits = { frame_bytes: 300 };
    const chatd = await joined();
    const room = chatd.join("general");
    room.post("\u{1f600}".repeat(70)); // 140 units, 280 bytes, and what is around them
    room.post("short");
    await pass(60);
    expect(room.pending).toMatchObject([{ state: "refused", refusal: { code: "text_too_long" } }]);
    expect(texts(chatd)).toEqual(["short"]);
    expect(network.opened).toBe(1);
    await expect(room.edit("m1", "x".repeat(300))).rejects.toMatchObject({ code: "text_too_long" });
  });

  test("a refusal keeps the words until they are sent again or discarded", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    model.refusals.set("post", { code: "slow_mode", message: "Wait.", retry_after_ms: 5000 });
    const nonce = room.post("kept");
    await pass(50);
    expect(room.pending).toMatchObject([{ text: "kept", state: "refused", refusal: { code: "slow_mode", retryAfterMs: 5000 } }]);
    room.retry(nonce);
    await pass(50);
    expect(texts(chatd)).toEqual(["kept"]);
  });
});

describe("requests", () => {
  test("what can be repeated outlives a cut", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    const m = model.post(ann, "hello");
    await pass(50);
    const reacted = room.react(m.id, "👍", true);
    network.cut();
    await pass(2000);
    await reacted;
    expect(room.state.messages[0]?.reactions).toEqual([{ emoji: "👍", count: 1 }]);
    expect(room.state.reacted.get(m.id)).toEqual(["👍"]);
  });

  test("a sanction is not repeated: it says that the connection was lost", async () => {
    const chatd = await joined();
    const failed = chatd.join("general").sanction("u:bob", "ban", 60, "").catch((e: Refusal) => e.code);
    network.cut();
    expect(await failed).toBe("disconnected");
  });

  test("an edit that is refused rejects with the code", async () => {
    const chatd = await joined();
    const failed = chatd.join("general").edit("nothing", "x").catch((e: Refusal) => e.code);
    await pass(50);
    expect(await failed).toBe("message_not_found");
  });
});

describe("a page of the history that events overtake", () => {
  const load = [
    ["older", (c: Chatd, _: string) => c.join("general").loadOlder(50)],
    ["around", (c: Chatd, id: string) => c.join("general").loadAround(id, 50)],
  ] as const;
  test.each(load)("%s: shows what they said", async (_, ask) => {
    model.settings.history = 2;
    const old = ["gone", "back", "changed", "liked"].map((text) => model.post(ann, text));
    const [gone, back, changed, liked] = old.map((m) => m.id) as [string, string, string, string];
    const quoting = model.post(ann, "quoting", gone);
    for (let i = 0; i < 3; i++) model.post(ann, `new ${i}`);
    model.hide([back]);
    const chatd = await joined();
    model.slowHistory = 1000;
    const asked = ask(chatd, changed);
    await pass(50);
    model.hide([gone]);
    model.restore([back]);
    model.edit(changed, "changed, edited");
    model.react("u:bob", liked, "👍", true);
    model.pin(liked, true);
    await pass(1000);
    await asked;
    const { state } = chatd.join("general");
    const shown = [...(state.past?.messages ?? []), ...state.messages];
    expect(shown.map((m) => m.text).slice(0, 3)).toEqual(["back", "changed, edited", "liked"]);
    expect(shown.find((m) => m.id === liked)?.reactions).toEqual([{ emoji: "👍", count: 1 }]);
    expect(shown.find((m) => m.id === quoting.id)?.reply_to?.excerpt).toBe("");
    expect(state.pins.map((m) => m.id)).toEqual([liked]);
  });
});

describe("someone else than before", () => {
  test("doesn't send again what may be stored, and sees the room anew", async () => {
    const chatd = await joined();
    const room = chatd.join("general");
    room.post("as a guest");
    await pass(7); // stored; the answer is under way
    network.cut();
    room.post("not sent yet");
    await chatd.setToken("u:ann");
    await pass(2000);
    expect(chatd.user?.id).toBe("u:ann");
    expect(model.lastJoin?.since).toBeUndefined();
    expect(texts(chatd)).toEqual(["as a guest", "not sent yet"]);
    expect(room.pending).toMatchObject([{ text: "as a guest", state: "refused", refusal: { code: "identity_changed" } }]);
    room.retry(room.pending[0]!.nonce);
    await pass(50);
    expect(texts(chatd)).toEqual(["as a guest", "not sent yet", "as a guest"]);
  });

  test("nor what a visit before this one left behind", async () => {
    const chatd = connect({ getToken: () => "u:ann" });
    const room = chatd.join("general");
    room.post("left behind", undefined, "nonce", "g:1");
    await pass(100);
    expect(room.pending).toMatchObject([{ refusal: { code: "identity_changed" } }]);
  });
});

test("a listener that throws loses nothing, and its error is told", async () => {
  const chatd = await joined();
  const thrown: unknown[] = [];
  vi.stubGlobal("queueMicrotask", (fn: () => void) => {
    try {
      fn();
    } catch (e) {
      thrown.push(e);
    }
  });
  chatd.on("frame", () => {
    throw new Error("a bug of the page");
  });
  const heard: string[] = [];
  chatd.on("frame", (f) => heard.push(f.type));
  model.post(ann, "applied");
  await pass(50);
  vi.unstubAllGlobals();
  expect(texts(chatd)).toEqual(["applied"]);
  expect(heard).toEqual(["message"]);
  expect(thrown).toEqual([new Error("a bug of the page")]);
});

test("typing shows for five seconds, or until the message comes", async () => {
  const chatd = await joined();
  const other = await joined({ getToken: () => "u:bob" });
  other.join("general").sendTyping();
  await pass(50);
  expect(chatd.join("general").typing.map((u) => u.name)).toEqual(["bob"]);
  await pass(5100);
  expect(chatd.join("general").typing).toEqual([]);
});

test("a mute that ends by itself gives the right to write back", async () => {
  const chatd = await joined();
  const until = new Date(Date.now() + 10_000).toISOString();
  for (const c of model.clients) c.send({ type: "muted", room: "general", reason: "calm down", until, sanction_id: "s" });
  await pass(50);
  expect(chatd.join("general").state.rights).toMatchObject({ post: false, refused: { code: "muted", until } });
  await pass(11_000);
  expect(chatd.join("general").state.rights.post).toBe(true);
});
