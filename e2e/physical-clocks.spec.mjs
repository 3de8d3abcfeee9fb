// Clocks that are set, as people see them: a chart of what is true and what is believed, at every moment.
import { devices } from "@playwright/test";
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);
const verdict = (page, id) =>
  page.evaluate((id) => window.netsplit.getState().verdicts.find((verdict) => verdict.property === id).status, id);
const chart = (page) => page.getByRole("region", { name: "How wrong each clock is", exact: true });
const node = (page, name) => page.getByRole("button", { name: new RegExp(`^${name},`) });
const rows = (page) => chart(page).locator(".pane-table").getByRole("row");
const lines = (page) => chart(page).locator(".pane-drawing path.line:not(.stroke-ink)");
const row = (page, name) => rows(page).filter({ has: page.getByRole("rowheader", { name, exact: true }) });

/** Clocks that are right, do not drift, and a network without jitter. */
const EXACT = "set.skew-ms=0&set.drift-ppm=0&set.wait-us=0&set.latency-ms=10&paused=1";

/** Waits until the panel shows the present moment: two frames. */
const settled = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 120)))));

/** A row of the table: how far the clock is ahead in ms, what it believes, and give or take how much. */
async function stands(page, name) {
  const cells = await row(page, name).getByRole("cell").allTextContents();
  return cells.map((text) => Number.parseFloat(text.replace("−", "-").replace("± ", "")));
}

test("there is a line for each clock, and a table that says the same", async ({ page }) => {
  await open(page, "?lab=physical-clocks&paused=1&t=2s");
  await expect(rows(page)).toHaveCount(5);
  // Each line has its casing below, and clients have bands.
  await expect(lines(page)).toHaveCount(4);
  await expect(chart(page).locator("polygon.area")).toHaveCount(3);
  const names = await chart(page).locator(".pane-drawing text").allTextContents();
  expect(names.filter((name) => /^n\d$/.test(name)).sort()).toEqual(["n1", "n2", "n3", "n4"]);
  // Lines differ without their colours.
  const dashes = await lines(page).evaluateAll((lines) => lines.map((line) => getComputedStyle(line).strokeDasharray));
  expect(new Set(dashes).size).toBe(4);
  await expect(row(page, "n1")).toContainText("reference");
  await seek(page, 500_000);
  expect((await stands(page, "n3"))[0]).toBeCloseTo(-60, 0);
  await seek(page, 4_000_000);
  expect(Math.abs((await stands(page, "n3"))[0])).toBeLessThan(5);
  // A shorter window shows less time, and more of it.
  const path = () => lines(page).nth(2).getAttribute("d");
  const whole = await path();
  await chart(page).getByRole("button", { name: "Shorter window" }).click();
  await chart(page).getByRole("button", { name: "Shorter window" }).click();
  await chart(page).getByRole("button", { name: "Shorter window" }).click();
  expect(await path()).not.toBe(whole);
});

test("a clock that somebody sets by the tools is slewed back, and never goes back", async ({ page }) => {
  await open(page, `?lab=physical-clocks&${EXACT}&t=2s`);
  await node(page, "n2").click();
  const tools = page.getByRole("toolbar", { name: "Actions" });
  await tools.getByRole("button", { name: "Clock" }).click();
  await page.getByRole("spinbutton", { name: "Ahead by, ms" }).fill("80");
  await page.getByRole("button", { name: "Set the clock" }).click();
  await expect.poll(async () => (await stands(page, "n2"))[0]).toBeCloseTo(80, 1);
  let before = 80;
  for (let at = 2_100_000; at <= 4_500_000; at += 100_000) {
    await seek(page, at);
    await settled(page);
    const [now] = await stands(page, "n2");
    // 5 % of 100 ms, and what is rounded: less than the time that has passed, so that it never goes back.
    expect(now).toBeLessThanOrEqual(before);
    expect(before - now).toBeLessThanOrEqual(5.2);
    before = now;
  }
  expect(before).toBe(0);
  expect(await verdict(page, "never-back")).toBe("holds");
});

