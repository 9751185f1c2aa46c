/* Beside the form: the call as code, and what it would change. */
import { h, toNextCell } from "../panel.js";
import { tabs } from "../tabbed.js";
import { button } from "./controls.js";
import { asCell } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

/** @param {Form} my */
export function codeTabs(my) {
  const ways = my.checks.code.map((/** @type {any} */ { name }, /** @type {number} */ n) => [
    name,
    () => listing(my, n),
  ]);
  return tabs("The same as code", [...ways, ["what changes", () => changes(my)]]);
}

/** @param {Form} my @param {number} n */
function listing(my, n) {
  const { name, source, html } = my.checks.code[n];
  const code = h("div", { class: "anb-listing" });
  code.innerHTML = html; // made by render.code, which leaves nothing of the source but its characters
  const spoken = {
    tabindex: "0",
    role: "group",
    "aria-label": `${name} code`,
    "data-key": "listing",
  };
  for (const [key, value] of Object.entries(spoken))
    code.firstElementChild.setAttribute(key, value);
  const done = h("span", { class: "anb-mute", role: "status" });
  function put() {
    const isPut = toNextCell(my.model, my.state.id, asCell(name, source));
    done.textContent = isPut
      ? "It is in the next cell. Shift+Enter runs it."
      : "This page has no notebook to put it into: copy it.";
  }
  async function take() {
    done.textContent = (await copy(source))
      ? "Copied."
      : "The browser lets nothing be copied here: mark the text.";
  }
  const row = h(
    "div",
    { class: "anb-row" },
    button("Copy", take, "copy"),
    button("To next cell", put, "cell"),
    done,
  );
  return h("div", {}, code, row);
}

/** @param {Form} my */
function changes({ state, checks }) {
  if (!state.saved) return h("p", { class: "anb-mute" }, "It is not created yet.");
  if (!checks.changes.length) return h("p", { class: "anb-mute" }, "Nothing.");
  const rows = checks.changes.map((/** @type {any} */ { path, before, after }) => {
    const old = before == null ? null : h("del", {}, before);
    return h(
      "li",
      {},
      h("span", { class: "anb-mono" }, path),
      old,
      h("ins", {}, after ?? "(not set)"),
    );
  });
  return h("ul", { class: "anb-changes" }, ...rows);
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // the page may not; the text can be marked by hand
  }
}
