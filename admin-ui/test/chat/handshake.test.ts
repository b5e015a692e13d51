import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Handshake } from "../../src/chat/handshake";

const site = "https://www.example.com";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function frame(referrer = `${site}/page`) {
  const posted: [unknown, string][] = [];
  const parent = { postMessage: (data: unknown, origin: string) => posted.push([data, origin]) } as unknown as Window;
  let receive!: (event: unknown) => void;
  const self = {
    addEventListener: (_: string, fn: (event: unknown) => void) => (receive = fn),
    setTimeout: (fn: () => void, ms: number) => setTimeout(fn, ms),
  } as unknown as Window;
  const say = (data: unknown, from: { source?: unknown; origin?: string } = {}) =>
    receive({ data, source: parent, origin: site, ...from });
  return { host: { parent, self, referrer }, posted, say };
}
const later = (p: Promise<string | null>) => vi.advanceTimersByTimeAsync(7000).then(() => p);

describe("the handshake", () => {
  test("asks the exact origin, and takes its token", async () => {
    const { host, posted, say } = frame();
    const token = new Handshake(host, null, () => {}).token("connect");
    expect(posted).toEqual([[{ type: "chatd:ready" }, site]]);
    say({ type: "chatd:token", token: "t1" });
    expect(await token).toBe("t1");
  });

  test("believes the origin parameter before the referrer, and the browser's own word too", () => {
    const a = frame("https://elsewhere.example/");
    void new Handshake(a.host, site, () => {}).token("connect");
    const b = frame("");
    void new Handshake({ ...b.host, ancestors: [site] }, null, () => {}).token("connect");
    expect([a.posted[0]![1], b.posted[0]![1]]).toEqual([site, site]);
  });

  test.each([
    ["another origin", { origin: "https://evil.example" }],
    ["the same origin under another port", { origin: `${site}:8443` }],
    ["another window", { source: {} }],
  ])("takes no token from %s", async (_, from) => {
    const { host, say } = frame();
    const token = new Handshake(host, null, () => {}).token("connect");
    say({ type: "chatd:token", token: "stolen" }, from);
    expect(await later(token)).toBeNull();
  });

  test.each([[{ type: "chatd:token" }], [{ type: "chatd:token", token: 7 }], [{ type: "chatd:token", token: "" }], ["chatd:token"], [null]])(
    "takes nothing malformed: %j",
    async (data) => {
      const { host, say } = frame();
      const token = new Handshake(host, null, () => {}).token("connect");
      say(data);
      expect(await later(token)).toBeNull();
    },
  );

  test("a guest site answers null at once", async () => {
    const { host, say } = frame();
    const token = new Handshake(host, null, () => {}).token("connect");
    say({ type: "chatd:token", token: null });
    expect(await token).toBeNull();
  });

  test("asks again when the token is about to end", async () => {
    const { host, posted, say } = frame();
    const shake = new Handshake(host, null, () => {});
    void shake.token("connect");
    say({ type: "chatd:token", token: "t1" });
    const renewed = shake.token("expiring");
    expect(posted[1]).toEqual([{ type: "chatd:token-needed" }, site]);
    say({ type: "chatd:token", token: "t2" });
    expect(await renewed).toBe("t2");
    expect(await shake.token("connect")).toBe("t2");
  });

  test("takes a token that comes late", async () => {
    const { host, say } = frame();
    const late = vi.fn();
    const token = new Handshake(host, null, late).token("connect");
    expect(await later(token)).toBeNull();
    say({ type: "chatd:token", token: "t1" });
    expect(late).toHaveBeenCalledWith("t1");
  });

  test("without a frame or an origin it asks nobody", async () => {
    const alone = frame();
    const top = new Handshake({ ...alone.host, parent: alone.host.self }, site, () => {});
    expect(await top.token("connect")).toBeNull();
    const unknown = frame("");
    expect(await new Handshake(unknown.host, null, () => {}).token("connect")).toBeNull();
    expect([...alone.posted, ...unknown.posted]).toEqual([]);
  });
});
