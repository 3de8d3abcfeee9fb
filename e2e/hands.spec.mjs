// What hands do on the stage: by mouse, by touch, and the same by keyboard. Every gesture ends in ordinary commands.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const commands = (page) => page.evaluate(() => window.netsplit.run().commands);

const LAB = "?lab=raft-election&paused=1";

/** From units of the stage to the window. */
async function mapper(page) {
  const box = await page.locator(".layers").boundingBox();
  const fit = Math.min(box.width / 640, box.height / 600);
  const left = box.x + (box.width - 640 * fit) / 2;
  const top = box.y + (box.height - 600 * fit) / 2;
  return ([x, y]) => [left + x * fit, top + y * fit];
}

/** Draws with the mouse through points of the stage. */
async function draw(page, points, release = true) {
  const map = await mapper(page);
  await page.mouse.move(...map(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...map(point), { steps: 6 });
  if (release) await page.mouse.up();
}

/** Draws with one finger. Playwright has taps only; the protocol below it has touches. */
async function drawByTouch(page, points) {
  const map = await mapper(page);
  const session = await page.context().newCDPSession(page);
  const at = (point) => [{ x: map(point)[0], y: map(point)[1] }];
  await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(points[0]) });
  for (let index = 1; index < points.length; index += 1) {
    for (let part = 1; part <= 6; part += 1) {
      const [a, b] = [points[index - 1], points[index]];
      const between = [a[0] + ((b[0] - a[0]) * part) / 6, a[1] + ((b[1] - a[1]) * part) / 6];
      await session.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(between) });
    }
  }
  await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

/** A loop around a point of the stage. */
const loopAround = ([x, y], r) =>
  Array.from({ length: 13 }, (_, step) => [x + r * Math.cos((step * Math.PI) / 6), y + r * Math.sin((step * Math.PI) / 6)]);

const place = async (page, id) => {
  const node = (await state(page)).nodes.find((node) => node.id === id);
  return [node.x, node.y];
};

/** A pixel of the window is not a unit of the stage. */
async function expectNear(page, id, [x, y]) {
  const [isX, isY] = await place(page, id);
  expect(Math.hypot(isX - x, isY - y), `${id} is at ${isX}, ${isY}`).toBeLessThan(2);
}

async function expectSplitOff(page, id) {
  const { links } = await state(page);
  for (const link of links) {
    expect(link.up, `${link.from} to ${link.to}`).toBe(!(link.from === id || link.to === id));
  }
  const [command, ...more] = await commands(page);
  expect(more).toEqual([]);
  expect(command).toMatchObject({ do: "partition" });
  expect(command.groups[0]).toEqual([id]);
}

test("a stroke across links cuts them", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  const [x, y] = await place(page, "n1");
  await draw(page, [[x - 140, y + 75], [x, y + 90], [x + 140, y + 75]], false);
  await expect(page.getByText(/^cut \d links$/)).toBeVisible();
  expect(await commands(page), "nothing happens before the hand lets go").toEqual([]);
  await page.mouse.up();
  const { links } = await state(page);
  const between = (from, to) => links.find((link) => link.from === from && link.to === to).up;
  for (const other of ["n2", "n3", "n4", "n5"]) expect(between("n1", other), other).toBe(false);
  expect(between("n2", "n3")).toBe(true);
});

test("a loop around a node splits it off, by mouse", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  await draw(page, loopAround(await place(page, "n2"), 75), false);
  await expect(page.getByText("split off n2")).toBeVisible();
  await page.mouse.up();
  await expectSplitOff(page, "n2");
  await page.getByRole("button", { name: "Heal all" }).click();
  expect((await state(page)).links.every((link) => link.up)).toBe(true);
});

