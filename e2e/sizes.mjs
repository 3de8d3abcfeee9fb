// What the published page weighs, after brotli, against the committed figures in `budgets.json`: `cargo xtask build` runs
// it after each build, and fails when something has grown by more than a twentieth. `UPDATE_EXPECT=1` commits the figures
// as they are now; the aims stay, and are somebody's decision.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const dist = (name) => new URL(`../dist/${name}`, import.meta.url);
const BUDGETS = new URL("budgets.json", import.meta.url);
const GROWTH_MAX = 1.05;

/** The files of the newest build, and those whose names never change. */
export function builtFiles() {
  const [, newest] = existsSync(dist("builds.txt")) ? readFileSync(dist("builds.txt"), "utf8").split("\nbuild\n") : [];
  if (!newest) throw new Error("dist/ is no published build: `cargo xtask build` makes one");
  return ["index.html", "boot.js", ...newest.split("\n").filter(Boolean)];
}

/** The file of the newest build that is called so before its hash. */
export const builtFile = (stem, ending) =>
  builtFiles().find((file) => new RegExp(`^${stem}-[0-9a-f]{16}\\.${ending}$`).test(file));

/** Files of which there are many that look alike: the largest of them counts. */
const KINDS = {
  "largest picture": (file) => /-(opening|card)-(light|dark)-[0-9a-f]{16}\.svg$/.test(file),
  "largest tour": (file) => /^tour-.*\.toml$/.test(file),
};

const weights = new Map();
export function weight(file) {
  if (!weights.has(file)) weights.set(file, brotliCompressSync(readFileSync(dist(file))).length);
  return weights.get(file);
}

/** Compares figures with the committed ones of the same group; returns what is wrong. */
export function held(group, figures) {
  const budgets = JSON.parse(readFileSync(BUDGETS, "utf8"));
  const known = budgets[group] ?? {};
  if (process.env.UPDATE_EXPECT === "1") {
    const rows = Object.entries(figures).map(([name, now]) => [name, { now, aim: known[name]?.aim ?? now }]);
    rows.sort(([one], [other]) => (one < other ? -1 : 1));
    budgets[group] = Object.fromEntries(rows);
    writeFileSync(BUDGETS, `${JSON.stringify(budgets, null, 2)}\n`);
    return [];
  }
  const wrong = Object.entries(figures).flatMap(([name, now]) => {
    if (!known[name]) return [`${group}: ${name} is new, and budgets.json has no figure for it`];
    const most = Math.floor(known[name].now * GROWTH_MAX);
    return now > most ? [`${group}: ${name} is ${now} now, and ${known[name].now} was committed: ${most} is the most`] : [];
  });
  const gone = Object.keys(known).filter((name) => !(name in figures));
  return [...wrong, ...gone.map((name) => `${group}: budgets.json has ${name}, which the page has not`)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bare = (file) => file.replace(/-[0-9a-f]{16}/, "");
  const figures = {};
  for (const file of builtFiles()) {
    const name = Object.keys(KINDS).find((kind) => KINDS[kind](file)) ?? bare(file);
    figures[name] = Math.max(figures[name] ?? 0, weight(file));
  }
  const { files: known = {} } = JSON.parse(readFileSync(BUDGETS, "utf8"));
  const row = (name, ...cells) => console.log(name.padEnd(24) + cells.map((cell) => String(cell ?? "").padStart(10)).join(""));
  row("brotli, bytes", "now", "committed", "aim");
  for (const [name, now] of Object.entries(figures)) row(name, now, known[name]?.now, known[name]?.aim);
  row("together", Object.values(figures).reduce((sum, now) => sum + now, 0));
  const kept = readdirSync(dist("")).length;
  console.log(`${kept} files lie in dist/, those of earlier builds among them`);
  const wrong = held("files", figures);
  for (const line of wrong) console.error(`budget: ${line}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
