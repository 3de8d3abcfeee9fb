// What there is to see before the page's code has come: a frame with the lab's picture, at home with cards that are links.
// What comes later takes the same places.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { builtFile } from "./sizes.mjs";

const MAIN = new RegExp(builtFile("netsplit", "wasm"));
const CONSENSUS = new RegExp(builtFile("consensus", "wasm"));
const INTRODUCTION = "Real algorithms run here against a simulated cluster.";

/** Keeps files from arriving until the function that it returns is called. */
async function hold(page, files) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(files, async (route) => {
    await held;
    await route.continue();
  });
  return release;
}
const ready = (page) => page.evaluate(() => window.netsplit.ready.then(() => undefined));
const isDrawn = (image) => image.evaluate((image) => image.decode().then(() => image.naturalWidth > 100));
const box = async (part) => Object.fromEntries(Object.entries(await part.boundingBox()).map(([name, at]) => [name, Math.round(at)]));
/** Two boxes at the same place, to a pixel: large type leaves fractions. */
const expectSame = (one, other) => {
  for (const side of ["x", "y", "width", "height"]) expect(Math.abs(one[side] - other[side]), side).toBeLessThanOrEqual(1);
};

const WINDOWS = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, hall: { width: 1920, height: 1080 } };
const SCREENS = { home: "?", network: "?lab=two-phase-commit&", ring: "?lab=consistent-hashing&", embedded: "?lab=raft-log&embed=1&", bare: "?lab=raft-log&chrome=none&" };

for (const [name, viewport] of Object.entries(WINDOWS)) {
  for (const [screen, query] of Object.entries(SCREENS)) {
    test(`the first picture is where the stage comes: ${screen}, ${name}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      const release = await hold(page, MAIN);
      await page.goto(`./${query}paused=1`);
      const picture = page.locator(".opening img");
      expect(await isDrawn(picture)).toBe(true);
      const before = { stage: await box(picture), main: await box(page.locator("main")) };
      const words = await page.locator(".invitation h1").evaluateAll((found) => found.map((words) => words.textContent));
      release();
      await ready(page);
      expectSame(await box(page.locator(".layers")), before.stage);
      expectSame(await box(page.locator("main")), before.main);
      await expect(page.locator(".invitation h1")).toHaveText(words);
      await expect(page.locator("[data-first]")).toHaveCount(0);
    });
  }
}

test("at home the labs are links before the code is there", async ({ page }) => {
  const release = await hold(page, MAIN);
  await page.goto("./?paused=1&theme=dark");
  await expect(page.getByRole("status")).toHaveText("Loading netsplit…");
  await expect(page.getByText(INTRODUCTION)).toBeVisible();
  const cards = page.getByRole("region", { name: "Labs" }).getByRole("listitem");
  const said = await cards.evaluateAll((cards) => cards.map((card) => [card.textContent, card.querySelector("a").getAttribute("href")]));
  for (const image of await cards.locator("img").all()) {
    await image.scrollIntoViewIfNeeded();
    expect(await isDrawn(image)).toBe(true);
    await expect(image).toHaveAttribute("src", /-card-dark-/);
  }
  await expectAccessible(page);
  const intro = await page.locator(".introduction").textContent();
  release();
  await ready(page);
  // The page itself says the same, and leads to the same places.
  await expect(page.locator("[data-first]")).toHaveCount(0);
  expect(await cards.evaluateAll((cards) => cards.map((card) => [card.textContent, card.querySelector("a").getAttribute("href")]))).toEqual(said);
  expect(await page.locator(".introduction").textContent()).toBe(intro);
  expect(said).toHaveLength(await page.evaluate(() => window.netsplit.labs().length));
});

test("a card that is clicked early opens its lab", async ({ page }) => {
  const release = await hold(page, MAIN);
  await page.goto("./?paused=1");
  await page.getByRole("link", { name: /A hash ring/ }).click();
  await expect(page).toHaveURL(/\?lab=hash-ring&paused=1$/);
  await expect(page.locator(".opening img")).toHaveAttribute("src", /hash-ring-opening-/);
  release();
  await ready(page);
  expect(await page.evaluate(() => window.netsplit.getState().lab)).toBe("hash-ring");
});

test("the frame stays until there is a run in its place", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await page.addInitScript(() => {
    // How many stages and introductions are seen in each frame.
    window.seen = [];
    const look = () => {
      const visible = (selector) => [...document.querySelectorAll(selector)].filter((part) => part.getClientRects().length > 0).length;
      if (document.querySelector(".stage")) window.seen.push(`${visible("main")} ${visible(".introduction")}`);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.route(CONSENSUS, (route) => route.fulfill({ status: 404, body: "gone" }));
  await page.goto("./?paused=1");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("could not be loaded");
  // The catalogue is the page's own by now, and the picture still there.
  await expect(page.getByRole("searchbox", { name: "Search labs" })).toBeEnabled();
  await expect(page.locator(".opening img")).toBeVisible();
  await expect(page.getByText("Loading netsplit…")).toBeHidden();
  await page.unroute(CONSENSUS);
  await alert.getByRole("button", { name: "Try again" }).click();
  await ready(page);
  await expect(page.locator(".opening")).toHaveCount(0);
  expect(new Set(await page.evaluate(() => window.seen))).toEqual(new Set(["1 1"]));
});

test("what no picture can know leaves the stage empty", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1");
  const link = new URL(await page.evaluate(() => window.netsplit.shareUrl())).hash;
  await page.goto("about:blank");
  await hold(page, MAIN);
  for (const address of [`?paused=1${link}`, "?tour=cut-the-leader-off", "?lab=raft-log&stage=space-time", "?lab=raft-log&set.nodes=3"]) {
    await page.goto(`./${address}`);
    await expect(page.getByRole("status")).toHaveText("Loading netsplit…");
    await expect(page.locator(".opening img"), address).toHaveCount(0);
    await expect(page.locator(".catalogue"), address).toHaveCount(0);
    await page.goto("about:blank");
  }
});

test("a start that fails takes the frame away", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource|ERR_FAILED/);
  await page.route(MAIN, (route) => route.abort());
  await page.goto("./?lab=raft-log");
  await expect(page.getByRole("alert")).toHaveText(/^netsplit could not start: /);
  await expect(page.locator("[data-first]")).toHaveCount(0);
});
