// The published page comes in chunks. One that does not come, or not as it should, is said where it is missed; the run
// that is open stays as it is, and trying again works.
import { readFileSync } from "node:fs";
import { expect, open, test } from "./fixtures.mjs";
import { builtFile } from "./sizes.mjs";

const QUERY = "?lab=raft-election&seed=5&paused=1";
const dist = (name) => new URL(`../dist/${name}`, import.meta.url);
const chunk = (name) => builtFile(name, "wasm");
const PARTITIONING = new RegExp(chunk("partitioning"));
const state = (page) => page.evaluate(() => window.netsplit.getState());
const choose = (page, lab) => page.getByRole("combobox", { name: "Lab" }).selectOption(lab);
const wasm = { contentType: "application/wasm" };

/** What can happen to a chunk on its way, and what the page says then. */
const MISHAPS = {
  "is not there": [(route) => route.fulfill({ status: 404, body: "gone" }), "the server answers 404; this page may be out of date"],
  "meets a server that fails": [(route) => route.fulfill({ status: 500, body: "oh" }), "the server answers 500"],
  "is answered with a page": [(route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><p>Welcome" }), "something else in its place"],
  "belongs to another build": [(route) => route.fulfill({ ...wasm, body: otherBuild() }), "another version of this page"],
  "is another chunk": [(route) => route.fulfill({ ...wasm, path: dist(chunk("time")).pathname }), / bytes arrived|another version/],
  "is cut short": [(route) => route.fulfill({ ...wasm, body: readFileSync(dist(chunk("partitioning"))).subarray(0, 5_000) }), /only 5000 of \d+ bytes arrived/],
  "meets no server": [(route) => route.abort("connectionrefused"), "the server cannot be reached"],
};

/** The same length, and one byte of a text differs. */
function otherBuild() {
  const bytes = Buffer.from(readFileSync(dist(chunk("partitioning"))));
  bytes[bytes.length - 100] ^= 1;
  return bytes;
}

for (const [what, [mishap, said]] of Object.entries(MISHAPS)) {
  test(`a lab's chunk that ${what} is said, and leaves the run alone`, async ({ page, complaints }) => {
    complaints.allow(/Failed to load resource/);
    await open(page, QUERY);
    await page.route(PARTITIONING, mishap);
    const before = await state(page);
    await choose(page, "hash-ring");
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("could not be loaded: ");
    await expect(alert).toContainText(said);
    expect(await state(page)).toEqual(before);
    // The list of labs shows the one that is open.
    await expect(page.getByRole("combobox", { name: "Lab" })).toHaveValue("raft-election");
    await page.evaluate(() => window.netsplit.step(1));
    expect((await state(page)).step).toBe(before.step + 1);
    // The browser may keep what was wrong; trying again asks the server.
    await page.unroute(PARTITIONING);
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect.poll(async () => (await state(page)).lab).toBe("hash-ring");
    await expect(page.getByRole("combobox", { name: "Lab" })).toHaveValue("hash-ring");
    await expect(alert).toHaveCount(0);
  });
}

const TOUR = "committed-and-gone";
const tourFile = builtFile(`tour-${TOUR}`, "toml");
const tourText = () => readFileSync(dist(tourFile), "utf8");
const plain = { contentType: "text/plain; charset=utf-8" };

/** What can happen to the text of a tour, and what the page says then. */
const TOUR_MISHAPS = {
  "is not there": [(route) => route.fulfill({ status: 404, body: "gone" }), "the server answers 404"],
  "is answered with a page": [(route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><p>Welcome" }), "something else in its place"],
  "is cut short": [(route) => route.fulfill({ ...plain, body: tourText().slice(0, 900) }), /only 9\d\d of \d+ bytes arrived/],
  "is another text": [(route) => route.fulfill({ ...plain, body: `${tourText()}#` }), "another version of this page"],
  "meets no server": [(route) => route.abort("connectionrefused"), "the server cannot be reached"],
};

for (const [what, [mishap, said]] of Object.entries(TOUR_MISHAPS)) {
  test(`a tour that ${what} is said, and leaves the run alone`, async ({ page, complaints }) => {
    complaints.allow(/Failed to load resource/);
    await open(page, "?lab=raft-log&seed=5&paused=1");
    await page.route(new RegExp(tourFile), mishap);
    const before = await state(page);
    await page.getByRole("button", { name: "Tour", exact: true }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText(/^Committed, and gone.* could not be loaded: /);
    await expect(alert).toContainText(said);
    await expect(page.getByRole("region", { name: "Tour" })).toHaveCount(0);
    expect(await state(page)).toEqual(before);
    await page.unroute(new RegExp(tourFile));
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("region", { name: "Tour" })).toContainText("Step 1 of");
    await expect(alert).toHaveCount(0);
    // What has come once is there.
    await page.route(new RegExp(tourFile), (route) => route.abort());
    await page.getByRole("button", { name: "Tour", exact: true }).click();
    await expect(page.getByRole("region", { name: "Tour" })).toContainText("Step 1 of");
    await expect(alert).toHaveCount(0);
  });
}

test("a slow tour is waited for, and a newer wish takes its place", async ({ page }) => {
  await open(page, "?lab=raft-log&seed=5&paused=1");
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(new RegExp(tourFile), async (route) => {
    await held;
    await route.continue();
  });
  const before = await state(page);
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveText(/^Loading Committed, and gone/);
  expect(await state(page)).toEqual(before);
  await choose(page, "hash-ring");
  await expect.poll(async () => (await state(page)).lab).toBe("hash-ring");
  release();
  await expect(page.getByRole("region", { name: "Tour" })).toHaveCount(0);
  expect((await state(page)).lab).toBe("hash-ring");
});

test("an address with a tour takes one text and its lab's chunk", async ({ page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").at(-1)));
  await open(page, "?tour=one-server-leaves&paused=1");
  await expect(page.getByRole("region", { name: "Tour" })).toContainText("Step 1 of");
  expect(asked.filter((file) => file.endsWith(".toml"))).toEqual([builtFile("tour-one-server-leaves", "toml")]);
  expect(asked).toContain(chunk("partitioning"));
  expect(asked).not.toContain(chunk("consensus"));
});

test("a slow chunk is waited for, and says so", async ({ page }) => {
  await open(page, QUERY);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(PARTITIONING, async (route) => {
    await held;
    await route.continue();
  });
  const before = await state(page);
  await choose(page, "hash-ring");
  await expect(page.getByRole("status").filter({ hasText: "Loading" })).toBeVisible();
  expect(await state(page)).toEqual(before);
  release();
  await expect.poll(async () => (await state(page)).lab).toBe("hash-ring");
});

test("reloading keeps the run", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await open(page, QUERY);
  await page.evaluate(() => {
    window.netsplit.seek(400_000);
    window.netsplit.apply({ do: "crash", node: "n1" });
    window.netsplit.seek(900_000);
  });
  const { lab, seed, time_us, step, digest } = await state(page);
  await page.route(PARTITIONING, (route) => route.fulfill({ status: 404, body: "gone" }));
  await choose(page, "hash-ring");
  await Promise.all([page.waitForEvent("load"), page.getByRole("alert").getByRole("button", { name: "Reload" }).click()]);
  await page.evaluate(() => window.netsplit.ready.then(() => undefined));
  expect(await state(page)).toMatchObject({ lab, seed, time_us, step, digest });
});

test("a part of the page that does not come is said", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await page.route(new RegExp(chunk("space-time")), (route) => route.fulfill({ status: 503, body: "later" }));
  await open(page, QUERY);
  const before = await state(page);
  const stage = page.getByRole("region", { name: "Stage" });
  await stage.getByRole("button", { name: "Space-time" }).click();
  // One message, however many parts wait for it.
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("A part of the page could not be loaded: the server answers 503");
  expect((await state(page)).digest).toBe(before.digest);
  await page.unroute(new RegExp(chunk("space-time")));
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toHaveCount(0);
  await expect(stage.getByRole("group", { name: "What the long axis shows" })).toBeVisible();
  await expect(stage.locator(".st-area")).toBeVisible();
});

test("what leads through a tour comes with the first one, or that is said", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await page.route(new RegExp(chunk("asides")), (route) => route.fulfill({ status: 503, body: "later" }));
  await open(page, "?lab=raft-log&seed=5&paused=1");
  const before = await state(page);
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(/^Committed, and gone.* could not be loaded: the server answers 503/);
  expect(await state(page)).toEqual(before);
  await page.unroute(new RegExp(chunk("asides")));
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("region", { name: "Tour" })).toContainText("Step 1 of");
  await expect(alert).toHaveCount(0);
});

test("what can be done to a node comes ahead, and takes the focus also when it comes late", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  const actions = new RegExp(chunk("actions"));
  // Ahead of anybody's wish it may fail, and nobody hears of it.
  await page.route(actions, (route) => route.fulfill({ status: 503, body: "later" }));
  const failed = page.waitForResponse(actions);
  // Scripts are answered by the same file, so none asks.
  await page.goto(`./${QUERY}`);
  await failed;
  const alert = page.getByRole("alert");
  await expect(alert).toHaveCount(0);
  const node = page.getByRole("button", { name: /^n1,/ });
  await node.focus();
  await node.press("Enter");
  await expect(alert).toContainText("A part of the page could not be loaded: the server answers 503");
  await page.unroute(actions);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toHaveCount(0);
  const tools = page.getByRole("toolbar", { name: "Actions" });
  await expect(tools.getByRole("button", { name: "Crash" })).toBeVisible();
  await page.evaluate(() => window.netsplit.ready.then(() => undefined));
  const { digest } = await state(page);
  // Where it is there already, the focus goes to it at once.
  await page.keyboard.press("Escape");
  await node.focus();
  await node.press("Enter");
  await expect(tools.getByRole("button", { name: "Let go of n1" })).toBeFocused();
  // The run was not touched.
  await open(page, QUERY);
  expect((await state(page)).digest).toBe(digest);
});

