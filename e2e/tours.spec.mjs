// Tours as readers take them: to the end by mouse, by keyboard alone and by touch; letting go and returning; from
// addresses, good and bad.
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { filesOf, systems } from "./systems.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const card = (page) => page.getByRole("region", { name: "Tour" });
const button = (page, name) => card(page).getByRole("button", { name, exact: true });
const tours = systems.flatMap((system) => filesOf(system, "tours", ".toml"));
const idOf = ({ pathname }) => /\/\d+-([^/]+)\.toml$/.exec(pathname)[1];
const source = (id) => readFileSync(tours.find((file) => idOf(file) === id), "utf8");
const fragment = (text) => `#tour1.${deflateRawSync(text).toString("base64url")}`;

/** All tours, and how many steps each has. */
const TOURS = Object.fromEntries(tours.map((file) => [idOf(file), readFileSync(file, "utf8").split("[[step]]").length - 1]));

/** The way to a tour: its lab and that lab's neighbour in the list, how many tours the lab has, and which of them it is. */
const wayTo = (page, id) =>
  page.evaluate((wanted) => {
    const labs = window.netsplit.labs();
    const place = labs.findIndex((lab) => lab.tours.some((tour) => tour.id === wanted));
    const { id: lab, tours } = labs[place];
    const [neighbour, key] = place > 0 ? [labs[place - 1].id, "ArrowDown"] : [labs[1].id, "ArrowUp"];
    return { lab, neighbour, key, count: tours.length, which: tours.findIndex((tour) => tour.id === wanted) };
  }, id);

/** Every step's picture is the same for everybody, so a test may watch it faster than a reader. Clocks take seconds. */
const hurry = (page) =>
  page.evaluate(() => window.netsplit.setSpeed(window.netsplit.getState().lab === "physical-clocks" ? 4 : 0.3));

/** The step says that one may go on. */
const ready = (page) => expect(card(page).locator("#tour-next")).toHaveClass(/primary/);

/** Does what the step asks and waits until it has come true; `press` presses a button of the card. */
async function through(page, press) {
  await hurry(page);
  const asked = card(page).locator(".tour-offer");
  if (await asked.count()) {
    await press(asked);
    await hurry(page);
  }
  await ready(page);
  expect((await state(page)).playing).toBe(false);
}

const violated = ({ verdicts }) => verdicts.filter(({ status }) => status === "violated").map(({ property }) => property);

for (const [id, count] of Object.entries(TOURS)) {
  test(`${id} to its end by mouse`, async ({ page }) => {
    await open(page, `?tour=${id}`);
    const digests = [];
    for (let step = 1; step <= count; step += 1) {
      await expect(card(page)).toContainText(`Step ${step} of ${count}`);
      await through(page, (asked) => asked.click());
      digests.push((await state(page)).digest);
      if (step < count) await button(page, "Next").click();
    }
    // Back to the middle and on again: the same moments.
    await button(page, "Back").click();
    await button(page, "Back").click();
    await expect(card(page)).toContainText(`Step ${count - 2} of ${count}`);
    for (let step = count - 2; step <= count; step += 1) {
      await through(page, (asked) => asked.click());
      expect((await state(page)).digest, `step ${step}`).toBe(digests[step - 1]);
      await button(page, step < count ? "Next" : "Finish").click();
    }
    await expect(card(page)).toHaveCount(0);
    await expect(page.getByRole("alert")).toHaveCount(0);
  });

  test(`${id} to its end by keyboard alone`, async ({ page }) => {
    await open(page);
    const way = await wayTo(page, id);
    await open(page, `?lab=${way.neighbour}`);
    const lab = page.getByRole("combobox", { name: "Lab" });
    await expect(lab).toHaveValue(way.neighbour);
    await lab.focus();
    await page.keyboard.press(way.key);
    await expect(lab).toHaveValue(way.lab);
    const offer = page.getByRole("button", { name: /^Tours?$/ });
    for (let presses = 0; presses < 20 && !(await offer.evaluate((element) => element === document.activeElement)); presses += 1) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    // A lab with one tour only starts it at once.
    if (way.count > 1) {
      const list = page.getByRole("dialog", { name: "Tours of this lab" });
      await expect(list).toBeVisible();
      await page.keyboard.press("Tab");
      for (let place = 0; place < way.which; place += 1) await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await expect(list).toHaveCount(0);
    }
    for (let step = 1; step <= count; step += 1) {
      await expect(card(page)).toContainText(`Step ${step} of ${count}`);
      await through(page, async (asked) => {
        await asked.focus();
        await page.keyboard.press("Enter");
        // The button is gone or says something else; focus is where one goes on.
        await expect(card(page).locator("#tour-next")).toBeFocused();
      });
      await page.keyboard.press(step % 2 === 0 ? "n" : "PageDown");
    }
    await expect(card(page)).toHaveCount(0);
    await expect(offer).toBeFocused();
  });
}

