// The timeline as people use it: scrub, step, change speed, jump to what matters, go back and branch, and see both
// futures. By mouse, by keyboard alone, by touch.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { runOf } from "./systems.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const leaders = ({ nodes }) => nodes.filter((node) => node.role === "leader");
const button = (page, name) => page.getByRole("button", { name, exact: true });
const slider = (page) => page.getByRole("slider", { name: "Time" });
const caption = (page) => page.locator(".caption");
const marks = (page) => page.getByRole("group", { name: "Marks" }).getByRole("button");
const lanes = (page) => page.getByRole("group", { name: "Branches" }).getByRole("button");

/** Cuts whoever leads at 1 s off, and goes on to 3 s. Answers with its name. */
async function cutOff(page) {
  await open(page, "?lab=raft-election&paused=1");
  return page.evaluate(() => {
    const api = window.netsplit;
    api.seek(1_000_000);
    const { nodes } = api.getState();
    const leader = nodes.find((node) => node.role === "leader").id;
    const others = nodes.map((node) => node.id).filter((id) => id !== leader);
    api.apply({ do: "partition", groups: [[leader], others] });
    api.seek(3_000_000);
    return leader;
  });
}

/** Rewinds and crashes the leader, which makes branch b. */
async function branch(page, leader) {
  await page.evaluate((leader) => {
    window.netsplit.seek(500_000);
    window.netsplit.apply({ do: "crash", node: leader });
    window.netsplit.seek(2_000_000);
  }, leader);
}

const bandLabels = (page) => page.locator(".axis .plot").first().locator("text:not(.times)").allTextContents();

test("the strip shows overlapping reigns, and the bands say so under the pointer", async ({ page }) => {
  const leader = await cutOff(page);
  const labels = await bandLabels(page);
  expect(labels).toContain(`${leader} · term 1`);
  // The new one has room for its name at least.
  expect(labels.some((label) => /^n\d( · term [23])?$/.test(label) && !label.startsWith(leader))).toBe(true);
  // The old reign lies in the upper lane all the way.
  const box = await slider(page).boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 24);
  await expect(caption(page)).toContainText(`${leader} · term 1: since`);
  await page.mouse.move(box.x + box.width * 0.3, box.y - 60);
  await expect(caption(page)).not.toContainText("since");
  await expectAccessible(page, "footer");
});

test("a mark says what it is and leads to its step, by mouse and by keyboard", async ({ page }) => {
  const leader = await cutOff(page);
  await expect(marks(page)).toHaveCount(1);
  const mark = marks(page).first();
  await expect(mark).toHaveAccessibleName(new RegExp(`^1\\.000 s ${leader} \\| .* split$`));
  await mark.hover();
  await expect(caption(page)).toContainText("split");
  await mark.click();
  expect((await state(page)).time_us).toBe(1_000_000);
  await page.evaluate(() => {
    window.netsplit.seek(2_500_000);
    window.netsplit.apply({ do: "heal-all" });
    window.netsplit.seek(4_000_000);
  });
  // The future that was simulated before is another branch by now; here the two commands are two marks.
  await expect(marks(page)).toHaveCount(2);
  await marks(page).first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(marks(page).nth(1)).toBeFocused();
  await expect(caption(page)).toContainText("all links healed");
  await page.keyboard.press("Enter");
  const now = await state(page);
  expect(now.time_us).toBe(2_500_000);
  expect(now.links.every((link) => link.up)).toBe(true);
});

test("jumps lead to elections, faults and violations, also to those that nobody has seen", async ({ page }) => {
  const leader = await cutOff(page);
  const end = await state(page);
  await button(page, "Previous election").click();
  const elected = await state(page);
  expect(elected.nodes.filter((node) => node.role === "candidate").length).toBeGreaterThan(0);
  expect(elected.time_us).toBeGreaterThan(1_000_000);
  await button(page, "Previous fault").click();
  expect(await state(page)).toMatchObject({ time_us: 1_000_000 });
  await expect(button(page, "Previous fault")).toHaveAttribute("aria-disabled", "true");
  await expect(button(page, "Next fault")).toHaveAttribute("aria-disabled", "true");
  await button(page, "Next election").click();
  const first = await state(page);
  expect(first.nodes.filter((node) => node.role === "candidate")).toHaveLength(1);
  expect(first.time_us).toBeGreaterThan(1_000_000);
  expect(first.step).toBeLessThanOrEqual(elected.step);
  await button(page, "Previous election").click();
  await expect(button(page, "Previous election")).toHaveAttribute("aria-disabled", "true");
  // Nothing is violated in what was published: half a minute is looked through, and we are where we were.
  await seek(page, end.time_us);
  await button(page, "Next violation").click();
  await expect(caption(page)).toHaveText("No violation up to 33.000 s");
  expect(await state(page)).toMatchObject({ step: end.step, time_us: end.time_us, digest: end.digest });
  expect(leaders(end).map((node) => node.id)).toContain(leader);
});

