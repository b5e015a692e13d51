// The hash of everything that dist/ is built from. embed_test.go computes the same without Node.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const files = [
  "docs.html", "embed.html", "index.html", "package-lock.json", "package.json", "scripts/build.mjs",
  "tsconfig.base.json", "vite.config.ts", "vite.docs.config.ts", "vite.sdk.config.ts",
];

function sources() {
  const found = [...files];
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    found.push(join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1).replaceAll("\\", "/"));
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/** One line a file, `sha256(content)  path`, sorted by path; the hash of those lines. Line ends count as LF. */
export function sourceHash() {
  const lines = sources().map((path) => {
    const content = readFileSync(join(root, path), "latin1").replaceAll("\r\n", "\n");
    return `${createHash("sha256").update(content, "latin1").digest("hex")}  ${path}\n`;
  });
  return createHash("sha256").update(lines.join("")).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const now = sourceHash();
  if (!process.argv.includes("--check")) {
    console.log(now);
  } else {
    let built = "nothing";
    try {
      built = readFileSync(join(root, "dist/SOURCE_HASH"), "utf8").trim();
    } catch {
      // Not built yet: differs.
    }
    if (built !== now) {
      console.error(`dist/ was built from other sources (${built}, now ${now}). Run: npm run build`);
      process.exit(1);
    }
  }
}
