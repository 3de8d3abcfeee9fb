// The space-time diagram as people use it: by mouse, by touch, by keyboard. The run is one of a few events that the
// test asks for itself, so that it knows what happened before what.
import { devices } from "@playwright/test";
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);
const commands = (page) => page.evaluate(() => window.netsplit.run().commands);
const area = (page) => page.locator(".stage .st-area");
const said = (page) => page.locator(".stage .st-said p");
const comparison = (page) => page.getByRole("region", { name: "Two events, clock by clock" });
const shape = (page, name) => area(page).locator(`[data-shows=${name}]`);
/** How many figures a path of the diagram has. */
const count = async (page, name) => ((await shape(page, name).getAttribute("d")) ?? "").split("M").length - 1;

/** n1 asks n2 and is answered; n3 has something of its own in between. n1's wall clock is ahead, n2's behind. */
async function small(page, query = "") {
  await open(page, `?lab=clocks&set.act-every-ms=0&set.latency-ms=20..20&paused=1&t=0s${query}`);
  await seek(page, 100_000);
  await apply(page, { do: "request", node: "n1", op: { send: "n2" } });
  await seek(page, 130_000);
  await apply(page, { do: "request", node: "n3", op: "local" });
  await seek(page, 200_000);
}

/** Moves to the newest event and from there as the keys say. */
async function go(page, ...keys) {
  await area(page).focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("End");
  for (const key of keys) await page.keyboard.press(key);
}

/** Where the event is that the keyboard has reached. */
async function spot(page) {
  const box = await shape(page, "Focus").boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

test("lines, events and messages are those of the run", async ({ page }) => {
  await small(page);
  await expect(area(page)).toBeVisible();
  // Three starts; ask, question with its answer, answer; and n3's own event.
  await expect.poll(() => count(page, "Up")).toBe(3);
  expect((await count(page, "Dot")) + (await count(page, "Major"))).toBe(4);
  expect(await count(page, "Line")).toBe(3);
  // Two arrows: each a line and a head.
  expect(await count(page, "Arrow")).toBe(4);
  // A message on its way is drawn as far as it has come, and the rest as what is expected.
  await apply(page, { do: "request", node: "n2", op: { send: "n3" } });
  await seek(page, 210_000);
  await expect.poll(() => count(page, "Expected")).toBe(2);
  await apply(page, { do: "crash", node: "n3" });
  await expect.poll(() => count(page, "Down")).toBe(1);
  await seek(page, 300_000);
  await expect.poll(() => count(page, "Lost")).toBeGreaterThan(0);
  // The same machines on the network, and back.
  await page.getByRole("button", { name: "Network", exact: true }).click();
  await expect(area(page)).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^n1,/ })).toBeVisible();
  await page.getByRole("button", { name: "Space-time", exact: true }).first().click();
  await expect(area(page)).toBeVisible();
});

test("by mouse: a cone on hover, two clicks compare, a click on the ground lets go", async ({ page }) => {
  await small(page);
  // n1's question; from there everything at n2 and n1's answer comes after.
  await go(page, "Home", "ArrowRight");
  await expect(said(page)).toContainText("n1 asks n2");
  const [x, y] = await spot(page);
  await page.keyboard.press("Escape");
  await page.mouse.move(x + 60, y + 40);
  await page.mouse.move(x + 2, y - 2);
  await expect(page.locator(".stage .st-key")).toContainText("1 before");
  await expect(page.locator(".stage .st-key")).toContainText("2 after");
  expect([await count(page, "Past"), await count(page, "Future")]).toEqual([1, 2]);
  await page.mouse.click(x, y);
  await expect(comparison(page)).toContainText("Happened before it: 1");
  // n3's own event knows of nothing, and nobody of it.
  await page.mouse.move(x + 100, y + 60);
  await go(page, "Home", "ArrowRight");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const [x3, y3] = await spot(page);
  await page.mouse.click(x3, y3);
  await expect(comparison(page).locator(".relation")).toHaveText("Concurrent");
  await expect(comparison(page).getByRole("row", { name: /^vector/ })).toContainText("exact");
  // Both are the first of their process, and no number could be 1 at two events of which one came before the other.
  await expect(comparison(page).getByRole("row", { name: /^Lamport/ })).toContainText("equal at two events");
  await page.mouse.click(x + 150, y + 45);
  await expect(comparison(page)).toContainText("Pick two events");
});

