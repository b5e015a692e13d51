import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Chatd, type Options } from "../../src/sdk";
import { Model, Network } from "../model";

let model: Model;
let network: Network;
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

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const texts = (c: Chatd) => c.join("general").state.messages.map((m) => m.text);
const waiting = (c: Chatd) => c.join("general").state.held.map((m) => m.text);
const ann = { id: "u:ann", name: "Ann", role: "user" as const };

async function joined(options: Options = {}): Promise<Chatd> {
  const chatd = new Chatd({
    url: "https://chat.example/",
    ...options,
    environment: {
      ...network.environment(), now: Date.now, setTimeout: (fn, ms) => setTimeout(fn, ms),
      clearTimeout: (t) => clearTimeout(t as NodeJS.Timeout), onReturn: () => () => {},
    },
  });
  open.push(chatd);
  chatd.join("general");
  await pass(50);
  return chatd;
}

describe("a message that is held", () => {
  const author = () => joined({ getToken: () => "u:ann" });
  beforeEach(() => void model.holding.add("u:ann"));

  test("shows as waiting to its author alone, in all of the author's windows, also after a reconnect", async () => {
    const [one, two, other] = [await author(), await author(), await joined()];
    one.join("general").post("is this fine?");
    await pass(50);
    for (const c of [one, two]) expect([waiting(c), texts(c)]).toEqual([["is this fine?"], []]);
    expect([waiting(other), texts(other)]).toEqual([[], []]);
    expect(one.join("general").pending).toEqual([]);
    network.cut();
    await pass(3000);
    expect(waiting(one)).toEqual(["is this fine?"]);
  });

  test.each([true, false])("is a message like any other once it is released (the word before it: %s)", async (wordFirst) => {
    const [one, other] = [await author(), await joined()];
    const outcomes: string[] = [];
    one.join("general").on("released", (r) => outcomes.push(`${r.message.text}: ${r.outcome}`));
    one.join("general").post("is this fine?");
    await pass(50);
    model.decide(model.heldIds()[0]!, "released", wordFirst);
    await pass(50);
    for (const c of [one, other]) expect([waiting(c), texts(c)]).toEqual([[], ["is this fine?"]]);
    expect(outcomes).toEqual(["is this fine?: released"]);
  });

  test.each(["refused", "expired", "purged"] as const)("is gone when it was %s, and the page hears of it", async (outcome) => {
    const chatd = await author();
    const heard = vi.fn();
    chatd.join("general").on("released", heard);
    chatd.join("general").post("is this fine?");
    await pass(50);
    model.decide(model.heldIds()[0]!, outcome, true);
    await pass(50);
    expect([waiting(chatd), texts(chatd)]).toEqual([[], []]);
    expect(heard).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ outcome }));
  });

  test("that was decided while the answer was lost isn't shown as waiting", async () => {
    const chatd = await author();
    chatd.join("general").post("is this fine?");
    await pass(7); // stored, the answer under way
    model.decide(model.heldIds()[0]!, "refused", true);
    network.cut();
    await pass(3000);
    expect(waiting(chatd)).toEqual([]);
    expect(chatd.join("general").pending).toEqual([]);
  });
});

describe("a room", () => {
  test("that is cleared is empty, and what it was cleared of comes back with its log's next life", async () => {
    const chatd = await joined();
    model.pin(model.post(ann, "one").id, true);
    await pass(50);
    model.clear();
    await pass(50);
    expect(chatd.join("general").state).toMatchObject({ messages: [], pins: [], moreBefore: false });
    model.post(ann, "two");
    model.reset();
    await pass(3000);
    expect(texts(chatd)).toEqual(["one", "two"]);
    expect(chatd.status.state).toBe("open");
  });

  test("under a lock-down says which, and is free again when its time is over, though nobody tells", async () => {
    const chatd = await joined();
    const until = new Date(Date.now() + 10_000).toISOString();
    model.lock({ level: "known", seconds: 600, until });
    await pass(50);
    expect(chatd.join("general").state).toMatchObject({ lockdown: { level: "known", seconds: 600 }, rights: { refused: { code: "not_known_yet" } } });
    const late = await joined();
    expect(late.join("general").state.lockdown?.level).toBe("known");
    await pass(10_500);
    expect(chatd.join("general").state.lockdown).toBeNull();
    await pass(6000);
    for (const c of [chatd, late]) expect(c.join("general").state.rights.post).toBe(true);
  });

  test("whose lock-down is lifted early is free at once", async () => {
    const chatd = await joined();
    model.lock({ level: "read_only", until: new Date(Date.now() + 600_000).toISOString() });
    await pass(50);
    model.lock(null);
    await pass(50);
    expect(chatd.join("general").state).toMatchObject({ lockdown: null, rights: { post: true } });
  });
});

describe("who has been a guest", () => {
  const address = () => new URL(network.sockets.at(-1)!.url).searchParams;

  test("brings that along when signing in", async () => {
    await joined({ getToken: () => "u:ann", guestToken: "g:old" });
    expect([address().get("token"), address().get("guest_token")]).toEqual(["u:ann", "g:old"]);
  });

  test("also on the open connection", async () => {
    const chatd = await joined({ guestToken: "g:old" });
    const sent: unknown[] = [];
    const receive = model.receive.bind(model);
    model.receive = (c, f) => {
      sent.push(f);
      receive(c, f);
    };
    await Promise.all([chatd.setToken("u:ann"), pass(50)]);
    expect(sent).toContainEqual(expect.objectContaining({ type: "auth", token: "u:ann", guest_token: "g:old" }));
  });

  test("and is no worse off when the server doesn't know that guest any more", async () => {
    network.refuseWith = { code: 4501, reason: '{"code":"guest_token_invalid"}' };
    setTimeout(() => {
      network.refuseWith = null; // of that handshake alone
    }, network.delay + 2);
    const chatd = await joined({ getToken: () => "u:ann", guestToken: "g:old" });
    expect(chatd.user?.id).toBe("u:ann");
    expect(address().get("guest_token")).toBeNull();
  });

  test("comes back as a new guest after being logged out, but only by hand", async () => {
    network.refuseWith = { code: 4501, reason: '{"code":"token_revoked"}' };
    const chatd = await joined({ guestToken: "g:old" });
    await pass(60_000);
    expect(chatd.status).toMatchObject({ state: "stopped", refusal: { code: "token_revoked" } });
    network.refuseWith = null;
    chatd.retry();
    await pass(50);
    expect(chatd.user?.id).not.toBe("g:old");
  });
});
