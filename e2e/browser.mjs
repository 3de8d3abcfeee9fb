// How every script here starts Chromium, and where it finds the page. `cargo xtask` sets the environment.
import { chromium } from "@playwright/test";

/** The page's address, with a slash at its end. */
export const url = process.env.NETSPLIT_URL;

export const launchOptions = {
  // Without a path Playwright takes its own Chromium.
  executablePath: process.env.NETSPLIT_CHROMIUM || undefined,
  args: [
    // Containers and CI run as root, where Chromium's sandbox refuses to start; only our own page is opened.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** Starts a browser for a script that is no test. */
export function launch() {
  if (!url) throw new Error("NETSPLIT_URL is not set: start this script through `cargo xtask`");
  return chromium.launch(launchOptions);
}

/** Opens the page and waits until the app answers calls. `query` is like `?lab=raft-election&seed=7`. */
export async function open(page, query = "") {
  await page.goto(`./${query}`);
  // The promise resolves with an object full of functions, which cannot leave the page.
  await page.evaluate(() => window.netsplit.ready.then(() => undefined));
}
