// The first lab as people use it: watch an election, cut the leader off, crash and restart, go back and forth in
// time, share what was seen. By mouse, by keyboard alone, and through `window.netsplit`.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { runOf } from "./systems.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const leaders = ({ nodes }) => nodes.filter((node) => node.role === "leader");

/** Opens the lab, paused, with a leader in office. Answers with its name. */
async function withLeader(page) {
  await open(page, "?lab=raft-election&paused=1");
  await seek(page, 1_000_000);
  const [leader, ...others] = leaders(await state(page));
  expect(others).toEqual([]);
  return leader.id;
}

const linkNames = (leader) =>
  ["n1", "n2", "n3", "n4", "n5"].filter((id) => id !== leader).map((id) => `Link ${[id, leader].sort().join("–")}`);

/** The majority has a new leader of a newer term, and the old one does not know. */
async function expectReplaced(page, old) {
  const now = await state(page);
  const reign = leaders(now);
  expect(reign.map((node) => node.id)).toContain(old);
  const stuck = reign.find((node) => node.id === old);
  const elected = reign.find((node) => node.id !== old);
  expect(elected, "nobody was elected").toBeTruthy();
  expect(elected.detail.term).toBeGreaterThan(stuck.detail.term);
  expect(now.nodes.filter((node) => node.role === "follower" && node.detail.leader === elected.id)).toHaveLength(3);
  await expect(page.getByRole("button", { name: `${old}, leader, term ${stuck.detail.term}, still believes it leads` })).toBeVisible();
  await expect(page.getByRole("button", { name: new RegExp(`^${elected.id}, leader, term ${elected.detail.term}$`) })).toBeVisible();
  expect(now.verdicts.filter((verdict) => verdict.status === "violated")).toEqual([]);
}

test("a visitor watches an election", async ({ page }) => {
  await open(page, "?speed=0.5");
  // It plays by itself, and somebody gets elected.
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: /^n\d, leader, term \d+$/ })).toBeVisible();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  const log = page.getByRole("log");
  await expect(log).toContainText("starts an election for term");
  await expect(log).toContainText("with 3 votes it has a majority");
  const now = await state(page);
  expect(now.playing).toBe(false);
  expect(leaders(now)).toHaveLength(1);
});

test("messages are seen to travel", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await expect(page.getByRole("list", { name: "Messages in flight" })).toContainText("Nothing is under way.");
  const timeout = 151_304;
  await seek(page, timeout);
  const before = await canvasPixels(page);
  const { in_flight: flights } = await page.evaluate(() => {
    // The write has to be on disk before the question leaves.
    while (window.netsplit.getState().in_flight.length === 0) window.netsplit.step(1);
    return window.netsplit.getState();
  });
  expect(flights.map((flight) => flight.kind)).toEqual(Array(4).fill("request-vote"));
  await expect(page.getByRole("list", { name: "Messages in flight" }).getByRole("listitem")).toHaveCount(4);
  await seek(page, flights[0].sent_us + 3_000);
  expect(await canvasPixels(page)).not.toBe(before);
});

function canvasPixels(page) {
  return page.evaluate(() => document.querySelector("canvas").toDataURL());
}

test("the leader is cut off by mouse, link by link", async ({ page }) => {
  const old = await withLeader(page);
  for (const name of linkNames(old)) {
    const link = page.getByRole("switch", { name });
    await expect(link).toHaveAttribute("aria-checked", "true");
    await link.click();
    await expect(link).toHaveAttribute("aria-checked", "false");
  }
  await seek(page, 4_000_000);
  await expectReplaced(page, old);
});

test("the leader is cut off by one button, and healing deposes it", async ({ page }) => {
  const old = await withLeader(page);
  await page.getByRole("button", { name: `Cut off ${old}` }).click();
  await seek(page, 4_000_000);
  await expectReplaced(page, old);
  await page.getByRole("button", { name: "Heal all" }).click();
  await seek(page, 4_500_000);
  const reign = leaders(await state(page));
  expect(reign).toHaveLength(1);
  expect(reign[0].id).not.toBe(old);
});

