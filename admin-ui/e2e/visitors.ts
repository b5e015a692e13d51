import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { watch } from "./browser";
import type { Server } from "./server";

export type Visit = Parameters<Browser["newContext"]>[0] & {
  url?: string; query?: string; token?: string; name?: string; before?: (c: BrowserContext) => Promise<unknown>;
};

/** The visitors of one test: each of one's own, with other storage and another identity. */
export class Visitors {
  room = "";
  #rooms = 0;
  #contexts: BrowserContext[] = [];
  #wrong: string[][] = [];

  constructor(private readonly browser: Browser, private readonly server: Server) {}

  newRoom(): string {
    return (this.room = `room-${++this.#rooms}`);
  }

  async visit({ url = this.server.url, query = "", token, name, before, ...options }: Visit = {}): Promise<Page> {
    const context = await this.browser.newContext({ locale: "en-GB", viewport: { width: 1200, height: 800 }, ...options });
    this.#contexts.push(context);
    this.#wrong.push(watch(context));
    await before?.(context);
    const page = await context.newPage();
    await page.goto(`${url}/?room=${this.room}${query}${token ? `#token=${token}` : ""}`);
    if (name) await rename(page, name);
    return page;
  }

  /** Everybody leaves; fails where a page had an error, or broke its policy. */
  async leave(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((c) => c.close()));
    expect(this.#wrong.splice(0).flat(), "errors and policy violations in the pages").toEqual([]);
  }
}

async function rename(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: /Choose a name|Change name/ }).click();
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".identity bdi").filter({ hasText: name }).waitFor();
}

export const final = (page: Page, code: string) => page.locator(`.final[data-code=${code}]`).waitFor();
