import { defineConfig } from "vite";

// The SDK: one file without imports at a fixed address, /sdk/chatd.js.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist/sdk",
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "src/sdk/index.ts", formats: ["es"], fileName: () => "chatd.js" },
    minify: "oxc",
  },
});
