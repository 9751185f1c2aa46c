/* A thread: what Python sends as HTML is put in its place, and gets what can be pressed. Texts of others are never made into HTML here. */
import { frame, h } from "../panel.js";
import { exportMenu, foldButton, searchBox } from "./bar.js";
import { composer } from "./composer.js";
import { decorate, elementOf, grow, press } from "./items.js";
import { below, firstVisible, scroller } from "./scrolling.js";

const NEAR_PX = 300;

export default {
  /** @param {{model: any, el: HTMLElement}} _ */
  render({ model, el }) {
    return frame(model, el, "Thread", (it, state) => open(it, state));
  },
};

/** @param {any} it the frame @param {any} state */
function open(it, state) {
  const parts = layOut(it, state.kind, more, jump, () => ((sending = true), scroll.toEnd()));
  const { list, older, newer, box } = parts;
  const scroll = scroller(list);
  const items = new Map();
  let loading = false;
  let sending = false; // so that one sees what comes of it, from wherever one reads
  list.addEventListener("scroll", () => {
    if (loading) return;
    if (!older.hidden && list.scrollTop < NEAR_PX) more("older");
    else if (!newer.hidden && below(list) < NEAR_PX) more("newer");
  });
  it.on("items", change);
  let last = older;
  for (const [id, html] of state.items) last = put(id, html, last);
  tellAbout(state);
  scroll.follow([it.draw(list)]);
  it.call("join").catch(() => {});

  /** @param {any} about */
  function tellAbout(about) {
    if (!about.summary) return;
    parts.summary.textContent = about.summary;
    parts.thread.textContent = about.thread;
    parts.tryIt.hidden = about.copied || about.kind === "Conversation";
    box.tellAbout(about);
    older.hidden = !about.older;
    newer.hidden = !about.newer;
    parts.ends.hidden = !about.older && !about.newer;
  }

  /** @param {string} id @param {string} html @param {Element | null | undefined} before the item it goes behind */
  function put(id, html, before) {
    const made = elementOf(html);
    made.dataset.id = id;
    decorate(made, id, it);
    const old = items.get(id);
    items.set(id, made);
    if (made.tagName === "DETAILS") made.open = old?.open ?? !list.hasAttribute("data-folded");
    if (old) old.replaceWith(made);
    else (before ?? older).after(made);
    return made;
  }

  /** Show what is new; the reader stays at the end, or at the item that is in view. @param {any} message */
  function change({ ops, ...about }) {
    const stay = sending || (!loading && newer.hidden && below(list) < 40);
    const anchor = stay ? null : firstVisible(list, items);
    const top = anchor?.getBoundingClientRect().top ?? 0;
    const focused = active()?.closest?.("[data-id]")?.dataset.id;
    const drawn = ops.map(apply).filter(Boolean);
    tellAbout(about);
    sending &&= !newer.hidden;
    if (stay) scroll.follow(drawn);
    else if (anchor?.isConnected) list.scrollTop += anchor.getBoundingClientRect().top - top;
    if (focused && !it.root.contains(active())) list.focus({ preventScroll: true });
  }

  /** @param {any} op */
  function apply(op) {
    if (op.put) return it.draw(put(op.put, op.html, items.get(op.after)));
    if (op.blocks) return grow(items.get(op.blocks), op.keep, op.html, it);
    items.get(op.drop)?.remove();
    items.delete(op.drop);
    return undefined;
  }

  function active() {
    return /** @type {any} */ (it.root.getRootNode()).activeElement;
  }

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
    if (items.has(id)) scroll.toItem(items.get(id));
  }
}

/**
 * Put the parts of a view into its frame, still empty.
 * @param {any} it @param {"Thread" | "Conversation"} kind @param {(way: "older" | "newer") => void} more
 * @param {(to: string) => void} jump @param {() => void} begin called when a message is sent
 */
function layOut(it, kind, more, jump, begin) {
  const log = { role: "log", "aria-label": "Messages and runs", "aria-live": "off", tabindex: 0 };
  const list = h("div", { class: "anb-list", ...log });
  const before = { type: "button", class: "anb-more", onclick: () => more("older") };
  const after = { type: "button", class: "anb-more", onclick: () => more("newer") };
  const older = h("button", before, "Show earlier messages");
  const newer = h("button", after, "Show later messages");
  const summary = h("span", { class: "anb-mute" });
  const first = h("button", { type: "button", onclick: () => jump("first") }, "First");
  const last = h("button", { type: "button", onclick: () => jump("last") }, "Last");
  const ends = h("span", { class: "anb-ends" }, first, last);
  const thread = h("span", { class: "anb-mono" });
  const title = [h("b", {}, kind), thread, summary];
  const tip = "Talk on a copy of this thread. The thread stays as it is, and so do later ids.";
  const copy = { type: "button", title: tip, onclick: () => it.ask("try_on_copy") };
  const tryIt = h("button", copy, "Try it on a copy");
  const tools = [tryIt, ends, foldButton(list, it), ...exportMenu(it), searchBox(it, jump)];
  const bar = h("div", { class: "anb-bar" }, ...title, h("span", { class: "anb-space" }), ...tools);
  const box = composer(it, kind, begin);
  it.body.append(bar, list, box.element);
  list.append(older, newer);
  list.addEventListener("click", (/** @type {Event} */ event) => press(it, event));
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const onFile = /** @type {Element} */ (event.target).matches("a.anb-file");
    if (onFile && (event.key === "Enter" || event.key === " ")) press(it, event);
  });
  return { list, older, newer, summary, thread, tryIt, ends, box };
}
