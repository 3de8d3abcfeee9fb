// What is made anew for each place of the page is let go of again: going back and forth two hundred times leaves memory flat.
import { expect, open, test } from "./fixtures.mjs";

const ROUNDS = 200;

test("two hundred mounts and unmounts leave memory flat", async ({ page }) => {
  test.setTimeout(240_000);
  await open(page, "?debug=1");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const measure = async () => {
    await session.send("HeapProfiler.collectGarbage");
    await page.waitForTimeout(1_100);
    const { metrics } = await session.send("Performance.getMetrics");
    const value = (name) => metrics.find((metric) => metric.name === name).value;
    const said = await page.getByRole("status", { name: "Engine" }).textContent();
    return { wasm: Number(/all ([\d.]+) MB/.exec(said)[1]), heap: value("JSHeapUsedSize") / 1e6, nodes: value("Nodes"), listeners: value("JSEventListeners") };
  };
  const rounds = (count) =>
    page.evaluate(async (count) => {
      const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      for (let round = 0; round < count; round += 1) {
        document.querySelectorAll("a.card")[round % 2].click();
        await frame();
        document.querySelector("a.logo").click();
        await frame();
      }
    }, count);
  // Caches and arenas fill up first.
  await rounds(60);
  const before = await measure();
  await rounds(ROUNDS);
  const after = await measure();
  console.log(JSON.stringify({ before, after }));
  expect(after.wasm - before.wasm, "MB of wasm memory").toBeLessThan(1);
  expect(after.heap - before.heap, "MB of JavaScript's heap").toBeLessThan(1);
  expect(after.nodes - before.nodes, "nodes of the document").toBeLessThan(200);
  expect(after.listeners - before.listeners, "listeners").toBeLessThan(50);
});