test("by keyboard: along a process, after a message, and two events compared; the wall clock lies", async ({ page }) => {
  await small(page);
  await go(page, "Home", "ArrowRight");
  await expect(said(page)).toContainText("n1 asks n2");
  await page.keyboard.press("Enter");
  await page.keyboard.press("m");
  await expect(said(page)).toContainText("n2 receives the question of n1");
  await expect(said(page)).toContainText("1 happened before it");
  await page.keyboard.press("Enter");
  await expect(comparison(page).locator(".relation")).toHaveText("1 happened before 2");
  // n1 is 60 ms ahead and n2 as much behind: by their clocks the question arrives before it is sent.
  await expect(comparison(page).getByRole("row", { name: /^wall/ })).toContainText("lies: n2 is 120 ms behind n1");
  await expect(comparison(page).getByRole("row", { name: /^vector/ })).toContainText("before");
  await expect(comparison(page)).toContainText("by way of n1 → n2");
  expect(await count(page, "Chain")).toBe(2);
  await page.keyboard.press("M");
  await expect(said(page)).toContainText("n1 asks n2");
  await page.keyboard.press("Escape");
  await expect(comparison(page)).toContainText("Pick two events");
  // Zooming by keys changes what is seen, and 0 shows everything again.
  const ticks = () => page.locator(".stage .st-time").allTextContents();
  const before = await ticks();
  for (let step = 0; step < 8; step += 1) await page.keyboard.press("+");
  await expect.poll(async () => (await ticks()).join()).not.toBe(before.join());
});

test("the lab shows a pair that the wall clocks get wrong", async ({ page }) => {
  await small(page);
  await comparison(page).getByRole("button", { name: "Show where the wall clocks lie" }).click();
  await expect(comparison(page).locator(".relation")).toHaveText("1 happened before 2");
  await expect(comparison(page).getByRole("row", { name: /^wall/ })).toContainText("lies");
  expect(await count(page, "Picked")).toBe(2);
});

test("a message that is dragged arrives at another time, in a branch, and can be taken back", async ({ page }) => {
  await small(page);
  await go(page, "ArrowDown", "Home", "ArrowRight");
  await expect(said(page)).toContainText("n2 receives the question");
  const [x, y] = await spot(page);
  await page.keyboard.press("Escape");
  const before = (await state(page)).branches.length;
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= 8; step += 1) await page.mouse.move(x + step * 6, y + step);
  await expect(page.locator(".st-ghost")).toBeVisible();
  await page.mouse.up();
  await expect.poll(async () => (await state(page)).branches.length).toBe(before + 1);
  const acts = (await commands(page)).filter((command) => command.do === "message").map((command) => command.act);
  expect(acts).toEqual(["hold", "deliver"]);
  // What n3 did in the meantime has been done again.
  expect((await commands(page)).filter((command) => command.op === "local")).toHaveLength(1);
  await expect(page.locator(".st-ghost")).toHaveCount(0);
  // What happens of its own accord stays where it is: dragging moves the picture instead.
  await go(page, "Home");
  const [sx, sy] = await spot(page);
  await page.keyboard.press("Escape");
  const moments = await page.locator(".stage .st-time").first().getAttribute("x");
  await page.mouse.move(sx, sy);
  await page.mouse.down();
  await page.mouse.move(sx + 40, sy, { steps: 4 });
  await page.mouse.up();
  expect(await page.locator(".stage .st-time").first().getAttribute("x")).not.toBe(moments);
  expect((await state(page)).branches).toHaveLength(before + 1);
});

test.describe("by touch", () => {
  const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
  test.use(phone);

  test("time goes down, a tap picks, two fingers look closer, and machines have their tools", async ({ page }) => {
    await small(page);
    await expect(page.locator(".stage .st.upright")).toBeVisible();
    await go(page, "ArrowLeft", "ArrowLeft", "Home", "ArrowDown");
    await expect(said(page)).toContainText("n1 asks n2");
    const [x, y] = await spot(page);
    await page.keyboard.press("Escape");
    await page.touchscreen.tap(x, y);
    expect(await count(page, "Picked")).toBe(1);
    const client = await page.context().newCDPSession(page);
    const touch = (type, spots) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: spots.map(([x, y]) => ({ x, y })) });
    const box = await area(page).boundingBox();
    const [cx, cy] = [box.x + box.width / 2 + 40, box.y + box.height / 2];
    const ticks = () => page.locator(".stage .st-time").allTextContents();
    const before = (await ticks()).join();
    await touch("touchStart", [[cx, cy - 30], [cx, cy + 30]]);
    for (let step = 1; step <= 6; step += 1) await touch("touchMove", [[cx, cy - 30 - step * 12], [cx, cy + 30 + step * 12]]);
    await touch("touchEnd", []);
    await expect.poll(async () => (await ticks()).join()).not.toBe(before);
    // The comparison comes up as a sheet.
    await page.getByRole("button", { name: "Clocks", exact: true }).tap();
    await expect(comparison(page)).toContainText("n1");
    await comparison(page).getByRole("button", { name: "Close" }).tap();
    await page.locator(".stage .st-badge").first().tap();
    await page.getByRole("button", { name: "Crash", exact: true }).tap();
    expect((await state(page)).nodes[0].up).toBe(false);
  });
});

