import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { launch, watch } from "./browser";
import { apiKey, Server } from "./server";

let browser: Browser;
let server: Server;
let page: Page;
let wrong: string[];
let asked: string[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(inject("chatd"))]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(() => page.context().close());

async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<void> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  wrong = watch(context);
  asked = [];
  context.on("request", (r) => asked.push(r.url()));
  page = await context.newPage();
  await page.goto(`${server.url}/docs`);
  await page.locator(".opblock").first().waitFor();
}

const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("every operation is there, and nothing comes from elsewhere", async () => {
  await open();
  const described = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8").match(/^ +operationId: /gm)!.length;
  await expect.poll(() => page.locator(".opblock").count()).toBe(described);
  expect(asked.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith("data:"))).toEqual([]);
  expect(wrong).toEqual([]);
  const { headers } = await fetch(`${server.url}/docs`);
  expect(headers.get("Content-Security-Policy")).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';/);
});

test("an operation is tried with an API key", async () => {
  await open();
  await server.say("general", "so that there is a room");
  await page.getByRole("button", { name: "Authorize" }).click();
  await page.getByLabel("auth-bearer-value").fill(apiKey);
  await page.getByRole("button", { name: "Apply credentials" }).first().click();
  await page.locator(".btn-done").first().click();
  const operation = page.locator("#operations-rooms-listRooms");
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table");
  await answer.locator(".response-col_status").filter({ hasText: "200" }).waitFor();
  await answer.getByText('"general"').first().waitFor();
  expect(asked.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith("data:"))).toEqual([]);
  expect(wrong).toEqual([]);
});

test("a phone is wide enough", async () => {
  await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  expect(await wide()).toBeLessThanOrEqual(0);
  await page.locator("#operations-sanctions-makeSanction .opblock-summary-control").click();
  await page.locator(".opblock-body").first().waitFor();
  expect(await wide()).toBeLessThanOrEqual(0);
});
