/* The tabs of a frame. Python has the table of them, and makes the HTML of most. */
import { h, toNextCell } from "../panel.js";
import { tabs } from "../tabbed.js";

/** @typedef {import("./controls.js").Stepper} Stepper */

/** How many frames before and after one are asked for with it, so that going on needs no answer of Python. */
const AROUND = 3;

/** The tabs that are more than HTML. @type {Record<string, (my: Stepper, box: HTMLElement, found: any) => void>} */
const DRAWN_HERE = {
  calls: (my, box, calls) =>
    calls.forEach((/** @type {any} */ call) => box.append(...oneCall(my, call))),
};

/** @param {Stepper} my @param {string} open the tab to begin with @param {(tab: string) => void} remember */
export function frameTabs(my, open, remember) {
  const names = Object.keys(my.state.tabs);
  const known = details(my);
  const pages = Object.entries(my.state.tabs).map(([name, [label, title]]) => {
    const draw = () => onePage(my, name, known);
    return /** @type {[string, () => any, string]} */ ([label, draw, title]);
  });
  const begin = Math.max(names.indexOf(open), 0);
  return tabs("The frame", pages, begin, (n) => remember(names[n]));
}

/** What Python says of a frame under a tab. It is asked once, and for the frames around, too. @param {Stepper} my */
function details(my) {
  const known = new Map();
  /** @param {string} tab @param {number} place */
  const key = (tab, place) => {
    const { run, frames } = my.state;
    return JSON.stringify([run?.id, tab, place, tab === "calls" && frames.length]); // an answer may come later
  };
  /** @param {string} tab @param {number} place */
  async function fetch(tab, place) {
    const near = [...Array(2 * AROUND + 1).keys()].map((n) => place - AROUND + n);
    const places = near.filter(
      (n) => n === place || (n in my.state.frames && !known.has(key(tab, n))),
    );
    const keys = places.map((n) => key(tab, n));
    const found = (await my.it.ask("details", { tab, places, run_id: my.state.run?.id })) ?? [];
    found.forEach((/** @type {any} */ one, /** @type {number} */ n) => known.set(keys[n], one));
  }
  /** @param {string} tab @param {(found: any) => void} fill */
  return async function (tab, fill) {
    const { place, frames } = my.state;
    const wanted = key(tab, place);
    const has = (/** @type {number} */ n) => !(n in frames) || known.has(key(tab, n));
    if (known.has(wanted)) fill(known.get(wanted));
    if (!known.has(wanted) || !has(place - 1) || !has(place + 1)) {
      const isNew = !known.has(wanted);
      await fetch(tab, place);
      if (isNew && known.has(wanted)) fill(known.get(wanted));
    }
  };
}

/** @param {Stepper} my @param {string} name @param {ReturnType<typeof details>} known */
function onePage(my, name, known) {
  const box = h("div", { class: "anb-detail" });
  known(name, (found) => {
    if (DRAWN_HERE[name]) DRAWN_HERE[name](my, box, found);
    else box.innerHTML = found; // made safe by Python
    my.it.draw(box);
  });
  return box;
}

/** @param {Stepper} my @param {any} call */
function oneCall(my, call) {
  const ways = Object.entries(call.code).map(([name, text]) => {
    const isPython = name === "SDK" || name === "Responses";
    const draw = () => listing(my, /** @type {string} */ (text), isPython);
    return /** @type {[string, () => any]} */ ([name, draw]);
  });
  const way = my.way < ways.length ? my.way : 0; // not each call has all ways
  const code = tabs("The same as code", ways, way, (n) => (my.way = n)).element;
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
