// Compares runs between the native command line tool and the page in Chromium, digest by digest, and finds the first
// step at which they differ. `cargo xtask parity` starts it; its last line is `N passed, N failed`.
//
// Digests are rolling: once two runs differ they differ for ever, so the first difference can be bisected.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch, open, url } from "./browser.mjs";
import { filesOf, systems } from "./systems.mjs";

const HORIZON_US = 3_000_000;
const HORIZON = ["--for", `${HORIZON_US}us`];
/** Digests are compared at every so many steps; a difference in between is found by bisection. */
const STRIDE = 100;
/** How many moments are visited out of order. */
const VISITS = 60;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

const run = promisify(execFile);

/** The native run: its end, and pairs of step and digest in ascending order. */
async function native(file) {
  const { steps, time_us, digest, digests } = await cli(["run", file, ...HORIZON, "--digests", "1", "--json"]);
  if (!digests?.length) throw new Error("the command line tool printed no digests");
  return { digests, end: { step: steps, time_us, digest } };
}

/** Runs the tool and reads its JSON. Exit status 1 only says that the run violates something. */
async function cli(args) {
  const { stdout } = await run(process.env.NETSPLIT_CLI, args, { maxBuffer: OUTPUT_BYTES_MAX }).catch((error) => {
    if (error.code === 1 && error.stdout) return error;
    throw new Error(`netsplit ${args.join(" ")}: ${(error.stderr || error.message).trim()}`);
  });
  return JSON.parse(stdout);
}

/** The page's digests at several steps of one run, in ascending order, and its end when `horizon` is given. */
function inPage(page, data, steps, horizon = null) {
  return page.evaluate(
    async ([data, steps, horizon]) => {
      const api = window.netsplit;
      await api.load(data);
      // The lab opens later than some of the steps in question.
      api.seek(0);
      const at = steps.map((wanted) => {
        const ahead = wanted - api.getState().step;
        if (ahead > 0) api.step(ahead);
        const { step, digest } = api.getState();
        return { step, digest };
      });
      if (horizon === null) return { at };
      api.seek(horizon);
      const { step, time_us, digest } = api.getState();
      return { at, end: { step, time_us, digest } };
    },
    [data, steps, horizon],
  );
}

/** Visits moments in no order, back and forth: each shows the native digest of its step. Answers with complaints. */
async function wander(page, data, known) {
  const digests = Object.fromEntries(known);
  const wrong = await page.evaluate(
    async ([data, digests, horizon, visits]) => {
      const api = window.netsplit;
      await api.load(data);
      let draw = 1;
      const wrong = [];
      for (let visit = 0; visit < visits; visit += 1) {
        draw = (draw * 48_271) % 2_147_483_647;
        api.seek(draw % horizon);
        if (visit % 3 === 0) api.step(1 + (draw % 5));
        const { step, time_us, digest } = api.getState();
        if (digests[step] !== undefined && digests[step] !== digest) wrong.push({ step, time_us, digest });
      }
      return wrong;
    },
    [data, digests, HORIZON_US, VISITS],
  );
  return wrong.map(({ step, digest }) => `after seeking, step ${step} is ${digest}; natively it is ${digests[step]}`);
}

/** A link made on the page shows the command line the same moment. Answers with complaints. */
async function replayLink(page, data) {
  const { link, digest } = await page.evaluate(
    async ([data, horizon]) => {
      await window.netsplit.load(data);
      window.netsplit.seek(horizon);
      return { link: window.netsplit.shareUrl(), digest: window.netsplit.getState().digest };
    },
    [data, HORIZON_US],
  );
  const replayed = await cli(["replay", link, "--json"]);
  return replayed.digest === digest ? [] : [`the page's link replays to ${replayed.digest}, the page shows ${digest}`];
}

/** The first of the native tool's steps, after index `good` and up to index `bad`, at which the page differs. */
async function bisect(page, data, known, good, bad) {
  const differs = async (index) => {
    const { at } = await inPage(page, data, [known[index][0]]);
    return isOther(known[index], at[0]) ? at[0] : null;
  };
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await differs(middle)) bad = middle;
    else good = middle;
  }
  const there = await differs(bad);
  if (!there) throw new Error(`step ${known[bad][0]} differs only sometimes: the page is not deterministic`);
  return { step: known[bad][0], digest: known[bad][1], there };
}

function isOther([step, digest], there) {
  return there.step !== step || there.digest !== digest;
}

/** What the native tool says about a step. */
async function narration(file, step) {
  const { story = [] } = await cli(["run", file, ...HORIZON, "--explain", "--json"]);
  return story.filter((sentence) => sentence.step === step).map(({ time_us, text }) => `${time_us} µs: ${text}`);
}

/** Nothing when both agree, or lines that say where they part. */
async function compare(page, file) {
  const data = JSON.parse(await readFile(file, "utf8"));
  const { digests: known, end } = await native(file);
  const checked = [...known.keys()].filter((index) => index % STRIDE === STRIDE - 1 || index === known.length - 1);
  const found = await inPage(page, data, checked.map((index) => known[index][0]), HORIZON_US);
  const first = checked.findIndex((index, place) => isOther(known[index], found.at[place]));
  if (first >= 0) {
    const { step, digest, there } = await bisect(page, data, known, checked[first - 1] ?? -1, checked[first]);
    const lines = [`differs first at step ${step}: native ${digest}, page ${there.digest}`];
    if (there.step !== step) lines.push(`the page could not reach that step and stands at step ${there.step}`);
    return [...lines, ...(await narration(file, step)).map((line) => `native, step ${step}: ${line}`)];
  }
  for (const key of ["step", "time_us", "digest"]) {
    if (found.end[key] !== end[key]) {
      return [`every step agrees, but the end does not: ${key} is ${end[key]} natively and ${found.end[key]} in the page`];
    }
  }
  const later = [...(await wander(page, data, known)), ...(await replayLink(page, data))];
  if (later.length > 0) return later;
  console.log(`${file}: ${end.step} steps, ${checked.length} digests compared, end ${end.digest}`);
  return [];
}

const files = systems.flatMap((system) => filesOf(system, "parity", ".json")).map(fileURLToPath);
const browser = await launch();
let passed = 0;
let failed = 0;
for (const file of files) {
  // A page of its own for each run, so that none depends on what came before.
  const page = await browser.newPage({ baseURL: url });
  try {
    await open(page, "?paused=1");
    const problems = await compare(page, file);
    problems.forEach((line) => console.error(`${file}: ${line}`));
    if (problems.length > 0) failed += 1;
    else passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`${file}: ${error.message.split("\n")[0]}`);
  } finally {
    await page.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
