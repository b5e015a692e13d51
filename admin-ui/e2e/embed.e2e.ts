import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, inject, test } from "vitest";
import { bubbles, composer, expectAccessible, launch, say } from "./browser";
import { Server, Site } from "./server";

let browser: Browser;
let server: Server;
let site: Site;
let page: Page;
const room = "shop";

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(inject("chatd"))]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  page = await (await browser.newContext({ locale: "en-GB" })).newPage();
});
afterEach(async () => {
  await page.context().close();
  await site.stop();
});

/** A page of another site with the chat in it, and a script that answers with a token as docs/embed.md shows. */
async function embed(token: string | null, params = ""): Promise<void> {
  site = await Site.serve(`<!doctype html><title>Shop</title><iframe id="chat" title="Chat" width="360" height="600"
    src="${server.url}/embed?room=${room}${params}"></iframe>
    <script>
      const chat = document.getElementById("chat"), server = ${JSON.stringify(server.url)}
      window.asked = []
      addEventListener("message", (event) => {
        if (event.source !== chat.contentWindow || event.origin !== server) return
        asked.push(event.data.type)
        chat.contentWindow.postMessage({ type: "chatd:token", token: ${JSON.stringify(token)} }, server)
      })
    </script>`);
}

async function frame(): Promise<Frame> {
  await page.goto(site.url);
  const element = await page.locator("#chat").elementHandle();
  return (await element!.contentFrame())!;
}

describe("a frame on another site", () => {
  test("works where the room allows it, with a guest", async () => {
    await embed(null);
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    await say(chat, "hello from the shop");
    await expectAccessible(chat, "the frame");
  });

  test("signs in with the token that the site hands over", async () => {
    await embed(server.token("ann", { name: "Ann of the shop" }));
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    await say(chat, "signed in");
    expect(await chat.locator(".identity").count()).toBe(0);
    expect(await chat.locator(".row.own").last().getAttribute("aria-labelledby")).toBeTruthy();
    await chat.locator(".row.own .who").filter({ hasText: "Ann of the shop" }).waitFor({ state: "attached" });
    expect(await page.evaluate(() => (globalThis as any).asked)).toEqual(["chatd:ready"]);
  });

  test("is refused where the room doesn't", async () => {
    await embed(null);
    await server.set(room, { allowed_sites: ["https://www.example.com"] });
    const chat = await frame();
    await page.waitForLoadState("load");
    expect(await composer(chat).count()).toBe(0);
    expect(chat.url()).toMatch(/^chrome-error:/);
  });

  test("tells nothing to a site that isn't the one it was told", async () => {
    await embed(server.token("ann"), "&origin=https://www.example.com");
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    await chat.locator(".identity").waitFor(); // a guest
    expect(await page.evaluate(() => (globalThis as any).asked)).toEqual([]);
  });

  test("works where the browser blocks storage for frames", async () => {
    await page.context().addInitScript(() => {
      if (window === window.top) return;
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get: () => { throw new DOMException("blocked", "SecurityError"); } });
      }
    });
    await embed(null);
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    await say(chat, "no storage here");
    await bubbles(chat).filter({ hasText: "no storage here" }).waitFor();
  });

  test("takes theme, accent and language", async () => {
    await embed(null, "&theme=dark&accent=%230a7&lang=de");
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    await chat.getByText("Du schreibst als").waitFor();
    const style = await chat.evaluate(() => {
      const root = getComputedStyle(document.documentElement);
      return [root.colorScheme, root.getPropertyValue("--accent"), root.getPropertyValue("--on-accent")];
    });
    expect(style).toEqual(["dark", "#00aa77", "#101218"]);
  });

  test("the chat page itself can't be framed", async () => {
    site = await Site.serve(`<!doctype html><iframe id="chat" src="${server.url}/?room=${room}"></iframe>`);
    await server.set(room, { allowed_sites: [site.url] });
    const chat = await frame();
    expect(chat.url()).toMatch(/^chrome-error:/);
  });
});

describe("the SDK on another site", () => {
  const html = (url: string) => `<!doctype html><title>Own page</title><ul id="log"></ul>
    <script type="module">
      import { Chatd } from "${url}/sdk/chatd.js"
      const chat = new Chatd({ url: "${url}/" })
      const room = chat.join("sdk")
      room.on("change", () => {
        document.getElementById("log").replaceChildren(...room.state.messages.map((m) =>
          Object.assign(document.createElement("li"), { textContent: m.from.name + ": " + m.text })))
      })
      chat.on("status", (s) => { document.title = s.state })
      room.post("Hello from my own page")
    </script>`;

  test("is a chat in a dozen lines, where the server allows the site", async () => {
    let own: Server | undefined;
    site = await Site.serve(() => html(own!.url));
    own = await Server.start(inject("chatd"), { CHATD_ALLOWED_ORIGINS: site.url });
    try {
      await page.goto(site.url);
      await page.getByText(/Guest \S+: Hello from my own page/).waitFor();
      await own.say("sdk", "and hello back");
      await page.getByText("and hello back").waitFor();
    } finally {
      await own.stop();
    }
  });

  test("is kept out elsewhere", async () => {
    site = await Site.serve(() => html(server.url));
    await page.goto(site.url);
    await expect.poll(() => page.title()).toBe("waiting");
    expect(await page.locator("li").count()).toBe(0);
  });
});
