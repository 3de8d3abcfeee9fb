// The hash ring as people use it: by mouse, by touch, by keyboard. What the page shows is held against
// `window.netsplit`, which tells of the same moment.
import { devices } from "@playwright/test";
import { expect, expectAccessible, open, test } from "./fixtures.mjs";

const state = (page) => page.evaluate(() => window.netsplit.getState());
const seek = (page, us) => page.evaluate((us) => window.netsplit.seek(us), us);
const apply = (page, command) => page.evaluate((command) => window.netsplit.apply(command), command);
const commands = (page) => page.evaluate(() => window.netsplit.run().commands);
const region = (page, name) => page.getByRole("region", { name, exact: true });
const shares = (page) => region(page, "Share of keys");
const server = (page, name) => page.getByRole("button", { name: new RegExp(`^${name},`) });
const slider = (page) => page.getByRole("slider", { name: "Virtual node", exact: true });
const middle = (page) => page.locator(".ring-count");

/** Where something is on the screen. */
async function centre(locator) {
  const box = await locator.boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** A spot around the middle of the ring, `turn` of the way around from another one. */
function turned([x, y], [cx, cy], turn) {
  const [dx, dy, angle] = [x - cx, y - cy, turn * 2 * Math.PI];
  return [cx + dx * Math.cos(angle) - dy * Math.sin(angle), cy + dx * Math.sin(angle) + dy * Math.cos(angle)];
}

const ringCentre = (page) => centre(page.locator(".ring-art .edge").first());

/** The share of a server in percent, as the table says. */
async function share(page, name) {
  const row = shares(page).getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  return Number.parseFloat(await row.getByRole("cell").nth(1).textContent());
}

const told = async (page, name) => (await state(page)).nodes.find((node) => node.id === name).detail.ring.share_ppm / 1e4;

test("arcs, shares and keys are those of the run", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  await expect(middle(page)).toHaveText("24 keys");
  await expect(page.locator(".ring-about")).toHaveText("40 virtual nodes · 5 servers");
  const { nodes } = await state(page);
  for (const node of nodes.filter((node) => node.id.startsWith("n"))) {
    expect(Math.abs((await share(page, node.id)) - node.detail.ring.share_ppm / 1e4)).toBeLessThan(0.11);
    await expect(server(page, node.id)).toBeVisible();
  }
  // Network shows the same machines on a circle, with all their links; back again the ring.
  await page.getByRole("button", { name: "Network", exact: true }).click();
  await expect(page.locator(".ring-art")).toHaveCount(0);
  const at = (await state(page)).nodes.find((node) => node.id === "n1");
  await expect(server(page, "n1")).toHaveAttribute("transform", `translate(${at.x} ${at.y})`);
  await page.getByRole("button", { name: "Ring", exact: true }).click();
  await expect(page.locator(".ring-art")).toHaveCount(1);
  await expect(server(page, "n1")).not.toHaveAttribute("transform", `translate(${at.x} ${at.y})`);
});

test("a server that is dragged takes its arc along, and the others keep theirs", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  const before = await Promise.all(["n1", "n2", "n3", "n5"].map((name) => share(page, name)));
  const from = await centre(server(page, "n1"));
  const around = await ringCentre(page);
  await page.mouse.move(...from);
  await page.mouse.down();
  for (let step = 1; step <= 8; step += 1) await page.mouse.move(...turned(from, around, (step / 8) * 0.06));
  await expect(middle(page)).toContainText("would move");
  const preview = await share(page, "n1");
  expect(preview).not.toBe(before[0]);
  // Nothing has happened yet.
  expect(await commands(page)).toEqual([]);
  await page.mouse.up();
  const [given] = await commands(page);
  expect(given).toMatchObject({ do: "request", node: "a1" });
  const [name, index, token] = given.op.token;
  expect(name).toBe("n1");
  await seek(page, 3_000_000);
  const ring = (await state(page)).nodes.find((node) => node.id === "n1").detail.ring;
  expect(ring.tokens).toContain(token);
  expect(index).toBeLessThan(8);
  // What was shown is what came of it.
  expect(Math.abs((await told(page, "n1")) - preview)).toBeLessThan(0.11);
  expect(Math.abs((await share(page, "n1")) - preview)).toBeLessThan(0.11);
  // Of the others only the next one on the ring has another share.
  const after = await Promise.all(["n2", "n3", "n5"].map((name) => share(page, name)));
  expect(after.filter((now, place) => Math.abs(now - before[place + 1]) > 0.11).length).toBeLessThanOrEqual(1);
});

