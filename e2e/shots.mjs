// Takes screenshots of named states into shots/, in light, in dark, on a phone and in a hall. `cargo xtask shots` starts it.
import { mkdir } from "node:fs/promises";
import { launch, open, url } from "./browser.mjs";
import { runOf } from "./systems.mjs";

/** The states: a name, the page's parameters, and what is done before the picture is taken. */
const STATES = [
  { name: "home", query: "?paused=1", act: (page) => seek(page, 1_000_000) },
  { name: "leader", query: "?lab=raft-election&paused=1", act: (page) => seek(page, 1_000_000) },
  { name: "election", query: "?lab=raft-election&paused=1", act: (page) => until(page, "request-vote", 3_000) },
  { name: "partition", query: "?lab=raft-log&paused=1", act: partition },
  { name: "violation", query: "?lab=raft-election&paused=1", act: (page) => load(page, "raft-election", "forgets-vote") },
  { name: "lost-write", query: "?lab=raft-log&paused=1", act: (page) => load(page, "raft-log", "commits-old-terms") },
  { name: "tour", query: "?tour=cut-the-leader-off&paused=1", act: nextStep },
  { name: "ring", query: "?lab=hash-ring&paused=1&t=1.5s", act: () => {} },
  { name: "crowded-ring", query: "?lab=hash-ring&paused=1&t=1s&set.nodes=100&set.vnodes=200&set.keys=10000", act: () => {} },
  { name: "space-time", query: "?lab=vector-clocks&paused=1&t=0.9s", act: () => {} },
  { name: "wall-clocks-lie", query: "?lab=clocks&paused=1&t=1s", act: compare },
  { name: "dense", query: "?lab=raft-log&paused=1&t=1.5s&stage=space-time", act: unfold },
  { name: "set-clocks", query: "?lab=physical-clocks&paused=1&t=3s", act: () => {} },
  { name: "share", query: "?lab=raft-election&paused=1", act: share },
  { name: "present", query: "?tour=cut-the-leader-off&present=1&paused=1", act: nextStep },
  { name: "embed", query: "?lab=raft-election&embed=1&paused=1", act: (page) => seek(page, 1_000_000) },
];

async function seek(page, us) {
  await page.evaluate((us) => window.netsplit.seek(us), us);
}

/** Steps until a message of this kind is on its way, and so much further. */
async function until(page, kind, us) {
  await page.evaluate(
    ([kind, us]) => {
      const api = window.netsplit;
      const flying = () => api.getState().in_flight.some((flight) => flight.kind === kind);
      for (let step = 0; step < 10_000 && !flying(); step += 1) api.step(1);
      api.seek(api.getState().time_us + us);
    },
    [kind, us],
  );
}

/** Cuts off whoever leads, and waits in simulated time until the others have elected somebody else. */
async function partition(page) {
  await page.evaluate(() => {
    const api = window.netsplit;
    api.seek(1_000_000);
    const { nodes } = api.getState();
    const leader = nodes.find((node) => node.role === "leader").id;
    const others = nodes.map((node) => node.id).filter((id) => id !== leader && id !== "c1");
    api.apply({ do: "partition", groups: [[leader, "c1"], others] });
    api.seek(2_500_000);
  });
}

async function load(page, lab, bug) {
  const run = runOf(lab, `bugs/${bug}.json`);
  await page.evaluate((run) => window.netsplit.load(run), run);
}

async function share(page) {
  await seek(page, 1_000_000);
  await page.getByRole("button", { name: "Share" }).click();
}

/** Two events that the wall clocks have the wrong way round; on a phone the lens comes up first. */
async function compare(page) {
  const show = page.getByRole("button", { name: "Show where the wall clocks lie" });
  if (!(await show.isVisible())) await page.getByRole("button", { name: "Clocks", exact: true }).click();
  await show.click();
}

/** All events one by one. */
async function unfold(page) {
  await page.getByRole("button", { name: "Fold routine" }).click();
  await page.locator(".stage").getByRole("button", { name: "All", exact: true }).click();
}

async function nextStep(page) {
  await page.getByRole("region", { name: "Tour" }).getByRole("button", { name: "Next" }).click();
}

const LOOKS = [
  { name: "light", context: { viewport: { width: 1280, height: 800 }, colorScheme: "light" } },
  { name: "dark", context: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" } },
  {
    name: "phone",
    context: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: "light" },
  },
  { name: "hall", context: { viewport: { width: 1920, height: 1080 }, colorScheme: "light" } },
];

await mkdir("shots", { recursive: true });
const browser = await launch();
let failed = 0;
for (const look of LOOKS) {
  const context = await browser.newContext({ baseURL: url, ...look.context });
  for (const state of STATES) {
    const file = `shots/${state.name}-${look.name}.png`;
    const page = await context.newPage();
    try {
      await open(page, state.query);
      if (state.act) await state.act(page);
      // Two frames: one in which the page hears of the change, one in which it is drawn.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
      await page.screenshot({ path: file });
      console.log(file);
    } catch (error) {
      failed += 1;
      console.error(`${file}: ${error.message.split("\n")[0]}`);
    } finally {
      await page.close();
    }
  }
  await context.close();
}
await browser.close();
process.exitCode = failed > 0 ? 1 : 0;
