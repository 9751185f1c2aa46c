/* The controls of the form: each a label, a control, a hint, and a place for its mistake. */
import { h } from "../panel.js";

/**
 * @typedef {object} Form what the parts of the form share
 * @property {any} it the frame
 * @property {any} model
 * @property {any} state the latest from Python
 * @property {any} draft what was typed
 * @property {any} checks what Python says of the draft
 * @property {any} known what there is to choose from on the server
 * @property {any[]} offered the functions of the notebook
 * @property {boolean} pressed whether the button was: mistakes show then, or once their field was touched
 * @property {Set<string>} touched fields, of which Python has seen what was typed
 * @property {string[]} fresh fields of which it has not
 * @property {number} timer until Python hears of them
 * @property {Map<string, string>} served what the API has said about a field
 * @property {Map<string, {control: any, error: any}>} fields by their paths
 * @property {number} ids of elements, counted
 * @property {Map<string, {tool: string, part: any}>} uploads under way
 * @property {Promise<any>} ended one upload after the other, or each would make a vector store of its own
 * @property {Record<string, any>} parts that stay
 * @property {(path: string) => void} edited tells that something was typed
 * @property {() => void} build draws the fields anew
 * @property {() => void} show draws mistakes, code and changes anew
 * @property {() => Promise<void>} flush lets Python hear what was typed
 * @property {(name: string, args?: any, said?: string) => Promise<any>} act lets Python do something
 * @property {() => Promise<void>} catalogue asks what there is to choose from
 */

/** @param {string} label @param {() => void} onclick @param {string} key @param {string} [name] */
export function button(label, onclick, key, name) {
  return h("button", { type: "button", onclick, "data-key": key, "aria-label": name }, label);
}

/** @param {Form} my @param {string} path @param {string} label @param {any} control @param {any[]} more */
function field(my, path, label, control, ...more) {
  const id = nextId(my);
  const error = h("div", { class: "anb-mistake", id: `${id}-error`, hidden: true });
  control.id = id;
  control.dataset.key = path;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  my.fields.set(path, { control, error });
  const [hint, ...rest] = more;
  const head = h(
    "div",
    {},
    h("label", { for: id }, label),
    " ",
    h("small", { id: `${id}-hint` }, hint ?? ""),
  );
  return h("div", { class: "anb-field" }, head, control, ...rest, error);
}

/** @param {Form} my */
export function nextId(my) {
  return `${my.it.view}-${++my.ids}`;
}

/** A place for mistakes that belong to no single control. @param {Form} my @param {string} path */
export function place(my, path) {
  const error = h("div", { class: "anb-mistake", hidden: true, tabindex: -1, "data-key": path });
  my.fields.set(path, { control: error, error });
  return error;
}

/**
 * A line or an area of text.
 * @param {Form} my @param {string} path @param {any} owner @param {string} key what of it @param {string} label
 * @param {{lines?: number, limit?: number, hint?: string, code?: boolean, empty?: string, then?: () => void,
 *   placeholder?: string, list?: string, inputmode?: string, more?: any[]}} [how]
 */
export function text(my, path, owner, key, label, how = {}) {
  const counter = how.limit ? h("span", {}, "") : how.hint;
  function fit() {
    if (how.lines)
      control.rows = Math.max(how.lines, Math.min(control.value.split("\n").length, 4));
    if (how.limit)
      counter.textContent = `${[...control.value].length.toLocaleString("en")} of ${how.limit.toLocaleString("en")} characters`;
  }
  function oninput() {
    owner[key] = control.value || (how.empty ?? null);
    fit();
    how.then?.();
    my.edited(path);
  }
  const { placeholder, list, inputmode } = how;
  const typed = {
    spellcheck: how.code ? "false" : null,
    class: how.code ? "anb-mono" : null,
    autocomplete: "off",
  };
  const control = h(how.lines ? "textarea" : "input", {
    ...typed,
    placeholder,
    list,
    inputmode,
    oninput,
  });
  control.value = owner[key] ?? "";
  fit();
  return field(my, path, label, control, counter, ...(how.more ?? []));
}

/** A number as a text, and a slider beside it. @param {Form} my @param {string} name @param {number} most */
export function slider(my, name, most) {
  const label = { "aria-label": `${name}, slider`, "data-key": `${name}:range` };
  const range = h("input", { type: "range", min: 0, max: most, step: 0.01, ...label });
  const then = () => (range.value = String(my.draft[name] ?? 1));
  range.addEventListener("input", () => {
    my.draft[name] = range.value;
    const typed = my.fields.get(name);
    if (typed) typed.control.value = range.value;
    my.edited(name);
  });
  then();
  const how = {
    hint: `0 to ${most}`,
    inputmode: "decimal",
    placeholder: "not set: 1",
    then,
    more: [range],
  };
  return text(my, name, my.draft, name, name, how);
}

/**
 * One of some words.
 * @param {Form} my @param {string} path @param {any} owner @param {string} key @param {string} label
 * @param {string[]} words @param {boolean} [rebuild] whether other fields depend on it
 */
export function choice(my, path, owner, key, label, words, rebuild) {
  function onchange() {
    owner[key] = control.value || null;
    my.edited(path);
    if (rebuild) my.build();
  }
  const control = h(
    "select",
    { onchange },
    ...words.map((word) => h("option", { value: word }, word || "not set")),
  );
  control.value = owner[key] ?? "";
  return field(my, path, label, control);
}

/** @param {Form} my @param {any} owner @param {string} path */
export function strict(my, owner, path) {
  function onchange() {
    owner.strict = control.checked;
    my.edited(path);
  }
  const control = h("input", { type: "checkbox", onchange });
  control.checked = owner.strict === true;
  const part = field(my, path, "strict", control, "arguments keep to the schema exactly");
  part.classList.add("anb-tick");
  return part;
}