test("a virtual node moves by keyboard alone, and Escape leaves it where it was", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  await slider(page).focus();
  await page.keyboard.press("PageDown");
  const first = await slider(page).getAttribute("aria-valuetext");
  await page.keyboard.press("PageDown");
  const second = await slider(page).getAttribute("aria-valuetext");
  expect(second).not.toBe(first);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(slider(page)).toHaveAttribute("aria-valuetext", /would move/);
  await page.keyboard.press("Escape");
  await expect(middle(page)).toHaveText("24 keys");
  expect(await commands(page)).toEqual([]);
  await page.keyboard.press("PageDown");
  const [, owner, index] = (await slider(page).getAttribute("aria-valuetext")).match(/^(n\d)#(\d+) at/);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  const [given] = await commands(page);
  expect(given.op.token.slice(0, 2)).toEqual([owner, Number(index)]);
  await expect(slider(page)).toBeFocused();
  // A server's own keys do the same to the end of its largest arc.
  await server(page, "n3").focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("group", { name: "Virtual node" })).toContainText("n3#");
  await page.keyboard.press("Enter");
  expect((await commands(page)).at(-1).op.token[0]).toBe("n3");
});

test("a virtual node moves by clicks alone", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  // Where the first virtual node is.
  const at = await slider(page).boundingBox();
  await page.mouse.click(at.x + at.width / 2, at.y + at.height / 2);
  const held = page.getByRole("group", { name: "Virtual node" });
  await expect(held.getByRole("button", { name: "Move here" })).toBeDisabled();
  await held.getByRole("button", { name: "Move it on" }).click();
  await held.getByRole("button", { name: "Move here" }).click();
  await expect(held).toHaveCount(0);
  expect((await commands(page)).length).toBe(1);
  await page.getByRole("button", { name: "Undo" }).click();
  expect(await commands(page)).toEqual([]);
});

test("servers join, get weight, crash and leave", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  await page.getByRole("button", { name: "Add a server" }).click();
  await seek(page, 2_500_000);
  await expect(shares(page).getByRole("rowheader", { name: "n6" })).toBeVisible();
  await server(page, "n6").click();
  const tools = page.getByRole("toolbar", { name: "Actions" });
  await tools.getByRole("button", { name: "More weight" }).click();
  await seek(page, 3_500_000);
  await expect(tools).toContainText("weight 2");
  expect((await state(page)).nodes.find((node) => node.id === "n6").detail.weight).toBe(2);
  await tools.getByRole("button", { name: "Crash" }).click();
  await expect(server(page, "n6")).toHaveAccessibleName(/^n6, crashed/);
  await expect(page.locator(".arc.down").first()).toBeAttached();
  await tools.getByRole("button", { name: "Restart" }).click();
  await expect(page.locator(".arc.down")).toHaveCount(0);
  await tools.getByRole("button", { name: "Off the ring" }).click();
  await expect(page.locator(".ring-about")).toHaveText("old and new ring both hold");
  await seek(page, 5_500_000);
  await expect(shares(page).getByRole("rowheader", { name: "n6" })).toHaveCount(0);
  // The machine is still there, and may come back.
  await page.getByRole("button", { name: "Add a server" }).click();
  await seek(page, 6_500_000);
  await expect(shares(page).getByRole("rowheader", { name: "n6" })).toBeVisible();
});

test("while a server is cut off its keys wait, and healing lets them go", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s&set.write-quorum=1&set.read-quorum=3");
  await server(page, "n2").click();
  const tools = page.getByRole("toolbar", { name: "Actions" });
  await tools.getByRole("button", { name: "Cut off" }).click();
  await expect(page.locator(".ringed .link.cut .cut-mark").first()).toBeVisible();
  await tools.getByRole("button", { name: "Off the ring" }).click();
  await seek(page, 2_600_000);
  await expect(page.locator(".ring-about")).toHaveText("old and new ring both hold");
  await tools.getByRole("button", { name: "Heal its links" }).click();
  await seek(page, 4_500_000);
  await expect(page.locator(".ring-about")).toHaveText("32 virtual nodes · 4 servers");
});

