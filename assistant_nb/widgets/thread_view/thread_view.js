/* A thread: what Python sends as HTML is put in its place, and gets what can be pressed. Texts of others are never made into HTML here. */
import { download, draw, frame, h } from "../panel.js";

const NEAR_PX = 300;

export default {
  /** @param {{model: any, el: HTMLElement}} _ */
  render({ model, el }) {
    return frame(model, el, "Thread", (it, state) => open(it, state));
  },
};

/** @param {any} it the frame @param {any} state */
function open(it, state) {
  const list = h("div", { class: "anb-list", role: "log", "aria-label": "Messages and runs", "aria-live": "off", tabindex: 0 });
  const older = h("button", { type: "button", class: "anb-more", onclick: () => more("older") }, "Show earlier messages");
  const newer = h("button", { type: "button", class: "anb-more", onclick: () => more("newer") }, "Show later messages");
  const summary = h("span", { class: "anb-mute" });
  const items = new Map();
  let loading = false;
  let sending = false; // so that one sees what comes of it, from wherever one reads

  const ends = h(
    "span",
    { class: "anb-ends" },
    h("button", { type: "button", onclick: () => jump("first") }, "First"),
    h("button", { type: "button", onclick: () => jump("last") }, "Last"),
  );
  const bar = h(
    "div",
    { class: "anb-bar" },
    h("b", {}, "Thread"),
    h("span", { class: "anb-mono" }, state.thread),
    summary,
    h("span", { class: "anb-space" }),
    ends,
    foldButton(list, it),
    exportMenu(it),
    searchBox(it, jump),
  );
  const box = composer(it, () => ((sending = true), toEnd()));
  it.body.append(bar, list, box.element);
  list.append(older, newer);
  list.addEventListener("click", (/** @type {Event} */ event) => press(it, event));
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if ((event.key === "Enter" || event.key === " ") && /** @type {Element} */ (event.target).matches("a.anb-file")) press(it, event);
  });
  list.addEventListener("scroll", () => {
    if (!loading && !older.hidden && list.scrollTop < NEAR_PX) more("older");
    else if (!loading && !newer.hidden && list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX) more("newer");
  });

  let settling = 0;
  /**
   * Go somewhere, and again when the browser, which measures only what it shows, has moved it: until it has stayed for
   * some frames, or the reader moves.
   * @param {() => void} go @param {() => number} where @param {number} frames
   */
  function settle(go, where, frames) {
    const mine = ++settling;
    let there = NaN;
    let left = frames;
    function again() {
      if (mine !== settling || !left--) return;
      if (where() !== there) {
        go();
        left = frames;
      }
      there = where();
      requestAnimationFrame(again);
    }
    again();
  }
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"])
    list.addEventListener(kind, () => (settling += 1), { passive: true });
  const toEnd = () => settle(() => (list.scrollTop = list.scrollHeight), () => list.scrollHeight, 2);
  /** Go to the end, and again once formulas are drawn: they move it. @param {Promise<void>[]} drawn */
  async function follow(drawn) {
    toEnd();
    const mine = settling;
    await Promise.all(drawn);
    if (mine === settling) toEnd();
  }
  /** Whether the reader is at the end, and wants to stay there. */
  const atEnd = () => newer.hidden && list.scrollHeight - list.scrollTop - list.clientHeight < 40;

  /** @param {any} about */
  function tellAbout(about) {
    if (!about.summary) return;
    summary.textContent = about.summary;
    box.waits(about.waits);
    older.hidden = !about.older;
    newer.hidden = !about.newer;
    ends.hidden = !about.older && !about.newer;
  }

  /** @param {string} id @param {string} html @param {Element | null | undefined} before the item it goes behind */
  function put(id, html, before) {
    const made = made_of(html);
    made.dataset.id = id;
    decorate(made, id, it);
    const old = items.get(id);
    items.set(id, made);
    if (made.tagName === "DETAILS") made.open = old?.open ?? !list.hasAttribute("data-folded");
    if (old) old.replaceWith(made);
    else (before ?? older).after(made);
    return made;
  }

  it.on("items", (/** @type {any} */ { ops, ...about }) => {
    const stay = sending || (!loading && atEnd());
    const anchor = stay ? null : firstVisible(list, items);
    const top = anchor?.getBoundingClientRect().top ?? 0;
    const focused = /** @type {any} */ (it.root.getRootNode()).activeElement?.closest?.("[data-id]")?.dataset.id;
    const drawn = [];
    for (const op of ops) {
      if (op.drop) {
        items.get(op.drop)?.remove();
        items.delete(op.drop);
      } else if (op.put) drawn.push(it.draw(put(op.put, op.html, items.get(op.after))));
      else grow(items.get(op.blocks), op.keep, op.html, it);
    }
    tellAbout(about);
    sending &&= !newer.hidden;
    if (stay) follow(drawn);
    else if (anchor?.isConnected) list.scrollTop += anchor.getBoundingClientRect().top - top;
    if (focused && !it.root.contains(/** @type {any} */ (it.root.getRootNode()).activeElement)) list.focus({ preventScroll: true });
  });

  /** @param {"older" | "newer"} way */
  async function more(way) {
    loading = true;
    await it.ask(way);
    loading = false;
  }

  /** @param {string} to */
  async function jump(to) {
    loading = true;
    const id = await it.ask("jump", { to });
    loading = false;
    const item = items.get(id);
    if (!item) return;
    settle(
      () => item.scrollIntoView({ block: "center" }),
      () => item.getBoundingClientRect().top - list.getBoundingClientRect().top,
      30,
    );
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.classList.add("anb-found");
    setTimeout(() => item.classList.remove("anb-found"), 2000);
  }

  let last = older;
  for (const [id, html] of state.items) last = put(id, html, last);
  tellAbout(state);
  follow([it.draw(list)]);
  it.call("join").catch(() => {});
}

