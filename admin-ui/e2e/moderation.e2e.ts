import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { bubbles, choose, composer, expectAccessible, expectContained, launch, say } from "./browser";
import { Server } from "./server";
import { final, type Visit, Visitors } from "./visitors";

let browser: Browser;
let server: Server;
let visitors: Visitors;
let room: string;
const visit = (v?: Visit) => visitors.visit(v);
const moderator = (v: Visit = {}) => visit({ token: server.token("Mona", { role: "moderator" }), ...v });

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(inject("chatd"))]);
  visitors = new Visitors(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(() => {
  room = visitors.newRoom();
});
afterEach(() => visitors.leave());

const undo = (page: Page, what: string | RegExp) =>
  page.locator(".notice").filter({ hasText: what }).getByRole("button", { name: "Undo" }).click();
const dialog = (page: Page, button: string) => page.getByRole("dialog").getByRole("button", { name: button }).click();

describe("a moderator", () => {
  test("deletes a message, and takes that back", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator()];
    await say(bob, "rude words");
    await say(bob, "useful words");
    await choose(mona, "rude words", "Delete");
    await mona.getByRole("dialog").locator(".subject-who").filter({ hasText: "Bob" }).waitFor();
    await mona.getByRole("dialog").locator("blockquote").filter({ hasText: "rude words" }).waitFor();
    await expectAccessible(mona, "the question");
    await dialog(mona, "Delete");
    for (const page of [mona, bob]) await bubbles(page).filter({ hasText: "rude words" }).waitFor({ state: "detached" });
    await undo(mona, "Message by Bob deleted.");
    await expect.poll(() => bubbles(bob).allTextContents()).toEqual(["rude words", "useful words"]);
    expect(await mona.locator(".notice").filter({ hasText: "deleted" }).count()).toBe(0);
  });

  test("mutes with one click or for a chosen time, and lifts it from the line or the menu", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator()];
    await say(bob, "hello");
    await choose(mona, "hello", "Mute for 10 minutes");
    await bob.getByText(/You are muted/).first().waitFor();
    await undo(mona, "Bob is muted for 10 minutes.");
    await composer(bob).waitFor();

    await choose(mona, "hello", "Mute…");
    await mona.getByLabel("1 hour").check({ force: true });
    await mona.getByLabel("Reason").fill("calm down");
    await dialog(mona, "Mute");
    await bob.getByText("calm down").first().waitFor();
    await choose(mona, "hello", "Lift the mute");
    await composer(bob).waitFor();
  });

  test("bans with a reason from the list of people, and lets back in", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator()];
    await say(bob, "hello");
    await mona.locator(".member").filter({ hasText: "Bob" }).click();
    await mona.getByRole("menuitem", { name: "Ban…" }).click();
    await expect.poll(() => mona.getByRole("radio").count()).toBe(4);
    await mona.getByLabel("For good").check({ force: true });
    await mona.getByLabel("Reason").fill("enough");
    await dialog(mona, "Ban");
    await final(bob, "banned");
    await bob.getByText("enough").waitFor();
    await choose(mona, "hello", "Lift the ban");
    await mona.locator(".notice").filter({ hasText: "Bob may come in again." }).waitFor();
    await bob.reload();
    await say(bob, "back again");
  });

  test("slows the room, pins, and sets it; each with a way back that leaves alone what others changed since", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator()];
    await say(bob, "useful words");
    await choose(mona, "useful words", "Slow mode…");
    await mona.getByRole("menuitemradio", { name: "30 seconds" }).click();
    await bob.getByText("Slow mode: one message every 30 seconds").waitFor();
    await server.set(room, { slow_mode_seconds: 5 });
    await bob.getByText("one message every 5 seconds").waitFor();
    await undo(mona, "one message every 30 seconds");
    await mona.getByText("That has been changed again meanwhile.").first().waitFor();

    await choose(mona, "useful words", "Slow mode…");
    await mona.getByRole("menuitemradio", { name: "Off" }).click();
    await bob.locator(".slow").waitFor({ state: "detached" });
    await undo(mona, "Slow mode is off.");
    await bob.getByText("one message every 5 seconds").waitFor();

    await choose(mona, "useful words", "Pin");
    await bob.locator(".pins").filter({ hasText: "useful words" }).waitFor();
    await undo(mona, "Message pinned.");
    await bob.locator(".pins").waitFor({ state: "detached" });

    await mona.getByRole("button", { name: "Room settings" }).click();
    await mona.getByLabel("Topic").fill("Be kind");
    await mona.getByRole("button", { name: "Save" }).click();
    await bob.getByText("Be kind").waitFor();
    await undo(mona, "Room settings saved.");
    await bob.getByText("Be kind").waitFor({ state: "detached" });
  });

  test("finds an Undo for each of several acts, and still ten seconds later", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator({ before: (c) => c.clock.install() })];
    const undos = () => mona.getByRole("button", { name: "Undo" }).count();
    for (const [i, text] of ["one", "two", "three"].entries()) {
      await say(bob, text);
      await choose(mona, text, "Delete");
      await dialog(mona, "Delete");
      await expect.poll(undos).toBe(i + 1);
    }
    await mona.clock.runFor(10_000);
    await mona.getByRole("button", { name: "Undo" }).last().click();
    await bubbles(bob).filter({ hasText: "three" }).waitFor();
    await mona.clock.runFor(20_000);
    expect(await undos()).toBe(0);
  });

  test("can do it all by keyboard", async () => {
    const [bob, mona] = [await visit({ name: "Bob" }), await moderator()];
    await say(bob, "rude words");
    await mona.locator(".row").filter({ hasText: "rude words" }).focus();
    await mona.keyboard.press("Enter");
    await mona.getByRole("menu").waitFor();
    await mona.keyboard.press("End"); // delete
    await mona.keyboard.press("Enter");
    await mona.getByRole("dialog").waitFor();
    await mona.keyboard.press("Tab");
    await mona.keyboard.press("Enter");
    await bubbles(bob).filter({ hasText: "rude words" }).waitFor({ state: "detached" });
    await mona.getByRole("button", { name: "Undo" }).focus();
    await mona.keyboard.press("Enter");
    await bubbles(bob).filter({ hasText: "rude words" }).waitFor();
  });

  test.each([[390, 844], [360, 640]])("can't ban by a double tap on a phone (%i by %i)", async (width, height) => {
    const bob = await visit({ name: "Bob" });
    const mona = await moderator({ viewport: { width, height }, hasTouch: true, isMobile: true });
    await say(bob, "a long message, so that the question about it is tall. ".repeat(6));
    await mona.evaluate(() => addEventListener("click", (e) => ((globalThis as any).tapped = e.clientY), true));
    for (const item of ["Ban…", "Mute…", "Delete"]) {
      await mona.locator(".row").last().locator(".bubble").tap();
      await mona.locator(".toolbar button[aria-haspopup=menu]").last().tap();
      await mona.getByRole("menuitem", { name: item }).tap();
      const at = await mona.evaluate(() => (globalThis as any).tapped as number);
      const button = mona.getByRole("dialog").locator("[type=submit]");
      await button.waitFor();
      await expectAccessible(mona, item);
      const box = (await button.boundingBox())!;
      expect(box.y > at + 20 || box.y + box.height < at - 20, `${item}: tapped at ${at}, asks at ${box.y}`).toBe(true);
      expect(box.y).toBeGreaterThan(0);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      await expectContained(mona);
      await mona.keyboard.press("Escape");
      await button.waitFor({ state: "detached" });
    }
  });

  test("has no such entries against another moderator, nor has a visitor against anyone", async () => {
    const other = await visit({ token: server.token("Max", { role: "moderator" }) });
    const [mona, bob] = [await moderator(), await visit({ name: "Bob" })];
    await say(other, "from a moderator");
    for (const page of [mona, bob]) {
      const row = page.locator(".row").filter({ hasText: "from a moderator" });
      await row.hover();
      await row.locator(".toolbar button[aria-haspopup=menu]").last().click();
      await page.getByRole("menu").waitFor();
      expect(await page.getByRole("menuitem", { name: /Mute|Ban/ }).count()).toBe(0);
      await page.keyboard.press("Escape");
    }
  });
});
