/* The bar above the thread: fold, export, search. */
import { draw } from "../formulas.js";
import { menu } from "../menu.js";
import { download, h } from "../panel.js";

/** A search begins when nothing was typed for this time. */
const TYPING_MS = 250;

/** @param {Element} list @param {any} it */
export function foldButton(list, it) {
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false", onclick: toggle },
    "Fold all",
  );
  function toggle() {
    const folded = list.toggleAttribute("data-folded");
    for (const run of /** @type {NodeListOf<HTMLDetailsElement>} */ (
      list.querySelectorAll("details.anb-run")
    ))
      run.open = !folded;
    button.setAttribute("aria-pressed", String(folded));
    button.textContent = folded ? "Unfold all" : "Fold all";
    it.say(folded ? "All is folded" : "All is unfolded");
  }
  return button;
}

/** A button, and the menu that it opens. @param {any} it */
export function exportMenu(it) {
  const names = { markdown: "Markdown", html: "HTML", notebook: "Notebook" };
  const buttons = Object.entries(names).map(([kind, name]) =>
    h("button", { type: "button", onclick: () => save(kind) }, name),
  );
  const button = h("button", { type: "button" }, "Export");
  const box = menu(button, h("div", { role: "group", "aria-label": "Export" }, buttons));
  /** @param {string} kind */
  async function save(kind) {
    box.hidePopover();
    it.say("The thread is being read");
    const file = await it.ask("export", { kind });
    if (!file) return;
    download(file.name, kind === "html" ? await drawn(file.text, it) : file.text, file.type);
    it.say(`${file.name} is saved`);
  }
  return [button, box];
}

/** A page with its formulas drawn: nothing runs where it is read. @param {string} html @param {any} it */
async function drawn(html, it) {
  const page = new DOMParser().parseFromString(html, "text/html");
  await draw(page.body, it.call);
  return `<!doctype html>\n${page.documentElement.outerHTML}\n`;
}

/** @param {any} it @param {(id: string) => void} jump */
export function searchBox(it, jump) {
  const input = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search the thread",
  });
  const hits = h("div", { class: "anb-hits", hidden: true });
  const progress = h("div", { class: "anb-mute" });
  let search = 0;
  let count = 0;
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") start();
    else if (event.key === "Escape") close();
  });
  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    if (input.value) typing = window.setTimeout(start, TYPING_MS);
    else close();
  });
  function close() {
    search += 1;
    hits.hidden = true;
  }
  function start() {
    clearTimeout(typing);
    if (!input.value.trim()) return;
    hits.replaceChildren(progress);
    hits.hidden = false;
    count = 0;
    progress.textContent = "Searching …";
    it.ask("find", { text: input.value.trim(), search: ++search, view: it.view });
  }
  it.on("found", (/** @type {any} */ found) => {
    if (found.view !== it.view || found.search !== search) return;
    for (const hit of found.hits)
      if (hits.childElementCount <= 200)
        hits.append(
          h(
            "button",
            { type: "button", onclick: () => jump(hit.id) },
            h("b", {}, hit.role),
            ` ${hit.words}`,
          ),
        );
    count += found.hits.length;
    progress.textContent = `${count} found in ${found.looked} messages${found.done ? "" : " so far …"}${count > 200 ? "; these are the first 200" : ""}`;
    if (found.done) it.say(progress.textContent);
  });
  hits.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    close();
    input.focus();
  });
  return h("div", { class: "anb-search" }, input, hits);
}
