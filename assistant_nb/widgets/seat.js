/* The form for the model's seat: a person answers in the model's place, with words and calls. */
import { h } from "./panel.js";

/**
 * Arguments to begin with: every parameter of a function, with the nearest value to none that it takes.
 * @param {any} schema
 * @returns {any}
 */
export function begun(schema) {
  const none = /** @type {Record<string, any>} */ ({
    string: "",
    integer: 0,
    number: 0,
    boolean: false,
    array: [],
  });
  const value = (/** @type {any} */ one) =>
    one.default ??
    one.const ??
    one.enum?.[0] ??
    (one.properties ? begun(one) : (none[one.type] ?? null));
  return Object.fromEntries(
    Object.entries(schema?.properties ?? {}).map(([name, one]) => [name, value(one)]),
  );
}

/**
 * @param {any} it the frame
 * @param {any[]} tools those of the run
 * @param {any} prompt what the model is asked: an element or a sentence
 * @param {(said: {text: string, tool_calls: {name: string, arguments: string}[]}) => Promise<any>} answer
 */
export function seatForm(it, tools, prompt, answer) {
  const text = h("textarea", { rows: 3, dir: "auto", "aria-label": "Text of the answer" });
  const calls = h("div", {});
  const note = h("p", { class: "anb-error", role: "alert" });
  const addCall = () => calls.append(callRow(tools, it.call));
  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    note.textContent = "";
    const made = [...calls.children].map((row) => ({
      name: row.querySelector("select").value,
      arguments: row.querySelector("textarea").value,
    }));
    await answer({ text: text.value, tool_calls: made }).catch(
      (/** @type {Error} */ error) => (note.textContent = error.message),
    );
  }
  const add = h("button", { type: "button", onclick: addCall }, "Add a tool call");
  const submit = h("button", { class: "anb-primary" }, "Answer");
  return h(
    "form",
    { class: "anb-form", onsubmit: send },
    ...[h("b", {}, "You are the model"), prompt, text, calls, note],
    h("div", {}, tools.length > 0 && add, " ", submit),
  );
}

/** A tool call that a person writes; its arguments are checked while typing. @param {any[]} tools @param {any} call */
function callRow(tools, call) {
  const names = tools.map((tool) => (tool.type === "function" ? tool.function.name : tool.type));
  const about = h("p", { class: "anb-mute" });
  const fault = h("span", { class: "anb-error", role: "status" });
  const args = h("textarea", { rows: 2, "aria-label": "Arguments, as JSON", oninput: check });
  const name = h(
    "select",
    { "aria-label": "Tool", onchange: fill },
    ...names.map((one) => h("option", {}, one)),
  );
  function fill() {
    const tool = tools[names.indexOf(name.value)];
    about.textContent = tool.function?.description ?? "";
    args.value = tool.type === "function" ? JSON.stringify(begun(tool.function.parameters)) : "";
    check();
  }
  function check() {
    const typed = args.value;
    const say = (/** @type {string | null} */ words) =>
      typed === args.value && (fault.textContent = words ?? "");
    if (tools[names.indexOf(name.value)].type !== "function") return say("");
    call("check", { function: name.value, arguments: typed }).then(say, () => say(""));
  }
  const remove = h("button", { type: "button", onclick: () => row.remove() }, "Remove");
  const row = h("div", { class: "anb-call" }, name, about, args, remove, fault);
  fill();
  return row;
}
