// `window.netsplit` as the contract has it: every call, everything that may be wrong with its argument, every event.
import { expect, open, test } from "./fixtures.mjs";

const PAUSED = "?lab=raft-log&seed=3&paused=1";

/** Calls `window.netsplit[method](...args)` and answers with what it returns or promises, or with what it throws. */
const call = (page, method, ...args) =>
  page.evaluate(
    async ([method, args]) => {
      try {
        return { value: await window.netsplit[method](...args) };
      } catch (error) {
        return { thrown: error instanceof Error ? error.message : `no Error: ${error}` };
      }
    },
    [method, args],
  );

const value = async (page, method, ...args) => {
  const answer = await call(page, method, ...args);
  expect(answer.thrown).toBeUndefined();
  return answer.value;
};

const state = (page) => value(page, "getState");

test("it offers what the contract lists, once it is ready", async ({ page }) => {
  await open(page, PAUSED);
  const offered = await page.evaluate(() =>
    Object.fromEntries(Object.entries(window.netsplit).map(([key, value]) => [key, typeof value])),
  );
  const methods = "labs load run getState play pause step seek setSpeed apply undo setBranch shareUrl exportSvg on".split(" ");
  for (const method of methods) expect(offered[method], method).toBe("function");
  expect(offered.version).toBe("string");
  const same = await page.evaluate(() => window.netsplit.ready.then((api) => api === window.netsplit));
  expect(same).toBe(true);
});

test("a lab is listed at once, and described once its code is there", async ({ page }) => {
  await open(page, PAUSED);
  const card = ["id", "title", "family", "aliases"];
  const rest = ["variants", "params", "ops", "metrics", "lenses", "tours"];
  const labs = await value(page, "labs");
  for (const lab of labs) expect(Object.keys(lab)).toEqual(expect.arrayContaining(card));
  const described = (lab) => rest.every((field) => field in lab);
  const full = labs.filter(described);
  expect(full.map(({ id }) => id)).toContain("raft-log");
  for (const param of full.flatMap((lab) => lab.params)) {
    expect(Object.keys(param)).toEqual(expect.arrayContaining(["key", "kind", "default", "min", "max", "choices", "unit", "live"]));
  }
  await page.evaluate(() => window.netsplit.load({ lab: "two-phase-commit" }));
  expect((await value(page, "labs")).filter(described).map(({ id }) => id)).toContain("two-phase-commit");
});

test("state has the fields of the contract", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 700_000);
  const now = await state(page);
  expect(Object.keys(now).sort()).toEqual(
    "branch branches digest in_flight lab links nodes panes playing seed set speed step time_us variant verdicts".split(" ").sort(),
  );
  expect(now).toMatchObject({ lab: "raft-log", variant: "correct", seed: 3, set: {}, time_us: 700_000, playing: false, branch: "a" });
  expect(now.digest).toMatch(/^[0-9a-f]{16}$/);
  expect(now.branches).toEqual([{ id: "a", parent: null, at_us: 0 }]);
  expect(now.links).toHaveLength(now.nodes.length * (now.nodes.length - 1));
  for (const node of now.nodes) {
    expect(Object.keys(node).sort()).toEqual("detail id label paused role up x y".split(" ").sort());
    expect(Number.isInteger(node.x) && Number.isInteger(node.y)).toBe(true);
  }
  for (const verdict of now.verdicts) {
    expect(Object.keys(verdict)).toEqual(expect.arrayContaining("name property kind status step time_us reason".split(" ")));
  }
  const flying = await page.evaluate(() => {
    while (window.netsplit.getState().in_flight.length === 0) window.netsplit.step(1);
    return window.netsplit.getState().in_flight[0];
  });
  expect(Object.keys(flying).sort()).toEqual("due_us from held id kind sent_us to".split(" ").sort());
  // Plain data all the way: JSON and back is the same.
  expect(await page.evaluate(() => JSON.stringify(window.netsplit.getState()) === JSON.stringify(JSON.parse(JSON.stringify(window.netsplit.getState()))))).toBe(true);
});

