// A lab's code may be long in coming, or not come: what was open stays as it is, and the page says what it waits for.
import { expect, open, test } from "./fixtures.mjs";

const QUERY = "?lab=raft-election&seed=5&paused=1&debug=1";

/** With `debug=1` the page asks `netsplitBeforeLoad` before it takes a lab's code: each lab waits for what the test
 * decides, in `window.loads`, oldest first. */
const rehearse = (page, ...held) =>
  page.addInitScript((held) => {
    window.loads = [];
    window.held = held;
    window.netsplitBeforeLoad = (lab) => {
      if (!window.held.includes(lab)) return undefined;
      return new Promise((arrive, fail) => window.loads.push({ lab, arrive, fail: () => fail(new Error("the network is down")) }));
    };
  }, held);
const hold = (page, ...held) => page.evaluate((held) => void (window.held = held), held);
const arrive = (page) => page.evaluate(() => window.loads.shift().arrive());
const fail = (page) => page.evaluate(() => window.loads.shift().fail());
const pending = (page) => page.evaluate(() => window.loads.length);
const state = (page) => page.evaluate(() => window.netsplit.getState());

/** Starts to load a run and keeps what becomes of it in `window.outcomes`. */
const load = (page, name, run) =>
  page.evaluate(
    ([name, run]) => {
      window.outcomes ??= {};
      window.netsplit.load(run).then(
        () => (window.outcomes[name] = "open"),
        (error) => (window.outcomes[name] = error instanceof Error ? error.message : `no Error: ${error}`),
      );
    },
    [name, run],
  );
const outcomes = (page) => page.evaluate(() => window.outcomes);

test("until a run is there, calls see the old one; what is slow is said", async ({ page }) => {
  await rehearse(page);
  await open(page, QUERY);
  await hold(page, "raft-log");
  const before = await state(page);
  await load(page, "log", { lab: "raft-log", seed: 3 });
  await expect.poll(() => pending(page)).toBe(1);
  expect(await state(page)).toEqual(before);
  await page.evaluate(() => window.netsplit.step(1));
  expect((await state(page)).step).toBe(before.step + 1);
  expect(await outcomes(page)).toEqual({});
  await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveText("Loading Raft: the replicated log…");
  await arrive(page);
  await expect.poll(() => outcomes(page)).toEqual({ log: "open" });
  expect(await state(page)).toMatchObject({ lab: "raft-log", seed: 3 });
  await expect(page.getByText("Loading", { exact: false })).toHaveCount(0);
});

test("a newer load rejects an older one, whichever arrives first", async ({ page }) => {
  await rehearse(page);
  await open(page, QUERY);
  await hold(page, "raft-log", "hash-ring");
  await load(page, "log", { lab: "raft-log" });
  await load(page, "ring", { lab: "hash-ring", seed: 9 });
  await expect.poll(() => outcomes(page)).toEqual({ log: "run: is superseded by a newer one" });
  // The older one's code arrives after all, and changes nothing.
  await arrive(page);
  expect(await state(page)).toMatchObject({ lab: "raft-election", seed: 5 });
  await arrive(page);
  await expect.poll(() => outcomes(page)).toMatchObject({ ring: "open" });
  expect(await state(page)).toMatchObject({ lab: "hash-ring", seed: 9 });
  // Bad input is no newer load.
  await hold(page, "raft-log");
  await load(page, "good", { lab: "raft-log" });
  await load(page, "bad", { lab: "raft-log", seed: -1 });
  await expect.poll(async () => (await outcomes(page)).bad).toMatch(/^seed: /);
  await arrive(page);
  await expect.poll(async () => (await outcomes(page)).good).toBe("open");
});

test("what does not come is said, can be tried again, and leaves the old run alone", async ({ page }) => {
  await rehearse(page);
  await open(page, QUERY);
  await hold(page, "raft-log");
  const before = await state(page);
  await load(page, "log", { lab: "raft-log", seed: 3 });
  await fail(page);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Raft: the replicated log could not be loaded: the network is down.");
  await expect.poll(() => outcomes(page)).toEqual({ log: "run: the code of raft-log could not be loaded: the network is down" });
  expect(await state(page)).toEqual(before);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toHaveCount(0);
  await fail(page);
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await expect(alert).toHaveCount(0);
  expect(await state(page)).toEqual(before);
  // By hand as well, and this time it comes.
  await page.getByRole("combobox", { name: "Lab" }).selectOption("raft-log");
  await fail(page);
  await alert.getByRole("button", { name: "Try again" }).click();
  await arrive(page);
  await expect.poll(async () => (await state(page)).lab).toBe("raft-log");
  await expect(page).toHaveTitle(/replicated log/);
});

test("ready waits for the first run, also through Try again; until then no run is open", async ({ page }) => {
  await rehearse(page, "raft-election");
  await page.goto("./?lab=raft-election&debug=1&paused=1");
  await expect.poll(() => page.evaluate(() => window.loads.length)).toBe(1);
  const calls = {
    run: [], getState: [], play: [], pause: [], step: [1], seek: [0], setSpeed: [1], apply: [{ do: "heal-all" }], undo: [], setBranch: ["a"],
    shareUrl: [], exportSvg: [],
  };
  const thrown = await page.evaluate((calls) => {
    const said = ([method, args]) => {
      try {
        window.netsplit[method](...args);
        return `${method}: nothing`;
      } catch (error) {
        return error instanceof Error ? error.message : "no Error";
      }
    };
    return Object.entries(calls).map(said);
  }, calls);
  expect(thrown).toEqual(Object.keys(calls).map(() => "no run is open"));
  expect(await page.evaluate(() => window.netsplit.labs().length)).toBeGreaterThan(1);
  const ready = () => page.evaluate(() => Promise.race([window.netsplit.ready.then(() => "ready"), new Promise((done) => setTimeout(done, 50, "open"))]));
  await fail(page);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("could not be loaded");
  await expect(alert.getByRole("button", { name: "Dismiss" })).toHaveCount(0);
  expect(await ready()).toBe("open");
  await alert.getByRole("button", { name: "Try again" }).click();
  expect(await ready()).toBe("open");
  await arrive(page);
  await expect.poll(ready).toBe("ready");
  expect(await state(page)).toMatchObject({ lab: "raft-election" });
  await expect(page.getByRole("button", { name: /^n1, / })).toBeVisible();
});

test("the home page is there before its lab is", async ({ page }) => {
  await rehearse(page, "raft-election");
  await page.goto("./?debug=1&paused=1");
  await expect(page.getByRole("region", { name: "Labs" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^n1, / })).toHaveCount(0);
  // The hero's lab comes first, and a card's picture once somebody sees the card.
  await expect.poll(() => pending(page)).toBe(1);
  await arrive(page);
  await expect(page.getByRole("button", { name: /^n1, / })).toBeVisible();
  await page.evaluate(() => window.netsplit.ready.then(() => undefined));
  await page.locator(".card canvas").first().scrollIntoViewIfNeeded();
  await expect.poll(() => pending(page)).toBe(1);
  await arrive(page);
});
