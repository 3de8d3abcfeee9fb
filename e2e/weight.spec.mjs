// What a screen asks for until it can be played with: how many requests, and how many bytes after brotli.
import { expect, open, test } from "./fixtures.mjs";
import { builtFile, builtFiles, held, weight } from "./sizes.mjs";

const SCREENS = { home: "", "raft-election": "?lab=raft-election", "hash-ring": "?lab=hash-ring" };

test("screens keep to their budgets", async ({ page }) => {
  // All files are weighed once, which takes its time.
  test.setTimeout(120_000);
  const known = builtFiles();
  const [bytes, requests] = [{}, {}];
  for (const [screen, query] of Object.entries(SCREENS)) {
    const asked = new Set();
    const note = (request) => asked.add(new URL(request.url()).pathname.slice(1) || "index.html");
    page.on("request", note);
    await open(page, query);
    await expect(page.getByRole("button", { name: "Pause" }).first()).toBeVisible();
    await page.waitForLoadState("networkidle");
    page.off("request", note);
    // The browser asks for the icon when it likes, and for what will be wanted next once this is there.
    const files = [...asked].filter((file) => !file.startsWith("icon-") && file !== builtFile("actions", "wasm"));
    expect(files.filter((file) => !known.includes(file)), screen).toEqual([]);
    bytes[screen] = files.reduce((sum, file) => sum + weight(file), 0);
    requests[screen] = files.length;
    await page.goto("about:blank");
  }
  expect([...held("bytes of a screen", bytes), ...held("requests of a screen", requests)]).toEqual([]);
});

test("opening another lab takes four requests at most", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  for (const lab of ["hash-ring", "vector-clocks", "two-phase-commit"]) {
    const asked = [];
    const note = (request) => asked.push(request.url());
    page.on("request", note);
    await page.getByRole("combobox", { name: "Lab" }).selectOption(lab);
    await expect.poll(() => page.evaluate(() => window.netsplit.getState().lab)).toBe(lab);
    await page.waitForLoadState("networkidle");
    page.off("request", note);
    expect(asked.length, lab).toBeLessThanOrEqual(4);
    expect(asked.length, lab).toBeGreaterThanOrEqual(1);
  }
});