test("the next election is found although nobody has simulated it", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1&t=10ms");
  await button(page, "Next election").click();
  await page.waitForFunction(() => window.netsplit.getState().nodes.some((node) => node.role === "candidate"));
  const now = await state(page);
  // A slider rounds to its steps.
  await expect.poll(async () => Math.abs(Number(await slider(page).inputValue()) - now.time_us)).toBeLessThanOrEqual(1_000);
  await expect(page.getByRole("log")).toContainText("starts an election for term 1");
});

test("a violation is marked, and a jump leads there", async ({ page }) => {
  await open(page, "?paused=1");
  const run = runOf("raft-election", "bugs/forgets-vote.json");
  await page.evaluate((run) => window.netsplit.load(run), run);
  await expect(page.locator(".mark.violation")).not.toHaveCount(0);
  await seek(page, 0);
  await button(page, "Next violation").click();
  expect((await state(page)).step).toBeLessThanOrEqual(run.end.step);
  expect((await state(page)).verdicts.some((verdict) => verdict.status === "violated")).toBe(true);
  await button(page, "Step back").click();
  expect((await state(page)).verdicts.some((verdict) => verdict.status === "violated")).toBe(false);
  await expectAccessible(page, "footer");
});

test("two branches, two futures: by mouse", async ({ page }) => {
  const leader = await cutOff(page);
  await seek(page, 2_000_000);
  const first = await state(page);
  await branch(page, leader);
  const second = await state(page);
  expect(second.branch).toBe("b");
  expect(second.digest).not.toBe(first.digest);
  await expect(lanes(page)).toHaveCount(2);
  await expect(lanes(page).nth(1)).toHaveAttribute("aria-pressed", "true");
  await lanes(page).first().hover();
  await expect(caption(page)).toHaveText(new RegExp(`^Branch a: .* split, ${leader} not crashed; it was the first$`));
  await lanes(page).first().click();
  expect(await state(page)).toMatchObject({ branch: "a", digest: first.digest, time_us: 2_000_000 });
  await expect(page.getByRole("log")).toContainText("The network splits");
  await expect(page.getByRole("log")).not.toContainText(`${leader} crashes`);
  await lanes(page).nth(1).click();
  expect(await state(page)).toMatchObject({ branch: "b", digest: second.digest });
  await expect(page.getByRole("log")).toContainText(`${leader} crashes`);
  await expectAccessible(page, "footer");
});