test("it plays, pauses, steps and seeks", async ({ page }) => {
  await open(page, PAUSED);
  const opening = await state(page);
  await value(page, "setSpeed", 2);
  await value(page, "play");
  await expect.poll(async () => (await state(page)).time_us).toBeGreaterThan(opening.time_us);
  expect(await state(page)).toMatchObject({ playing: true, speed: 2 });
  await value(page, "pause");
  const paused = await state(page);
  expect(paused.playing).toBe(false);
  await value(page, "step");
  expect((await state(page)).step).toBe(paused.step + 1);
  await value(page, "step", 9);
  expect((await state(page)).step).toBe(paused.step + 10);
  await value(page, "play");
  await value(page, "seek", 123_456);
  expect(await state(page)).toMatchObject({ playing: false, time_us: 123_456 });
});

test("a run is handed out and taken in, as data, as a link, as text", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 400_000);
  await value(page, "apply", { do: "crash", node: "n2" });
  await value(page, "seek", 900_000);
  const before = await state(page);
  const run = await value(page, "run");
  expect(run).toMatchObject({ format: 1, lab: "raft-log", seed: 3, commands: [{ at_us: 400_000, do: "crash", node: "n2" }] });
  expect(run.end).toEqual({ step: before.step, time_us: 900_000, digest: before.digest });
  const url = await value(page, "shareUrl");
  expect(url).toMatch(/#v1\.[\w-]+$/);
  for (const given of [run, url, url.slice(url.indexOf("#")), JSON.stringify(run)]) {
    await value(page, "load", { lab: "raft-election" });
    expect((await state(page)).lab).toBe("raft-election");
    await value(page, "load", given);
    await value(page, "seek", 900_000);
    expect((await state(page)).digest).toBe(before.digest);
  }
});

test("every command applies", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 600_000);
  const commands = [
    { do: "request", node: "c1", op: { put: ["x", 1] } },
    { do: "request", node: "n1", op: { get: "x" } },
    { do: "crash", node: "n1" },
    { do: "restart", node: "n1" },
    { do: "pause", node: "n2" },
    { do: "resume", node: "n2" },
    { do: "cut", from: "n1", to: "n2" },
    { do: "heal", from: "n1", to: "n2", both: false },
    { do: "partition", groups: [["n1"], ["n2", "n3"]] },
    { do: "heal-all" },
    { do: "link", from: "n1", to: "n2", latency_us: "100..200", loss_ppm: 1, duplicate_ppm: 2, reorder_ppm: 3, bandwidth_bps: 4_000 },
    { do: "link", from: "n1", to: "n2", latency_us: 500 },
    { do: "hold", from: "n1", to: "n2" },
    { do: "release", from: "n1", to: "n2" },
    ...["drop", "hold", "release", "duplicate", "deliver"].map((act) => ({ do: "message", id: "n1>n2#17", act })),
    { do: "message", id: "n1>n2#17.1", act: "drop" },
    { do: "clock", node: "n3", offset_us: -5, drift_ppm: 100 },
    ...["lose-unsynced", "torn", "slow", "full", "normal"].map((mode) => ({ do: "disk", node: "n3", mode, sync_us: "5..9" })),
    { do: "add-node", node: "n6" },
    { do: "remove-node", node: "n6" },
    { do: "set", key: "latency-ms", value: "7..9" },
    { do: "move", node: "n4", x: 10, y: -20 },
  ];
  const { step } = await state(page);
  for (const command of commands) await value(page, "apply", command);
  expect((await state(page)).step).toBe(step + commands.length);
  const { commands: recorded } = await value(page, "run");
  expect(recorded.map((command) => command.do)).toEqual(commands.map((command) => command.do));
});

test("to act in the past is to branch, and branches and commands can be left again", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 1_500_000);
  const future = await state(page);
  await value(page, "seek", 500_000);
  await value(page, "apply", { do: "crash", node: "n1" });
  const branched = await state(page);
  expect(branched).toMatchObject({ branch: "b", branches: [{ id: "a" }, { id: "b", parent: "a", at_us: 500_000 }] });
  await value(page, "setBranch", "a");
  await value(page, "seek", 1_500_000);
  expect((await state(page)).digest).toBe(future.digest);
  await value(page, "setBranch", "b");
  await value(page, "seek", 1_500_000);
  expect((await state(page)).digest).not.toBe(future.digest);
  expect(await value(page, "undo")).toBe(true);
  expect((await state(page)).digest).toBe(future.digest);
  expect(await value(page, "undo")).toBe(false);
});

