import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { bubbles, composer, expectAccessible, launch, say } from "./browser";
import { Server } from "./server";
import { final, type Visit, Visitors } from "./visitors";

let browser: Browser;
let server: Server;
let visitors: Visitors;
let room: string;
const visit = (v?: Visit) => visitors.visit(v);

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

const ann = (v: Visit = {}) => visit({ token: server.token("ann", { name: "Ann" }), ...v });
const send = async (page: Page, text: string) => {
  await composer(page).fill(text);
  await composer(page).press("Enter");
};

describe("a message that is held", () => {
  const waiting = (page: Page) => page.locator(".row.held .text");
  const held = async () => (await server.api("GET", `/held?room=${room}`)).items as { id: string; message?: { id: string } }[];

  async function hold(page: Page): Promise<void> {
    await say(page, "before");
    await server.sanction(room, "u:ann", "hold");
  }

  test("waits for all to see that it is its author's, and is shown once it is released", async () => {
    const [author, window2, other] = [await ann(), await ann(), await visit()];
    await hold(author);
    await send(author, "is this fine?");
    for (const page of [author, window2]) {
      await page.locator(".row.held").filter({ hasText: "Waits for a moderator. Only you see it." }).waitFor();
      expect(await waiting(page).allTextContents()).toEqual(["is this fine?"]);
    }
    await expectAccessible(author, "a message that waits");
    expect(await bubbles(other).allTextContents()).toEqual(["before"]);
    await author.reload();
    await expect.poll(() => waiting(author).allTextContents()).toEqual(["is this fine?"]);
    const [item] = await held();
    await server.api("POST", `/held/${item!.id}/release`);
    for (const page of [author, window2, other]) {
      await expect.poll(() => bubbles(page).allTextContents()).toEqual(["before", "is this fine?"]);
      expect(await waiting(page).count()).toBe(0);
    }
    await author.getByText("Your message is there for all to see now.").first().waitFor();
  });

  test("is told when it was refused, and can be written anew", async () => {
    const author = await ann();
    await hold(author);
    await send(author, "is this fine?");
    await waiting(author).waitFor();
    const [item] = await held();
    await server.api("POST", `/held/${item!.id}/refuse`);
    const row = author.locator(".row.refused").filter({ hasText: "A moderator did not let this message through." });
    await row.waitFor();
    await expectAccessible(author, "a message that was refused");
    await row.getByRole("button", { name: "Write anew" }).click();
    await expect.poll(() => composer(author).inputValue()).toBe("is this fine?");
    expect(await row.count()).toBe(0);
  });
});

describe("a lock-down", () => {
  const lock = (level: string, more: Record<string, unknown> = {}) =>
    server.api("POST", "/lockdowns", { room, level, for_seconds: 600, ...more });

  test("is told with its reason and its end; the composer follows, and is back when it is lifted", async () => {
    const page = await visit();
    await say(page, "before");
    const { id, lockdown } = await lock("read_only", { reason: "A raid" });
    const banner = page.locator(".lockdown");
    await banner.filter({ hasText: /Only moderators may write\. Reason: A raid\. ?Ends in 10 minutes\./ }).waitFor();
    await page.locator(".no-composer").waitFor();
    await expectAccessible(page, "a lock-down");
    const late = await visit({ query: "&lang=de", viewport: { width: 360, height: 700 } });
    await late.locator(".lockdown").filter({ hasText: "Nur die Moderation darf schreiben." }).waitFor();
    await expectAccessible(late, "a lock-down on a phone");
    await server.api("DELETE", `/lockdowns/${id ?? lockdown?.id}`);
    await banner.waitFor({ state: "detached" });
    await say(page, "after");
  });

  test("ends by itself", async () => {
    const page = await visit();
    await say(page, "before");
    await lock("read_only", { for_seconds: 2 });
    await page.locator(".no-composer").waitFor();
    await page.locator(".lockdown").waitFor({ state: "detached" });
    await say(page, "after");
  });

  test("slows everybody but moderators", async () => {
    const [page, mona] = [await visit(), await visit({ token: server.token("Mona", { role: "moderator" }) })];
    await say(page, "before");
    await say(mona, "a moderator");
    await lock("slow", { seconds: 30 });
    await page.locator(".lockdown").filter({ hasText: "Slowed down: one message every 30 seconds." }).waitFor();
    await say(mona, "once");
    await say(mona, "and again");
  });

  test("keeps newcomers out, who are told so", async () => {
    const page = await visit();
    await say(page, "before");
    await lock("no_joins");
    await page.locator(".lockdown").filter({ hasText: "Nobody new may come in." }).waitFor();
    const late = await visit();
    await final(late, "room_locked");
    await expectAccessible(late, "a room that is locked");
    await say(page, "still here");
  });
});

describe("the room", () => {
  test("is cleared for all, and filled again when that is undone", async () => {
    const page = await visit();
    await say(page, "one");
    const { act } = await server.api("POST", `/rooms/${room}/clear`);
    await page.getByText("The moderators have cleared this room.").first().waitFor();
    expect(await bubbles(page).count()).toBe(0);
    await server.api("POST", `/acts/${act.id}/undo`);
    await bubbles(page).filter({ hasText: "one" }).waitFor();
  });

  test("is archived, and comes back", async () => {
    const page = await visit();
    await say(page, "one");
    await server.api("POST", `/rooms/${room}/archive`);
    await final(page, "room_archived");
    await expectAccessible(page, "an archived room");
    await server.api("POST", `/rooms/${room}/unarchive`);
    await page.getByRole("button", { name: "Try again" }).click();
    await bubbles(page).filter({ hasText: "one" }).waitFor();
  });

  test("hears what staff say, for long enough to read it", async () => {
    const page = await visit();
    await say(page, "one");
    await server.api("POST", "/notices", { room, text: "The stream starts in five minutes." });
    await page.locator(".notice.staff").filter({ hasText: "From the team: The stream starts in five minutes." }).waitFor();
    await expectAccessible(page, "a notice");
    await page.locator(".notice.staff").getByRole("button", { name: "Close" }).click();
    await page.locator(".notice.staff").waitFor({ state: "detached" });
  });

  test("asks a guest to sign in, and says so", async () => {
    const page = await visit({ name: "Bob" });
    await say(page, "one");
    const { items } = await server.api("GET", `/rooms/${room}/messages`);
    await server.sanction(room, items[0].from.id, "sign_in");
    await final(page, "sign_in_required");
    await expectAccessible(page, "a room that asks to sign in");
  });
});

test("who was banned as a guest is banned after signing in", async () => {
  const page = await visit({ name: "Bob" });
  await say(page, "one");
  const { items } = await server.api("GET", `/rooms/${room}/messages`);
  await server.api("POST", "/sanctions", {
    target: { user: items[0].from.id }, scope: room, effect: "ban", duration_seconds: 3600, reason: "spam", address_for_seconds: 0,
  });
  await final(page, "banned");
  await page.goto("about:blank");
  await page.goto(`${server.url}/?room=${room}#token=${server.token("bob")}`);
  await final(page, "banned");
});
