// Starts the page: offers `window.netsplit` at once, then loads the wasm, and says so plainly when that fails.
//
// The hand-shake: the wasm's `main` runs inside `init` below. It says by its promise `opened()` that a run is open, for
// which a lab's code may have to come first, and by `speaks()` that the methods of `window.netsplit` are there: they come
// when a script asks for the promise `ready`, or when the page has nothing better to do. Until then calls say what they wait for.
// The names of the built files come from the attributes of this script's own tag, so this file never goes stale.
(() => {
  const NEED_A_RUN = ["run", "getState", "play", "pause", "step", "seek", "setSpeed", "apply", "undo", "setBranch", "shareUrl", "exportSvg"];
  const { js, wasm, chunks, version } = document.currentScript.dataset;
  const inPage = (path) => new URL(path, document.baseURI).href;
  const parsed = new Promise((done) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done, { once: true });
    else done();
  });

  const start = async () => {
    // The code loads while the document is still being parsed; the app mounts into a complete one.
    // A page that is split has a loader for its chunks, which needs to know what the main file exports.
    const [glue, loader] = await Promise.all([import(inPage(js)), chunks && import(inPage(chunks)), parsed]);
    const exports = await glue.default({ module_or_path: inPage(wasm) });
    loader?.attach(exports);
    // Where `first.js` has made a frame, that stays until there is a run in its place.
    document.querySelector("body > #boot")?.remove();
    return { glue, loader };
  };

  const open = async () => {
    const { glue, loader } = await started;
    await glue.opened();
    isOpen = true;
    clear();
    const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
    whenIdle(async () => (await (loader?.prepare() ?? true)) && glue.speaks());
  };

  const methods = async () => {
    const { glue } = await started;
    await glue.speaks();
    return window.netsplit;
  };

  const clear = () => document.querySelectorAll("[data-first]").forEach((part) => part.remove());

  const explain = async (error) => {
    await parsed;
    const place = document.body.appendChild(document.getElementById("boot") ?? document.createElement("p"));
    clear();
    place.setAttribute("role", "alert");
    place.textContent = `netsplit could not start: ${error?.message ?? error}. Please reload the page.`;
  };

  let isOpen = false;
  const started = start();
  const opened = open();
  let ready;
  window.netsplit = {
    version,
    get ready() {
      return (ready ??= Promise.all([methods(), opened]).then(([netsplit]) => netsplit));
    },
    load: async (run) => (await methods()).load(run),
  };
  const early = () => {
    throw new Error(isOpen ? "not ready: await netsplit.ready" : "no run is open");
  };
  for (const name of NEED_A_RUN) window.netsplit[name] = early;
  // The message is the report; a caller who awaits `ready` gets the rejection as well.
  opened.catch(explain);
})();
