// Makes docs/screenshot.png: the chat page with a lively conversation, against the real
// program. `npm run screenshots -- FOLDER` also keeps one of each layout there, to look at.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { createServer } from "vite";
import { root } from "./source-hash.mjs";

const repo = join(root, "..");
const room = "general";
const looks = process.argv[2];

// The tests' own server and build, which are TypeScript.
const vite = await createServer({ root, configFile: false, server: { middlewareMode: true }, appType: "custom", logLevel: "error" });
const { Server } = await vite.ssrLoadModule("/e2e/server.ts");

const folder = mkdtempSync(join(tmpdir(), "chatd-shots-"));
execFileSync("go", ["build", "-o", join(folder, "chatd"), "./cmd/chatd"], { cwd: repo, stdio: "inherit" });
const server = await Server.start(join(folder, "chatd"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

const people = {
  mona: { name: "Mona", role: "moderator" },
  ann: { name: "Ann" },
  ravi: { name: "Ravi", role: "vip" },
  yuki: { name: "結城" },
  omar: { name: "عمر" },
  lena: { name: "Lena Brandt" },
};

async function enter(who, options = {}, query = "") {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1000, height: 800 }, ...options });
  const page = await context.newPage();
  const token = people[who] ? `#token=${server.token(who, people[who])}` : "";
  await page.goto(`${server.url}/${query || `?room=${room}`}${token}`);
  await page.locator(query.startsWith("?") || !query ? ".composer-area" : "body").waitFor();
  return page;
}

const row = (page, text) => page.locator(".row:not(.pending)").filter({ hasText: text }).last();

async function say(page, text, shown = text) {
  await page.locator("textarea").fill(text);
  await page.keyboard.press("Enter");
  await row(page, shown).waitFor();
}

async function act(page, text, entry) {
  await row(page, text).waitFor();
  await row(page, text).hover();
  await page.locator(".toolbar button[aria-haspopup=menu]").last().click();
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
}

async function react(page, text, emoji) {
  await act(page, text, "React");
  await page.getByRole("menuitem", { name: emoji }).click();
  await page.locator(".popover").waitFor({ state: "detached" });
}

try {
  await server.set(room, { title: "Spring release", topic: "Live from the workshop. Questions welcome, be kind." });
  const [mona, ann, ravi, yuki, omar, lena] = await Promise.all(Object.keys(people).map((who) => enter(who)));

  await say(mona, "Welcome everyone! The stream starts at *18:00 UTC*. Ask here, we answer live.", "Welcome everyone!");
  await act(mona, "Welcome everyone!", "Pin");
  await say(ann, "Hi all! Will there be a recording for those of us at work?");
  await act(mona, "Will there be a recording", "Reply");
  await say(mona, "Yes: on the site an hour after we end.");
  await say(mona, "Chapters included, so you can jump to your topic.");
  for (const page of [ann, ravi, omar]) await react(page, "Chapters included", "🎉");
  await say(ravi, "The rehearsal looked great. That search demo 🔥");
  for (const page of [ann, yuki]) await react(page, "The rehearsal looked great", "🔥");
  await react(lena, "The rehearsal looked great", "👏");
  await say(yuki, "楽しみにしています！");
  await say(omar, "مرحبا من القاهرة 👋");
  await say(ann, "@Ravi which part did you like best?", "which part did you like best");
  const visitor = await enter("lena", { viewport: { width: 1280, height: 900 } });
  await act(visitor, "which part did you like best", "Reply");
  await say(visitor, "For me it was the `undo`: one click and it was as before.", "For me it was the");
  await react(ravi, "For me it was the", "👍");
  await row(visitor, "For me it was the").locator(".reaction").waitFor();
  await ravi.locator("textarea").pressSequentially("Hard to");
  await visitor.getByText("Ravi is writing…").waitFor();
  await visitor.mouse.move(640, 5);
  await visitor.screenshot({ path: join(repo, "docs/screenshot.png"), animations: "disabled" });

  if (looks) {
    const sizes = [["desktop", 1440, 900], ["phone", 390, 844], ["small", 360, 640]];
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, width, height] of sizes) {
        const page = await enter("lena", { viewport: { width, height }, colorScheme, hasTouch: width < 500, isMobile: width < 500 });
        await row(page, "For me it was the").waitFor();
        await page.screenshot({ path: join(looks, `${name}-${colorScheme}.png`), animations: "disabled" });
        await page.context().close();
      }
    }
    const guest = await enter("", { viewport: { width: 390, height: 844 } });
    await guest.screenshot({ path: join(looks, "guest.png"), animations: "disabled" });
    await server.set(room, { closed: true });
    await guest.locator(".final").waitFor();
    await guest.screenshot({ path: join(looks, "closed.png"), animations: "disabled" });
    const door = await browser.newPage();
    await door.goto(server.url);
    await door.screenshot({ path: join(looks, "door.png"), animations: "disabled" });
  }
} finally {
  await browser.close();
  await server.stop();
  await vite.close();
  rmSync(folder, { recursive: true, force: true });
}
