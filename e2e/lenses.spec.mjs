// The panel's lenses as people use them: by mouse, by keyboard alone, on a phone. What they show is held against
// `window.netsplit`, which tells of the same moment.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { runOf } from "./systems.mjs";

const TITLES = ["Log", "Checks", "States", "Inspector", "Operations", "Wire", "Story"];

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);
const bar = (page) => page.getByRole("group", { name: "Lenses" });
const button = (page, title) => bar(page).getByRole("button", { name: title });
const region = (page, name) => page.getByRole("region", { name, exact: true });
const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);

/** Opens these lenses and closes all others. */
async function show(page, ...titles) {
  for (const title of TITLES) {
    const pressed = (await button(page, title).getAttribute("aria-pressed")) === "true";
    if (pressed !== titles.includes(title)) await button(page, title).click();
  }
}

test("each lab opens its own lenses, and buttons open and close them", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  for (const name of ["Checks", "What happened"]) await expect(region(page, name)).toBeVisible();
  await expect(region(page, "Replicated log")).toHaveCount(0);
  await page.getByRole("combobox", { name: "Lab" }).selectOption({ label: "Raft: the replicated log" });
  await expect(region(page, "Replicated log")).toBeVisible();
  await expect(button(page, "Wire")).toHaveAttribute("aria-pressed", "false");
  // The list of messages is there all the same, for those who hear the page.
  await expect(page.getByRole("list", { name: "Messages in flight" })).toHaveCount(1);
  await expect(button(page, "Log")).toHaveAttribute("aria-pressed", "true");
  await button(page, "Log").click();
  await expect(region(page, "Replicated log")).toHaveCount(0);
  await expect(button(page, "Log")).toHaveAttribute("aria-pressed", "false");
});

test("the log stays for those who hear the page when its lens is closed", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await button(page, "Story").click();
  await seek(page, 1_000_000);
  await expect(page.getByRole("log", { name: "What happened" })).toContainText("starts an election");
  // Nothing in it can be reached by a keyboard that cannot see it.
  await expect(page.getByRole("log").locator("[tabindex='0']")).toHaveCount(0);
});

test("the replicated log shows what each server has, and goes back", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1");
  await seek(page, 2_400_000);
  const table = region(page, "Replicated log").getByRole("table");
  const { nodes } = await state(page);
  const servers = nodes.filter((node) => node.id.startsWith("n"));
  for (const server of servers) {
    const row = table.getByRole("row", { name: new RegExp(`^${server.id} `) });
    await expect(row.getByRole("rowheader")).toContainText(server.role);
    const last = server.detail.log.at(-1);
    const standing = last.index <= server.detail.commit ? "committed" : "not committed";
    await expect(row.getByRole("cell").last()).toContainText(`term ${last.term}, ${standing}`);
  }
  const end = Math.max(...servers.map((server) => server.detail.log.at(-1).index));
  await expect(table.getByRole("columnheader").last()).toHaveText(String(end));
  await expect(page.getByRole("button", { name: "Later entries" })).toBeDisabled();
  await page.getByRole("button", { name: "Earlier entries" }).click();
  await expect(table.getByRole("columnheader").last()).toHaveText(String(end - 4));
  await page.getByRole("button", { name: "Later entries" }).click();
  await expect(table.getByRole("columnheader").last()).toHaveText(String(end));
  // A dead machine shows its disk; a snapshot is one cell.
  const leader = servers.find((server) => server.role === "leader").id;
  await apply(page, { do: "crash", node: leader });
  const row = table.getByRole("row", { name: new RegExp(`^${leader} `) });
  await expect(row.getByRole("rowheader")).toContainText("crashed");
  await expect(row.getByRole("cell").last()).toContainText("on disk");
  await seek(page, 3_600_000);
  for (let page_ = 0; page_ < 2; page_ += 1) await page.getByRole("button", { name: "Earlier entries" }).click();
  await expect(table.getByRole("cell", { name: /^… \d+ in a snapshot/ }).first()).toBeVisible();
});

