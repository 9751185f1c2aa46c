/* The tabs of a frame. Python has the table of them, and makes the HTML of most. */
import { h, tabs, toNextCell } from "../panel.js";

/** @typedef {import("./controls.js").Stepper} Stepper */

/** The tabs that are more than HTML. @type {Record<string, (my: Stepper) => any>} */
const DRAWN_HERE = { calls: callsTab };

/** @param {Stepper} my */
export function frameTabs(my) {
  const pages = Object.entries(my.state.tabs).map(([name, label]) => {
    const draw = () => (DRAWN_HERE[name] ? DRAWN_HERE[name](my) : htmlTab(my, name));
    return /** @type {[string, () => any]} */ ([label, draw]);
  });
  return tabs("The frame", pages);
}

/** @param {Stepper} my @param {string} name */
function htmlTab(my, name) {
  const box = h("div", { class: "anb-detail" });
  my.it.ask("detail", { tab: name }).then((/** @type {string} */ html) => {
    box.innerHTML = html ?? ""; // made safe by Python
    my.it.draw(box);
  });
  return box;
}

/** @param {Stepper} my */
function callsTab(my) {
  const box = h("div", {});
  my.it.ask("code").then((/** @type {any[]} */ calls) => {
    for (const call of calls ?? []) box.append(...oneCall(my, call));
    my.it.draw(box);
  });
  return box;
}

/** @param {Stepper} my @param {any} call */
function oneCall(my, call) {
  const ways = Object.entries(call.code).map(([name, text]) => {
    const draw = () => listing(my, /** @type {string} */ (text), name === "SDK");
    return /** @type {[string, () => any]} */ ([name, draw]);
  });
  const code = tabs("The same as code", ways, my.way, (n) => (my.way = n)).element;
  if (!call.answer) return [h("h4", {}, call.why), code];
  const answer = h("div", {});
  answer.innerHTML = call.answer; // made safe by Python
  return [
    h("h4", {}, call.why),
    code,
    h("details", {}, h("summary", {}, "What the server answers"), answer),
  ];
}

/** @param {Stepper} my @param {string} text @param {boolean} isPython */
function listing({ it, model, state }, text, isPython) {
  const copy = () => navigator.clipboard.writeText(text).then(() => it.say("Copied"));
  const put = () =>
    it.say(
      toNextCell(model, state.id, text)
        ? "It is in the next cell"
        : "There is no cell to put it into",
    );
  const toCell = isPython && h("button", { type: "button", onclick: put }, "To next cell");
  return h(
    "div",
    {},
    h("pre", {}, h("code", {}, text)),
    h("button", { type: "button", onclick: copy }, "Copy"),
    " ",
    toCell,
  );
}
