import { afterEach, describe, expect, test, vi } from "vitest";
import { kept, readJSON, tab } from "../../src/chat/storage";

afterEach(() => vi.unstubAllGlobals());

describe("storage", () => {
  test("that throws when touched leaves the page with its memory", () => {
    vi.stubGlobal("window", Object.defineProperty({}, "localStorage", { get: () => { throw new Error("SecurityError"); } }));
    kept.set("a", "1");
    expect(kept.get("a")).toBe("1");
    kept.set("a", null);
    expect(kept.get("a")).toBeNull();
  });

  test("that is full remembers for as long as the page is open", () => {
    const full = { getItem: () => null, setItem: () => { throw new Error("QuotaExceededError"); }, removeItem: () => {} };
    vi.stubGlobal("window", { sessionStorage: full });
    tab.set("draft", "hello");
    expect(tab.get("draft")).toBe("hello");
  });

  test("that holds something else than expected counts as empty", () => {
    expect(readJSON("{broken", [])).toEqual([]);
    expect(readJSON(null, 1)).toBe(1);
  });
});