test("a key is looked up: hash, walk, owner, replicas", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  const panel = shares(page);
  await panel.getByRole("textbox", { name: "Key" }).fill("abc");
  // FIPS 180-4 has this hash.
  await expect(panel).toContainText("sha1 = a9993e36");
  const { nodes } = await state(page);
  const tokens = nodes.filter((node) => node.id.startsWith("n")).flatMap((node) => node.detail.ring.tokens.map((token) => [token, node.id]));
  tokens.sort(([a], [b]) => a - b);
  const start = Math.max(tokens.findIndex(([token]) => token >= 0xa9993e36), 0);
  const walk = [...tokens.slice(start), ...tokens.slice(0, start)].map(([, id]) => id);
  const [owner, ...others] = [...new Set(walk)].slice(0, 3);
  await expect(panel.locator("dl")).toContainText(`Owner${owner}Replicas${others.join(", ")}`);
  await expect(page.locator(".ring-art .replica")).toHaveCount(3);
  await expect(page.locator(".stop-number")).toHaveText(["1", "2", "3"]);
  await panel.getByRole("button", { name: "Read it" }).click();
  expect((await commands(page)).at(-1)).toMatchObject({ node: "c1", op: { get: "abc" } });
  await panel.getByRole("button", { name: "Clear" }).click();
  await expect(page.locator(".ring-art .replica")).toHaveCount(0);
});

test("a picture shows what the stage shows", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s");
  const picture = () => page.evaluate(() => window.netsplit.exportSvg());
  const place = await server(page, "n1").getAttribute("transform");
  const ring = await picture();
  expect(ring).toContain(">24 keys</text>");
  expect(ring).toContain(`<g transform="${place.replace(", ", " ")}">`);
  await page.getByRole("button", { name: "Network", exact: true }).click();
  await expect(page.locator(".ring-art")).toHaveCount(0);
  const network = await picture();
  expect(network).not.toContain("24 keys</text>");
  expect(network).not.toContain(place);
});

test("virtual nodes even the shares out", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1.5s&variant=no-virtual-nodes");
  const spread = async () => {
    const all = await Promise.all(["n1", "n2", "n3", "n4", "n5"].map((name) => share(page, name)));
    return Math.max(...all) / 20;
  };
  expect(await spread()).toBeGreaterThan(2);
  const range = page.getByRole("slider", { name: /Virtual nodes per weight/ });
  await range.fill("200");
  expect((await commands(page)).at(-1).op).toEqual({ "virtual-nodes": 200 });
  await seek(page, 3_000_000);
  expect(await spread()).toBeLessThan(1.2);
  await expect(page.locator(".ring-about")).toHaveText("1,000 virtual nodes · 5 servers");
});

test("ten servers, one more: the ring moves what it has to, modulo nearly everything", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=0.5s&set.nodes=9&set.vnodes=100");
  await page.getByRole("button", { name: "Add a server" }).click();
  await seek(page, 1_500_000);
  await page.getByRole("button", { name: "Add a server" }).click();
  await seek(page, 2_500_000);
  const table = region(page, "The same keys, placed otherwise");
  await expect(table).toContainText("n11 joins the ring: keys that move, of 10,000. At least 909 have to");
  const moved = async (name) => {
    const row = table.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    return Number((await row.getByRole("cell").first().textContent()).replace(",", ""));
  };
  await expect.poll(() => moved("Modulo")).toBeGreaterThan(8_800);
  expect(await moved("Modulo")).toBeLessThan(9_300);
  const ring = await moved("Ring");
  expect(ring).toBeGreaterThan(909 * 0.7);
  expect(ring).toBeLessThan(909 * 1.3);
});

