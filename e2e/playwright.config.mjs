// Playwright's settings: one real Chromium, against our own server with its strict content security policy.
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import { launchOptions, url } from "./browser.mjs";

// `cargo xtask test` serves the page itself. Started by hand, Playwright asks for a server of its own, and never
// takes one that happens to listen.
const port = 4173;

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  // `xtask` reads the counts from the list reporter's closing lines.
  reporter: "list",
  forbidOnly: true,
  retries: 0,
  // The page draws without a GPU, on few cores: tests that share them would time each other out.
  workers: 1,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: url ?? `http://127.0.0.1:${port}/`,
    browserName: "chromium",
    launchOptions,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
  },
  webServer: url
    ? undefined
    : {
        command: `cargo xtask serve --port ${port}`,
        cwd: fileURLToPath(new URL("..", import.meta.url)),
        port,
        reuseExistingServer: false,
      },
});