test("a network is split by keyboard", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  await page.getByRole("button", { name: "Split" }).press("Enter");
  const box = page.getByRole("dialog", { name: "Split" }).getByRole("checkbox", { name: "n2" });
  await expect(page.getByRole("checkbox", { name: "n1" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(box).toBeFocused();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Split the network" }).press("Enter");
  await expectSplitOff(page, "n2");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a message is caught and dropped by mouse", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  const { in_flight: flights, nodes, time_us: now } = await state(page);
  const flight = flights[0];
  const at = (id) => nodes.find((node) => node.id === id);
  const [from, to] = [at(flight.from), at(flight.to)];
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const progress = 1 - (flight.due_us - now) / (flight.due_us - flight.sent_us);
  const along = (42 + (length - 84) * progress) / length;
  const map = await mapper(page);
  await page.mouse.click(...map([from.x + (to.x - from.x) * along, from.y + (to.y - from.y) * along]));
  await expect(page.getByRole("button", { name: `Let go of ${flight.from} → ${flight.to}: ${flight.kind}` })).toBeVisible();
  expect(await commands(page), "to catch is not to cut").toEqual([]);
  await page.getByRole("button", { name: "Hold", exact: true }).click();
  expect((await state(page)).in_flight.find((now) => now.id === flight.id).held).toBe(true);
  await page.getByRole("button", { name: "Release", exact: true }).click();
  await page.getByRole("button", { name: "Send twice" }).click();
  expect((await state(page)).in_flight.filter((now) => now.id.startsWith(`${flight.id}.`))).toHaveLength(1);
  await page.getByRole("button", { name: "Drop", exact: true }).click();
  expect((await state(page)).in_flight.map((now) => now.id)).not.toContain(flight.id);
  // What has gone is let go of.
  await expect(page.getByRole("button", { name: "Drop", exact: true })).toHaveCount(0);
  expect((await commands(page)).map((command) => command.act)).toEqual(["hold", "release", "duplicate", "drop"]);
});

test("a node is moved by mouse and by keyboard, and the link carries it", async ({ page }) => {
  await open(page, LAB);
  const [x, y] = await place(page, "n1");
  await draw(page, [[x, y], [x + 60, y + 20], [x + 120, y + 40]]);
  await expectNear(page, "n1", [x + 120, y + 40]);
  const [right] = await place(page, "n1");
  expect(await commands(page)).toEqual([]);
  await page.getByRole("button", { name: /^n1,/ }).focus();
  await page.keyboard.press("ArrowDown");
  const [, below] = await place(page, "n1");
  expect(below).toBeGreaterThan(y + 40);
  const run = await page.evaluate(() => window.netsplit.run());
  expect(run.layout).toEqual({ n1: [right, below] });
  await page.getByRole("button", { name: /^n1,/ }).press("Enter");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Left", exact: true }).click();
  expect((await place(page, "n1"))[0]).toBeLessThan(right);
});

test("a clock, a disk and a link are set with values", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  await page.getByRole("button", { name: /^n1,/ }).click();
  await page.getByRole("button", { name: "Clock", exact: true }).click();
  await page.getByRole("spinbutton", { name: "Ahead by, ms" }).fill("-12.5");
  await page.getByRole("spinbutton", { name: "Drift, ppm" }).fill("300");
  await page.getByRole("button", { name: "Set the clock" }).click();
  await page.getByRole("button", { name: "Disk", exact: true }).click();
  await page.getByRole("combobox", { name: "The disk" }).selectOption("torn");
  await page.getByRole("button", { name: "Set the disk" }).click();
  await page.keyboard.press("Escape");
  const link = page.getByRole("switch", { name: "Link n1–n2" });
  await link.click();
  await expect(link).toHaveAttribute("aria-checked", "false");
  await page.getByRole("button", { name: "Heal n2 → n1" }).click();
  await page.getByRole("button", { name: "Quality" }).click();
  await page.getByRole("spinbutton", { name: "Lost, %" }).fill("2.5");
  await page.getByRole("button", { name: "Set the link" }).click();
  const given = (await commands(page)).map(({ at_us, after, ...command }) => command);
  expect(given).toMatchObject([
    { do: "clock", node: "n1", offset_us: -12_500, drift_ppm: 300 },
    { do: "disk", node: "n1", mode: "torn" },
    { do: "cut", from: "n1", to: "n2" },
    { do: "heal", from: "n2", to: "n1", both: false },
    { do: "link", from: "n1", to: "n2", latency_us: "100000..200000", loss_ppm: 25_000 },
  ]);
  await expectAccessible(page);
});

test("a client is asked with values of one's own, and what cannot be done is grey", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&set.write-every-ms=0");
  await seek(page, 1_000_000);
  await expect(page.getByRole("button", { name: "Heal all" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Undo" })).toBeDisabled();
  await page.getByRole("button", { name: "Request", exact: true }).click();
  await page.getByRole("textbox", { name: "Key" }).fill("colour");
  await page.getByRole("spinbutton", { name: "Value" }).fill("7");
  await page.getByRole("button", { name: "Write", exact: true }).click();
  await seek(page, 1_400_000);
  const { nodes } = await state(page);
  expect(nodes.find((node) => node.id === "c1").detail.answer).toBe("colour=7 → done");
  await expect(page.getByRole("button", { name: "Undo" })).toBeEnabled();
});

test.describe("by touch", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("a finger splits, cuts, drags and catches", async ({ page }) => {
    await open(page, LAB);
    await seek(page, 1_000_000);
    await drawByTouch(page, loopAround(await place(page, "n2"), 75));
    await expectSplitOff(page, "n2");
    await page.getByRole("button", { name: "Heal all" }).tap();
    const [x, y] = await place(page, "n1");
    await drawByTouch(page, [[x - 140, y + 75], [x, y + 90], [x + 140, y + 75]]);
    expect((await state(page)).links.filter((link) => !link.up && link.from === "n1")).not.toEqual([]);
    await drawByTouch(page, [[x, y], [x + 60, y + 20], [x + 120, y + 40]]);
    await expectNear(page, "n1", [x + 120, y + 40]);
    await page.getByRole("button", { name: /^n1,/ }).tap();
    await page.getByRole("button", { name: "Crash", exact: true }).tap();
    expect((await state(page)).nodes[0].up).toBe(false);
    // What people press is large enough for a finger.
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button:not(:disabled)")]
        .filter((button) => button.checkVisibility() && button.getClientRects().length > 0)
        .map((button) => ({ name: button.getAttribute("aria-label") ?? button.textContent, height: button.getBoundingClientRect().height }))
        .filter(({ height }) => height > 1 && height < 44),
    );
    expect(small).toEqual([]);
  });
});

test("a wrong variant says what is wrong with it, and is watched as it breaks", async ({ page }) => {
  await open(page, LAB);
  await page.getByRole("combobox", { name: "Variant" }).selectOption({ label: "forgets its vote" });
  await expect(page.getByRole("heading", { name: "forgets its vote" })).toBeVisible();
  await expect(page.getByText("The vote is kept in memory only")).toBeVisible();
  await page.getByRole("button", { name: "Watch it break" }).click();
  await expect(page.getByRole("button", { name: /^One Vote per Term is violated/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  const { verdicts, variant } = await state(page);
  expect(variant).toBe("forgets-vote");
  expect(verdicts.filter((verdict) => verdict.status === "violated").map((verdict) => verdict.property)).toContain("one-vote-per-term");
});

test("another branch tells its own story", async ({ page }) => {
  await open(page, LAB);
  await seek(page, 1_000_000);
  await page.getByRole("button", { name: "Cut off n3" }).click();
  await seek(page, 2_000_000);
  const told = () => page.getByRole("log", { name: "What happened" }).locator("button.moment").allTextContents();
  const first = await told();
  await seek(page, 1_300_000);
  await page.getByRole("button", { name: "Heal all" }).click();
  await seek(page, 2_000_000);
  expect(await told()).not.toEqual(first);
  await page.evaluate(() => window.netsplit.setBranch("a"));
  await expect.poll(told).toEqual(first);
});

/** Everything a visitor is promised, in one sitting; `hand` presses a button, `stroke` splits n2 off. */
async function wholeJourney({ page, browser, baseURL, press, split, catchMessage, scrub }) {
  await seek(page, 1_000_000);
  const leader = (await state(page)).nodes.find((node) => node.role === "leader").id;
  await press(page.getByRole("button", { name: `Cut off ${leader}` }));
  expect((await state(page)).links.filter((link) => link.from === leader).every((link) => !link.up)).toBe(true);
  await press(page.getByRole("button", { name: "Heal all" }));
  await split();
  expect((await state(page)).links.some((link) => !link.up)).toBe(true);
  await press(page.getByRole("button", { name: "Heal all" }));
  // A message is caught and dropped.
  await page.evaluate(() => {
    while (window.netsplit.getState().in_flight.length === 0) window.netsplit.step(1);
  });
  const before = await commands(page);
  await catchMessage();
  await press(page.getByRole("button", { name: "Drop", exact: true }));
  expect((await commands(page)).slice(before.length)).toMatchObject([{ do: "message", act: "drop" }]);
  // Back in time, something else is done, and both futures are there.
  await seek(page, 2_000_000);
  const future = (await state(page)).digest;
  await scrub(1_500_000);
  await press(page.getByRole("button", { name: "Heal all" }).or(page.getByRole("button", { name: /^Cut off n\d/ })).locator("visible=true").and(page.locator("button:enabled")).first());
  expect((await state(page)).branches).toHaveLength(2);
  await seek(page, 2_000_000);
  expect((await state(page)).digest).not.toBe(future);
  // Somebody else sees the same.
  const here = await state(page);
  await press(page.getByRole("button", { name: "Share" }));
  const link = await page.getByRole("textbox", { name: "Link to this run" }).inputValue();
  const context = await browser.newContext({ baseURL });
  const other = await context.newPage();
  await other.goto(link);
  await other.evaluate(() => window.netsplit.ready.then(() => undefined));
  expect(await state(other)).toMatchObject({ digest: here.digest, step: here.step, time_us: here.time_us });
  await context.close();
}

test("the whole journey by keyboard alone", async ({ page, browser, baseURL }) => {
  await open(page, LAB);
  const tabTo = async (target) => {
    for (let presses = 0; presses < 120; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${target}`);
  };
  const press = async (target) => {
    await tabTo(target);
    await page.keyboard.press("Enter");
  };
  await wholeJourney({
    page,
    browser,
    baseURL,
    press,
    split: async () => {
      await press(page.getByRole("button", { name: "Split", exact: true }));
      await page.keyboard.press("Space");
      await press(page.getByRole("button", { name: "Split the network" }));
    },
    catchMessage: async () => {
      const wire = page.getByRole("group", { name: "Lenses" }).getByRole("button", { name: "Wire" });
      if ((await wire.getAttribute("aria-pressed")) !== "true") await press(wire);
      await press(page.getByRole("list", { name: "Messages in flight" }).getByRole("button").first());
    },
    scrub: async (us) => {
      await tabTo(page.getByRole("slider", { name: "Time" }));
      while ((await state(page)).time_us > us) await page.keyboard.press("PageDown");
    },
  });
});

test.describe("by touch", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("the whole journey by touch", async ({ page, browser, baseURL }) => {
    await open(page, LAB);
    await wholeJourney({
      page,
      browser,
      baseURL,
      press: (target) => target.tap(),
      split: async () => drawByTouch(page, loopAround(await place(page, "n2"), 75)),
      catchMessage: async () => {
        // One that is on its way by now, and not at the middle of its link, which belongs to the link.
        const progressOf = (flight, now) => 1 - (flight.due_us - now) / (flight.due_us - flight.sent_us);
        const caught = ({ in_flight: flights, time_us: now }) =>
          flights.find((flight) => Math.abs(Math.abs(progressOf(flight, now) - 0.5) - 0.25) < 0.12);
        while (!caught(await state(page))) await seek(page, (await state(page)).time_us + 1_000);
        const moment = await state(page);
        const { nodes } = moment;
        const flight = caught(moment);
        const progress = progressOf(flight, moment.time_us);
        const [from, to] = [flight.from, flight.to].map((id) => nodes.find((node) => node.id === id));
        const length = Math.hypot(to.x - from.x, to.y - from.y);
        const rim = (node) => (node.id.startsWith("c") ? 28 : 42);
        const along = (rim(from) + (length - rim(from) - rim(to)) * progress) / length;
        const [x, y] = (await mapper(page))([from.x + (to.x - from.x) * along, from.y + (to.y - from.y) * along]);
        await page.touchscreen.tap(x, y);
      },
      scrub: async (us) => page.getByRole("slider", { name: "Time" }).fill(String(us)),
    });
  });
});