test("a log is pasted and explored, bad lines are named, and the run is still there", async ({ page }) => {
  await small(page);
  const bar = page.locator(".stage-bar");
  await bar.getByRole("button", { name: "Logs" }).click();
  const form = page.getByRole("dialog", { name: "Logs" });
  await form.getByLabel("Or its text").fill("nothing of the kind");
  await form.getByRole("button", { name: "Show it" }).click();
  await expect(form.getByRole("alert")).toContainText("no event in the log");
  await form.getByLabel("Or its text").fill(
    'a sends\na {"a":1}\nb hears\nb {"a":1, "b":1}\nthis line is alone\nc waits\nc {"c":1}\n',
  );
  await form.getByRole("button", { name: "Show it" }).click();
  await expect(page.locator(".st-open")).toContainText("3 events");
  await page.locator(".st-open summary").click();
  await expect(page.locator(".st-open li")).toContainText("line 5");
  await go(page, "Home");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(comparison(page).locator(".relation")).toHaveText("Concurrent");
  await expect(comparison(page).getByRole("row", { name: /^wall/ })).toHaveCount(0);
  const svg = await page.evaluate(() => window.netsplit.exportSvg());
  expect(svg).toContain("Processes a, b, c");
  await page.getByRole("button", { name: "Back to the run" }).click();
  await expect(page.locator(".st-open")).toHaveCount(0);
  await expect(page.locator(".stage .st-badge")).toHaveCount(3);
});

test("the run goes out as a log that can be opened again, by paste and as a file", async ({ page, context, baseURL }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(baseURL).origin });
  await small(page);
  await page.locator(".stage-bar").getByRole("button", { name: "Logs" }).click();
  const form = page.getByRole("dialog", { name: "Logs" });
  await form.getByRole("button", { name: "Copy this run as a log" }).click();
  await expect(form).toContainText("7 events are copied");
  const log = await page.evaluate(() => navigator.clipboard.readText());
  expect(log.split("\n").filter((line) => line.startsWith("n2 {"))).toHaveLength(2);
  await form.getByLabel("Log file").setInputFiles({ name: "mine.log", mimeType: "text/plain", buffer: Buffer.from(log) });
  await expect(page.locator(".st-open")).toContainText("mine.log");
  await expect(page.locator(".st-open")).toContainText("7 events");
});

test("every lab has it: in the panel, on the stage, with its routine folded, and searched", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1&t=1.2s&lens=space-time,comparison");
  const lens = page.getByRole("region", { name: "Space-time diagram", exact: true });
  await expect(lens.locator(".st.upright")).toBeVisible();
  await lens.getByRole("button", { name: "On the stage" }).click();
  await expect(area(page)).toBeVisible();
  expect(await count(page, "Fold")).toBeGreaterThan(2);
  await page.getByRole("button", { name: "Fold routine" }).click();
  await expect.poll(() => count(page, "Fold")).toBe(0);
  const search = page.getByRole("searchbox", { name: "Search events" });
  await search.fill("votes");
  await expect(page.locator(".st-count")).toContainText("found");
  await search.press("Enter");
  await expect(page.locator(".st-count")).toContainText("1 of");
  await expect(said(page)).toContainText(/vote/i);
  expect(await count(page, "Found")).toBeGreaterThan(0);
  // From an event to its moment, and the timeline goes there.
  await go(page, "Enter");
  const before = (await state(page)).time_us;
  await comparison(page).getByTitle("Go to this moment").click();
  expect((await state(page)).time_us).toBeLessThanOrEqual(before);
  // A process that is put aside takes little room.
  const place = () => page.locator(".stage .st-badge").nth(4).getAttribute("transform");
  const was = await place();
  await page.getByRole("button", { name: "Processes" }).click();
  await page.getByRole("checkbox", { name: "n1" }).uncheck();
  await expect.poll(place).not.toBe(was);
  await page.keyboard.press("Escape");
  // Logical steps instead of time.
  await page.getByRole("button", { name: "Steps", exact: true }).click();
  await expect(page.locator(".stage .st-time").first()).toHaveText(/^\d+$/);
});

test("it follows the run while it plays", async ({ page }) => {
  await open(page, "?lab=clocks&paused=1&t=0.5s&speed=1");
  const first = () => page.locator(".stage .st-time").first().textContent();
  const before = [await first(), await page.locator(".stage .st-time").first().getAttribute("x")].join();
  await page.evaluate(() => window.netsplit.play());
  await expect.poll(async () => [await first(), await page.locator(".stage .st-time").first().getAttribute("x")].join()).not.toBe(before);
  await page.evaluate(() => window.netsplit.pause());
});

for (const colorScheme of ["light", "dark"]) {
  test(`nothing stands in anybody's way (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await small(page);
    await go(page, "Enter", "ArrowDown", "Enter");
    await expect(comparison(page).locator(".relation")).toBeVisible();
    await expectAccessible(page);
    await page.locator(".stage-bar").getByRole("button", { name: "Logs" }).click();
    await expectAccessible(page, ".popover");
  });
}