test("an entry is lit in all logs that have it, and a button stays where it is while the run goes on", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1");
  await seek(page, 2_400_000);
  const log = region(page, "Replicated log");
  const third = log.getByRole("row").nth(1).getByRole("cell").nth(2);
  await third.locator(".item").hover();
  await expect(log.locator("td .item.lit")).toHaveCount(5);
  await log.getByRole("button", { name: "Earlier entries" }).focus();
  await page.keyboard.press("Enter");
  await seek(page, 2_800_000);
  expect(await focused(page)).toBe("Earlier entries");
  await expect(log.getByRole("button", { name: "Later entries" })).toBeEnabled();
  await log.getByRole("button", { name: /^n2 / }).click();
  await expect(page.locator(".stage").getByRole("button", { name: /^n2, / })).toHaveAttribute("aria-pressed", "true");
});

test("an uncommitted entry is told apart until a majority has it", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&set.write-every-ms=0&seed=4");
  await seek(page, 1_000_000);
  const leader = (await state(page)).nodes.find((node) => node.role === "leader").id;
  await apply(page, { do: "request", node: leader, op: { put: ["x", 42] } });
  const row = region(page, "Replicated log").getByRole("row", { name: new RegExp(`^${leader} `) });
  await expect(row).toContainText("put x=42, term 1, not committed, not on disk yet");
  await seek(page, 1_200_000);
  await expect(row).toContainText("put x=42, term 1, committed, applied");
});

test("the states are who is where, and going back takes transitions back", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await show(page, "States");
  const states = region(page, "States");
  await expect(states).toContainText("Follower: n1, n2, n3, n4, n5");
  await seek(page, 1_000_000);
  const leader = (await state(page)).nodes.find((node) => node.role === "leader").id;
  await expect(states).toContainText(`Leader: ${leader}`);
  await expect(states).toContainText("Candidate to Leader, majority of votes: 1");
  await apply(page, { do: "crash", node: leader });
  await expect(states).toContainText(`Crashed: ${leader}`);
  await expect(states).toContainText("Any state to Crashed, crashes: 1");
  await seek(page, 0);
  await expect(states).toContainText("Candidate to Leader, majority of votes: 0");
});

test("the inspector follows what is chosen and marks what a step changed", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await show(page, "Inspector");
  const inspector = region(page, "Inspector");
  // Up to the step in which somebody stands.
  const candidate = await page.evaluate(() => {
    const api = window.netsplit;
    for (;;) {
      api.step(1);
      const found = api.getState().nodes.find((node) => node.role === "candidate");
      if (found) return found.id;
    }
  });
  await page.getByRole("combobox", { name: "Node" }).selectOption(candidate);
  const changed = inspector.locator(".field.changed dt");
  await expect(changed).toHaveText(["term", "voted for", "votes", "unsynced writes"]);
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect(changed).not.toHaveText(["term", "voted for", "votes", "unsynced writes"]);
  await page.getByRole("button", { name: "Step back" }).click();
  await expect(changed).toHaveText(["term", "voted for", "votes", "unsynced writes"]);
  await seek(page, 1_000_000);
  const log = inspector.getByRole("button", { name: "log", exact: true });
  await log.click();
  await expect(log).toHaveAttribute("aria-expanded", "true");
  await expect(inspector).toContainText("term 1, ·");
  // It stays unfolded while the run goes on.
  await seek(page, 2_000_000);
  await expect(log).toHaveAttribute("aria-expanded", "true");
  await apply(page, { do: "clock", node: candidate, offset_us: 2_000, drift_ppm: 100 });
  await expect(inspector).toContainText("+2.0 ms, +100 ppm");
});

