/* A debugger for runs: the map, the frames and the controls are drawn here; what a frame says comes as HTML from Python. */
import { frame, h } from "../panel.js";
import { controlBar, fold, isOff, moveOf } from "./controls.js";
import { drawDiagram } from "./diagram.js";
import { drawPart, fillFork } from "./forms.js";
import { drawFrames, drawGuess, drawStatus, drawTree, isAsked } from "./frames.js";
import { frameTabs } from "./tabs.js";

export default {
  /** @param {{model: any, el: HTMLElement}} _ */
  render({ model, el }) {
    return frame(model, el, "Run stepper", (it, state) => open(it, state, model));
  },
};

/** @param {any} it the frame @param {any} state @param {any} model */
function open(it, state, model) {
  const { act, move } = queue(
    it,
    (name) => (isOff(name, my.state) ? () => {} : known(name)),
    () => remark(""),
  );
  /** @type {import("./controls.js").Stepper} */
  const my = { it, model, state: whole(state), act, move, go, remark, way: 0 };
  const parts = layOut(my, openFork, () => draw());
  const { list, forking, beside, controls, tabbed } = parts;
  let drawn = ""; // what the tabs are about
  let unheard = 0; // looks at frames that Python has not heard of
  it.on("state", hear);
  it.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) =>
    press(event, my, parts),
  );
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => walk(event, my));
  show(my.state);

  /** How to make a move among known frames, if it is one. @param {string} name */
  function known(name) {
    const { place, frames } = my.state;
    if (name === "back") return () => go(place - 1);
    return name === "step" && place < frames.length - 1 ? () => go(place + 1) : undefined;
  }

  /** Show a known frame at once; Python hears of it. @param {number} place */
  async function go(place) {
    const to = Math.min(Math.max(place, 0), my.state.frames.length - 1);
    if (to === my.state.place) return;
    remark("");
    unheard += 1;
    show({ ...my.state, place: to });
    const now = await it.ask("look_at", { frame: to + 1 });
    unheard -= 1;
    if (!unheard && now !== undefined && now - 1 !== my.state.place)
      show({ ...my.state, place: now - 1 });
  }

  /** @param {any} message what is new */
  function hear(message) {
    const next = whole({ ...my.state, ...message });
    const same = next.run?.id === my.state.run?.id;
    if (unheard && same) next.place = Math.min(my.state.place, next.frames.length - 1);
    show(next);
  }

  /** @param {any} next */
  function show(next) {
    const before = my.state;
    const focused = it.root.contains(document.activeElement);
    my.state = next;
    const { place, frames } = next;
    const id = next.run?.id;
    it.body.hidden = next.engine === false; // a sentence says what to do instead
    if (before.place !== place || before.run?.id !== id || before.frames.length !== frames.length) {
      fold(forking, controls.fork, false);
    }
    draw();
    controls.refresh();
    const seen = JSON.stringify([id, place, frames.length]);
    if (seen !== drawn) tabbed.refresh();
    drawn = seen;
    if (focused) keepFocus();
    if (frames[place]) it.say(`Frame ${place + 1} of ${frames.length}: ${frames[place].title}`);
  }

  function draw() {
    drawStatus(parts, my.state);
    if (!parts.diagram.hidden) drawDiagram(parts.diagram, my.state, it.view, isAsked(my.state));
    drawFrames(list, my.state, go);
    drawTree(parts.tree, my.state, (id) => act("switch", { run_id: id }), compare);
    drawGuess(parts.guess, my.state, guess);
    drawPart(parts.part, my);
  }

  /** Say something about a person's answer, until the next move. @param {string} words */
  function remark(words) {
    parts.remark.textContent = words;
  }

  /** @param {string} answer */
  function guess(answer) {
    show({ ...my.state, guess: { ...my.state.guess, guessed: answer } });
    act("guess", { answer });
  }

  /** What has gone would take the focus with it. */
  function keepFocus() {
    const at = /** @type {any} */ (document.activeElement);
    if (!it.root.contains(at) || at.closest("[hidden]")) list.focus();
  }

  function openFork() {
    fold(forking, controls.fork);
    if (!forking.hidden) fillFork(forking, my);
  }

  /** @param {string} id */
  async function compare(id) {
    const html = await it.ask("compare", { run_id: id });
    if (html === undefined) return;
    beside.innerHTML = html; // made safe by Python
    const close = () => ((beside.hidden = true), list.focus());
    beside.prepend(
      h("button", { type: "button", title: "Go back to the frames.", onclick: close }, "Close"),
    );
    beside.hidden = false;
    beside.firstElementChild.focus();
  }
}

/** A state as Python sends it, with what is looked up often. @param {any} state */
const whole = (state) => ({ ...state, run: state.position?.run, position: state.position ?? {} });

