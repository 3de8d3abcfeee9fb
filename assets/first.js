// Shows the page's frame before its code is there, with the opening picture of the lab that the address names, or, at home,
// with the cards of all labs as plain links. `cargo xtask build` fills in what there is; a draft goes without.
//
// Everything that it makes is marked `data-first` and goes when the page itself is there: `style/first.css` hides it in the
// very frame in which the page's own parts appear, and `boot.js` removes it.
(() => {
  /** What there is to say about each lab, in the order of the catalogue; `crates/labs/examples/pictures.rs` writes it. */
  const LABS = [];
  /** The hashes in the names of the pictures' files. */
  const PICTURES = {};
  /** The lab that opens when the address names none; `src/address.rs` decides. */
  const LAB_DEFAULT = "raft-election";
  /** Parameters that say how to look and not at what; `src/address.rs` has the same. */
  const LOOKS = ["theme", "paused", "embed", "chrome", "present", "debug"];

  /** What netsplit is, as `src/components/home.rs` says it. */
  const INTRODUCTION =
    "Real algorithms run here against a simulated cluster. Drag nodes, draw across links to cut them, catch a message, " +
    "rewind, try something else, and send what you found as a link.";

  const query = new URLSearchParams(location.search);
  const value = (key) => query.getAll(key).at(-1);
  const isOn = (key) => value(key) === "1";
  const embedded = isOn("embed");
  const present = isOn("present");
  const chrome = ["full", "minimal", "none"].find((known) => known === value("chrome")) ?? (embedded ? "minimal" : "full");
  const theme = ["light", "dark"].find((known) => known === value("theme"));
  // What a link or a tour shows only the page's code can tell.
  const elsewhere = /^#(v1|tour1)\./.test(location.hash) || query.has("tour");
  const home = !(elsewhere || query.has("lab") || embedded || present);
  const called = (name) => LABS.find(({ id, aliases }) => id === name || aliases.includes(name));
  const lab = elsewhere ? undefined : (called(value("lab")) ?? called(LAB_DEFAULT));
  // What an address asks for beyond its lab, and a diagram, which is upright on a phone, is not on the pictures.
  const narrow = matchMedia("(width < 760px)").matches;
  const other =
    (narrow && lab?.stage === "space-time") || [...query.keys()].some((key) => key.startsWith("set.") || ["stage", "compare"].includes(key));
  const correct = (value("variant") ?? "correct") === "correct";

  const root = document.documentElement;
  const mark = (name, value) => value !== undefined && root.setAttribute(name, value);
  mark("data-theme", theme);
  mark("data-chrome", chrome === "full" ? undefined : chrome);
  mark("data-home", home ? "" : undefined);
  mark("data-present", present ? "" : undefined);

  const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  /** The file of a lab's picture: `opening` or `card`. */
  const picture = (id, what, isDark) => {
    const name = `${id}-${what}-${isDark ? "dark" : "light"}`;
    return PICTURES[name] && `./${name}-${PICTURES[name]}.svg`;
  };
  // The cards of the page itself show the same files; see `card_picture` in `src/platform/page.rs`.
  window.netsplitCard = (id, isDark) => picture(id, "card", isDark);

  const make = (tag, attributes, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside.filter(Boolean));
    return element;
  };
  const image = (attributes) => make("img", { alt: "", ...attributes });
  const leadingTo = (id) => {
    const kept = [...query].filter(([key, value]) => LOOKS.includes(key) && /^[a-z0-9]+$/i.test(value));
    const parts = [...(id ? [["lab", id]] : []), ...kept].map(([key, value]) => `${key}=${value}`);
    return parts.length > 0 ? `?${parts.join("&")}` : location.pathname;
  };

  // The picture comes while the rest of the document does.
  const stage = lab && !other && image({ class: "layer", fetchpriority: "high", src: picture(lab.id, "opening", isDark) });

  const card = ({ id, title, family, summary, mistakes }) => {
    const still = image({ loading: "lazy", fetchpriority: "low", src: picture(id, "card", isDark) });
    return make(
      "li",
      {},
      make(
        "a",
        { class: "card", href: leadingTo(id) },
        make("span", { class: "thumbnail" }, still),
        make("span", { class: "family" }, family),
        make("b", {}, title),
        make("span", { class: "summary" }, summary),
        make("span", { class: "mistakes" }, `${mistakes} ways to get it wrong`),
      ),
    );
  };

  const show = () => {
    const boot = document.getElementById("boot");
    const [heading, words] = (!other && correct && lab?.invitation) || [];
    const add = (tag, attributes, ...inside) => document.body.append(make(tag, { "data-first": "", ...attributes }, ...inside));
    if (chrome === "full") {
      const option = ({ id, title }) => make("option", id === lab.id ? { selected: "" } : {}, title);
      const chosen = lab && make("select", { disabled: "" }, ...LABS.map(option));
      add(
        "header",
        { inert: "" },
        make("a", { class: "logo" }, "net", make("i", {}, "/"), "split"),
        chosen && make("label", { class: "choice lab" }, make("span", {}, "Lab"), chosen),
        make("span", { class: "space" }),
      );
    }
    if (home) {
      add(
        "section",
        { class: "introduction", "aria-label": "Introduction" },
        make("p", { class: "claim" }, "Break a distributed system. See why it broke."),
        make("p", {}, INTRODUCTION),
      );
    }
    add(
      "main",
      {},
      make(
        "div",
        { class: stage ? `stage ${lab.stage}` : "stage" },
        heading && make("div", { class: "invitation" }, make("h1", {}, heading), make("p", {}, words)),
        make("div", { class: "opening" }, stage),
        boot,
      ),
    );
    if (chrome !== "none") add("footer", {});
    add("aside", { class: "panel", inert: "" });
    if (home) {
      const search = make("label", { class: "search", inert: "" }, make("input", { type: "search", disabled: "" }));
      add(
        "section",
        { class: "catalogue", "aria-label": "Labs" },
        make("div", { class: "catalogue-head" }, make("h2", {}, "Labs"), search, make("span", { class: "found" }, `${LABS.length} labs`)),
        make("ul", { class: "cards" }, ...LABS.map(card)),
      );
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show, { once: true });
  else show();
})();
