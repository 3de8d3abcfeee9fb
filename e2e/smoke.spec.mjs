// Does the page start at all, as a stranger's strict host would serve it?
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const WASM = /\.wasm$/;

test("the page starts under a strict policy", async ({ page, baseURL }) => {
  const response = await page.request.get(baseURL);
  expect(response.headers()["content-security-policy"]).toBe("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
  await open(page);
  await expect(page.locator("#boot")).toHaveCount(0);
  await expect(page).toHaveTitle(/netsplit/);
});

test("nothing on the page is inline", async ({ page, baseURL }) => {
  const html = await (await page.request.get(baseURL)).text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
});

test("window.netsplit is there before the wasm is", async ({ page }) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(WASM, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("./");
  const early = await page.evaluate(() => ({
    version: window.netsplit.version,
    ready: window.netsplit.ready instanceof Promise,
  }));
  expect(early).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), ready: true });
  // A promise that is still open loses against one that is already settled.
  const state = () => page.evaluate(() => Promise.race([window.netsplit.ready.then(() => "ready"), Promise.resolve("open")]));
  expect(await state()).toBe("open");
  await expect(page.locator("#boot")).toHaveText("Loading netsplit…");
  release();
  expect(await page.evaluate(() => window.netsplit.ready.then((api) => api === window.netsplit))).toBe(true);
});

test("a start that fails is said in words", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource|ERR_FAILED/);
  await page.route(WASM, (route) => route.abort());
  await page.goto("./");
  const failure = await page.evaluate(() => window.netsplit.ready.then(() => "started", (error) => error.message));
  expect(failure).not.toBe("started");
  await expect(page.getByRole("alert")).toHaveText(/^netsplit could not start: .+\. Please reload the page\.$/);
});

for (const theme of ["light", "dark"]) {
  test(`the page is accessible in the ${theme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await open(page, `?theme=${theme}&paused=1`);
    await expectAccessible(page);
  });
}

test("a file that is not there is not answered with a page", async ({ page, baseURL }) => {
  for (const path of ["gone.wasm", "gone-0123456789abcdef.js", "sub/gone.css"]) {
    const response = await page.request.get(new URL(path, baseURL).href);
    expect(response.status()).toBe(404);
    expect(response.headers()["content-type"]).toMatch(/^text\/plain/);
  }
});

test("the search finds a lab by its other names and by its mistakes", async ({ page }) => {
  await open(page, "?paused=1");
  const [search, cards] = [page.getByRole("searchbox", { name: "Search labs" }), page.locator("a.card b")];
  for (const [words, title] of [["2pc", "Two-phase commit"], ["consistent hashing", "A hash ring"], ["no virtual nodes", "A hash ring"]]) {
    await search.fill(words);
    await expect(cards).toHaveText([title]);
  }
  await open(page, "?lab=2pc&paused=1");
  expect(await page.evaluate(() => window.netsplit.getState().lab)).toBe("two-phase-commit");
  await expect(page.getByRole("alert")).toHaveCount(0);
});