/**
 * One move after the other, in the order of the keys and clicks. To stop a run waits for nothing.
 * @param {any} it the frame @param {(move: string) => (() => any) | undefined} known gives what shows a known frame
 * @param {() => void} begin is called before each
 */
function queue(it, known, begin) {
  const waiting = new Set();
  let last = Promise.resolve();
  /** @param {string} name @param {() => any} job */
  function after(name, job) {
    begin();
    const turn = { name };
    waiting.add(turn);
    it.root.toggleAttribute("data-busy", true);
    const result = last.then(job).finally(() => {
      waiting.delete(turn);
      it.root.toggleAttribute("data-busy", waiting.size > 0);
    });
    last = result.catch(() => {});
    return result;
  }
  const waits = (/** @type {string} */ name) => [...waiting].some((turn) => turn.name === name);
  return {
    /** Ask Python; what waits already is not asked twice. @param {string} name @param {any} [args] */
    async act(name, args) {
      if (name === "stop") return it.ask(name);
      return waits(name) ? undefined : after(name, () => it.ask(name, args));
    },
    /** @param {string} name */
    move(name) {
      const look = waiting.size ? undefined : known(name);
      if (look) look();
      else if (name === "stop") it.ask(name);
      else after(name, () => (known(name) ?? (() => it.ask(name)))());
    },
  };
}

/** Put the parts of a stepper into its frame, still empty. @param {import("./controls.js").Stepper} my @param {() => void} openFork @param {() => void} draw */
function layOut(my, openFork, draw) {
  const kept = remembered();
  const diagram = h("div", {
    class: "anb-diagram",
    hidden: !kept.map,
    tabindex: 0,
    role: "group",
    "aria-label": "Map",
  });
  const now = h("span", { class: "anb-now" });
  const openMap = () => {
    fold(diagram, map);
    remember({ map: !diagram.hidden });
    draw();
  };
  const folds = {
    type: "button",
    "aria-expanded": String(!!kept.map),
    title: "Show or hide the map of statuses.",
  };
  const map = h("button", { ...folds, class: "anb-map", onclick: openMap }, now);
  const parts = {
    ...{ diagram, now },
    about: h("span", { class: "anb-about anb-mute" }),
    controls: controlBar(my, openFork),
    list: h("div", { class: "anb-frames", role: "listbox", "aria-label": "Frames", tabindex: 0 }),
    tree: h("div", { class: "anb-tree", role: "group", "aria-label": "Branches" }),
    beside: h("div", {
      class: "anb-beside",
      hidden: true,
      tabindex: 0,
      role: "group",
      "aria-label": "Comparison",
    }),
    guess: h("div", { class: "anb-guess", role: "group", "aria-label": "Predict first" }),
    part: h("div", { class: "anb-part" }),
    remark: h("p", { class: "anb-remark", role: "status" }),
    forking: h("div", { class: "anb-fork", hidden: true }),
    tabbed: frameTabs(my, kept.tab ?? "", (tab) => remember({ tab })),
  };
  const { guess, part, remark, forking, tabbed } = parts;
  tabbed.element.append(
    h("div", { class: "anb-detail-side" }, guess, remark, part, forking, tabbed.panel),
  );
  const left = h("div", { class: "anb-left" }, parts.list, parts.tree);
  my.it.body.append(
    ...[parts.controls.element, h("div", { class: "anb-line" }, map, parts.about), diagram],
    h("div", { class: "anb-split" }, left, tabbed.element, parts.beside),
  );
  return parts;
}

const KEPT = "assistant_nb stepper";

/** What the browser remembers of all steppers: whether the map is open, and the tab. @returns {{map?: boolean, tab?: string}} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {}; // a page without storage
  }
}

/** @param {{map?: boolean, tab?: string}} choice */
function remember(choice) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...choice }));
  } catch {
    /* a page without storage */
  }
}

/** A key is for a control. @param {KeyboardEvent} event @param {import("./controls.js").Stepper} my @param {ReturnType<typeof layOut>} parts */
function press(event, my, { controls, beside, list }) {
  const at = /** @type {HTMLElement} */ (event.target);
  const typing = at.matches("input, textarea, select, [role=tab], [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const move = moveOf(event.key);
  if (event.key === "?") controls.help.click();
  else if (event.key === "Escape" && !beside.hidden) ((beside.hidden = true), list.focus());
  else if (!move) return;
  else if (!event.repeat || !my.it.root.hasAttribute("data-busy")) my.move(move);
  event.preventDefault();
}

/** Up and down in the list of frames. @param {KeyboardEvent} event @param {import("./controls.js").Stepper} my */
function walk(event, { go, state: { place, frames } }) {
  const last = frames.length - 1;
  const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  go(to);
}
