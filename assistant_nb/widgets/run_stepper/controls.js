/* The bar of controls, its menus and its keys. */
import { h } from "../panel.js";

/** The keys, the controls they are for, and their labels. */
const KEYS = [
  ["ArrowLeft", "back", "Back"],
  ["ArrowRight", "step", "Step"],
  ["o", "over", "Over the step"],
  ["t", "to_tool", "To next tool"],
  ["b", "to_breakpoint", "To breakpoint"],
  ["e", "to_end", "To the end"],
  ["s", "stop", "Stop the run"],
];

/**
 * @typedef {object} Stepper what the parts of the stepper share
 * @property {any} it the frame
 * @property {any} model
 * @property {any} state the latest from Python
 * @property {(name: string, args?: any) => Promise<any>} act asks Python, with the controls off meanwhile
 * @property {boolean} busy
 * @property {number} way to write a call: the one that was chosen last
 */

/**
 * @param {Stepper} my
 * @param {any[]} others buttons at the end of the bar
 */
export function controlBar(my, others) {
  const go = () => my.it.ask("go", { place: Number(slider.value) - 1 });
  const slider = h("input", {
    type: "range",
    min: 1,
    max: 1,
    value: 1,
    "aria-label": "Frame",
    oninput: go,
  });
  const count = h("span", { class: "anb-mute" });
  const buttons = Object.fromEntries(
    KEYS.map(([, name, text]) => [
      name,
      h(
        "button",
        {
          type: "button",
          class: name === "step" ? "anb-primary" : "",
          onclick: () => my.act(name),
        },
        text,
      ),
    ]),
  );
  const held = h("button", {
    type: "button",
    onclick: () => my.act(my.state.position.held ? "release" : "hold"),
  });
  const marks = breakpointMenu(my);
  const what = whatIfMenu(my);
  function refresh() {
    const { frames, place, run, position } = my.state;
    for (const [name, button] of Object.entries(buttons)) button.disabled = isOff(name, my.state);
    held.hidden = !run || position.why === "ended";
    held.textContent = position.held ? "Let it run" : "Hold";
    slider.max = Math.max(frames.length, 1);
    slider.value = place + 1;
    count.textContent = frames.length ? `${place + 1} of ${frames.length}` : "no frame yet";
    marks.refresh();
    what.refresh();
  }
  const label = { role: "toolbar", "aria-label": "Controls" };
  const bar = h(
    "div",
    { class: "anb-bar anb-controls", ...label },
    ...Object.values(buttons),
    held,
    slider,
    count,
  );
  bar.append(h("span", { class: "anb-space" }), marks.element, what.element, ...others);
  const press = (/** @type {string} */ name) => buttons[name].disabled || buttons[name].click();
  return { element: bar, refresh, press };
}

/** Whether a control can do nothing now. @param {string} name @param {any} state */
function isOff(name, state) {
  const { frames, place, run, position, statuses, guess } = state;
  const last = place >= frames.length - 1;
  if (name === "back") return place <= 0;
  if (name === "stop") return !run || !statuses[run.status]?.can_stop;
  if (guess?.question && !guess.guessed) return true;
  return last && !!run && (["ended", "outputs", "person"].includes(position.why) || !position.held);
}

/** @param {Stepper} my */
function breakpointMenu(my) {
  const inner = h("div", { role: "group", "aria-label": "Breakpoints" });
  const summary = h("summary", {});
  const element = h("details", { class: "anb-menu" }, summary, inner);
  let drawn = "";
  function refresh() {
    const all = breakpoints(my.state);
    const key = JSON.stringify([all, my.state.breakpoints]);
    if (key === drawn) return;
    drawn = key;
    summary.textContent = `Breakpoints (${my.state.breakpoints.length})`;
    const set = new Set(my.state.breakpoints.map((/** @type {any} */ one) => JSON.stringify(one)));
    inner.replaceChildren(...all.map((one) => tick(one, set.has(JSON.stringify(one)))));
  }
  function tick(/** @type {any} */ breakpoint, /** @type {boolean} */ checked) {
    const set = (/** @type {any} */ event) =>
      my.it.ask("break_at", { breakpoint, on: event.target.checked });
    const box = h("input", { type: "checkbox", checked, onchange: set });
    return h("label", {}, box, ` ${Object.entries(breakpoint)[0].join(": ")}`);
  }
  return { element, refresh };
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
  const clock = h(
    "button",
    { type: "button", onclick: () => my.act("pass_time") },
    "ten minutes pass",
  );
  const set = h("p", { role: "status" });
  const wrong = Object.entries(my.state.faults).map(([kind, words]) =>
    h("button", { type: "button", onclick: () => fault(kind, words) }, words),
  );
  const next = h(
    "div",
    { role: "group", "aria-label": "The model's next answer" },
    h("p", {}, "the model is asked next, and"),
    ...wrong,
    set,
  );
  const element = h(
    "details",
    { class: "anb-menu" },
    h("summary", {}, "What if …"),
    h("div", {}, clock, next),
  );
  let seen = 0;
  async function fault(/** @type {string} */ kind, /** @type {string} */ words) {
    if ((await my.act("fault", { kind })) !== undefined)
      set.textContent = `So it will be: ${words}.`;
  }
  function refresh() {
    if (seen !== my.state.frames.length) set.textContent = "";
    seen = my.state.frames.length;
  }
  return { element, refresh };
}

/** The control that a key is for. @param {string} key */
export function controlOf(key) {
  return KEYS.find(([one]) => one === key)?.[1];
}

/** What the keys do. */
export function helpPanel() {
  const more = [
    ["Up, Down", "the frame before, after, in the list of frames"],
    ["?", "this map"],
  ];
  const rows = [...KEYS.map(([key, , text]) => [key, text]), ...more].map(([key, text]) =>
    h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, text)),
  );
  return h(
    "div",
    { class: "anb-help", hidden: true },
    h("table", { "aria-label": "Keyboard map" }, h("tbody", {}, ...rows)),
  );
}

/** Opens a part, or closes it, and says so at its button. @param {HTMLElement} part @param {HTMLElement} button @param {boolean} [on] */
export function fold(part, button, on = part.hidden === true) {
  part.hidden = !on;
  button.setAttribute("aria-expanded", String(on));
}