test("bad input throws an Error that names the field, and the run is unchanged", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 800_000);
  await value(page, "apply", { do: "crash", node: "n2" });
  const before = await state(page);
  const run = await value(page, "run");
  const deep = (levels) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  const crash = { do: "crash", node: "n1" };
  const wrong = [
    ["load", [undefined], "run: "],
    ["load", [null], "run: "],
    ["load", [7], "run: "],
    ["load", [[]], "run: "],
    ["load", [{}], "lab: is missing"],
    ["load", ["hello"], "run: neither a link nor JSON"],
    ["load", ["#v9.abc"], "link: "],
    ["load", ["#v1.%%"], "link: is damaged"],
    ["load", [{ lab: "paxos" }], "lab: there is no lab"],
    ["load", [{ lab: "raft-log", variant: "x" }], "variant: "],
    ["load", [{ lab: "raft-log", seed: -1 }], "seed: "],
    ["load", [{ lab: "raft-log", seed: 2 ** 53 }], "seed: "],
    ["load", [{ lab: "raft-log", colour: 1 }], "colour: is not a known field"],
    ["load", [{ lab: "raft-log", set: { nodes: 100 } }], "set.nodes: "],
    ["load", [{ lab: "raft-log", set: { colour: 1 } }], "set.colour: "],
    ["load", [{ lab: "raft-log", commands: [{ at_us: 1, do: "crash", node: "n9" }] }], "commands[0].node: "],
    ["load", [{ lab: "raft-log", layout: { n1: [1] } }], "layout.n1: "],
    ["load", [{ lab: "raft-log", end: { step: 1 } }], "end.time_us: "],
    ["load", [{ format: 2, lab: "raft-log" }], "format: "],
    ["step", [-1], "n: "],
    ["step", [1.5], "n: "],
    ["step", ["3"], "n: "],
    ["step", [1e9], "n: "],
    ["step", [Infinity], "n: "],
    ["step", [null], "n: "],
    ["seek", [], "us: "],
    ["seek", [-1], "us: "],
    ["seek", [NaN], "us: "],
    ["seek", [1e18], "us: "],
    ["seek", [{}], "us: "],
    ["setSpeed", [], "speed: "],
    ["setSpeed", ["fast"], "speed: "],
    ["setSpeed", [0], "speed: "],
    ["setSpeed", [-1], "speed: "],
    ["setSpeed", [NaN], "speed: "],
    ["setSpeed", [Infinity], "speed: "],
    ["setSpeed", [1e9], "speed: "],
    ["setBranch", [], "branch: "],
    ["setBranch", ["z"], "branch: there is no branch"],
    ["setBranch", [1], "branch: "],
    ["apply", [], "command: "],
    ["apply", ["crash"], "command: "],
    ["apply", [{}], "do: is missing"],
    ["apply", [{ do: "explode" }], "do: there is no command"],
    ["apply", [{ do: "crash" }], "node: is missing"],
    ["apply", [{ do: "crash", node: "n9" }], "node: there is no node"],
    ["apply", [{ do: "crash", node: 1 }], "node: "],
    ["apply", [{ ...crash, at_us: 5 }], "at_us: is not a known field"],
    ["apply", [{ do: "cut", from: "n1", to: "n1" }], "to: "],
    ["apply", [{ do: "cut", from: "n1", to: "n2", both: 1 }], "both: "],
    ["apply", [{ do: "partition", groups: [["n1"], ["n1"]] }], "groups[1]: "],
    ["apply", [{ do: "link", from: "n1", to: "n2", loss_ppm: 1_000_001 }], "loss_ppm: "],
    ["apply", [{ do: "link", from: "n1", to: "n2", latency_us: "9..3" }], "latency_us: "],
    ["apply", [{ do: "message", id: "n1-n2", act: "drop" }], "id: "],
    ["apply", [{ do: "message", id: "n1>n2#1", act: "burn" }], "act: "],
    ["apply", [{ do: "clock", node: "n1", drift_ppm: 500_001 }], "drift_ppm: "],
    ["apply", [{ do: "disk", node: "n1", mode: "wet" }], "mode: "],
    ["apply", [{ do: "request", node: "n1", op: "sing" }], "op: there is no operation"],
    ["apply", [{ do: "request", node: "n1", op: { put: ["x"] } }], "op.put: "],
    ["apply", [{ do: "add-node", node: "n999" }], "node: "],
    ["apply", [{ do: "set", key: "nodes", value: 3 }], "key: "],
    ["apply", [{ do: "set", key: "latency-ms", value: -1 }], "value: "],
    ["apply", [{ do: "move", node: "n1", x: 0.5, y: 0 }], "x: "],
    ["apply", [deep(40)], "command: is nested more than 32 levels deep"],
    ["apply", [{ do: "request", node: "n1", op: deep(60) }], "command: is nested more than 32 levels deep"],
    ["load", [{ lab: "raft-log", commands: deep(60) }], "run: is nested more than 32 levels deep"],
    ["on", ["noise"], "event: "],
    ["on", ["step"], "fn: is a function"],
    ["on", [], "event: "],
  ];
  for (const [method, args, place] of wrong) {
    const what = `${method}(${JSON.stringify(args).slice(0, 100)})`;
    const { thrown } = await call(page, method, ...args);
    expect(thrown, what).toBeDefined();
    expect(thrown.startsWith(place), `${what}: ${thrown}`).toBe(true);
    expect(thrown, what).not.toMatch(/\n/);
    expect(await state(page), what).toEqual(before);
  }
  expect(await value(page, "run")).toEqual(run);
});

