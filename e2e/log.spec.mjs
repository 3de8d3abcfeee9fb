// The replicated log in the page: a write through a client, the classic mistakes, machines that come and go.
import { readFileSync, readdirSync } from "node:fs";
import { expect, expectAccessible, open, test } from "./fixtures.mjs";
import { fileOf } from "./systems.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);

test("a write through a client reaches every server's map", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&set.write-every-ms=0&seed=4");
  await seek(page, 1_000_000);
  await apply(page, { do: "request", node: "c1", op: { put: ["x", 42] } });
  await seek(page, 1_400_000);
  const { nodes, verdicts } = await state(page);
  const maps = nodes.filter((node) => node.id.startsWith("n")).map((node) => node.detail.map);
  expect(maps).toEqual(Array(5).fill({ x: 42 }));
  expect(nodes.find((node) => node.id === "c1").detail.answer).toBe("x=42 → done");
  expect(verdicts.filter((verdict) => verdict.status === "violated")).toEqual([]);
  await expect(page.getByRole("log")).toContainText("c1 has its answer: done");
});

test("a lab is chosen on the page", async ({ page }) => {
  await open(page, "?paused=1");
  await page.getByRole("combobox", { name: "Lab" }).selectOption({ label: "Raft: the replicated log" });
  expect((await state(page)).lab).toBe("raft-log");
  await expect(page.getByRole("button", { name: /^c2, client/ })).toBeVisible();
  await expectAccessible(page);
});

test("a machine is added, becomes a member, and another one goes", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1");
  await seek(page, 1_000_000);
  const leader = (await state(page)).nodes.find((node) => node.role === "leader").id;
  await apply(page, { do: "add-node", node: "n6" });
  await expect(page.getByRole("button", { name: /^n6, follower/ })).toBeVisible();
  await apply(page, { do: "request", node: leader, op: { "add-server": "n6" } });
  await seek(page, 1_500_000);
  const sixth = (await state(page)).nodes.find((node) => node.id === "n6");
  expect(sixth.detail.members).toEqual(["n1", "n2", "n3", "n4", "n5", "n6"]);
  expect(sixth.detail.leader).toBe(leader);
  const gone = leader === "n1" ? "n2" : "n1";
  await apply(page, { do: "remove-node", node: gone });
  await expect(page.getByRole("button", { name: new RegExp(`^${gone},`) })).toHaveCount(0);
  await seek(page, 2_500_000);
  expect((await state(page)).verdicts.filter((verdict) => verdict.status === "violated")).toEqual([]);
});

const folder = fileOf("raft-log", "bugs/");
for (const file of readdirSync(folder)) {
  test(`the mistake ${file.replace(".json", "")} shows in the page as it does natively`, async ({ page }) => {
    await open(page, "?paused=1");
    const run = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    await page.evaluate((run) => window.netsplit.load(run), run);
    const now = await state(page);
    expect(now).toMatchObject({ variant: run.variant, step: run.end.step, digest: run.end.digest });
    const violated = now.verdicts.filter((verdict) => verdict.status === "violated");
    expect(violated).not.toEqual([]);
    await expect(page.getByRole("region", { name: "Checks" })).toContainText(violated[0].reason);
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
}

test("links still open, and say so when another engine recorded them", async ({ page }) => {
  for (const [folder, alerts] of [["v1", 1], ["engine-2", 0]]) {
    const links = new URL(`../fixtures/links/${folder}/`, import.meta.url);
    for (const file of readdirSync(links)) {
      const link = readFileSync(new URL(file, links), "utf8").trim();
      await page.goto("about:blank");
      await open(page, `?paused=1${link.slice(link.indexOf("#"))}`);
      const alert = page.getByRole("alert");
      await expect(alert, file).toHaveCount(alerts);
      if (alerts > 0) await expect(alert, file).toContainText("recorded by engine 1");
      expect((await state(page)).playing, file).toBe(false);
    }
  }
});

test("any order of visits shows the same moments", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&seed=9");
  const wrong = await page.evaluate(() => {
    const api = window.netsplit;
    const known = new Map();
    const wrong = [];
    let draw = 7;
    const next = (below) => (draw = (draw * 48_271) % 2_147_483_647) % below;
    const look = () => {
      const { branch, step, digest } = api.getState();
      const key = `${branch}:${step}`;
      if (known.has(key) && known.get(key) !== digest) wrong.push(key);
      known.set(key, digest);
    };
    const commands = [
      () => ({ do: "crash", node: `n${1 + next(5)}` }),
      () => ({ do: "restart", node: `n${1 + next(5)}` }),
      () => ({ do: "cut", from: "n1", to: `n${2 + next(4)}` }),
      () => ({ do: "heal-all" }),
      () => ({ do: "request", node: "c1", op: { add: ["x", 1] } }),
      () => ({ do: "clock", node: `n${1 + next(5)}`, offset_us: next(1_000), drift_ppm: next(20_000) }),
    ];
    for (let visit = 0; visit < 120; visit += 1) {
      api.seek(next(3_000_000));
      look();
      if (visit % 8 === 0) {
        api.apply(commands[next(commands.length)]());
        look();
      }
      if (visit % 5 === 0) {
        const { branches } = api.getState();
        api.setBranch(branches[next(branches.length)].id);
        look();
      }
    }
    return wrong;
  });
  expect(wrong).toEqual([]);
});
