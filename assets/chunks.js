// Fetches the page's chunks, code that is a file of its own and comes when it is first needed, and the texts of tours.
// `cargo xtask build` fills in which there are, and adds the functions by which the main file asks for chunks. Unsplit
// pages do without.
//
// A chunk fits only the main file that it was made with: with another one it would write over its memory. So what
// arrives has to be, to the last byte, what its name says. The page says what went wrong, and offers to try again.

/** Files by the names of chunks, each with its length in bytes. */
const CHUNKS = {};
/** The chunk with the code of each lab. */
const LABS = {};
/** The tours on the shelf: the file of each with its length in bytes, and the lab that it is about. */
const TOURS = {};
/** The lab that opens when the address names none; `src/address.rs` decides. */
const LAB_DEFAULT = "raft-election";

/** The chunks that nobody waits for yet and somebody will soon: what can be done to what is picked, and by scripts. */
const SOON = ["actions"];

/** How long a chunk may take. */
const PATIENCE_MS = 60_000;

/** What the main file exports, once it runs. */
let attach;
const attached = new Promise((done) => (attach = done));
const loads = new Map();
const problems = new Map();
/** Files that have not come as they should, or not yet. */
const failed = new Set();

/** The hash in the names of files: FNV-1a over 64 bits, of the length and the content. */
const hashOf = (bytes) => {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  const add = (byte) => {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + low * 256) >>> 0;
    low = product >>> 0;
  };
  for (let at = 0; at < 8; at += 1) add(Math.floor(bytes.length / 256 ** at) % 256);
  bytes.forEach(add);
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
};

/** The bytes of a file; what begins otherwise than it should is something else. */
const fetched = async ([file, length], beginsRight) => {
  // What has failed once is not taken from the browser's cache again.
  const options = { signal: AbortSignal.timeout(PATIENCE_MS), cache: failed.has(file) ? "reload" : "default" };
  failed.add(file);
  let answer, bytes;
  try {
    answer = await fetch(new URL(file, import.meta.url), options);
    bytes = answer.ok && new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    if (error?.name === "TimeoutError") throw new Error(`it did not arrive within ${PATIENCE_MS / 1000} seconds`);
    throw new Error(answer ? "the connection broke off" : "the server cannot be reached");
  }
  if (!answer.ok) throw new Error(`the server answers ${answer.status}; this page may be out of date`);
  if (!beginsRight(bytes)) throw new Error("the server sends something else in its place");
  if (bytes.length < length) throw new Error(`only ${bytes.length} of ${length} bytes arrived`);
  if (!file.includes(hashOf(bytes))) throw new Error("the server sends that of another version of this page");
  failed.delete(file);
  return bytes;
};

const isWasm = (bytes) => [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);
const isNoPage = (bytes) => bytes[0] !== "<".charCodeAt(0);

const take = async (name) => {
  try {
    const code = await WebAssembly.compile(await fetched(CHUNKS[name], isWasm));
    await WebAssembly.instantiate(code, { __wasm_split: await attached });
    problems.delete(name);
  } catch (error) {
    problems.set(name, error?.message ?? String(error));
    throw error;
  }
};

const load = (name) => {
  if (!loads.has(name)) {
    const loading = take(name);
    loads.set(name, loading);
    // What has come stays; what has failed can be tried again.
    loading.catch(() => loads.delete(name));
  }
  return loads.get(name);
};

/** A function by which the main file asks for a chunk: it calls back, by the table that all share, whether it is there. */
const loader = (name) => async (callback, data) => {
  const there = await load(name).then(
    () => true,
    () => false,
  );
  const { __indirect_function_table: table } = await attached;
  table.get(callback)(data, there);
};

/** Why a chunk is not there, in words. */
const problem = (name) => problems.get(name) ?? "";

/** The text of a tour on the shelf. */
const tour = async (id) => new TextDecoder().decode(await fetched(TOURS[id], isNoPage));

// The lab that the address names opens as soon as the main file runs, so its chunk comes beside. Which lab a link is about,
// a tour that is a file of somebody's, or a lab's second name, the main file has to find out.
const query = new URLSearchParams(globalThis.location?.search ?? "");
const [wanted, known] = [query.get("tour"), TOURS[query.get("tour")]];
if (!globalThis.location?.hash && (known || wanted === null)) {
  const chunk = LABS[query.get("lab") ?? known?.[2] ?? LAB_DEFAULT];
  if (chunk) load(chunk).catch(() => {});
}

/** Fetches what will be wanted soon, and says whether all of it has come. */
const prepare = () =>
  Promise.all(SOON.map((name) => CHUNKS[name] && load(name))).then(
    () => true,
    () => false,
  );

export { attach, prepare, problem, tour };
