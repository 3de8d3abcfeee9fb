// Takes screenshots of named states into shots/, in light, in dark and on a phone. `cargo xtask shots` starts it.
import { mkdir } from "node:fs/promises";
import { launch, open, url } from "./browser.mjs";

/** The states: a name, the page's parameters, and what is done before the picture is taken. */
const STATES = [
  { name: "opening", query: "?lab=raft-election&paused=1" },
  {
    name: "leader",
    query: "?lab=raft-election&paused=1",
    act: () => window.netsplit.seek(1_000_000),
  },
  {
    name: "cut-off",
    query: "?lab=raft-election&paused=1",
    // Cuts off whoever leads, and waits in simulated time until the others have elected somebody else.
    act: () => {
      const api = window.netsplit;
      api.seek(1_000_000);
      const { nodes } = api.getState();
      const leader = nodes.find((node) => node.role === "leader").id;
      const others = nodes.map((node) => node.id).filter((id) => id !== leader);
      api.apply({ do: "partition", groups: [[leader], others] });
      api.seek(2_500_000);
    },
  },
];

const LOOKS = [
  { name: "light", context: { viewport: { width: 1280, height: 800 }, colorScheme: "light" } },
  { name: "dark", context: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" } },
  {
    name: "phone",
    context: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: "light" },
  },
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
      if (state.act) await page.evaluate(state.act);
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
