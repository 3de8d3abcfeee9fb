// What a frame costs: five-node Raft at its own speed, a crowd of 200 machines with 2,000 messages on their way, and a
// drag on a hash ring of 100 servers × 200 virtual nodes and 10,000 keys; also the space-time diagram: a log of 10,000
// events opened, and one of 100,000 dragged along and pointed at.
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

await page.evaluate(async (run) => {
  await window.netsplit.load(run);
  window.netsplit.seek(3_000_000);
  window.netsplit.setSpeed(0.05);
}, CROWD);
const crowd = await page.evaluate(() => {
  const { nodes, in_flight: flights } = window.netsplit.getState();
  return { nodes: nodes.length, messages: flights.length };
});
row(`${crowd.nodes} nodes, ${crowd.messages} messages`, await measure(page), await calibrate(page));

await open(page, "?lab=hash-ring&paused=1&t=1s&set.nodes=100&set.vnodes=200&set.keys=10000");
const dragged = await measureDrag(page, "n50");
row("ring: 100 × 200, 10,000 keys, dragged", dragged, await calibrate(page), "move");

/** A ShiViz log of ten hosts that send each other messages, always the same one. */
function log(events) {
  let state = 1;
  const draw = (below) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  const clocks = Array.from({ length: 10 }, () => ({}));
  const sent = [];
  const lines = [];
  for (let number = 0; number < events; number += 1) {
    const host = draw(10);
    const clock = clocks[host];
    if (sent.length > 20 && draw(2) === 0) {
      for (const [name, count] of Object.entries(sent.splice(draw(20), 1)[0])) clock[name] = Math.max(clock[name] ?? 0, count);
    }
    clock[`h${host}`] = (clock[`h${host}`] ?? 0) + 1;
    sent.push({ ...clock });
    lines.push(`event ${number}`, `h${host} ${JSON.stringify(clock)}`);
  }
  return lines.join("\n");
}

/** Opens a log as a file, and says how long it took until it was drawn, in ms. */
async function openLog(page, events) {
  await page.locator(".stage-bar").getByRole("button", { name: "Logs" }).click();
  const field = page.getByRole("dialog", { name: "Logs" }).getByLabel("Log file");
  await page.evaluate(() => {
    document.addEventListener("change", () => (window.began = performance.now()), { capture: true, once: true });
    const seen = new MutationObserver(() => {
      if (!document.querySelector(".st-open")) return;
      seen.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => (window.drawn = performance.now())));
    });
    seen.observe(document.body, { childList: true, subtree: true });
  });
  await field.setInputFiles({ name: `${events}.log`, mimeType: "text/plain", buffer: Buffer.from(log(events)) });
  await page.waitForFunction(() => window.drawn, undefined, { timeout: 120_000 });
  const took = await page.evaluate(() => {
    const took = window.drawn - window.began;
    window.drawn = undefined;
    return took;
  });
  return took;
}

/** Moves a pointer over the diagram, pressed or not, and measures what each move costs. */
async function drag(page, pressed) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const total = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ScriptDuration").value;
  const { x, y, width, height } = await page.locator(".stage .st-area").boundingBox();
  await page.mouse.move(x + width * 0.8, y + height / 2);
  if (pressed) await page.mouse.down();
  const before = await total();
  const moves = 60;
  for (let move = 1; move <= moves; move += 1) await page.mouse.move(x + width * (0.8 - move * 0.01), y + height * (0.2 + move * 0.01));
  const took = ((await total()) - before) * 1_000;
  if (pressed) await page.mouse.up();
  return took / moves;
}

await open(page, "?lab=clocks&paused=1&t=0.1s");
const opened = await openLog(page, 10_000);
console.log(`a log of 10,000 events opened in ${opened.toFixed(0)} ms · calibration ${(await calibrate(page)).toFixed(2)} ms`);
const long = await openLog(page, 100_000);
console.log(`a log of 100,000 events opened in ${long.toFixed(0)} ms · calibration ${(await calibrate(page)).toFixed(2)} ms`);
for (const view of ["as it opens", "all of it"]) {
  if (view === "all of it") await page.locator(".stage").getByRole("button", { name: "All", exact: true }).click();
  const [dragged, pointed] = [await drag(page, true), await drag(page, false)];
  console.log(
    `100,000 events, ${view}: dragged ${dragged.toFixed(2)} ms script a move, pointed at ${pointed.toFixed(2)} ms · ` +
      `calibration ${(await calibrate(page)).toFixed(2)} ms`,
  );
}
await browser.close();
