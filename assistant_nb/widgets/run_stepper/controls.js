/* The bar of controls, its menus and its keys. */
import { h } from "../panel.js";
import { menu } from "../menu.js";
import { icon } from "./icons.js";

/** The moves: name, key, label, tooltip, and whether its label stands on a bar of middle width. @type {[string, string, string, string, boolean][]} */
const MOVES = [
  ["back", "ArrowLeft", "Back", "Show the frame before.", true],
  [
    "step",
    "ArrowRight",
    "Step",
    "Show the next frame; at the last one, let the run make one move.",
    true,
  ],
  ["over", "o", "Over the step", "Go to the end of the current run step.", false],
  ["to_tool", "t", "To next tool", "Go to the next call of a tool.", true],
  ["to_breakpoint", "b", "To breakpoint", "Go to the next breakpoint.", true],
  ["to_end", "e", "To the end", "Go as far as the run goes.", true],
  ["stop", "s", "Stop the run", "Cancel the run, as a client would.", false],
];

/**
 * @typedef {object} Stepper what the parts of the stepper share
 * @property {any} it the frame
 * @property {any} model
 * @property {any} state the latest from Python, and the frame that is looked at
 * @property {(name: string, args?: any) => Promise<any>} act asks Python, one thing after the other
 * @property {(name: string) => void} move makes a move, after those that wait
 * @property {(place: number) => void} go shows a frame that is known
 * @property {number} way to write a call: the one that was chosen last
 * @property {(words: string) => void} remark says something about a person's answer, until the next move
 */

/** A button of the bar: its picture or its label, as there is room. @param {string} name @param {string} label @param {string} title @param {Record<string, any>} [more] */
function control(name, label, title, { major = false, ...more } = {}) {
  const look = `anb-control${major ? " anb-major" : ""}${name === "step" ? " anb-primary" : ""}`;
  const words = { type: "button", class: look, "aria-label": label, title, ...more };
  return h("button", words, icon(name), h("span", {}, label));
}

/** @param {Stepper} my @param {() => void} openFork */
export function controlBar(my, openFork) {
  const buttons = Object.fromEntries(
    MOVES.map(([name, key, label, title, major]) => {
      const tip = `${title} Key: ${keyName(key)}`;
      return [name, control(name, label, tip, { major, onclick: () => my.move(name) })];
    }),
  );
  const held = control("hold", "Hold", "", {
    onclick: () => isHeldOff(my.state) || my.act(my.state.position.held ? "release" : "hold"),
  });
  const slide = () => my.go(Number(slider.value) - 1);
  const look = { type: "range", min: 1, max: 1, value: 1, "aria-label": "Frame" };
  const slider = h("input", { ...look, title: "Show another frame.", oninput: slide });
  const marks = breakpointMenu(my);
  const what = whatIfMenu(my);
  const fork = control("fork", "Fork here", "Go on otherwise from this frame, in a new run.", {
    major: true,
    "aria-expanded": "false",
    onclick: () => my.state.frames.length && openFork(),
  });
  const help = h(
    "button",
    { type: "button", "aria-label": "Keyboard map", title: "List the keys." },
    "?",
  );
  function refresh() {
    const { frames, place, position } = my.state;
    for (const [name, button] of Object.entries(buttons)) switchOff(button, isOff(name, my.state));
    switchOff(held, isHeldOff(my.state));
    switchOff(fork, !frames.length);
    const [name, label, title] = position.held
      ? ["release", "Let it run", "Let the run go on by itself."]
      : ["hold", "Hold", "Hold the run: from then on it moves by hand."];
    held.replaceChildren(icon(name), h("span", {}, label));
    held.title = title;
    held.setAttribute("aria-label", label);
    slider.max = Math.max(frames.length, 1);
    slider.value = place + 1;
    slider.disabled = frames.length < 2;
    marks.refresh();
    what.refresh();
  }
  const element = h(
    "div",
    { class: "anb-bar anb-controls", role: "toolbar", "aria-label": "Controls" },
    ...[...Object.values(buttons), held, slider, h("span", { class: "anb-space" })],
    ...[marks.button, marks.box, what.button, what.box, fork, help, menu(help, helpTable())],
  );
  return { element, refresh, fork, help };
}

/** Off, but with the focus, if it has it. @param {HTMLElement} button @param {boolean} off */
function switchOff(button, off) {
  button.setAttribute("aria-disabled", String(off));
}

/** Whether nothing is left to hold. @param {any} state */
const isHeldOff = ({ run, position }) => !run || position.why === "ended";