test("a tour to its end by touch", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  await open(page, "?tour=cut-the-leader-off");
  for (let step = 1; step <= 8; step += 1) {
    await expect(card(page)).toContainText(`Step ${step} of 8`);
    await through(page, (asked) => asked.tap());
    // The sheet covers no node, and every target has the size of a thumb.
    const top = (await card(page).boundingBox()).y;
    for (const node of await page.locator("g.picture").all()) {
      const box = await node.boundingBox();
      expect(box.y + box.height, `step ${step}`).toBeLessThanOrEqual(top + 1);
    }
    for (const target of await card(page).getByRole("button").all()) {
      const box = await target.boundingBox();
      expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
    }
    if (step === 4) await expectAccessible(page);
    await card(page).locator("#tour-next").tap();
  }
  await expect(card(page)).toHaveCount(0);
  await context.close();
});

test("what a tour says is what is there", async ({ page }) => {
  await open(page, "?tour=two-leaders-one-term");
  for (const wanted of [[], [], [], ["election-safety"], ["election-safety", "state-machine-safety"], []]) {
    await through(page, (asked) => asked.click());
    expect(violated(await state(page))).toEqual(expect.arrayContaining(wanted));
    if (wanted.length === 0) expect(violated(await state(page))).toEqual([]);
    await button(page, "Next").click();
  }
  expect(await state(page)).toMatchObject({ variant: "correct" });
});

test("a reader does it by hand, lets go, and returns", async ({ page }) => {
  await open(page, "?tour=cut-the-leader-off");
  for (let step = 1; step < 4; step += 1) await button(page, "Next").click();
  await expect(card(page)).toContainText("Step 4 of 8");
  const home = await state(page);
  expect(home.playing).toBe(false);
  for (const other of ["n1–n3", "n2–n3", "n3–n4", "n3–n5"]) await page.getByRole("switch", { name: `Link ${other}` }).click();
  await expect(button(page, "Watch")).toBeVisible();
  await hurry(page);
  await button(page, "Watch").click();
  await ready(page);
  // What was done by hand is replaced: everybody sees the same from here on.
  await button(page, "Next").click();
  await expect(card(page)).toContainText("Step 5 of 8");
  const fifth = await page.evaluate(() => {
    window.netsplit.pause();
    window.netsplit.seek(434_994);
    return window.netsplit.getState();
  });
  expect(fifth.nodes.filter((node) => node.role === "leader").map((node) => node.id)).toEqual(["n3", "n4"]);
  await button(page, "Back").click();
  expect((await state(page)).digest).toBe(home.digest);
  await button(page, "Back").click();

  await page.getByRole("button", { name: /^n1, follower/ }).dblclick();
  await expect(card(page)).toContainText("You are on your own.");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(card(page)).not.toContainText("You are on your own.");
  await page.getByRole("slider", { name: "Time" }).fill("20000");
  await expect(card(page)).toContainText("You are on your own.");
  await button(page, "Return to the tour").click();
  await expect(card(page)).not.toContainText("You are on your own.");
  await page.getByRole("combobox", { name: "Variant" }).selectOption({ label: "wins by waiting" });
  await expect(card(page)).toContainText("You are on your own.");
  await button(page, "Return to the tour").click();
  expect(await state(page)).toMatchObject({ variant: "correct" });
  await expect(card(page)).toContainText("Step 3 of 8");
});

test("a step whose bound has passed starts again", async ({ page }) => {
  await open(page, "?tour=cut-the-leader-off");
  for (let step = 1; step < 4; step += 1) await button(page, "Next").click();
  const home = await state(page);
  for (const node of ["n1", "n2", "n3"]) await page.getByRole("button", { name: new RegExp(`^${node}, `) }).dblclick();
  await page.evaluate(() => window.netsplit.seek(2_000_000));
  await expect(card(page)).toContainText("That did not happen in time.");
  await button(page, "Start this step again").click();
  expect(await state(page)).toMatchObject({ digest: home.digest, playing: false });
});

