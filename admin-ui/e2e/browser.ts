import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Frame, type Page } from "playwright-core";
import { expect } from "vitest";

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** What went wrong in a page: errors, and what its policy forbade. */
export function watch(context: BrowserContext): string[] {
  const wrong: string[] = [];
  context.on("weberror", (e) => wrong.push(String(e.error())));
  context.on("dialog", (d) => {
    wrong.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  context.on("console", (m) => {
    if (m.type() === "error" && /Content.Security.Policy|Refused to/i.test(m.text())) wrong.push(m.text());
  });
  return wrong;
}

export const composer = (page: Page | Frame) => page.locator(".composer textarea");
export const bubbles = (page: Page | Frame) => page.locator(".row:not(.pending) .text");

export async function say(page: Page | Frame, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await bubbles(page).filter({ hasText: text }).last().waitFor();
}

/** Opens a message's menu and takes an entry. */
export async function choose(page: Page, text: string, entry: string | RegExp): Promise<void> {
  const row = page.locator(".row:not(.pending)").filter({ hasText: text }).last();
  await row.hover();
  await row.locator(".toolbar button[aria-haspopup=menu]").last().click();
  await page.getByRole("menuitem", { name: entry }).click();
}

/** Lets a page think that it is hidden, and back. */
export async function allowHiding(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    let hidden = false;
    Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
    Object.defineProperty(document, "hidden", { get: () => hidden });
    (globalThis as any).__hide = (to: boolean) => {
      hidden = to;
      document.dispatchEvent(new Event("visibilitychange"));
    };
  });
}
export const hide = (page: Page, to: boolean) => page.evaluate((h) => (globalThis as any).__hide(h), to);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails on anything that axe finds serious. */
export async function expectAccessible(page: Page | Frame, what: string): Promise<void> {
  await page.evaluate(axe);
  await page.evaluate(() => {
    for (const a of document.getAnimations()) {
      if (a.effect?.getComputedTiming().iterations === Infinity) a.cancel();
      else a.finish(); // colours are judged as they end up
    }
  });
  const found = await page.evaluate(async () => {
    const results = await (globalThis as any).axe.run(document, { resultTypes: ["violations"] });
    return results.violations
      .filter((v: any) => v.impact === "serious" || v.impact === "critical")
      .map((v: any) => `${v.id}: ${v.nodes.map((n: any) => `${n.target} ${n.failureSummary}`).slice(0, 3).join(" | ")}`);
  });
  expect(found, what).toEqual([]);
}

/** Fails where the page, or a message, is wider than the screen. */
export async function expectContained(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const out = document.documentElement.scrollWidth > width ? ["the page"] : [];
    for (const el of document.querySelectorAll(".bubble, .who, .member, .top-words, .pins, .quote, .identity")) {
      const box = el.getBoundingClientRect();
      if (box.right > width + 1 || box.left < -1) out.push(`${el.className}: ${box.left} to ${box.right}`);
    }
    return out;
  });
  expect(wide).toEqual([]);
}
