/* The form for the outputs that a run waits for: its calls of functions, each with a box. */
import { h } from "./panel.js";

/** @typedef {{id: string, function: {name: string, arguments: string}}} Asked as the API has it */

/** A call as code: `add({"a": 1})`. @param {Asked} call */
const title = (call) => `${call.function.name}(${call.function.arguments})`;

/**
 * The calls whose outputs are empty. @param {Asked[]} calls @param {Record<string, string>} outputs by the ids of the calls
 */
export const emptyOnes = (calls, outputs) => calls.filter(({ id }) => !outputs[id].trim());

/**
 * A form with a box for each call. An empty output is sent only at the second press. What was wrong with sending
 * stands in the form.
 * @param {any} it the frame
 * @param {Asked[]} calls
 * @param {boolean} functions whether the widget has functions that can answer
 * @param {(outputs: Record<string, string>) => Promise<any>} submit
 */
export function outputsForm(it, calls, functions, submit) {
  const note = h("p", { class: "anb-error", role: "alert" });
  let asked = ""; // the empty outputs that the person was asked about
  const boxes = new Map(calls.map((call) => [call.id, boxOf(call)]));
  const tell = (/** @type {Error} */ error) => void (note.textContent = error.message);

  /** @param {Asked} call */
  function boxOf(call) {
    const label = `Output of ${title(call)}`;
    return h("textarea", { rows: 2, dir: "auto", "aria-label": label, oninput: unask });
  }
  function unask() {
    asked = note.textContent = "";
  }
  async function fill() {
    unask();
    const found = await it.request("called").catch(tell);
    for (const [id, box] of boxes) box.value = found?.[id] ?? box.value;
  }
  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    const outputs = Object.fromEntries([...boxes].map(([id, box]) => [id, box.value]));
    const empty = emptyOnes(calls, outputs);
    const names = empty.map((call) => call.function.name).join(", ");
    if (names && asked !== names) {
      asked = names;
      note.textContent = `The output of ${names} is empty. Press Submit outputs again to send it so.`;
      return boxes.get(empty[0].id).focus();
    }
    unask();
    await submit(outputs).catch(tell);
  }
  const mine = h("button", { type: "button", onclick: fill }, "Let my functions answer");
  return h(
    "form",
    { class: "anb-form", onsubmit: send },
    h("b", {}, "The run waits for the outputs of its functions"),
    ...calls.map((call) => h("label", {}, h("code", {}, title(call)), boxes.get(call.id))),
    note,
    h("div", {}, h("button", { class: "anb-primary" }, "Submit outputs"), " ", functions && mine),
  );
}

/**
 * Show a form, or none. It is made anew only when it is for something else, so that what was typed stays. Tells whether
 * it was made.
 * @param {HTMLElement} part @param {string} [about] what the form is for @param {() => Element} [make]
 */
export function showForm(part, about = "", make = undefined) {
  if ((part.dataset.about ?? "") === about) return false;
  part.dataset.about = about;
  part.replaceChildren(...(make ? [make()] : []));
  return Boolean(make);
}