test("keys go to whatever uses them first", async ({ page }) => {
  await open(page, "?tour=cut-the-leader-off");
  await button(page, "Next").click();
  await page.evaluate(() => window.netsplit.pause());
  const before = (await state(page)).time_us;
  await page.getByRole("slider", { name: "Time" }).focus();
  await page.keyboard.press("PageUp");
  expect((await state(page)).time_us).toBeGreaterThan(before);
  await expect(card(page)).toContainText("Step 2 of 8");
  await page.getByRole("combobox", { name: "Speed" }).focus();
  await page.keyboard.press("n");
  await expect(card(page)).toContainText("Step 2 of 8");
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("textbox", { name: "Link to this run" }).focus();
  await page.keyboard.press("Escape");
  await expect(card(page)).toBeVisible();
  await button(page, "Next").focus();
  await page.keyboard.press("p");
  await expect(card(page)).toContainText("Step 1 of 8");
  await page.keyboard.press("PageUp");
  await expect(card(page)).toContainText("Step 1 of 8");
  await page.keyboard.press("Escape");
  await expect(card(page)).toHaveCount(0);
  await page.keyboard.press("n");
  await expect(card(page)).toHaveCount(0);
});

test("a tour is fine for everybody, in both themes", async ({ page }) => {
  await open(page, "?tour=committed-and-gone&theme=light");
  await expect(card(page)).toHaveAttribute("aria-label", "Tour");
  await expectAccessible(page);
  await through(page, (asked) => asked.click());
  await page.getByRole("button", { name: "Dark theme" }).click();
  await expectAccessible(page);
  await button(page, "Leave the tour").click();
  await page.getByRole("combobox", { name: "Lab" }).selectOption("raft-election");
  await page.getByRole("button", { name: "Tours" }).click();
  // The whole page, but for the row of lenses: the open menu covers half of its first button, which counts as too small.
  await expectAccessible(page, { exclude: [[".lens-bar"]] });
});

test("with reduced motion a step plays only when one asks for it", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "?tour=cut-the-leader-off");
  await button(page, "Next").click();
  expect((await state(page)).playing).toBe(false);
  await hurry(page);
  await button(page, "Watch").click();
  await ready(page);
});

test("a tour comes in a link, and from a file below the page", async ({ page }) => {
  const text = source("cut-the-leader-off").replace('title = "Cut the leader off"', 'title = "My own"');
  await open(page, fragment(text));
  await expect(card(page).getByRole("heading", { name: "My own" })).toBeVisible();
  expect((await state(page)).playing).toBe(false);
  await page.route("**/lessons/mine.toml", (route) => route.fulfill({ body: text, contentType: "application/toml" }));
  await page.goto("about:blank");
  await open(page, "?tour=lessons/mine.toml");
  await expect(card(page).getByRole("heading", { name: "My own" })).toBeVisible();
  // Another one behind the # of the same page.
  await page.evaluate((next) => { location.hash = next; }, fragment(text.replace("My own", "Another")));
  await expect(card(page).getByRole("heading", { name: "Another" })).toBeVisible();
});

test("what is wrong with a tour is said by line, step and field", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  const text = source("cut-the-leader-off");
  const alert = page.getByRole("alert");
  const cases = [
    [fragment(text.replace('node = "n3"', 'node = "n9"')), /tour: line \d+, step 2: wait\.node: there is no node "n9"/],
    [fragment(text.replace("[[step]]", "[[step]]\ncolour = 1")), /tour: line \d+, step 1: colour: is not a known field/],
    [fragment("<img src=x onerror=alert(1)>"), /tour: line 1: is not TOML/],
    ["#tour1.broken!", /tour: is damaged/],
    ["#tour7.abc", /tour: starts with "tour7"/],
    [fragment("#".repeat(300_000)), /tour: is too large: it inflates to more than 256 KiB/],
    ["?tour=nope", /tour: there is no tour "nope"; there are cut-the-leader-off/],
    ["?tour=gone.toml", /tour: gone\.toml cannot be fetched: the server says 404/],
    ["?tour=https://example.org/a.toml", /is a path below this page/],
    ["?tour=//example.org/a.toml", /is a path below this page/],
  ];
  for (const [address, wanted] of cases) {
    await page.goto("about:blank");
    await open(page, address);
    await expect(alert, address).toContainText(wanted);
    await expect(card(page)).toHaveCount(0);
    expect((await state(page)).lab).toBe("raft-election");
  }
  // What else is wrong with the address is said together with a tour that is fine.
  await page.goto("about:blank");
  await open(page, "?tour=cut-the-leader-off&theme=blue");
  await expect(alert).toContainText("theme: is light, dark or auto");
  await expect(card(page)).toBeVisible();
});