/** HTML that Python has made safe, as an element. @param {string} html */
function made_of(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const list of template.content.querySelectorAll("ul, ol")) list.setAttribute("dir", "auto");
  return /** @type {any} */ (template.content.firstElementChild);
}

/** @param {Element} list @param {Map<string, Element>} items */
function firstVisible(list, items) {
  const top = list.getBoundingClientRect().top;
  for (const item of items.values()) if (item.getBoundingClientRect().bottom > top) return item;
  return null;
}

/**
 * Show the last blocks of a message that grows; the first `keep` stay as they are.
 * @param {Element | undefined} item @param {number} keep @param {string[]} blocks @param {any} it
 */
function grow(item, keep, blocks, it) {
  const content = item?.querySelector(".anb-content");
  if (!content) return;
  while (content.children.length > keep) /** @type {Element} */ (content.lastElementChild).remove();
  for (const block of blocks) {
    const made = made_of(block);
    content.append(made);
    it.draw(content);
  }
}

/** What can be pressed in an item. @param {any} made @param {string} id @param {any} it */
function decorate(made, id, it) {
  for (const time of made.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString();
    time.title = at.toLocaleString();
  }
  for (const link of made.querySelectorAll("a.anb-file")) {
    link.tabIndex = 0;
    link.setAttribute("role", "button");
    link.title = "Save this file";
  }
  for (const mark of made.querySelectorAll("sup.anb-cite")) {
    const number = mark.textContent;
    mark.replaceChildren(h("button", { type: "button", class: "anb-link", "aria-label": `Source ${number}`, "data-note": number }, number));
  }
  const raw = h("button", { type: "button", class: "anb-raw", "aria-expanded": "false", onclick: () => toggleRaw(raw, made, id, it) }, "JSON");
  if (made.tagName === "DETAILS") made.querySelector(".anb-steps").prepend(raw);
  else made.querySelector(".anb-who").append(raw);
}

/** @param {any} button @param {Element} item @param {string} id @param {any} it */
async function toggleRaw(button, item, id, it) {
  const shown = item.querySelector(":scope > .anb-json");
  if (shown) shown.remove();
  else {
    const html = await it.ask("raw", { id });
    if (html) item.append(h("div", { class: "anb-json" }, made_of(html)));
    it.draw(item);
  }
  button.setAttribute("aria-expanded", String(!shown));
}

/** A citation opens what it cites; a file is saved. @param {any} it @param {any} event */
async function press(it, event) {
  const note = event.target.closest("[data-note]");
  const link = event.target.closest("a.anb-file");
  if (note) {
    const number = note.dataset.note;
    const fold = [...note.closest("article").querySelectorAll(".anb-note")].find((one) => one.textContent.startsWith(number));
    if (!fold) return;
    fold.open = true;
    fold.querySelector("summary").focus();
  } else if (link) {
    event.preventDefault();
    const file = await it.ask("file", { file_id: link.dataset.file });
    if (!file) return;
    download(file.name, Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0)).buffer);
    it.say(`${file.name} is saved`);
  }
}