test("everything by keyboard alone", async ({ page }) => {
  const leader = await cutOff(page);
  await seek(page, 1_200_000);
  const first = await state(page);
  await branch(page, leader);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);
  const tabTo = async (name) => {
    for (let presses = 0; presses < 80; presses += 1) {
      if (name.test(await focused())) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${name}`);
  };
  await tabTo(/^Time$/);
  await page.keyboard.press("Home");
  expect((await state(page)).time_us).toBe(0);
  await page.keyboard.press("PageUp");
  const strided = (await state(page)).time_us;
  expect(strided).toBeGreaterThan(100_000);
  // On the slider, arrows are small strides; the brackets go from one turning point to the next.
  await page.keyboard.press("]");
  const turned = await state(page);
  expect(turned.time_us).toBeGreaterThan(0);
  await page.keyboard.press("]");
  expect((await state(page)).step).toBeGreaterThan(turned.step);
  await page.keyboard.press("[");
  expect((await state(page)).step).toBe(turned.step);
  const before = (await state(page)).speed;
  await page.keyboard.press(">");
  expect((await state(page)).speed).toBeGreaterThan(before);
  await page.keyboard.press("<");
  expect((await state(page)).speed).toBe(before);
  await seek(page, 1_200_000);
  await tabTo(/^Branch a:/);
  await page.keyboard.press("Enter");
  expect(await state(page)).toMatchObject({ branch: "a", digest: first.digest });
  await tabTo(/^Previous fault$/);
  await page.keyboard.press("Space");
  expect((await state(page)).time_us).toBe(1_000_000);
  await page.evaluate(() => document.activeElement.blur());
  const here = await state(page);
  await page.keyboard.press("ArrowRight");
  expect((await state(page)).step).toBe(here.step + 1);
  await page.keyboard.press("ArrowLeft");
  expect(await state(page)).toMatchObject({ step: here.step, digest: here.digest });
});

test("nothing moves under the hand while it drags, and the axis follows afterwards", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1&t=3s");
  await page.getByRole("combobox", { name: "Zoom" }).selectOption("1 s");
  const ends = async () => [await slider(page).getAttribute("min"), await slider(page).getAttribute("max")].map(Number);
  const [from, to] = await ends();
  expect(to - from).toBe(1_000_000);
  expect(from).toBeLessThanOrEqual(3_000_000);
  const box = await slider(page).boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, box.y + 30, { steps: 5 });
  expect(await ends()).toEqual([from, to]);
  expect((await state(page)).time_us).toBe(to);
  await page.mouse.up();
  await expect.poll(async () => (await ends())[1]).toBeGreaterThan(to);
  // By keyboard one gets beyond any end as well.
  await slider(page).focus();
  for (let presses = 0; presses < 30; presses += 1) await page.keyboard.press("PageUp");
  expect((await state(page)).time_us).toBeGreaterThan(to + 1_000_000);
  await page.getByRole("combobox", { name: "Zoom" }).selectOption("Whole run");
  expect((await ends())[0]).toBe(0);
});

test("speeds reach from a thousandth to as fast as it goes", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  const speed = page.getByRole("combobox", { name: "Speed" });
  const offered = await speed.locator("option").allTextContents();
  expect(offered[0]).toBe("1/1000×");
  expect(offered).toContain("0.05×");
  expect(offered.at(-1)).toBe("max");
  await speed.selectOption("max");
  await button(page, "Play").click();
  await page.waitForFunction(() => window.netsplit.getState().time_us > 60_000_000);
  await button(page, "Pause").click();
  expect(Number(await slider(page).getAttribute("max"))).toBeGreaterThan(60_000_000);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("scrub, step, speed, jump and branch by touch", async ({ page }) => {
    const leader = await cutOff(page);
    const box = await slider(page).boundingBox();
    await page.touchscreen.tap(box.x + box.width * 0.25, box.y + 24);
    const tapped = await state(page);
    expect(tapped.time_us).toBeGreaterThan(500_000);
    expect(tapped.time_us).toBeLessThan(2_000_000);
    await button(page, "Step").tap();
    expect((await state(page)).step).toBe(tapped.step + 1);
    await button(page, "Step back").tap();
    expect(await state(page)).toMatchObject({ step: tapped.step, digest: tapped.digest });
    await page.getByRole("combobox", { name: "Speed" }).selectOption("1×");
    expect((await state(page)).speed).toBe(1);
    await seek(page, 2_500_000);
    await button(page, "Jump").tap();
    await button(page, "Previous fault").tap();
    expect((await state(page)).time_us).toBe(1_000_000);
    await branch(page, leader);
    const second = await state(page);
    await page.getByRole("combobox", { name: "Branch" }).selectOption("Branch a");
    const first = await state(page);
    expect(first.branch).toBe("a");
    expect(first.digest).not.toBe(second.digest);
    await expectAccessible(page, "footer");
    await button(page, "Jump").tap();
    await expect(button(page, "Previous fault")).toBeHidden();
    // The bar stays low, and its buttons are large enough for a finger.
    const bar = await page.locator("footer").boundingBox();
    expect(bar.height).toBeLessThanOrEqual(150);
    for (const name of ["Reset", "Step back", "Play", "Step", "Jump"]) {
      const { width, height } = await button(page, name).boundingBox();
      expect(Math.min(width, height), name).toBeGreaterThanOrEqual(44);
    }
  });
});
