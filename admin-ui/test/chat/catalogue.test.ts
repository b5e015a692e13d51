import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chooseLang, tell } from "../../src/chat/i18n";
import * as de from "../../src/chat/i18n/de";
import * as en from "../../src/chat/i18n/en";

const repository = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), "utf8");

/** Every code that can reach a visitor: those that asyncapi.yaml lists, and the reasons of closes. */
function codes(): string[] {
  const list = /^x-error-codes:\n((?: +- [a-z_]+\n)+)/m.exec(read("asyncapi.yaml"))?.[1] ?? "";
  const found = new Set([...list.matchAll(/- ([a-z_]+)/g)].map((m) => m[1]!));
  for (const [, reasons] of read("docs/protocol.md").matchAll(/^\| 4\d\d\d \| ([^|]+)\|/gm)) {
    for (const [, code] of reasons!.matchAll(/`([a-z_]+)`/g)) found.add(code!);
  }
  return [...found].sort();
}

describe("every refusal has words", () => {
  test.each(codes())("%s", (code) => {
    expect(en.errors, "English").toHaveProperty(code);
    expect(de.errors, "Deutsch").toHaveProperty(code);
  });
  test("the lists of codes were found", () => expect(codes().length).toBeGreaterThan(30));
});

test("both languages have the same words with the same blanks", () => {
  const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
  for (const part of ["errors", "words"] as const) {
    const [a, b] = [en[part] as Record<string, string>, de[part] as Record<string, string>];
    expect(Object.keys(b).sort()).toEqual(Object.keys(a).sort());
    for (const [key, text] of Object.entries(a)) {
      expect(b[key], key).toBeTruthy();
      expect(blanks(b[key]!), key).toEqual(blanks(text));
    }
  }
});

test("the language is the first wish that there is", () => {
  expect(chooseLang("fr", null, "de-AT", "en")).toBe("de");
  expect(chooseLang("constructor", "xx")).toBe("en");
});

describe("a refusal says", () => {
  test("how long to wait", () => {
    expect(tell({ code: "slow_mode", retryAfterMs: 4200 })).toBe("Slow mode: wait a little between messages. Try again in 5 seconds.");
  });
  test("why a moderator did it, and until when", () => {
    const told = tell({ code: "banned", message: "You are banned: spam", until: "2026-11-24T18:00:00Z" });
    expect(told).toMatch(/^You are banned from this chat\. Reason: spam\. Until .*2026/);
  });
  test("the server's sentence for a code of the future", () => {
    expect(tell({ code: "brand_new", message: "Something new." })).toBe("Something new.");
    expect(tell({ code: "toString", message: "Something new." })).toBe("Something new.");
  });
});