test("the leader is cut off by keyboard alone", async ({ page }) => {
  const old = await withLeader(page);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);
  const tabTo = async (name) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if ((await focused()) === name) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach "${name}"`);
  };
  for (const name of linkNames(old)) {
    await tabTo(name);
    await page.keyboard.press(name.endsWith("5") ? "Enter" : "Space");
    await expect(page.getByRole("switch", { name })).toHaveAttribute("aria-checked", "false");
  }
  // Time, too, by keyboard: page keys move the slider in large strides.
  await tabTo("Time");
  while ((await state(page)).time_us < 4_000_000) {
    const before = (await state(page)).time_us;
    await page.keyboard.press("PageUp");
    expect((await state(page)).time_us).toBeGreaterThan(before);
  }
  await expectReplaced(page, old);
});

test("the leader is cut off through window.netsplit", async ({ page }) => {
  const old = await withLeader(page);
  await page.evaluate((old) => {
    for (const { id } of window.netsplit.getState().nodes) {
      if (id !== old) window.netsplit.apply({ do: "cut", from: old, to: id });
    }
    window.netsplit.seek(4_000_000);
  }, old);
  await expectReplaced(page, old);
});

test("a node crashes and restarts by double click, by key and by its buttons", async ({ page }) => {
  const old = await withLeader(page);
  await page.getByRole("button", { name: new RegExp(`^${old}, leader`) }).dblclick();
  const crashed = page.getByRole("button", { name: `${old}, crashed, crashed · disk kept` });
  await expect(crashed).toBeVisible();
  await seek(page, 3_000_000);
  expect(leaders(await state(page)).map((node) => node.id)).not.toContain(old);
  await crashed.focus();
  await page.keyboard.press("x");
  await expect(page.getByRole("button", { name: new RegExp(`^${old}, follower, term 1`) })).toBeVisible();
  // Enter leads to what can be done to it, Escape back.
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: `Let go of ${old}` })).toBeFocused();
  await page.getByRole("button", { name: "Crash", exact: true }).click();
  await expect(crashed).toBeVisible();
  await page.getByRole("button", { name: "Restart", exact: true }).press("Enter");
  await expect(page.getByRole("button", { name: new RegExp(`^${old}, follower, term 1`) })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: new RegExp(`^${old}, follower`) })).toBeFocused();
  await expect(page.getByRole("log")).toContainText(`${old} boots again from its disk`);
});

test("step, step back, reset and the slider go where they say", async ({ page }) => {
  await open(page, "?paused=1");
  const opening = await state(page);
  await page.getByRole("button", { name: "Step", exact: true }).click();
  const stepped = await state(page);
  expect(stepped.step).toBe(opening.step + 1);
  await page.getByRole("button", { name: "Step back" }).click();
  expect(await state(page)).toMatchObject({ step: opening.step, digest: opening.digest });
  await page.getByRole("slider", { name: "Time" }).fill("900000");
  const later = await state(page);
  expect(later.time_us).toBe(900_000);
  await page.getByRole("slider", { name: "Time" }).fill("200000");
  await page.getByRole("slider", { name: "Time" }).fill("900000");
  expect((await state(page)).digest).toBe(later.digest);
  await page.getByRole("button", { name: "Reset" }).click();
  expect(await state(page)).toMatchObject({ time_us: opening.time_us, digest: opening.digest });
});

test("acting in the past keeps the old future as a branch", async ({ page }) => {
  const old = await withLeader(page);
  const future = await state(page);
  await seek(page, 500_000);
  await page.getByRole("button", { name: new RegExp(`^${old}, leader`) }).dblclick();
  await seek(page, 1_000_000);
  const branched = await state(page);
  expect(branched.branches).toEqual([
    { id: "a", parent: null, at_us: 0 },
    { id: "b", parent: "a", at_us: 500_000 },
  ]);
  expect(branched.digest).not.toBe(future.digest);
  await page.evaluate(() => window.netsplit.setBranch("a"));
  expect((await state(page)).digest).toBe(future.digest);
  await page.evaluate(() => window.netsplit.setBranch("b"));
  await page.getByRole("button", { name: "Undo" }).click();
  expect((await state(page)).digest).toBe(future.digest);
});

test("a link shows the same moment to somebody else", async ({ page, browser, baseURL }) => {
  const old = await withLeader(page);
  await page.getByRole("button", { name: `Cut off ${old}` }).click();
  await seek(page, 2_345_678);
  const here = await state(page);
  await page.getByRole("button", { name: "Share" }).click();
  const link = await page.getByRole("textbox", { name: "Link to this run" }).inputValue();
  const context = await browser.newContext({ baseURL });
  const other = await context.newPage();
  await other.goto(link);
  await other.evaluate(() => window.netsplit.ready.then(() => undefined));
  const there = await state(other);
  expect(there).toMatchObject({ digest: here.digest, step: here.step, time_us: here.time_us, playing: false });
  await expect(other.getByRole("alert")).toHaveCount(0);
  await context.close();
});

test("a wrong variant is caught, with a reason and a way there", async ({ page }) => {
  await open(page, "?paused=1");
  const run = runOf("raft-election", "bugs/forgets-vote.json");
  await page.evaluate((run) => window.netsplit.load(run), run);
  expect(await state(page)).toMatchObject({ variant: "forgets-vote", digest: run.end.digest, step: run.end.step });
  const checks = page.getByRole("region", { name: "Checks" });
  await expect(checks).toContainText(/n\d votes for n\d in term 1, but its vote went to n\d at step \d+/);
  await seek(page, 1_000_000);
  await checks.getByRole("button", { name: `Go to step ${run.end.step}` }).click();
  expect((await state(page)).step).toBe(run.end.step);
  await expectAccessible(page);
  await page.getByRole("combobox", { name: "Variant" }).selectOption({ label: "as published" });
  expect((await state(page)).variant).toBe("correct");
});

test("bad input is an error that names the field, and the run stays", async ({ page }) => {
  await withLeader(page);
  const before = await state(page);
  const attempt = (code) => page.evaluate(async (code) => {
    const calls = {
      node: () => window.netsplit.apply({ do: "crash", node: "n9" }),
      unknown: () => window.netsplit.apply({ do: "explode" }),
      field: () => window.netsplit.apply({ do: "crash", node: "n1", at_us: 5 }),
      lab: () => window.netsplit.load({ lab: "raft" }),
      set: () => window.netsplit.load({ lab: "raft-election", set: { nodes: 99 } }),
      link: () => window.netsplit.load("#v1.broken"),
      seek: () => window.netsplit.seek(-1),
      step: () => window.netsplit.step("two"),
      speed: () => window.netsplit.setSpeed(0),
      branch: () => window.netsplit.setBranch("z"),
      topic: () => window.netsplit.on("everything", () => {}),
    };
    try {
      await calls[code]();
      return "no error";
    } catch (error) {
      return error instanceof Error ? error.message : "not an Error";
    }
  }, code);
  expect(await attempt("node")).toBe('node: there is no node "n9"; there are n1, n2, n3, n4, n5, c1');
  expect(await attempt("unknown")).toMatch(/^do: there is no command "explode"/);
  expect(await attempt("field")).toMatch(/^at_us: is not a known field/);
  expect(await attempt("lab")).toMatch(/^lab: there is no lab "raft"/);
  expect(await attempt("set")).toMatch(/^set\.nodes: 99 is out of range/);
  expect(await attempt("link")).toMatch(/^link: is damaged/);
  expect(await attempt("seek")).toMatch(/^us: is a whole number/);
  expect(await attempt("step")).toMatch(/^n: is a whole number/);
  expect(await attempt("speed")).toMatch(/^speed: is a number from/);
  expect(await attempt("branch")).toMatch(/^branch: there is no branch "z"/);
  expect(await attempt("topic")).toMatch(/^event: is /);
  expect(await state(page)).toEqual(before);
});

test("a damaged address is reported on the page, which still works", async ({ page }) => {
  await open(page, "?lab=nope&seed=x&paused=1#v1.broken");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("link: is damaged");
  await expect(alert).toContainText('lab: there is no lab "nope"');
  await expect(alert).toContainText("seed: is a whole number");
  expect((await state(page)).lab).toBe("raft-election");
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await expect(alert).toHaveCount(0);
});

test("listeners hear of steps and verdicts until they leave", async ({ page }) => {
  await open(page, "?paused=1");
  const heard = await page.evaluate(() => {
    const heard = { steps: [], verdicts: 0 };
    const off = window.netsplit.on("step", (news) => heard.steps.push(news.step));
    window.netsplit.on("verdict", () => (heard.verdicts += 1));
    window.netsplit.step(3);
    window.netsplit.seek(1_000_000);
    off();
    window.netsplit.step(1);
    return heard;
  });
  expect(heard.steps).toHaveLength(2);
  expect(heard.steps[1]).toBeGreaterThan(heard.steps[0]);
  expect(heard.verdicts).toBeGreaterThan(0);
});

test("with reduced motion nothing plays by itself", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  expect((await state(page)).playing).toBe(false);
});

test("time goes on at its speed, and stands while paused", async ({ page }) => {
  await open(page, "?paused=1&speed=10");
  const before = (await state(page)).time_us;
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction((before) => window.netsplit.getState().time_us > before + 2_000_000, before);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  const paused = await state(page);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await state(page)).toEqual(paused);
});
