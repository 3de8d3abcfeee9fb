// Two runs side by side: `compare=` puts a second one beside the first, on one clock, with the same commands.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, time_us) => page.evaluate((time_us) => window.netsplit.seek(time_us), time_us);
const stages = (page) => [page.getByRole("region", { name: "Stage", exact: true }), page.getByRole("region", { name: "Second stage" })];
/** What the nodes of a stage say of themselves. */
const nodes = (stage) => stage.getByRole("group", { name: "Nodes" }).getByRole("button").evaluateAll((all) => all.map((node) => node.getAttribute("aria-label")));

/** The page by itself, at the same moment under the other variant: what the second stage has to show. */
const alone = async (page, query, run, time_us) => {
  const other = await page.context().newPage();
  await open(other, query);
  if (run) {
    const [seed, commands] = [run.seed, run.commands];
    await other.evaluate(
      ([seed, commands]) => {
        const { end, ...given } = window.netsplit.run();
        return window.netsplit.load({ ...given, seed, commands });
      },
      [seed, commands],
    );
  }
  await seek(other, time_us);
  const said = await nodes(other.getByRole("region", { name: "Stage", exact: true }));
  await other.close();
  return said;
};

test("two stages stand side by side, and one time bar drives both", async ({ page }) => {
  await open(page, "?lab=raft-election&seed=7&compare=fixed-timeout&paused=1");
  const [first, second] = stages(page);
  await expect(first.getByRole("heading", { level: 1 })).toHaveText("as published");
  await expect(second.getByRole("heading", { level: 1 })).not.toHaveText("as published");
  const boxes = [await first.boundingBox(), await second.boundingBox()];
  expect(boxes[0].y).toBe(boxes[1].y);
  expect(Math.abs(boxes[0].width - boxes[1].width)).toBeLessThanOrEqual(1);
  for (const time_us of [2_000_000, 300_000, 5_000_000]) {
    await page.getByRole("slider", { name: "Time" }).fill(String(time_us));
    expect((await state(page)).time_us).toBe(time_us);
    expect(await nodes(first)).toEqual(await alone(page, "?lab=raft-election&seed=7&paused=1", null, time_us));
    expect(await nodes(second)).toEqual(await alone(page, "?lab=raft-election&seed=7&variant=fixed-timeout&paused=1", null, time_us));
  }
  // The two are not the same run.
  expect(await nodes(first)).not.toEqual(await nodes(second));
  await expectAccessible(page);
});

test("both play, and what is done on either stage is done to both", async ({ page }) => {
  await open(page, "?lab=raft-election&compare=set.latency-ms:40..60&paused=1&t=800ms");
  const [first, second] = stages(page);
  await page.evaluate(() => {
    window.netsplit.setSpeed(0.5);
    window.netsplit.play();
  });
  await expect.poll(async () => (await state(page)).time_us).toBeGreaterThan(1_100_000);
  await page.evaluate(() => window.netsplit.pause());
  const played = (await state(page)).time_us;
  expect(await nodes(second)).toEqual(await alone(page, "?lab=raft-election&set.latency-ms=40..60&paused=1", null, played));
  // By hand on the second stage.
  await second.getByRole("button", { name: /^n2, / }).dblclick();
  for (const stage of [first, second]) await expect(stage.getByRole("button", { name: /^n2, .*crashed/ })).toBeVisible();
  await second.getByRole("switch", { name: "Link n3–n4" }).press("Enter");
  for (const stage of [first, second]) await expect(stage.getByRole("switch", { name: "Link n3–n4" })).not.toBeChecked();
  const run = await page.evaluate(() => window.netsplit.run());
  expect(run.commands.map((command) => command.do)).toEqual(["crash", "cut"]);
  await seek(page, played + 900_000);
  const later = (await state(page)).time_us;
  expect(await nodes(second)).toEqual(await alone(page, "?lab=raft-election&set.latency-ms=40..60&paused=1", run, later));
  // Taken back in one, it is taken back in both.
  await page.getByRole("button", { name: "Undo" }).click();
  for (const stage of [first, second]) await expect(stage.getByRole("switch", { name: "Link n3–n4" })).toBeChecked();
  // The link has the comparison in it.
  const url = await page.evaluate(() => window.netsplit.shareUrl());
  expect(url).toContain("?compare=set.latency-ms:40..60#v1.");
  await open(page, url.slice(url.indexOf("?")));
  for (const stage of stages(page)) await expect(stage.getByRole("button", { name: /^n2, .*crashed/ })).toBeVisible();
});

test("each has its own verdicts", async ({ page }) => {
  await open(page, "?lab=raft-election&compare=forgets-vote&paused=1");
  const run = await page.evaluate(() => fetch("bugs/raft-election/forgets-vote.json").then((response) => response.json()));
  const { seed, commands, set } = run;
  const [first, second] = stages(page);
  const link = await page.evaluate(
    async ([seed, commands, set]) => {
      await window.netsplit.load({ lab: "raft-election", seed, set, commands });
      return window.netsplit.shareUrl();
    },
    [seed, commands, set ?? {}],
  );
  // A run that is opened from elsewhere stands alone; an address may put another one beside it.
  await expect(second).toHaveCount(0);
  await open(page, `?compare=forgets-vote&paused=1${link.slice(link.indexOf("#"))}`);
  await seek(page, run.end.time_us);
  await expect(second.getByRole("button", { name: /is violated/ })).toBeVisible();
  await expect(first.getByRole("button", { name: /is violated/ })).toHaveCount(0);
  await expect(second.locator(".side")).toContainText("1 violated");
  await expect(first.locator(".side")).not.toContainText("violated");
  expect((await state(page)).verdicts.filter(({ status }) => status === "violated")).toEqual([]);
  // It leads both to the step that shows it.
  await seek(page, 0);
  await seek(page, run.end.time_us + 200_000);
  await second.getByRole("button", { name: /is violated/ }).click();
  expect((await state(page)).time_us).toBe(run.end.time_us);
});

test("on a phone they stand below each other", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "?lab=raft-election&compare=fixed-timeout&paused=1&t=2s");
  const [first, second] = stages(page);
  const boxes = [await first.boundingBox(), await second.boundingBox()];
  expect(boxes[1].y).toBeGreaterThanOrEqual(boxes[0].y + boxes[0].height - 1);
  expect(boxes[1].width).toBe(boxes[0].width);
  await second.scrollIntoViewIfNeeded();
  await expect(second.getByRole("button", { name: /^n5, / })).toBeVisible();
  await expectAccessible(page);
});

test("what cannot be compared is said", async ({ page }) => {
  for (const [compare, said] of [
    ["nothing", /^compare\.variant: raft-election has no variant "nothing"/],
    ["set.nodes:99", /^compare\.set\.nodes: 99 is out of range/],
    ["set.nodes", /^compare: is a variant or set\.KEY:VALUE/],
  ]) {
    await open(page, `?lab=raft-election&compare=${compare}&paused=1`);
    await expect(page.getByRole("alert")).toContainText(said);
    await expect(page.getByRole("region", { name: "Second stage" })).toHaveCount(0);
  }
});
