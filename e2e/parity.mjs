// Compares runs between the native command line tool and the page in Chromium, digest by digest, and finds the first
// step at which they differ. `cargo xtask parity` starts it; its last line is `N passed, N failed`.
//
// Digests are rolling: once two runs differ they differ for ever, so the first difference can be bisected.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { launch, open, url } from "./browser.mjs";

const FOLDER = "fixtures/parity";
const HORIZON_US = 3_000_000;
/** Digests are compared at every so many steps; a difference in between is found by bisection. */
const STRIDE = 100;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

const run = promisify(execFile);

/** The native run: its end, and the digest after every step. */
async function native(file) {
  const { stdout } = await cli(["run", file, "--for", `${HORIZON_US}us`, "--digests", "1", "--json"]);
  const start = stdout.indexOf("{");
  if (start < 0) throw new Error("the command line tool printed no JSON");
  const digests = new Map();
  for (const line of stdout.slice(0, start).split("\n")) {
    const [, step, digest] = /^(\d+) ([0-9a-f]{16})$/.exec(line.trim()) ?? [];
    if (step) digests.set(Number(step), digest);
  }
  if (digests.size === 0) throw new Error("the command line tool printed no digests");
  const { steps, time_us, digest } = JSON.parse(stdout.slice(start));
  return { digests, end: { step: steps, time_us, digest } };
}

/** Runs the tool. Exit status 1 only says that the run violates something. */
async function cli(args) {
  try {
    return await run(process.env.NETSPLIT_CLI, args, { maxBuffer: OUTPUT_BYTES_MAX });
  } catch (error) {
    if (error.code === 1) return error;
    throw new Error(`netsplit ${args.join(" ")}: ${(error.stderr || error.message).trim()}`);
  }
}

/** The page's digests at several steps of one run, in ascending order, and its end when `horizon` is given. */
function inPage(page, data, steps, horizon = null) {
  return page.evaluate(
    ([data, steps, horizon]) => {
      const { load, pause, step, seek, getState } = window.netsplit;
      load(data);
      pause();
      const at = steps.map((wanted) => {
        const ahead = wanted - getState().step;
        if (ahead > 0) step(ahead);
        const { step: reached, digest } = getState();
        return { step: reached, digest };
      });
      if (horizon === null) return { at };
      seek(horizon);
      const { step: last, time_us, digest } = getState();
      return { at, end: { step: last, time_us, digest } };
    },
    [data, steps, horizon],
  );
}

/** The first step after `good` and up to `bad` with another digest than the native one. */
async function bisect(page, data, digests, good, bad) {
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const { at } = await inPage(page, data, [middle]);
    if (at[0].step === middle && at[0].digest === digests.get(middle)) good = middle;
    else bad = middle;
  }
  const { at } = await inPage(page, data, [bad]);
  return { step: bad, page: at[0] };
}

/** What the native tool says about a step: the narration's lines that begin with its number. */
async function narration(file, step) {
  const { stdout } = await cli(["run", file, "--for", `${HORIZON_US}us`, "--explain"]);
  const begins = new RegExp(`^\\W*(?:step\\s+)?${step}\\b`, "i");
  return stdout.split("\n").filter((line) => begins.test(line));
}

/** Nothing when both agree, or lines that say where they part. */
async function compare(page, file) {
  const data = JSON.parse(await readFile(file, "utf8"));
  const { digests, end } = await native(file);
  const last = Math.max(...digests.keys());
  const steps = [...digests.keys()].filter((step) => step > 0 && (step % STRIDE === 0 || step === last));
  const found = await inPage(page, data, steps, HORIZON_US);
  let good = 0;
  for (const [index, step] of steps.entries()) {
    const { step: reached, digest } = found.at[index];
    if (reached === step && digest === digests.get(step)) {
      good = step;
      continue;
    }
    const first = await bisect(page, data, digests, good, step);
    const lines = [
      `differs first at step ${first.step}: native ${digests.get(first.step)}, page ${first.page.digest}`,
    ];
    if (first.page.step !== first.step) lines.push(`the page could not reach it and stands at step ${first.page.step}`);
    return [...lines, ...(await narration(file, first.step)).map((line) => `native: ${line}`)];
  }
  for (const key of ["step", "time_us", "digest"]) {
    if (found.end[key] !== end[key]) {
      return [`every step agrees, but the end does not: ${key} is ${end[key]} natively and ${found.end[key]} in the page`];
    }
  }
  console.log(`${file}: ${end.step} steps, ${steps.length} digests compared, end ${end.digest}`);
  return [];
}

const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".json")).sort();
const browser = await launch();
let passed = 0;
let failed = 0;
for (const name of files) {
  const file = `${FOLDER}/${name}`;
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
