/* What a person can do to a run: give its outputs, sit in the model's seat, fork it. */
import { h } from "../panel.js";

/** @typedef {import("./controls.js").Stepper} Stepper */

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
  const draw = { outputs: outputsForm, person: seatForm }[/** @type {string} */ (why)];
  const key = draw ? `${run.id} ${position.n} ${why}` : "";
  if (part.dataset.key === key) return;
  part.dataset.key = key;
  part.replaceChildren(...(draw ? [draw(my)] : []));
}

/** @param {Stepper} my */
function outputsForm(my) {
  const calls = my.state.run.required_action.submit_tool_outputs.tool_calls;
  const boxes = new Map();
  const rows = calls.map((/** @type {any} */ call) => {
    const box = h("textarea", { rows: 2, "aria-label": `Output of ${call.function.name}` });
    boxes.set(call.id, box);
    return h("div", {}, h("code", {}, `${call.function.name}(${call.function.arguments})`), box);
  });
  async function answerMine() {
    const found = (await my.it.ask("called")) ?? {};
    for (const [id, box] of boxes) box.value = found[id] ?? box.value;
  }
  let asked = ""; // the empty outputs that a person was asked about
  const question = h("p", { class: "anb-error", role: "alert" });
  function send(/** @type {Event} */ event) {
    event.preventDefault();
    const outputs = Object.fromEntries([...boxes].map(([id, box]) => [id, box.value]));
    const empty = calls.filter((/** @type {any} */ { id }) => !outputs[id].trim());
    const names = empty.map((/** @type {any} */ call) => call.function.name).join(", ");
    if (names && asked !== names) {
      asked = names;
      question.textContent = `The output of ${names} is empty. Press Submit outputs again to send it so.`;
      return boxes.get(empty[0].id).focus();
    }
    my.act("submit", { outputs });
  }
  const mine = h("button", { type: "button", onclick: answerMine }, "Let my functions answer");
  const submit = h("button", { class: "anb-primary" }, "Submit outputs");
  const title = h("b", {}, "The run waits for outputs");
  return h(
    "form",
    { class: "anb-form", onsubmit: send },
    title,
    ...rows,
    question,
    submit,
    " ",
    my.state.functions.length > 0 && mine,
  );
}

/** @param {Stepper} my */
function seatForm(my) {
  const { tools } = my.state.run;
  const text = h("textarea", { rows: 3, "aria-label": "Text of the answer" });
  const calls = h("div", {});
  const add = h(
    "button",
    { type: "button", onclick: () => calls.append(callRow(tools, my.it.call)) },
    "Add a tool call",
  );
  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    const made = [...calls.children].map((row) => ({
      name: row.querySelector("select").value,
      arguments: row.querySelector("textarea").value,
    }));
    const remarks = await my.act("answer", { text: text.value, tool_calls: made });
    if (remarks?.length) my.remark(remarks.join(" "));
  }
  const title = h("b", {}, "You are the model: the prompt is in its tab");
  const answer = h("button", { class: "anb-primary" }, "Answer");
  return h(
    "form",
    { class: "anb-form", onsubmit: send },
    title,
    text,
    calls,
    tools.length > 0 && add,
    " ",
    answer,
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
