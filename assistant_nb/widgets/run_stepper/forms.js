/* What a person can do to a run: give its outputs, sit in the model's seat, fork it. */
import { outputsForm, showForm } from "../outputs.js";
import { h } from "../panel.js";
import { seatForm } from "../seat.js";

/** @typedef {import("./controls.js").Stepper} Stepper */

/**
 * An edit with another value in the place of its own.
 * @param {any} edit @param {string} value
 */
export function edited(edit, value) {
  const [kind, body] = Object.entries(edit)[0];
  const slot = { message: "content", answer: "text", arguments: "arguments", output: "output" }[
    kind
  ];
  return { [kind]: slot ? { .../** @type {any} */ (body), [slot]: value } : value };
}

/** Draw the form for what the run waits for at its last frame, if it waits. @param {HTMLElement} part @param {Stepper} my */
export function drawPart(part, my) {
  const { position, run, place, frames } = my.state;
  const why = place >= frames.length - 1 ? position.why : "";
  const make = { outputs, person }[/** @type {string} */ (why)];
  if (make) showForm(part, `${run.id} ${position.n} ${why}`, () => make(my));
  else showForm(part);
}

/** @param {Stepper} my */
function outputs(my) {
  const { run, functions } = my.state;
  return outputsForm(
    my.it,
    run.required_action.submit_tool_outputs.tool_calls,
    functions.length > 0,
    (given) => my.act("submit", { outputs: given }),
  );
}

/** @param {Stepper} my */
function person(my) {
  return seatForm(my.it, my.state.run.tools, "The prompt is in its tab.", async (said) => {
    const remarks = await my.act("answer", said);
    if (remarks?.length) my.remark(remarks.join(" "));
  });
}

/** Fill a part with what a fork at this frame can change. @param {HTMLElement} part @param {Stepper} my */
export async function fillFork(part, my) {
  const found = (await my.it.ask("edits")) ?? [];
  const options = found.map((/** @type {any} */ one, /** @type {number} */ n) =>
    h("option", { value: n }, one.label),
  );
  const choice = h(
    "select",
    { "aria-label": "What is otherwise", onchange: fill },
    h("option", { value: "" }, "nothing: try it again"),
    ...options,
  );
  const text = h("textarea", { rows: 3, "aria-label": "Instead", hidden: true });
  function fill() {
    text.hidden = choice.value === "";
    text.value = found[choice.value]?.value ?? "";
    text.focus();
  }
  const fork = () =>
    my.act("fork", {
      edit: choice.value === "" ? null : edited(found[choice.value].edit, text.value),
    });
  const go = h("button", { type: "button", class: "anb-primary", onclick: fork }, "Fork");
  part.replaceChildren(h("b", {}, "From here on, otherwise: "), choice, text, go);
  choice.focus();
}