test("with an uneven way a client is sure, and wrong", async ({ page }) => {
  await open(page, `?lab=physical-clocks&${EXACT}&t=2s`);
  await apply(page, { do: "set", key: "towards-ms", value: 50 });
  await seek(page, 8_000_000);
  for (const name of ["n2", "n3", "n4"]) {
    await expect.poll(() => stands(page, name)).toEqual([25, 0, 35]);
    await expect(node(page, name)).toHaveAccessibleName(/\+25 ms, believes 0\.0 ms/);
  }
  expect(await verdict(page, "confidently-wrong")).toBe("met");
  expect(await verdict(page, "within-half-the-delay")).toBe("holds");
  // The past is as it was.
  await seek(page, 2_000_000);
  await expect.poll(() => stands(page, "n2")).toEqual([0, 0, 10]);
});

test("the form of settings has what holds now, and changes what was changed", async ({ page }) => {
  await open(page, `?lab=physical-clocks&${EXACT}&t=2s`);
  const settings = page.getByRole("button", { name: "Settings", exact: true });
  await settings.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Scheme" })).toHaveValue("ntp");
  await expect(page.getByRole("textbox", { name: "One-way latency, ms" })).toHaveValue("10..10");
  const set = page.getByRole("button", { name: "Set", exact: true });
  await expect(set).toBeDisabled();
  await page.getByRole("spinbutton", { name: "More towards n1, ms" }).fill("50");
  await page.getByRole("combobox", { name: "Scheme" }).selectOption({ label: "PTP-like" });
  await set.click();
  expect((await page.evaluate(() => window.netsplit.run().commands)).map(({ key, value }) => [key, value])).toEqual([
    ["scheme", "ptp-like"],
    ["towards-ms", 50],
  ]);
  await seek(page, 5_000_000);
  await expect.poll(() => stands(page, "n2")).toEqual([25, 0, 35]);
  await settings.click();
  await expect(page.getByRole("combobox", { name: "Scheme" })).toHaveValue("ptp-like");
  await expect(page.getByRole("spinbutton", { name: "More towards n1, ms" })).toHaveValue("50");
  await expectAccessible(page);
});

test("the chart is reached and read by keyboard", async ({ page }) => {
  await open(page, `?lab=physical-clocks&${EXACT}&t=2s`);
  const shorter = chart(page).getByRole("button", { name: "Shorter window" });
  await shorter.focus();
  await page.keyboard.press("Enter");
  await expect(shorter).toBeFocused();
  await expect(chart(page).getByRole("button", { name: "Longer window" })).toBeEnabled();
  // The longer window, the table, which scrolls, and its first row.
  for (let stop = 0; stop < 3; stop += 1) await page.keyboard.press("Tab");
  await expect(row(page, "n1").getByRole("button")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(chart(page).locator(".pane-drawing .picked > .area")).toHaveCount(1);
  // It keeps the focus while the run goes on.
  await seek(page, 2_700_000);
  await expect(row(page, "n2").getByRole("button")).toBeFocused();
});

for (const colorScheme of ["light", "dark"]) {
  test(`nothing keeps people out, in ${colorScheme}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ baseURL, colorScheme });
    const page = await context.newPage();
    await open(page, "?lab=physical-clocks&paused=1&t=3s&lens=clock-error,checks,story");
    await expect(rows(page)).toHaveCount(5);
    await expectAccessible(page);
    await context.close();
  });
}

test.describe("on a phone", () => {
  const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
  test.use(phone);

  test("the chart comes up as a sheet, with room for fingers", async ({ page }) => {
    await open(page, "?lab=physical-clocks&paused=1&t=3s");
    await page.getByRole("button", { name: "Error", exact: true }).tap();
    await expect(rows(page)).toHaveCount(5);
    for (const button of await chart(page).getByRole("button").all()) {
      const box = await button.boundingBox();
      expect(Math.min(box.width, box.height), await button.textContent()).toBeGreaterThanOrEqual(43.5);
    }
    const box = await chart(page).locator(".pane-drawing svg").boundingBox();
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(phone.viewport.width);
    await expectAccessible(page);
  });
});
