// What a frame costs: five-node Raft at its own speed, a crowd of 200 machines with 2,000 messages on their way, and a
// drag on a hash ring of 100 servers × 200 virtual nodes and 10,000 keys.
// Figures are printed beside a calibration loop in the same page, because machines differ; nothing here passes or fails.
import { launch, open, url } from "./browser.mjs";

const SECONDS = Number(process.argv[2] ?? 6);

/** A fixed piece of work, in ms: what this machine does at this moment. */
const calibrate = (page) =>
  page.evaluate(() => {
    const best = { ms: Infinity };
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      let x = 1;
      for (let step = 0; step < 2_000_000; step += 1) x = (Math.imul(x, 1664525) + 1013904223) | 0;
      best.ms = Math.min(best.ms, performance.now() - began);
      best.x = x;
    }
    return best.ms;
  });

/** Notes when frames begin, until `stopFrames` asks for the intervals, in ms. */
const startFrames = (page) =>
  page.evaluate(() => {
    const times = [];
    window.frameTimes = times;
    const tick = (now) => {
      times.push(now);
      if (window.frameTimes === times) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
const stopFrames = (page) =>
  page.evaluate(() => {
    const times = window.frameTimes;
    window.frameTimes = undefined;
    return times.slice(1).map((time, index) => time - times[index]);
  });

/** Drags a server of the ring around and measures what a move of the pointer costs, and frames. */
async function measureDrag(page, name) {
  const box = await page.getByRole("button", { name: new RegExp(`^${name},`) }).boundingBox();
  const around = await page.locator(".ring-art .edge").first().boundingBox();
  const [cx, cy] = [around.x + around.width / 2, around.y + around.height / 2];
  const [dx, dy] = [box.x + box.width / 2 - cx, box.y + box.height / 2 - cy];
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const totals = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const value = (metric) => metrics.find(({ name }) => name === metric).value * 1_000;
    return { script: value("ScriptDuration"), task: value("TaskDuration") };
  };
  const move = (step) => {
    const angle = step * 0.008;
    return page.mouse.move(cx + dx * Math.cos(angle) - dy * Math.sin(angle), cy + dx * Math.sin(angle) + dy * Math.cos(angle));
  };
  await move(0);
  await page.mouse.down();
  // The first moves take hold and warm up.
  for (let step = 1; step <= 30; step += 1) await move(step);
  await startFrames(page);
  const before = await totals();
  const moves = SECONDS * 60;
  for (let step = 31; step <= 30 + moves; step += 1) await move(step);
  const after = await totals();
  const intervals = await stopFrames(page);
  const would = await page.locator(".ring-count").textContent();
  if (!/would move/.test(would)) throw new Error(`nothing is dragged: ${would}`);
  await page.mouse.up();
  return { ...spread(intervals), script: (after.script - before.script) / moves, task: (after.task - before.task) / moves };
}

/** Plays for a while and measures frames. */
async function measure(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const totals = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const value = (name) => metrics.find((metric) => metric.name === name).value * 1_000;
    return { script: value("ScriptDuration"), task: value("TaskDuration") };
  };
  await page.evaluate(() => window.netsplit.play());
  await page.waitForTimeout(1_000);
  const before = await totals();
  await startFrames(page);
  await page.waitForTimeout(SECONDS * 1_000);
  const intervals = await stopFrames(page);
  const after = await totals();
  const frames = intervals.length;
  return { ...spread(intervals), script: (after.script - before.script) / frames, task: (after.task - before.task) / frames };
}

/** How frames follow each other, by their intervals in ms. */
function spread(intervals) {
  const sorted = [...intervals].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { frames: sorted.length, median: at(0.5), p95: at(0.95), worst: at(1) };
}

const CROWD = {
  format: 1,
  lab: "raft-election",
  seed: 1,
  set: { nodes: 9, clients: 0, "heartbeat-ms": 1, "latency-ms": "120..140", "election-timeout-ms": "1000..2000" },
  commands: Array.from({ length: 191 }, (_, index) => ({ at_us: 0, do: "add-node", node: `n${index + 10}` })),
  // On a grid, so that nobody hides behind another one.
  layout: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`n${index + 1}`, [30 + (index % 20) * 30, 30 + Math.floor(index / 20) * 58]])),
};

const browser = await launch();
const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
const row = (name, { frames, script, task, median, p95, worst }, calibration, per = "frame") =>
  console.log(
    `${name.padEnd(34)} ${frames} frames · script ${script.toFixed(2)} ms · task ${task.toFixed(2)} ms a ${per} · interval ` +
      `${median.toFixed(1)} median, ${p95.toFixed(1)} p95, ${worst.toFixed(1)} worst · calibration ${calibration.toFixed(2)} ms`,
  );

await open(page, "?lab=raft-election");
row("five-node Raft at its own speed", await measure(page), await calibrate(page));

await page.evaluate((run) => {
  window.netsplit.load(run);
  window.netsplit.seek(3_000_000);
  window.netsplit.setSpeed(0.05);
}, CROWD);
const crowd = await page.evaluate(() => {
  const { nodes, in_flight: flights } = window.netsplit.getState();
  return { nodes: nodes.length, messages: flights.length };
});
row(`${crowd.nodes} nodes, ${crowd.messages} messages`, await measure(page), await calibrate(page));

await open(page, "?lab=hash-ring&paused=1&t=1s&set.nodes=100&set.vnodes=200&set.keys=10000");
const drag = await measureDrag(page, "n50");
row("ring: 100 × 200, 10,000 keys, dragged", drag, await calibrate(page), "move");
await browser.close();