/** @param {Element} list @param {any} it */
function foldButton(list, it) {
  const button = h("button", { type: "button", "aria-pressed": "false", onclick: toggle }, "Fold all");
  function toggle() {
    const folded = list.toggleAttribute("data-folded");
    for (const run of /** @type {NodeListOf<HTMLDetailsElement>} */ (list.querySelectorAll("details.anb-run"))) run.open = !folded;
    button.setAttribute("aria-pressed", String(folded));
    button.textContent = folded ? "Unfold all" : "Fold all";
    it.say(folded ? "All is folded" : "All is unfolded");
  }
  return button;
}

/** @param {any} it */
function exportMenu(it) {
  const names = { markdown: "Markdown", html: "HTML", notebook: "Notebook" };
  const buttons = Object.entries(names).map(([kind, name]) => h("button", { type: "button", onclick: () => save(kind) }, name));
  const menu = h("details", { class: "anb-menu" }, h("summary", {}, "Export"), h("div", {}, buttons));
  /** @param {string} kind */
  async function save(kind) {
    it.say("The thread is being read");
    const file = await it.ask("export", { kind });
    if (!file) return;
    download(file.name, kind === "html" ? await drawn(file.text, it) : file.text, file.type);
    it.say(`${file.name} is saved`);
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  return menu;
}

/** A page with its formulas drawn: nothing runs where it is read. @param {string} html @param {any} it */
async function drawn(html, it) {
  const page = new DOMParser().parseFromString(html, "text/html");
  await draw(page.body, it.call);
  return `<!doctype html>\n${page.documentElement.outerHTML}\n`;
}

/** @param {any} it @param {(id: string) => void} jump */
function searchBox(it, jump) {
  const input = h("input", { type: "search", placeholder: "Search", "aria-label": "Search the thread" });
  const hits = h("div", { class: "anb-hits", hidden: true });
  const progress = h("div", { class: "anb-mute" });
  let search = 0;
  let count = 0;
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") start();
    else if (event.key === "Escape") close();
  });
  input.addEventListener("input", () => input.value || close());
  function close() {
    search += 1;
    hits.hidden = true;
  }
  function start() {
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
        hits.append(h("button", { type: "button", onclick: () => jump(hit.id) }, h("b", {}, hit.role), ` ${hit.words}`));
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

/** The box for the next message. @param {any} it @param {() => void} begin called when a message is sent */
function composer(it, begin) {
  const text = h("textarea", { rows: 2, dir: "auto", "aria-label": "Message", placeholder: "Write a message. Ctrl+Enter sends it." });
  const choice = h("select", { "aria-label": "Assistant that answers" }, h("option", { value: "" }, "no run"));
  const send = h("button", { type: "submit", class: "anb-primary" }, "Send");
  const stop = h("button", { type: "button", class: "anb-stop", hidden: true, onclick: () => it.ask("stop") }, "Stop");
  const form = h("form", { class: "anb-composer" }, text, choice, send, stop);
  let waits = false; // for outputs, or a run that another has begun is under way
  let listed = "";
  /** @type {string | undefined} */ let chosen; // at first the newest assistant

  async function load() {
    const found = await it.ask("assistants");
    if (!found || JSON.stringify(found) === listed) return;
    listed = JSON.stringify(found);
    chosen ??= found[0]?.id;
    choice.replaceChildren(
      h("option", { value: "" }, "no run"),
      ...found.map((/** @type {any} */ one) => h("option", { value: one.id, selected: one.id === chosen }, `${one.name} (${one.model})`)),
    );
    choose();
  }
  function choose() {
    send.textContent = choice.value ? "Send and run" : "Send";
  }
  choice.addEventListener("focus", load, { passive: true });
  choice.addEventListener("change", () => ((chosen = choice.value), choose()));
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  });
  form.addEventListener("submit", submit);
  it.on("sent", (/** @type {any} */ sent) => sent.text === text.value && (text.value = "")); // another view may hold another message
  it.on("running", (/** @type {any} */ { on }) => running(on));

  /** @param {boolean} on */
  function running(on) {
    send.disabled = on;
    offerStop();
    it.say(on ? "The run has begun" : "The run is over");
  }
  function offerStop() {
    if (!send.disabled && !waits && document.activeElement === stop) text.focus();
    stop.hidden = !send.disabled && !waits;
  }
  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!text.value.trim() || send.disabled) return;
    begin();
    if (choice.value) running(true);
    await it.ask("send_message", { text: text.value, assistant_id: choice.value || null });
    if (choice.value) running(false);
  }
  load();
  return { element: form, waits: (/** @type {boolean} */ on) => ((waits = on), offerStop()) };
}