test("what cannot be handed over as JSON is refused, and does no harm", async ({ page }) => {
  await open(page, PAUSED);
  const before = await state(page);
  const refused = await page.evaluate(async () => {
    const cycle = { do: "crash" };
    cycle.node = cycle;
    // 2 to the power of 30 values, if each were followed to its end.
    let many = [];
    for (let level = 0; level < 30; level += 1) many = [many, many];
    // Deep enough to overflow the stack of whoever walks it by recursion.
    let deep = {};
    for (let level = 0; level < 200_000; level += 1) deep = { deep };
    let maps = new Map();
    for (let level = 0; level < 50_000; level += 1) maps = new Map([["deep", maps]]);
    const sparse = [];
    sparse.length = 2 ** 32 - 1;
    const odd = { cycle, many, deep, maps, sparse, function: () => 1, symbol: Symbol("x"), set: new Set([1]), bytes: new Uint8Array(9), number: 10n ** 30n };
    const thrown = {};
    for (const [what, thing] of Object.entries(odd)) {
      for (const method of ["apply", "load"]) {
        for (const argument of [thing, { do: "crash", node: thing }]) {
          try {
            await window.netsplit[method](argument);
            (thrown[what] ??= []).push("nothing");
          } catch (error) {
            (thrown[what] ??= []).push(error instanceof Error ? error.message : `no Error: ${error}`);
          }
        }
      }
    }
    return thrown;
  });
  const any = /^(run|command|lab|node|do|at_us): /;
  for (const [what, messages] of Object.entries(refused)) {
    for (const message of messages) expect(message, what).toMatch(any);
  }
  expect(refused.cycle[0]).toBe("command: is nested more than 32 levels deep");
  expect(refused.many[0]).toBe("command: has more than 500000 values");
  expect(refused.sparse[0]).toBe("command: has more than 500000 values");
  expect(refused.deep[2]).toBe("run: is nested more than 32 levels deep");
  expect(refused.maps[0]).toBe("command: is not plain data");
  expect(await state(page)).toEqual(before);
  await value(page, "step", 3);
  expect((await state(page)).step).toBe(before.step + 3);
});

/** Listens to `event` and keeps what comes in `window.heard`. */
const listen = (page, event) =>
  page.evaluate((event) => {
    window.off?.();
    window.heard = [];
    window.off = window.netsplit.on(event, (payload) => window.heard.push({ ...payload, at: performance.now() }));
  }, event);
const heard = (page) => page.evaluate(() => window.heard);

test("step events come at most ten times a second, and the last word is true", async ({ page }) => {
  await open(page, PAUSED);
  await listen(page, "step");
  // As fast as a script can, and then by playing.
  await page.evaluate(() => {
    for (let n = 0; n < 50; n += 1) window.netsplit.step(1);
  });
  const { step } = await state(page);
  await expect.poll(async () => (await heard(page)).at(-1)?.step).toBe(step);
  expect((await heard(page)).length).toBeLessThanOrEqual(11);
  await value(page, "setSpeed", 1);
  await value(page, "play");
  await expect.poll(async () => (await heard(page)).length).toBeGreaterThan(25);
  await value(page, "pause");
  const now = await state(page);
  await expect.poll(async () => (await heard(page)).at(-1)).toMatchObject({ step: now.step, time_us: now.time_us });
  const all = await heard(page);
  for (const event of all) expect(Object.keys(event).sort()).toEqual(["at", "step", "time_us"]);
  for (let index = 10; index < all.length; index += 1) {
    // A timer may fire a fraction of a millisecond early by this clock.
    expect(all[index].at - all[index - 10].at).toBeGreaterThan(990);
  }
  await page.evaluate(() => window.off());
  await value(page, "step", 5);
  await value(page, "seek", 0);
  expect(await page.evaluate(() => new Promise((done) => setTimeout(() => done(window.heard.length), 250)))).toBe(all.length);
});

