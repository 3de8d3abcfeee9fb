// Panes as people use them: the table that a lab gives as data, on the page, in `getState()`, and by keyboard.
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);
const pane = (page) => page.getByRole("region", { name: "What the leader knows", exact: true });

test("a pane shows what the leader keeps, and the same is data", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&t=2s");
  expect((await state(page)).panes, "it is not open at first").not.toHaveProperty("progress");
  await page.getByRole("group", { name: "Lenses" }).getByRole("button", { name: "Progress" }).click();
  const { nodes, panes } = await state(page);
  const leader = nodes.find((node) => node.role === "leader");
  const [table, facts, text] = panes.progress.blocks;
  expect([table.kind, facts.kind, text.kind]).toEqual(["table", "facts", "text"]);
  const drawn = pane(page).getByRole("table").first();
  await expect(drawn.getByRole("columnheader")).toHaveText(["Server", ...table.columns.map((column) => column.title)]);
  for (const [name, progress] of Object.entries(leader.detail.progress)) {
    const row = drawn.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
    await expect(row.getByRole("cell").nth(0)).toHaveText(String(progress.next));
    await expect(row.getByRole("cell").nth(1)).toContainText(String(progress.matched));
  }
  await expect(pane(page).getByRole("row", { name: "Committed" }).getByRole("cell")).toHaveText(String(leader.detail.commit));
  await expect(pane(page)).toContainText(text.lines[0].text);
  await expectAccessible(page, ".lens-progress");
  // A row stays the same element while its numbers change.
  const row = await drawn.getByRole("row").nth(2).elementHandle();
  await seek(page, 3_000_000);
  const later = (await state(page)).nodes.find((node) => node.role === "leader").detail.commit;
  await expect(pane(page).getByRole("row", { name: "Committed" }).getByRole("cell")).toHaveText(String(later));
  expect(await row.evaluate((element) => element.isConnected)).toBe(true);
});

test("a node in a pane and on the stage is one thing", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&t=2s&lens=progress");
  const inPane = pane(page).getByRole("button", { name: "n2", exact: true });
  const onStage = page.locator(".stage").getByRole("button", { name: /^n2, / });
  await inPane.hover();
  await expect(page.locator(".glow.lit")).toHaveCount(1);
  await inPane.focus();
  await page.keyboard.press("Enter");
  await expect(inPane).toHaveAttribute("aria-pressed", "true");
  await expect(onStage).toHaveAttribute("aria-pressed", "true");
  await onStage.hover();
  await expect(inPane).toHaveClass(/\blit\b/);
});

test("somebody who still believes it leads can be asked", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&t=1s&lens=progress");
  const old = (await state(page)).nodes.find((node) => node.role === "leader").id;
  const others = ["n1", "n2", "n3", "n4", "n5"].filter((name) => name !== old);
  await apply(page, { do: "partition", groups: [[old], others] });
  await seek(page, 2_000_000);
  const first = pane(page).getByRole("table").first().getByRole("rowheader").first();
  await expect(first).not.toContainText(old);
  await pane(page).getByRole("button", { name: `Show what ${old} knows` }).click();
  await expect(first).toContainText(old);
  const { panes } = await state(page);
  expect(panes.progress.blocks[0].rows[0].head.text).toBe(old);
});

test("on a phone a pane fits and can be touched", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await open(page, "?lab=raft-log&paused=1&t=2s");
  await page.getByRole("group", { name: "Lenses" }).getByRole("button", { name: "Progress" }).click();
  const box = await pane(page).getByRole("table").first().boundingBox();
  expect(box.width).toBeLessThanOrEqual(320);
  const button = await pane(page).getByRole("button", { name: "n2", exact: true }).boundingBox();
  expect(Math.min(button.width, button.height)).toBeGreaterThanOrEqual(44);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});
