// Builds everything that chatd embeds into dist/, and notes what it was built from.
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "vite";
import { root, sourceHash } from "./source-hash.mjs";

process.chdir(root);
await build({ configFile: join(root, "vite.config.ts"), logLevel: "warn" });
await build({ configFile: join(root, "vite.docs.config.ts"), logLevel: "warn" });
await build({ configFile: join(root, "vite.sdk.config.ts"), logLevel: "warn" });

// What Swagger UI holds of others, whose notices the build strips.
copyFileSync("node_modules/swagger-ui-dist/swagger-ui-es-bundle.js.LICENSE.txt", "dist/docs.LICENSE.txt");

// Types for /sdk/chatd.js, for those who copy the module into their own source tree.
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [
  tsc, "-p", "src/sdk", "--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", "dist/sdk/types",
], { stdio: "inherit" });
writeFileSync("dist/sdk/chatd.d.ts", 'export * from "./types/index";\n');

writeFileSync("dist/SOURCE_HASH", sourceHash() + "\n");