test("operations are bars whose answers can be read", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&set.write-every-ms=0&seed=4");
  await show(page, "Operations");
  await seek(page, 1_000_000);
  await apply(page, { do: "request", node: "c1", op: { put: ["x", 42] } });
  const operations = region(page, "Clients’ operations");
  const bars = operations.getByRole("group", { name: "Operations" }).getByRole("button", { name: /^c\d at / });
  await expect(bars).toHaveCount(1);
  await expect(bars).toHaveAccessibleName("c1 at 1.000 s: put x=42: no answer yet");
  await seek(page, 1_200_000);
  await expect(bars).toHaveAccessibleName(/^c1 at 1\.000 s: put x=42: done after \d+\.\d ms$/);
  await apply(page, { do: "request", node: "c2", op: { get: "x" } });
  await apply(page, { do: "crash", node: "c2" });
  await expect(bars.last()).toHaveAccessibleName(/^c2 at 1\.200 s: get x: no answer will come/);
  // An operation is read where it is pointed at, and leads to its step from there.
  const before = (await state(page)).step;
  await bars.first().click();
  expect((await state(page)).step).toBe(before);
  await operations.getByRole("button", { name: /^Go to step/ }).click();
  expect((await state(page)).step).toBeLessThan(before);
  await seek(page, 1_200_000);
  // One stop for the keyboard; arrows lead to the others, and what is picked is told.
  await bars.last().focus();
  await page.keyboard.press("ArrowLeft");
  expect(await focused(page)).toMatch(/^c1 at 1\.000 s/);
  await expect(operations).toContainText(/put x=42: done after/);
  await expect(operations.locator("svg [tabindex='0']")).toHaveCount(1);
});

test("what cannot be placed in any order is marked, and the verdict comes first", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1");
  await show(page, "Operations");
  const run = runOf("raft-log", "bugs/stale-leader-reads.json");
  await page.evaluate((run) => window.netsplit.load(run), run);
  // A violation opens the checks by itself.
  const checks = region(page, "Checks");
  await expect(checks.getByRole("listitem").first()).toContainText("Clients see one up-to-date copy: violated");
  const operations = region(page, "Clients’ operations");
  await expect(operations.getByRole("button", { name: /nothing explains this answer$/ })).toHaveCount(1);
  await expect(operations.getByRole("button", { name: /at odds with the wrong answer/ })).toHaveCount(1);
  await expect(operations).toContainText("The longest order that works");
  const { step } = (await state(page)).verdicts.find((verdict) => verdict.status === "violated");
  await page.evaluate(() => window.netsplit.seek(0));
  await expect(button(page, "Checks")).not.toContainText("violated");
  await page.evaluate((step) => window.netsplit.seek(step), run.end.time_us);
  await checks.getByRole("button", { name: `Go to step ${step}` }).click();
  expect((await state(page)).step).toBe(step);
});

test("a message in the list is picked and stays where it is", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await page.evaluate(() => {
    while (window.netsplit.getState().in_flight.length < 4) window.netsplit.step(1);
  });
  const messages = page.getByRole("list", { name: "Messages in flight" }).getByRole("button");
  await expect(messages).toHaveCount(4);
  await messages.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(messages.nth(1)).toHaveAttribute("aria-pressed", "true");
  // What can be done to it is where the keyboard is now.
  await expect(page.getByRole("button", { name: /^Let go of/ })).toBeFocused();
  await messages.nth(1).focus();
  const picked = await messages.nth(1).textContent();
  const before = await focused(page);
  await page.evaluate(() => window.netsplit.seek(window.netsplit.getState().time_us + 500));
  // The row is still the same one, with the focus on it, though what it says has gone on.
  const after = await focused(page);
  expect(after).not.toBe(before);
  expect(after.replace(/in .*/, "")).toBe(picked.replace(/in .*/, ""));
});

test("the story is walked by keyboard, and a jump marks where one is", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await seek(page, 1_000_000);
  await show(page, "Story");
  const log = page.getByRole("log");
  await expect(log.locator("[tabindex='0']")).toHaveCount(1);
  const present = log.locator("[aria-current='step']");
  await expect(present).toHaveCount(1);
  const newest = await present.textContent();
  await present.focus();
  for (let presses = 0; presses < 6; presses += 1) await page.keyboard.press("ArrowDown");
  const line = await focused(page);
  expect(line).not.toBe(newest);
  await page.keyboard.press("Enter");
  await expect(present).toHaveText(line);
  // What lies ahead stays in sight, and one can go back there.
  await expect(log).toContainText(newest);
  await page.keyboard.press("Home");
  const first = log.locator("ol > li > button.moment").first();
  await first.click();
  await expect(first).toHaveAttribute("aria-current", "step");
  // Acting in the past makes another future, and the old one is no longer told.
  await seek(page, 300_000);
  await apply(page, { do: "crash", node: "n1" });
  await expect(log).not.toContainText(newest);
});

