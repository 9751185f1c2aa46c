/* The bar above the form: which assistant it is about, and what is asked before something is lost. */
import { h } from "../panel.js";
import { button } from "./controls.js";
import { plural } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

/** @param {Form} my @param {() => void} forgive called when another assistant comes, whose fields are not touched yet */
export function topBar(my, forgive) {
  const picker = h("select", {
    "aria-label": "Assistant to load",
    class: "anb-picker",
    onfocus: () => my.catalogue(),
  });
  const pill = h("span", { class: "anb-pill anb-warn-pill", hidden: true });
  const question = h("div", {
    class: "anb-question",
    role: "group",
    "aria-label": "Question",
    hidden: true,
  });
  const load = button(
    "Load",
    () => picker.value && unless(my, () => my.act("load", { id: picker.value }, "Loaded.")),
    "load",
  );
  const remove = button("Delete", () => askToDelete(my), "delete");
  function begin() {
    forgive();
    my.act("new", {}, "A new assistant.");
  }
  const bar = h(
    "div",
    { class: "anb-bar" },
    h("b", {}, "Assistant"),
    picker,
    load,
    button("New", () => unless(my, begin), "new"),
    button("Duplicate", () => my.act("duplicate", {}, "A copy, not created yet."), "duplicate"),
    h("span", { class: "anb-space" }),
    pill,
    remove,
  );
  return { bar, picker, load, pill, remove, question };
}

/** @param {Form} my */
export function fillPicker({ state, known, parts: { picker, load } }) {
  const now = picker.value || state.assistant.id;
  const all = known.assistants.length ? known.assistants : [["", "none yet"]];
  const words = (/** @type {[string, string]} */ [id, name]) =>
    id && name ? `${name} · ${id}` : id || name;
  picker.replaceChildren(
    ...all.map((/** @type {[string, string]} */ one) => h("option", { value: one[0] }, words(one))),
  );
  const isThere = known.assistants.some((/** @type {[string, string]} */ [id]) => id === now);
  picker.value = isThere ? now : state.assistant.id ? "" : all[0][0];
  load.setAttribute("aria-disabled", String(!known.assistants.length)); // a button that is disabled would lose the focus
}

/**
 * Ask before something is lost.
 * @param {Form} my @param {string} text @param {string} yes @param {() => void} then @param {any} back where the focus was
 */
function ask({ it, parts: { question } }, text, yes, then, back) {
  function close() {
    question.hidden = true;
    question.replaceChildren();
    back.focus();
  }
  function agree() {
    close();
    then();
  }
  question.replaceChildren(
    h("span", {}, text),
    button(yes, agree, "yes"),
    button("Cancel", close, "no"),
  );
  question.onkeydown = (/** @type {KeyboardEvent} */ event) =>
    void (event.key === "Escape" && close()); // false would stop the key
  question.hidden = false;
  question.querySelector("button").focus();
  it.say(text);
}

/** Do it at once if nothing would be lost. @param {Form} my @param {() => void} then */
function unless(my, then) {
  const { it, state, checks, draft } = my;
  const back = it.root.getRootNode().activeElement ?? my.parts.picker;
  const n = state.saved
    ? checks.changes.length
    : Number(JSON.stringify(draft) !== JSON.stringify(state.blank));
  if (!n) return then();
  ask(
    my,
    state.saved ? `${plural(n, "change")} not saved.` : "This assistant is not created yet.",
    "Discard it",
    then,
    back,
  );
}

/** @param {Form} my */
function askToDelete(my) {
  const { it, state } = my;
  if (!state.saved) return it.say("There is nothing to delete.");
  const name = state.assistant.name || state.assistant.id;
  const then = () => my.act("delete", {}, "Deleted. What is in the form can be created again.");
  ask(my, `Delete ${name}? It cannot be taken back.`, "Delete it", then, my.parts.remove);
}