test("notes are told while it plays and steps, and not for going back", async ({ page }) => {
  await open(page, PAUSED);
  await value(page, "seek", 0);
  await listen(page, "note");
  // Many steps in one call: every note, in order.
  await value(page, "step", 2_000);
  const stepped = await heard(page);
  expect(stepped.length).toBeGreaterThan(20);
  for (const event of stepped) {
    expect(Object.keys(event).sort()).toEqual(["at", "node", "note", "step", "time_us"]);
    expect(event.note).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(event.node).toMatch(/^[nc]\d$/);
  }
  expect(stepped.map((event) => event.step)).toEqual(stepped.map((event) => event.step).sort((a, b) => a - b));
  expect(stepped.map((event) => event.note)).toEqual(expect.arrayContaining(["became-candidate", "granted-vote", "became-leader"]));
  // Neither back nor forth by seeking.
  await value(page, "seek", 100_000);
  await value(page, "seek", 900_000);
  await value(page, "seek", 0);
  expect(await heard(page)).toHaveLength(stepped.length);
  // By playing, with many steps in a frame, the same come again.
  await page.evaluate(() => (window.heard.length = 0));
  await value(page, "setSpeed", 20);
  await value(page, "play");
  const { step } = stepped.at(-1);
  await expect.poll(async () => (await heard(page)).at(-1)?.step ?? 0).toBeGreaterThan(step);
  await value(page, "pause");
  const plain = (events) => events.filter((event) => event.step <= step).map(({ at, ...rest }) => rest);
  expect(plain(await heard(page))).toEqual(plain(stepped));
  // A command that makes a node speak is told of at once.
  await page.evaluate(() => (window.heard.length = 0));
  await value(page, "apply", { do: "request", node: "n1", op: "time-out" });
  await value(page, "step", 40);
  expect((await heard(page)).length).toBeGreaterThan(0);
  await page.evaluate(() => window.off());
  const count = (await heard(page)).length;
  await value(page, "step", 500);
  expect(await heard(page)).toHaveLength(count);
});

test("at most a thousand notes are told for one call, the newest", async ({ page }) => {
  await open(page, "?lab=raft-log&paused=1&set.write-every-ms=5&set.clients=4");
  await value(page, "seek", 0);
  await listen(page, "note");
  await value(page, "step", 20_000);
  const all = await heard(page);
  expect(all).toHaveLength(1_000);
  expect(all.at(-1).step).toBeGreaterThan(19_900);
});

test("verdicts, branches and errors are told", async ({ page }) => {
  await open(page, "?lab=raft-election&variant=fixed-timeout&paused=1");
  await listen(page, "verdict");
  await value(page, "seek", 8_000_000);
  const verdicts = await page.evaluate(() => window.netsplit.getState().verdicts);
  expect(verdicts.find((verdict) => verdict.property === "eventually-a-leader").status).toBe("violated");
  expect((await heard(page)).length).toBeGreaterThan(0);
  await listen(page, "branch");
  await value(page, "seek", 100_000);
  await value(page, "apply", { do: "crash", node: "n1" });
  expect((await heard(page)).map((event) => event.branch)).toEqual(["b"]);
  await value(page, "setBranch", "a");
  expect((await heard(page)).map((event) => event.branch)).toEqual(["b", "a"]);
  await listen(page, "error");
  await page.evaluate(() => (location.hash = "#v1.damaged"));
  await expect.poll(async () => (await heard(page)).length).toBe(1);
  expect((await heard(page))[0].message).toMatch(/^link: /);
});

test("listeners may call back, fail, and leave", async ({ page, complaints }) => {
  complaints.allow(/a listener of netsplit failed|listeners call back without end/);
  await open(page, PAUSED);
  const result = await page.evaluate(() => {
    const api = window.netsplit;
    api.seek(0);
    const leaders = [];
    const off = api.on("note", ({ note, node, step }) => {
      if (note !== "became-leader") return;
      // Everything may be called from in here: nothing of the run is borrowed.
      leaders.push([node, api.getState().step >= step, typeof api.run(), typeof api.exportSvg(), typeof api.shareUrl()]);
      api.apply({ do: "crash", node });
      api.seek(api.getState().time_us + 1_000);
      off();
    });
    api.on("note", () => {
      throw new Error("on purpose");
    });
    let later = 0;
    api.on("note", () => (later += 1));
    api.step(3_000);
    return { leaders, later, commands: api.run().commands.map((command) => command.do) };
  });
  expect(result.leaders).toEqual([[expect.stringMatching(/^n\d$/), true, "object", "string", "string"]]);
  expect(result.commands).toEqual(["crash"]);
  expect(result.later).toBeGreaterThan(20);
});