for (const [query, keys, owners] of [
  // A newcomer among eleven holds three replicas of each eleventh key.
  ["", (10_000 * 3) / 11, 10_000 / 11],
  ["&set.replicas=1", 10_000 / 11, 10_000 / 11],
  ["&variant=modulo-called-consistent&set.replicas=1", (10_000 * 10) / 11, (10_000 * 10) / 11],
]) {
  test(`ten thousand keys, and one more server${query}: what moves is what is due, and it ends`, async ({ page }) => {
    await open(page, `?lab=hash-ring&paused=1&t=0.5s&set.nodes=10&set.vnodes=100&set.keys=10000${query}`);
    await expect(middle(page)).toHaveText("10,000 keys");
    await page.getByRole("button", { name: "Add a server" }).click();
    const number = async (locator) => Number((await locator.textContent()).match(/^[\d,]+/)[0].replace(",", ""));
    // In small steps, until keys move: the newcomer has to answer first.
    for (let us = 510_000; us < 800_000; us += 10_000) {
      await seek(page, us);
      if (/move$/.test(await middle(page).textContent())) break;
    }
    await expect(middle(page)).toHaveText(/keys move$/);
    expect(Math.abs((await number(middle(page))) / keys - 1)).toBeLessThan(0.3);
    expect(Math.abs((await number(page.locator(".ring-remark"))) / owners - 1)).toBeLessThan(0.3);
    await seek(page, 2_500_000);
    await expect(page.locator(".ring-about")).toContainText("11 servers");
    const { verdicts } = await state(page);
    expect(verdicts.find(({ property }) => property === "hand-off-completes").status).toBe("met");
  });
}

test("a hundred servers, twenty thousand virtual nodes and ten thousand keys are at hand", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=1s&set.nodes=100&set.vnodes=200&set.keys=10000");
  await expect(middle(page)).toHaveText("10,000 keys");
  await expect(page.locator(".ring-about")).toHaveText("20,000 virtual nodes · 100 servers");
  await expect(shares(page).getByRole("row")).toHaveCount(101);
  const before = new Map((await state(page)).nodes.filter((node) => node.id.startsWith("n")).map((node) => [node.id, node.detail.ring]));
  const from = await centre(server(page, "n50"));
  const around = await ringCentre(page);
  await page.mouse.move(...from);
  // One of a crowd is named large under the pointer.
  await expect(page.locator(".crowd-name")).toHaveText(/^n50 · \d+ keys?$/);
  await page.mouse.down();
  for (let step = 1; step <= 8; step += 1) await page.mouse.move(...turned(from, around, (step / 8) * 0.3));
  await expect(middle(page)).toContainText("would move");
  const would = Number((await middle(page).textContent()).match(/^([\d,]+) keys? would move$/)[1].replace(",", ""));
  await page.mouse.up();
  const [given] = await commands(page);
  const [name, , token] = given.op.token;
  expect(name).toBe("n50");
  // The same count by looking at all keys, on the rings as `getState` tells of them. Keys are hashed here.
  const hash = (text) =>
    page.evaluate(async (names) => {
      const places = [];
      for (const name of names) {
        const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(name));
        places.push(new DataView(digest).getUint32(0));
      }
      return places;
    }, text);
  const positions = await hash(Array.from({ length: 10_000 }, (_, index) => `k${index + 1}`));
  const ringOf = (nodes) => [...nodes].flatMap(([id, { tokens }]) => tokens.map((token) => [token, id])).sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
  await seek(page, 3_000_000);
  const after = new Map((await state(page)).nodes.filter((node) => node.id.startsWith("n")).map((node) => [node.id, node.detail.ring]));
  expect(after.get("n50").tokens).toContain(token);
  const [was, is] = [ringOf(before), ringOf(after)];
  expect(was.length).toBe(20_000);
  const servers = (ring, position) => {
    let [low, high] = [0, ring.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if (ring[half][0] < position) low = half + 1;
      else high = half;
    }
    const found = new Set();
    for (let step = 0; found.size < 3; step += 1) found.add(ring[(low + step) % ring.length][1]);
    const all = [...found];
    return `${all[0]} of ${all.sort()}`;
  };
  expect(positions.filter((position) => servers(was, position) !== servers(is, position)).length).toBe(would);
  // By keyboard as well.
  await server(page, "n7").focus();
  await expect(page.locator(".crowd-name")).toHaveText(/^n7 · /);
  await page.keyboard.press("ArrowRight");
  await expect(middle(page)).toContainText("would move");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  // Whoever is added stands beside the others, and shows up in the table.
  await page.getByRole("button", { name: "Add a server" }).click();
  await seek(page, 5_000_000);
  await expect(page.locator(".ring-about")).toHaveText("20,200 virtual nodes · 101 servers");
  await expect(shares(page).getByRole("rowheader", { name: "n101" })).toHaveCount(1);
});

