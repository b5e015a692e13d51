import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    globalSetup: "e2e/build.ts",
    fileParallelism: false, // two browsers at once are slower than one after the other on two cores
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