test("a listener that calls back without end is stopped", async ({ page, complaints }) => {
  complaints.allow(/listeners call back without end/);
  await open(page, PAUSED);
  const calls = await page.evaluate(() => {
    const api = window.netsplit;
    api.seek(10_000);
    api.seek(0);
    api.apply({ do: "heal-all" });
    let calls = 0;
    api.on("branch", ({ branch }) => {
      calls += 1;
      api.setBranch(branch === "a" ? "b" : "a");
    });
    api.setBranch("a");
    return calls;
  });
  expect(calls).toBe(2_000);
  expect(complaints.seen.filter((text) => /without end/.test(text))).toHaveLength(1);
  // And everything still works.
  await value(page, "step", 3);
  expect((await state(page)).step).toBeGreaterThan(0);
});

test("distance becomes latency by one button, and by name", async ({ page }) => {
  await open(page, "?lab=raft-election&paused=1");
  await value(page, "seek", 1_000_000);
  const before = await state(page);
  const button = page.getByRole("button", { name: "Distance is latency", exact: true });
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  const places = ({ nodes }) => nodes.map(({ id, x, y }) => ({ id, x, y }));
  expect(places(await state(page))).toEqual(places(before));
  expect((await value(page, "run")).commands).toEqual([
    expect.objectContaining({ at_us: 1_000_000, do: "set", key: "distance-us", value: 40 }),
  ]);
  // A follower far away hears its leader late.
  const leader = before.nodes.find((node) => node.role === "leader");
  const far = before.nodes.find((node) => node.role === "follower").id;
  await value(page, "apply", { do: "move", node: far, x: leader.x + 2_000, y: leader.y });
  const took = await page.evaluate(
    ([from, to]) => {
      const beats = () => window.netsplit.getState().in_flight.filter((m) => m.from === from && m.to === to && m.sent_us > 1_000_000);
      while (beats().length === 0) window.netsplit.step(1);
      const [{ sent_us, due_us }] = beats();
      return due_us - sent_us;
    },
    [leader.id, far],
  );
  expect(took).toBeGreaterThanOrEqual(80_000);
  expect(took).toBeLessThanOrEqual(90_000);
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  expect((await state(page)).nodes.find((node) => node.id === far)).toMatchObject({ x: leader.x + 2_000, y: leader.y });
});

test("the picture is well-formed, stands alone, and shows what the page shows", async ({ page }) => {
  await open(page, `${PAUSED}&theme=dark`);
  await value(page, "seek", 700_000);
  await value(page, "apply", { do: "cut", from: "n1", to: "n2" });
  await value(page, "apply", { do: "crash", node: "n4" });
  const text = await value(page, "exportSvg");
  const { nodes } = await state(page);
  // Read where no policy stands in the way, as a file would be.
  const elsewhere = await page.context().newPage();
  const picture = await elsewhere.evaluate((text) => {
    const document = new DOMParser().parseFromString(text, "image/svg+xml");
    const texts = [...document.querySelectorAll("text")].map((element) => element.textContent);
    return {
      error: document.querySelector("parsererror")?.textContent ?? null,
      root: document.documentElement.className.baseVal,
      title: document.querySelector("title").textContent,
      marks: document.querySelectorAll(".cut-mark").length,
      texts,
    };
  }, text);
  expect(picture.error).toBe(null);
  expect(picture.root).toBe("netsplit-dark");
  expect(picture.title).toBe("Raft: the replicated log, seed 3, at 0.7 s");
  expect(picture.marks).toBe(1);
  for (const node of nodes) expect(picture.texts).toContain(node.id);
  expect(text.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|href|<script|<image|@import|@font-face/);
  // Again it is the same, and in the other theme it is not.
  expect(await value(page, "exportSvg")).toBe(text);
  await page.getByRole("button", { name: "Light theme" }).click();
  expect(await value(page, "exportSvg")).toContain('class="netsplit-light"');
});
