// What a frame costs: five-node Raft at its own speed, and a crowd of 200 machines with 2,000 messages on their way.
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
  const intervals = await page.evaluate(
    (seconds) =>
      new Promise((done) => {
        const times = [];
        const tick = (now) => {
          times.push(now);
          if (now - times[0] < seconds * 1_000) requestAnimationFrame(tick);
          else done(times.slice(1).map((time, index) => time - times[index]));
        };
        requestAnimationFrame(tick);
      }),
    SECONDS,
  );
  const after = await totals();
  intervals.sort((a, b) => a - b);
  const at = (share) => intervals[Math.min(intervals.length - 1, Math.floor(share * intervals.length))];
  const frames = intervals.length;
  return {
    frames,
    script: (after.script - before.script) / frames,
    task: (after.task - before.task) / frames,
    median: at(0.5),
    p95: at(0.95),
    worst: at(1),
  };
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
const row = (name, { frames, script, task, median, p95, worst }, calibration) =>
  console.log(
    `${name.padEnd(34)} ${frames} frames · script ${script.toFixed(2)} ms · task ${task.toFixed(2)} ms a frame · interval ` +
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
await browser.close();