test("without arcs there is nothing to drag, and the ring says so", async ({ page }) => {
  for (const [query, word] of [["set.rendezvous=1", "Rendezvous"], ["variant=modulo-called-consistent", "Modulo"]]) {
    await open(page, `?lab=hash-ring&paused=1&t=1.5s&${query}`);
    await expect(page.locator(".ring-remark")).toHaveText(`${word} has no arcs to drag`);
    const place = await server(page, "n1").getAttribute("transform");
    const from = await centre(server(page, "n1"));
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(from[0] + 60, from[1] + 60, { steps: 6 });
    await expect(server(page, "n1")).toHaveAttribute("transform", place);
    await page.mouse.up();
    await expect(server(page, "n1")).toHaveAttribute("transform", place);
    await server(page, "n1").focus();
    await page.keyboard.press("ArrowRight");
    await expect(server(page, "n1")).toHaveAttribute("transform", place);
    expect(await commands(page)).toEqual([]);
  }
});

test("dragging stays smooth with nine servers and two hundred virtual nodes", async ({ page }) => {
  await open(page, "?lab=hash-ring&paused=1&t=0.5s&set.nodes=9&set.vnodes=200&set.keys=200");
  const from = await centre(server(page, "n1"));
  const around = await ringCentre(page);
  await page.mouse.move(...from);
  await page.mouse.down();
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  const script = async () => {
    const { metrics } = await client.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "ScriptDuration").value * 1_000;
  };
  const before = await script();
  for (let step = 1; step <= 60; step += 1) await page.mouse.move(...turned(from, around, step * 0.002));
  await expect(middle(page)).toContainText("would move");
  // Time of our own code, in ms: the rest is the browser's, and tells more about the machine.
  expect(((await script()) - before) / 60).toBeLessThan(16);
  await page.mouse.up();
});

for (const colorScheme of ["light", "dark"]) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });
    test("the ring is accessible, at rest, on the move and in hand", async ({ page }) => {
      await open(page, "?lab=hash-ring&paused=1&t=1.5s");
      await shares(page).getByRole("textbox", { name: "Key" }).fill("k7");
      await expectAccessible(page);
      await apply(page, { do: "request", node: "a1", op: { "remove-server": "n2" } });
      await seek(page, 1_530_000);
      await server(page, "n3").focus();
      await page.keyboard.press("ArrowRight");
      await expectAccessible(page);
    });
  });
}

test.describe("on a phone", () => {
  const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
  test.use(phone);

  test("a finger drags a server, and sheets show the rest", async ({ page }) => {
    await open(page, "?lab=hash-ring&paused=1&t=1.5s");
    await server(page, "n1").scrollIntoViewIfNeeded();
    const from = await centre(server(page, "n1"));
    const around = await ringCentre(page);
    const client = await page.context().newCDPSession(page);
    const touch = (type, spots) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: spots.map(([x, y]) => ({ x, y })) });
    await touch("touchStart", [from]);
    for (let step = 1; step <= 6; step += 1) await touch("touchMove", [turned(from, around, step * 0.01)]);
    await expect(middle(page)).toContainText("would move");
    // Nothing comes up that would push the ring away from the finger.
    await expect(page.getByRole("group", { name: "Virtual node" })).toHaveCount(0);
    await touch("touchEnd", []);
    const [given] = await commands(page);
    expect(given.op.token[0]).toBe("n1");
    await page.getByRole("group", { name: "Lenses" }).getByRole("button", { name: "Shares" }).click();
    // A key is looked up without scrolling, and the ring stays in sight.
    await shares(page).getByRole("textbox", { name: "Key" }).fill("k7");
    await expect(shares(page).getByText("Stored by")).toBeInViewport({ ratio: 1 });
    await expect(page.locator(".ring-art .replica")).toHaveCount(3);
    const ring = await page.locator(".ring-art .edge").nth(1).boundingBox();
    const sheet = await shares(page).boundingBox();
    expect(ring.width).toBeGreaterThan(90);
    expect(ring.y + ring.height).toBeLessThan(sheet.y);
    await expect(shares(page).getByRole("rowheader", { name: "n5" })).toBeVisible();
    for (const control of await shares(page).locator("button, input[type=text]").all()) {
      const box = await control.boundingBox();
      if (box) expect(Math.min(box.width, box.height), await control.innerText()).toBeGreaterThanOrEqual(44);
    }
    await expectAccessible(page);
  });
});