test("routine is folded, and unfolds", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await seek(page, 1_000_000);
  await show(page, "Story");
  const fold = page.getByRole("log").getByRole("button", { name: /heartbeats?, .*acknowledgements?|acknowledgements?, .*heartbeats?/ }).first();
  await expect(fold).toHaveAttribute("aria-expanded", "false");
  const counts = (await fold.textContent()).match(/\d+/g).map(Number);
  await fold.click();
  await expect(fold).toHaveAttribute("aria-expanded", "true");
  const unfolded = page.getByRole("log").locator(".unfolded").getByRole("button");
  await expect(unfolded).toHaveCount(counts.reduce((sum, count) => sum + count));
  const { step } = await state(page);
  await unfolded.last().click();
  expect((await state(page)).step).toBeLessThan(step);
});

for (const theme of ["light", "dark"]) {
  test(`all lenses are accessible in the ${theme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await open(page, `?lab=raft-log&paused=1&theme=${theme}`);
    await show(page, ...TITLES);
    await seek(page, 2_400_000);
    await apply(page, { do: "crash", node: "n2" });
    await seek(page, 2_420_000);
    await expectAccessible(page);
    const run = runOf("raft-log", "bugs/stale-leader-reads.json");
    await page.evaluate((run) => window.netsplit.load(run), run);
    await expectAccessible(page);
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("a lens is a sheet that leaves the stage in sight", async ({ page }) => {
    await open(page, "?lab=raft-log&paused=1");
    await seek(page, 2_400_000);
    await expect(region(page, "Replicated log")).toHaveCount(0);
    for (const [title, name] of [["Log", "Replicated log"], ["Checks", "Checks"], ["Story", "What happened"], ["Operations", "Clients’ operations"]]) {
      await button(page, title).tap();
      const sheet = region(page, name);
      await expect(sheet).toBeVisible();
      await expect(sheet.getByRole("button", { name: "Close" })).toBeFocused();
      const { top, stage } = await page.evaluate(() => ({
        top: document.querySelector(".lens-list").getBoundingClientRect().top,
        stage: document.querySelector("canvas").getBoundingClientRect().bottom,
      }));
      expect(top).toBeGreaterThanOrEqual(844 * 0.3);
      expect(stage).toBeLessThanOrEqual(top + 1);
      await expect(page.getByRole("button", { name: /^n1, / })).toBeInViewport();
      await expectAccessible(page);
    }
    await page.keyboard.press("Escape");
    await expect(region(page, "Clients’ operations")).toHaveCount(0);
    await expect(button(page, "Operations")).toBeFocused();
    await button(page, "Wire").tap();
    await region(page, "On the wire").getByRole("button", { name: "Close" }).tap();
    await expect(button(page, "Wire")).toHaveAttribute("aria-pressed", "false");
    await expect(button(page, "Wire")).toBeFocused();
    // The log itself is always there.
    await expect(page.getByRole("log", { name: "What happened" })).toContainText("applies entry");
  });

  test("what is touched is large enough", async ({ page }) => {
    await open(page, "?lab=raft-log&paused=1");
    await seek(page, 2_400_000);
    for (const title of TITLES) {
      await button(page, title).tap();
      const small = await page.evaluate(() =>
        [...document.querySelectorAll(".panel :is(button, select):not(.unseen *)")]
          .map((element) => [element.textContent || element.ariaLabel, element.getBoundingClientRect()])
          .filter(([, { width, height }]) => width > 1 && (width < 43.5 || height < 43.5))
          .map(([text, { width, height }]) => `${text}: ${width} × ${height}`),
      );
      expect(small, title).toEqual([]);
    }
  });
});
