import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    chatd: string;
  }
}

/** Builds the program once for all tests. */
export default function build(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "chatd-e2e-"));
  project.provide("chatd", buildChatd(folder));
  return () => rmSync(folder, { recursive: true, force: true });
}

export function buildChatd(folder: string): string {
  const program = join(folder, "chatd");
  execFileSync("go", ["build", "-o", program, "./cmd/chatd"], { cwd: new URL("../..", import.meta.url), stdio: "inherit" });
  return program;
}