test("who asks whether the page is ready waits for what answers, also through Try again", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource/);
  const actions = new RegExp(chunk("actions"));
  await page.route(actions, (route) => route.fulfill({ status: 503, body: "later" }));
  await page.goto(`./${QUERY}`);
  await page.evaluate(() => void (window.asked = window.netsplit.ready.then((netsplit) => netsplit.getState().lab)));
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("A part of the page could not be loaded: the server answers 503");
  const early = () => page.evaluate(() => Promise.resolve().then(() => window.netsplit.getState()).catch((error) => error.message));
  expect(await early()).toBe("not ready: await netsplit.ready");
  await page.unroute(actions);
  await alert.getByRole("button", { name: "Try again" }).click();
  expect(await page.evaluate(() => window.asked)).toBe("raft-election");
});

test("what answers scripts comes by itself once the page is idle", async ({ page }) => {
  await page.goto(`./${QUERY}`);
  await expect.poll(() => page.evaluate(() => Promise.resolve().then(() => window.netsplit.getState().lab).catch(() => ""))).toBe("raft-election");
});

test("forms that come late take the focus", async ({ page }) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(new RegExp(chunk("actions")), async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`./${QUERY}`);
  await page.getByRole("button", { name: "Split" }).click();
  const form = page.getByRole("dialog", { name: "Split" });
  await expect(form).toBeAttached();
  await expect(form.getByRole("checkbox")).toHaveCount(0);
  release();
  await expect(form.getByRole("checkbox").first()).toBeFocused();
});

test("opening a lab takes its family's chunk and no other", async ({ page }) => {
  const asked = [];
  page.on("request", (request) => {
    const file = new URL(request.url()).pathname.split("/").at(-1);
    // What can be done to a node is fetched ahead, sooner or later.
    if (file.endsWith(".wasm") && file !== chunk("actions")) asked.push(file);
  });
  await open(page, QUERY);
  const families = ["consensus", "time", "partitioning", "transactions"].filter((family) => asked.includes(chunk(family)));
  expect(families).toEqual(["consensus"]);
  // Another lab of the same family needs nothing more; one of another family its chunk, and what its screen has.
  asked.length = 0;
  await choose(page, "raft-log");
  await expect.poll(async () => (await state(page)).lab).toBe("raft-log");
  expect(asked).toEqual([]);
  await choose(page, "hash-ring");
  await expect.poll(async () => (await state(page)).lab).toBe("hash-ring");
  await expect(page.locator(".ring-base")).toBeVisible();
  expect(asked.sort()).toEqual([chunk("partitioning"), chunk("ring")].sort());
});