/** Whether a move can do nothing now. @param {string} name @param {any} state */
export function isOff(name, state) {
  const { frames, place, run, position, statuses, guess } = state;
  if (name === "back") return place <= 0;
  if (name === "stop") return !run || !statuses[run.status]?.can_stop;
  if (!run || place < frames.length - 1) return false;
  const waits = guess?.question && !guess.guessed;
  return waits || ["ended", "outputs", "person"].includes(position.why) || !position.held;
}

/** @param {Stepper} my */
function breakpointMenu(my) {
  const inner = h("div", { role: "group", "aria-label": "Breakpoints" });
  const button = control("breakpoints", "Breakpoints", "Choose where To breakpoint stops.");
  const count = h("small", {});
  button.append(count);
  let drawn = "";
  function refresh() {
    const all = breakpoints(my.state);
    const key = JSON.stringify([all, my.state.breakpoints]);
    if (key === drawn) return;
    drawn = key;
    count.textContent = my.state.breakpoints.length || "";
    button.setAttribute("aria-label", `Breakpoints (${my.state.breakpoints.length})`);
    const set = new Set(my.state.breakpoints.map((/** @type {any} */ one) => JSON.stringify(one)));
    const focused = [...inner.querySelectorAll("input")].findIndex((box) => box.matches(":focus"));
    inner.replaceChildren(...all.map((one) => tick(one, set.has(JSON.stringify(one)))));
    inner.querySelectorAll("input")[focused]?.focus();
  }
  function tick(/** @type {any} */ breakpoint, /** @type {boolean} */ checked) {
    const set = (/** @type {any} */ event) =>
      my.it.ask("break_at", { breakpoint, on: event.target.checked });
    const box = h("input", { type: "checkbox", checked, onchange: set });
    return h("label", {}, box, ` ${Object.entries(breakpoint)[0].join(": ")}`);
  }
  return { button, box: menu(button, inner), refresh };
}

/** Where a run can stop. @param {any} state */
function breakpoints(state) {
  const tools = (state.run?.tools ?? []).map((/** @type {any} */ tool) =>
    tool.type === "function" ? { function: tool.function.name } : { tool: tool.type },
  );
  const statuses = Object.keys(state.moves).map((status) => ({ status }));
  return [...statuses, { step: "message_creation" }, { step: "tool_calls" }, ...tools];
}

/** What would otherwise take time, or luck. @param {Stepper} my */
function whatIfMenu(my) {
  const button = control(
    "what_if",
    "What if …",
    "Let time pass, or let the model's next answer go wrong.",
    { major: true },
  );
  const pass = { type: "button", onclick: () => my.act("pass_time") };
  const set = h("p", { role: "status" });
  const wrong = Object.entries(my.state.faults).map(([kind, words]) =>
    h("button", { type: "button", onclick: () => fault(kind, words) }, words),
  );
  const next = h(
    "div",
    { role: "group", "aria-label": "The model's next answer" },
    ...[h("p", {}, "the model is asked next, and"), ...wrong, set],
  );
  const box = menu(button, h("button", pass, "ten minutes pass"), next);
  let seen = 0;
  async function fault(/** @type {string} */ kind, /** @type {string} */ words) {
    if ((await my.act("fault", { kind })) !== undefined)
      set.textContent = `Set: the model is asked next, and ${words}.`;
  }
  function refresh() {
    if (seen !== my.state.frames.length) set.textContent = "";
    seen = my.state.frames.length;
  }
  return { button, box, refresh };
}

/** The move that a key is for. @param {string} key */
export function moveOf(key) {
  return MOVES.find(([, one]) => one === key)?.[0];
}

/** @param {string} key */
const keyName = (key) => ({ ArrowLeft: "←", ArrowRight: "→" })[key] ?? key;

/** What the keys do. */
function helpTable() {
  const more = [
    ["↑ ↓", "Frame by frame", "In the list of frames: show the frame above or below."],
    ["Home End", "First, last", "In the list of frames: show the first or the last frame."],
    ["Esc", "Close", "Close a menu or the comparison."],
    ["?", "Keys", "Show this list."],
  ];
  const moves = MOVES.map(([, key, label, title]) => [keyName(key), label, title]);
  const rows = [...moves, ...more].map(([key, label, title]) =>
    h(
      "tr",
      {},
      h("td", {}, h("kbd", {}, key)),
      h("th", { scope: "row" }, label),
      h("td", {}, title),
    ),
  );
  return h("table", { "aria-label": "Keyboard map" }, h("tbody", {}, ...rows));
}

/** Opens a part, or closes it, and says so at its button. @param {HTMLElement} part @param {HTMLElement} button @param {boolean} [on] */
export function fold(part, button, on = part.hidden === true) {
  part.hidden = !on;
  button.setAttribute("aria-expanded", String(on));
}
