/* A debugger for runs: the diagram, the frames and the controls are drawn here; what a frame says comes as HTML from Python. */
import { frame, h } from "../panel.js";
import { controlBar, controlOf, fold, helpPanel } from "./controls.js";
import { drawDiagram } from "./diagram.js";
import { drawPart, fillFork } from "./forms.js";
import { drawFrames, drawGuess, drawHead, drawTree } from "./frames.js";
import { frameTabs } from "./tabs.js";

export default {
  /** @param {{model: any, el: HTMLElement}} _ */
  render({ model, el }) {
    return frame(model, el, "Run stepper", (it, state) => open(it, state, model));
  },
};

/** @param {any} it the frame @param {any} state @param {any} model */
function open(it, state, model) {
  /** @type {import("./controls.js").Stepper} */
  const my = { it, model, state, act, busy: false, way: 0 };
  const parts = layOut(my, openFork);
  const { list, forking, forkButton, beside, controls, tabbed } = parts;
  let drawn = ""; // what the tabs are about
  it.on("state", (/** @type {any} */ message) => show({ ...my.state, ...message }));
  it.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => press(event, parts));
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => walk(event, my));
  show(state);

  /** Ask Python, with the controls off until something is seen of it. @param {string} name @param {any} [args] */
  async function act(name, args) {
    if (my.busy && name !== "stop") return undefined;
    busy(true);
    const result = await it.ask(name, args);
    busy(false);
    return result;
  }

  /** @param {boolean} on */
  function busy(on) {
    my.busy = on;
    it.root.toggleAttribute("data-busy", on);
  }

  /** @param {any} next */
  function show(next) {
    const before = my.state;
    const focused = it.root.contains(document.activeElement);
    my.state = { ...next, run: next.position?.run, position: next.position ?? {} };
    const { place, thread, frames } = next;
    it.body.hidden = next.engine === false; // a sentence says what to do instead
    draw();
    busy(false);
    controls.refresh();
    forkButton.disabled = !frames.length;
    if (before.place !== place || before.thread !== thread) fold(forking, forkButton, false);
    const seen = JSON.stringify([thread, place, frames.length]);
    if (seen !== drawn) tabbed.refresh();
    drawn = seen;
    if (focused) keepFocus();
    if (frames[place]) it.say(`Frame ${place + 1} of ${frames.length}: ${frames[place].title}`);
  }

  function draw() {
    drawHead(parts.head, my.state);
    drawDiagram(parts.diagram, my.state, it.view);
    drawFrames(list, my.state, (place) => it.ask("go", { place }));
    drawTree(parts.tree, my.state, (id) => act("switch", { run_id: id }), compare);
    drawGuess(parts.guess, my.state.guess, (answer) => act("guess", { answer }));
    drawPart(parts.part, my);
  }

  /** What has gone, or is off, would take the focus with it. */
  function keepFocus() {
    const at = /** @type {any} */ (document.activeElement);
    if (!it.root.contains(at) || at.disabled || at.closest("[hidden]")) list.focus();
  }

  function openFork() {
    fold(forking, forkButton);
    if (!forking.hidden) fillFork(forking, my);
  }

  /** @param {string} id */
  async function compare(id) {
    const html = await it.ask("compare", { run_id: id });
    if (html === undefined) return;
    beside.innerHTML = html; // made safe by Python
    beside.prepend(
      h(
        "button",
        { type: "button", onclick: () => ((beside.hidden = true), list.focus()) },
        "Close",
      ),
    );
    beside.hidden = false;
  }
}

/** Put the parts of a stepper into its frame, still empty. @param {import("./controls.js").Stepper} my @param {() => void} openFork */
function layOut(my, openFork) {
  const help = helpPanel();
  const folded = { type: "button", "aria-expanded": "false" };
  const helpButton = h(
    "button",
    { ...folded, "aria-label": "Keyboard map", onclick: () => fold(help, helpButton) },
    "?",
  );
  const forkButton = h("button", { ...folded, onclick: openFork }, "Fork here");
  const parts = {
    head: h("div", { class: "anb-bar" }),
    diagram: h("div", { class: "anb-diagram" }),
    controls: controlBar(my, [forkButton, helpButton]),
    list: h("div", { class: "anb-frames", role: "listbox", "aria-label": "Frames", tabindex: 0 }),
    tree: h("div", { class: "anb-tree", role: "group", "aria-label": "Branches" }),
    beside: h("div", { class: "anb-beside", hidden: true }),
    guess: h("div", { class: "anb-guess", role: "group", "aria-label": "Predict first" }),
    part: h("div", { class: "anb-part" }),
    forking: h("div", { class: "anb-fork", hidden: true }),
    tabbed: frameTabs(my),
  };
  const side = h(
    "div",
    { class: "anb-side" },
    parts.guess,
    parts.part,
    parts.forking,
    parts.tabbed.element,
  );
  const split = h("div", { class: "anb-split" }, parts.list, side);
  my.it.body.append(
    parts.head,
    parts.diagram,
    parts.controls.element,
    help,
    parts.tree,
    parts.beside,
    split,
  );
  return { ...parts, help, helpButton, forkButton };
}

/** A key is for a control. @param {KeyboardEvent} event @param {ReturnType<typeof layOut>} parts */
function press(event, { help, helpButton, controls }) {
  const at = /** @type {HTMLElement} */ (event.target);
  const typing = at.matches("input, textarea, select, [role=tab], [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const name = controlOf(event.key);
  if (event.key === "?") fold(help, helpButton);
  else if (name) controls.press(name);
  else return;
  event.preventDefault();
}

/** Up and down in the list of frames. @param {KeyboardEvent} event @param {import("./controls.js").Stepper} my */
function walk(event, { it, state: { place, frames } }) {
  const last = frames.length - 1;
  const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  it.ask("go", { place: Math.min(Math.max(to, 0), last) });
}
