import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Chatd, type RoomState } from "../../src/sdk";
import { Model, Network } from "../model";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-11-23T18:00:00Z") }));
afterEach(() => void vi.useRealTimers());

const bob = { id: "u:bob", name: "Bob", role: "user" as const };

type Step =
  | { do: "post" | "reply" | "edit" | "hide" | "restore" | "react" | "unreact" | "pin" | "unpin" | "own" | "ownReact"; n: number }
  | { do: "topic"; n: number }
  | { do: "wait"; n: number }
  | { do: "hold" | "decide" | "clear" | "reset" | "lock" | "unlock"; n: number }
  | { do: "cut" | "silent" | "older"; n: number };

const step = fc.record({
  do: fc.constantFrom(
    "post", "post", "post", "reply", "edit", "hide", "restore", "react", "unreact", "pin", "unpin", "topic", "own", "own",
    "ownReact", "wait", "wait", "cut", "silent", "older", "hold", "decide", "decide", "clear", "reset", "lock", "unlock",
  ),
  n: fc.nat(40),
}) as fc.Arbitrary<Step>;

function act(model: Model, s: Step, chatd: Chatd, network: Network): void {
  const ids = model.ids();
  const id = ids[s.n % Math.max(1, ids.length)] ?? "";
  const room = chatd.join("general");
  switch (s.do) {
    case "post": return void model.post(bob, `text ${s.n}`);
    case "reply": return void model.post(bob, "reply", id || undefined);
    case "edit": return model.edit(id, `edited ${s.n} ${"x".repeat(s.n * 5)}`);
    case "hide": return model.hide([id, ids[(s.n * 7) % Math.max(1, ids.length)] ?? ""]);
    case "restore": return model.restore(ids.filter((_, i) => i % 3 === s.n % 3));
    case "react": return model.react(bob.id, id, "👍", true);
    case "unreact": return model.react(bob.id, id, "👍", false);
    case "pin": return model.pin(id, true);
    case "unpin": return model.pin(id, false);
    case "topic": return model.set({ topic: `topic ${s.n}`, read_only: s.n % 10 === 0 });
    case "own": return void room.post(`own ${s.n}`);
    case "ownReact": return void room.react(id, "🎉", s.n % 2 === 0).catch(() => {});
    case "older": return void room.loadOlder(5).catch(() => {});
    case "hold": return void (s.n % 2 ? model.holding.add("u:ann") : model.holding.delete("u:ann"));
    case "decide": {
      const held = model.heldIds();
      const outcomes = ["released", "released", "refused", "expired", "purged"] as const;
      return model.decide(held[s.n % Math.max(1, held.length)] ?? "", outcomes[s.n % 5]!, s.n % 2 === 0);
    }
    case "clear": return model.clear();
    case "reset": return model.reset();
    case "lock": return model.lock({
      level: (["slow", "known", "read_only"] as const)[s.n % 3]!, seconds: 30, until: new Date(Date.now() + s.n * 1000).toISOString(),
    });
    case "unlock": return model.lock(null);
    case "cut": return network.cut("closed");
    case "silent": return network.cut("silent");
  }
}

/** What a reader sees, within what a fresh reader is shown. */
function view(s: RoomState, from: number) {
  const messages = s.messages.filter((m) => m.seq >= from);
  return {
    messages, pins: s.pins, settings: s.settings, rights: s.rights, held: s.held, lockdown: s.lockdown,
    reacted: Object.fromEntries(messages.map((m) => [m.id, [...(s.reacted.get(m.id) ?? [])].sort()])),
  };
}

test("whatever happens, and however often the connection is cut, a reader ends where a fresh one starts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80, size: "max" }), fc.constantFrom(5, 1000, 1000), fc.constantFrom(7, 100, 100), async (steps, window, history) => {
      let n = 0;
      const model: Model = new Model(Date.now, () => 0.1 + (n++ % 7) / 10);
      model.recoverWindow = window;
      model.settings.history = history;
      const network = new Network(model);
      const connect = () => new Chatd({
        url: "https://chat.example/", getToken: () => "u:ann",
        environment: {
          ...network.environment(), now: Date.now, setTimeout: (fn, ms) => setTimeout(fn, ms),
          clearTimeout: (t) => clearTimeout(t as NodeJS.Timeout), onReturn: () => () => {},
        },
      });
      const chatd = connect();
      const room = chatd.join("general");
      for (const s of steps) {
        if (s.do === "wait") await vi.advanceTimersByTimeAsync(s.n * s.n);
        else act(model, s, chatd, network);
      }
      for (let i = 0; i < 8; i++) {
        await vi.advanceTimersByTimeAsync(8000);
        model.heartbeat();
      }
      await vi.advanceTimersByTimeAsync(5000);

      const fresh = connect();
      const start = fresh.join("general");
      await vi.advanceTimersByTimeAsync(100);
      const from = start.state.messages[0]?.seq ?? 0;
      expect(view(room.state, from)).toEqual(view(start.state, from));
      expect(room.state.seq).toBe(start.state.seq);
      const seqs = room.state.messages.map((m) => m.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(room.pending).toEqual([]);
      chatd.close();
      fresh.close();
    }),
    { numRuns: 200, endOnFailure: true },
  );
}, 60_000);
