import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contrast, parseHex, readableOn, textOn, toHex } from "../../src/chat/colour";

describe("accent", () => {
  test.each([["#0a7", "#00aa77"], ["0A7", "#00aa77"], ["#3a5bd9", "#3a5bd9"]])("%s is a colour", (text, want) => {
    expect(toHex(parseHex(text)!)).toBe(want);
  });
  test.each(["", "red", "#12", "#12345", "#1234567", "url(x)", "#00aa77;color:red", "var(--x)"])("%j is none", (text) => {
    expect(parseHex(text)).toBeNull();
  });
});

const rgb = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));

test("text on any accent can be read (WCAG 2.2 AA)", () => {
  fc.assert(fc.property(rgb, (c) => contrast(c, textOn(c)) >= 4.3));
});

test("any accent can be read as text on both grounds", () => {
  fc.assert(fc.property(rgb, (c) =>
    contrast(readableOn(c, [240, 242, 247], [16, 18, 24]), [240, 242, 247]) >= 4.5 &&
    contrast(readableOn(c, [38, 42, 54], [255, 255, 255]), [38, 42, 54]) >= 4.5));
});
