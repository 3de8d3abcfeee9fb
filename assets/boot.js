// Starts the page: offers `window.netsplit` at once, then loads the wasm, and says so plainly when that fails.
//
// The hand-shake: this script owns the promise `ready`. The wasm's `main` runs inside `init` below and installs the
// methods with `Object.assign(window.netsplit, api)`; when `init` returns they are there. `ready` resolves once a run is
// open as well, which the wasm says by its own promise `opened()`: a lab's code may have to come first.
// The names of the built files come from the attributes of this script's own tag, so this file never goes stale.
(() => {
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
    await glue.opened();
    clear();
    loader?.prepare();
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

  const ready = start();
  window.netsplit = { version, ready };
  // The message is the report; a caller who awaits `ready` gets the rejection as well.
  ready.catch(explain);
})();
