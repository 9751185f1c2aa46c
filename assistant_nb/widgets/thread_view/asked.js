/* What a run waits for: the calls of functions, each with a box for its output. */
import { h } from "../panel.js";

/** @typedef {{id: string, name: string, arguments: string}} Asked */

/**
 * The outputs of a form, by the ids of their calls; null if one is empty and the person does not mean it.
 * @param {[string, string][]} outputs @param {(empty: number) => boolean} mean
 */
export function given(outputs, mean) {
  const empty = outputs.filter(([, output]) => !output.trim()).length;
  return empty && !mean(empty) ? null : Object.fromEntries(outputs);
}

/**
 * A form that is shown while a run waits for outputs.
 * @param {any} it the frame
 */
export function asked(it) {
  const element = h("form", { class: "anb-asked", hidden: true, onsubmit: send });
  const trouble = h("p", { class: "anb-error", role: "alert" });
  let run = "";
  let boxes = /** @type {[string, HTMLTextAreaElement][]} */ ([]);

  /** @param {{run: string, calls: Asked[], functions: boolean} | null} asks */
  function show(asks) {
    element.hidden = !asks;
    if ((asks?.run ?? "") === run) return;
    run = asks?.run ?? "";
    boxes = (asks?.calls ?? []).map((call) => [call.id, boxOf(call)]);
    trouble.textContent = "";
    element.replaceChildren(
      h("b", {}, "The run waits for the outputs of its functions"),
      ...(asks?.calls ?? []).map((call, n) => h("label", {}, title(call), boxes[n][1])),
      h(
        "div",
        {},
        h("button", { class: "anb-primary" }, "Submit outputs"),
        " ",
        asks?.functions &&
          h("button", { type: "button", onclick: fill }, "Let my functions answer"),
      ),
      trouble,
    );
    if (asks) it.say("The run waits for the outputs of its functions");
  }
  async function fill() {
    const found = await it.request("called").catch(fail);
    for (const [id, box] of boxes) box.value = found?.[id] ?? box.value;
  }
  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    const outputs = given(
      boxes.map(([id, box]) => [id, box.value]),
      (empty) => confirm(`${empty === 1 ? "An output is" : `${empty} outputs are`} empty. Submit?`),
    );
    trouble.textContent = "";
    if (outputs) await it.request("submit", { run_id: run, outputs }).catch(fail);
  }
  const fail = (/** @type {Error} */ error) => void (trouble.textContent = error.message);
  return { element, show };
}

/** @param {Asked} call */
function boxOf(call) {
  return h("textarea", { rows: 2, dir: "auto", "aria-label": `Output of ${title(call)}` });
}

/** @param {Asked} call */
function title(call) {
  return `${call.name}(${call.arguments})`;
}
