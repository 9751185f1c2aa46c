/* A debugger for runs: the diagram, the frames and the controls are drawn here; what a frame says comes as HTML from Python. */
import { frame, h, tabs, toNextCell } from "../panel.js";

export default {
  /** @param {{model: any, el: HTMLElement}} _ */
  render({ model, el }) {
    return frame(model, el, "Run stepper", (it, state) => open(it, state, model));
  },
};

/** Where each status stands in the diagram: its middle. @type {Record<string, [number, number]>} */
const PLACES = {
  queued: [76, 50],
  in_progress: [246, 50],
  requires_action: [422, 50],
  completed: [590, 50],
  failed: [76, 132],
  expired: [246, 132],
  cancelling: [422, 132],
  incomplete: [590, 132],
  cancelled: [422, 186],
};
const HALF = [72, 16];

/** The keys, and the controls they are for. */
const KEYS = [
  ["ArrowLeft", "back", "Back"],
  ["ArrowRight", "step", "Step"],
  ["o", "over", "Over the step"],
  ["t", "to_tool", "To next tool"],
  ["b", "to_breakpoint", "To breakpoint"],
  ["e", "to_end", "To the end"],
  ["s", "stop", "Stop the run"],
];

/** What can go wrong with the model's next answer. @type {[string, string][]} */
const FAULTS = [
  ["rate_limit", "its rate limit is reached"],
  ["server_error", "its server has an error"],
  ["slow", "it comes a second late"],
  ["cut_off", "it is cut off"],
  ["malformed_arguments", "its arguments are malformed"],
];

/**
 * How each status stands to the run: "now", "done" (passed), "next" (a legal move from here) or "far".
 * @param {Record<string, Record<string, string>>} moves @param {string[]} passed
 * @returns {Record<string, string>}
 */
export function stands(moves, passed) {
  const now = passed.at(-1) ?? "";
  const kind = (/** @type {string} */ status) =>
    status === now ? "now" : status in (moves[now] ?? {}) ? "next" : passed.includes(status) ? "done" : "far";
  return Object.fromEntries(Object.keys(PLACES).map((status) => [status, kind(status)]));
}

/**
 * The legal moves as lines: from, to, and whether the run made the move ("done"), can make it now ("next"), or neither.
 * @param {Record<string, Record<string, string>>} moves @param {string[]} passed
 * @returns {[string, string, string][]}
 */
export function edges(moves, passed) {
  const made = new Set(passed.slice(1).map((status, n) => `${passed[n]} ${status}`));
  const now = passed.at(-1) ?? "";
  const kind = (/** @type {string} */ from, /** @type {string} */ to) => (from === now ? "next" : made.has(`${from} ${to}`) ? "done" : "far");
  return Object.entries(moves).flatMap(([from, ways]) => Object.keys(ways).map((to) => /** @type {any} */ ([from, to, kind(from, to)])));
}

/**
 * Arguments to begin with: every parameter of a function, with the nearest value to none that it takes.
 * @param {any} schema
 * @returns {any}
 */
export function begun(schema) {
  const none = /** @type {Record<string, any>} */ ({ string: "", integer: 0, number: 0, boolean: false, array: [] });
  const value = (/** @type {any} */ one) => one.default ?? one.const ?? one.enum?.[0] ?? (one.properties ? begun(one) : none[one.type] ?? null);
  return Object.fromEntries(Object.entries(schema?.properties ?? {}).map(([name, one]) => [name, value(one)]));
}

/** @param {any} it the frame @param {any} state @param {any} model */
function open(it, state, model) {
  const head = h("div", { class: "anb-bar" });
  const diagram = h("div", { class: "anb-diagram" });
  const list = h("div", { class: "anb-frames", role: "listbox", "aria-label": "Frames", tabindex: 0 });
  const tree = h("div", { class: "anb-tree", role: "group", "aria-label": "Branches" });
  const part = h("div", { class: "anb-part" });
  const guess = h("div", { class: "anb-guess", role: "group", "aria-label": "Predict first" });
  const help = helpPanel();
  const forking = h("div", { class: "anb-fork", hidden: true });
  const beside = h("div", { class: "anb-beside", hidden: true });
  const forkButton = h("button", { type: "button", "aria-expanded": "false", onclick: openFork }, "Fork here");
  const helpButton = h("button", { type: "button", "aria-label": "Keyboard map", "aria-expanded": "false", onclick: () => fold(help, helpButton) }, "?");
  const pages = /** @type {[string, () => any][]} */ ([
    ["What happened", () => detail("happened")],
    ["Prompt", () => detail("prompt")],
    ["API calls", () => code()],
    ["Objects", () => detail("objects")],
    ["Stream", () => detail("stream")],
    ["Raw", () => detail("raw")],
  ]);
  const controls = controlBar();
  const tabbed = tabs("The frame", pages);
  let drawn = ""; // what the tabs are about
  let way = 0; // the way to write a call that was chosen last
  it.body.append(head, diagram, controls.element, help, tree, beside, h("div", { class: "anb-split" }, list, h("div", { class: "anb-side" }, guess, part, forking, tabbed.element)));
  it.on("state", (/** @type {any} */ message) => show({ ...state, ...message }));
  it.root.addEventListener("keydown", keys);
  list.addEventListener("keydown", walk);
  show(state);

  /** Ask Python, with the controls off until something is seen of it. @param {string} name @param {any} [args] */
  async function act(name, args) {
    if (controls.isBusy() && name !== "stop") return undefined;
    controls.busy(true);
    const result = await it.ask(name, args);
    controls.busy(false);
    return result;
  }

  /** @param {any} next */
  function show(next) {
    const before = state;
    const focused = it.root.contains(document.activeElement);
    state = next;
    it.body.hidden = state.engine === false; // a sentence says what to do instead
    drawHead(head, state);
    drawDiagram(diagram, state, it.view);
    drawFrames(list, state, (place) => it.ask("go", { place }));
    drawTree(tree, state, (id) => act("switch", { run_id: id }), compare);
    drawGuess(guess, state.guess, (answer) => act("guess", { answer }));
    drawPart();
    controls.busy(false);
    controls.refresh();
    if (before.place !== state.place || before.thread !== state.thread) fold(forking, forkButton, false);
    const seen = JSON.stringify([state.thread, state.place, state.frames.length]);
    if (seen !== drawn) tabbed.refresh();
    drawn = seen;
    if (focused) keepFocus();
    if (state.frames[state.place]) it.say(`Frame ${state.place + 1} of ${state.frames.length}: ${state.frames[state.place].title}`);
  }

  /** What has gone, or is off, would take the focus with it. */
  function keepFocus() {
    const at = /** @type {any} */ (document.activeElement);
    if (!it.root.contains(at) || at.disabled || at.closest("[hidden]")) list.focus();
  }

  /** @param {string} name */
  function detail(name) {
    const box = h("div", { class: "anb-detail" });
    it.ask("detail", { tab: name }).then((/** @type {string} */ html) => {
      box.innerHTML = html ?? ""; // made safe by Python
      it.draw(box);
    });
    return box;
  }

  function code() {
    const box = h("div", {});
    it.ask("code").then((/** @type {any[]} */ calls) => {
      for (const call of calls ?? []) {
        const ways = Object.entries(call.code).map(
          ([name, text]) => /** @type {[string, () => any]} */ ([name, () => listing(/** @type {string} */ (text), name === "SDK")]),
        );
        box.append(h("h4", {}, call.why), tabs("The same as code", ways, way, (n) => (way = n)).element);
        if (call.answer) {
          const answer = h("div", {});
          answer.innerHTML = call.answer; // made safe by Python
          box.append(h("details", {}, h("summary", {}, "What the server answers"), answer));
        }
      }
      it.draw(box);
    });
    return box;
  }

  /** @param {string} text @param {boolean} isPython */
  function listing(text, isPython) {
    const copy = h("button", { type: "button", onclick: () => navigator.clipboard.writeText(text).then(() => it.say("Copied")) }, "Copy");
    const put = h("button", { type: "button", onclick: () => it.say(toNextCell(model, state.id, text) ? "It is in the next cell" : "There is no cell to put it into") }, "To next cell");
    return h("div", {}, h("pre", {}, h("code", {}, text)), copy, " ", isPython && put);
  }

  function controlBar() {
    const slider = h("input", { type: "range", min: 1, max: 1, value: 1, "aria-label": "Frame", oninput: () => it.ask("go", { place: Number(slider.value) - 1 }) });
    const count = h("span", { class: "anb-mute" });
    const buttons = Object.fromEntries(
      KEYS.map(([, name, text]) => [name, h("button", { type: "button", class: name === "step" ? "anb-primary" : "", onclick: () => act(name) }, text)]),
    );
    const held = h("button", { type: "button", onclick: () => act(state.position.held ? "release" : "hold") });
    const marks = breakpoints();
    const others = whatIf();
    let off = false;
    function refresh() {
      const { frames, place, run, position, guess: asked } = state;
      const last = place >= frames.length - 1;
      const rests = !!run && last && (position.why === "ended" || position.why === "outputs" || position.why === "person");
      const waits = asked?.question && !asked.guessed;
      for (const [name, button] of Object.entries(buttons)) button.disabled = waits || (last && rests) || (last && !!run && !position.held);
      buttons.back.disabled = place <= 0;
      buttons.stop.disabled = !run || !["queued", "in_progress", "requires_action"].includes(run.status);
      held.hidden = !run || position.why === "ended";
      others.refresh();
      held.textContent = position.held ? "Let it run" : "Hold";
      forkButton.disabled = !frames.length;
      slider.max = Math.max(frames.length, 1);
      slider.value = place + 1;
      count.textContent = frames.length ? `${place + 1} of ${frames.length}` : "no frame yet";
      marks.refresh();
    }
    return {
      element: h("div", { class: "anb-bar anb-controls", role: "toolbar", "aria-label": "Controls" }, ...Object.values(buttons), held, slider, count, h("span", { class: "anb-space" }), marks.element, others.element, forkButton, helpButton),
      refresh,
      /** @param {boolean} on */
      busy(on) {
        off = on;
        it.root.toggleAttribute("data-busy", on);
      },
      isBusy: () => off,
      press: (/** @type {string} */ name) => buttons[name].disabled || buttons[name].click(),
    };
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const at = /** @type {HTMLElement} */ (event.target);
    if (at.matches("input, textarea, select, [role=tab], [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = KEYS.find(([key]) => key === event.key)?.[1];
    if (event.key === "?") fold(help, helpButton);
    else if (name) controls.press(name);
    else return;
    event.preventDefault();
  }

  /** Up and down in the list of frames. @param {KeyboardEvent} event */
  function walk(event) {
    const to = { ArrowUp: state.place - 1, ArrowDown: state.place + 1, Home: 0, End: state.frames.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    it.ask("go", { place: Math.min(Math.max(to, 0), state.frames.length - 1) });
  }

  function breakpoints() {
    const box = h("details", { class: "anb-menu" });
    const inner = h("div", { role: "group", "aria-label": "Breakpoints" });
    const summary = h("summary", {});
    box.append(summary, inner);
    let drawn = "";
    function refresh() {
      const tools = (state.run?.tools ?? []).map((/** @type {any} */ tool) => (tool.type === "function" ? { function: tool.function.name } : { tool: tool.type }));
      const all = [...Object.keys(state.moves).map((status) => ({ status })), { step: "message_creation" }, { step: "tool_calls" }, ...tools];
      const key = JSON.stringify([all, state.breakpoints]);
      if (key === drawn) return;
      drawn = key;
      summary.textContent = `Breakpoints (${state.breakpoints.length})`;
      const set = state.breakpoints.map((/** @type {any} */ one) => JSON.stringify(one));
      inner.replaceChildren(
        ...all.map((one) =>
          h("label", {}, h("input", { type: "checkbox", checked: set.includes(JSON.stringify(one)), onchange: (/** @type {any} */ e) => it.ask("break_at", { breakpoint: one, on: e.target.checked }) }), ` ${Object.entries(one)[0].join(": ")}`),
        ),
      );
    }
    return { element: box, refresh };
  }

  /** What would otherwise take time, or luck. */
  function whatIf() {
    const wrong = FAULTS.map(([kind, text]) => h("button", { type: "button", onclick: () => fault(kind, text) }, text));
    const clock = h("button", { type: "button", onclick: () => act("pass_time") }, "ten minutes pass");
    const set = h("p", { role: "status" });
    async function fault(/** @type {string} */ kind, /** @type {string} */ text) {
      if ((await act("fault", { kind })) !== undefined) set.textContent = `So it will be: ${text}.`;
    }
    const next = h("div", { role: "group", "aria-label": "The model's next answer" }, h("p", {}, "the model is asked next, and"), ...wrong, set);
    const element = h("details", { class: "anb-menu" }, h("summary", {}, "What if …"), h("div", {}, clock, next));
    let seen = 0;
    function refresh() {
      if (seen !== state.frames.length) set.textContent = "";
      seen = state.frames.length;
    }
    return { element, refresh };
  }

  /** What a person can do here: give outputs, or sit in the model's seat. */
  function drawPart() {
    const { position, run, place, frames } = state;
    const why = place >= frames.length - 1 ? position.why : "";
    const key = why === "outputs" || why === "person" ? `${run.id} ${position.n} ${why}` : "";
    if (part.dataset.key === key) return;
    part.dataset.key = key;
    part.replaceChildren(...(why === "outputs" ? [outputsForm()] : why === "person" ? [seatForm()] : []));
  }

  function outputsForm() {
    const calls = state.run.required_action.submit_tool_outputs.tool_calls;
    const boxes = calls.map((/** @type {any} */ call) => [call.id, h("textarea", { rows: 2, "aria-label": `Output of ${call.function.name}` })]);
    const rows = calls.map((/** @type {any} */ call, /** @type {number} */ n) => h("div", {}, h("code", {}, `${call.function.name}(${call.function.arguments})`), boxes[n][1]));
    const mine = h("button", { type: "button", onclick: answerMine }, "Let my functions answer");
    async function answerMine() {
      const found = (await it.ask("called")) ?? {};
      for (const [id, box] of boxes) box.value = found[id] ?? box.value;
    }
    const send = (/** @type {Event} */ event) => (event.preventDefault(), act("submit", { outputs: Object.fromEntries(boxes.map(([id, box]) => [id, box.value])) }));
    return h("form", { class: "anb-form", onsubmit: send }, h("b", {}, "The run waits for outputs"), ...rows, h("button", { class: "anb-primary" }, "Submit outputs"), " ", state.functions.length > 0 && mine);
  }

  function seatForm() {
    const text = h("textarea", { rows: 3, "aria-label": "Text of the answer" });
    const calls = h("div", {});
    const names = state.run.tools.map((/** @type {any} */ tool) => (tool.type === "function" ? tool.function.name : tool.type));
    const said = h("p", { class: "anb-mute", role: "status" });
    const add = h("button", { type: "button", onclick: () => calls.append(callRow(names, state.run.tools, it.call)) }, "Add a tool call");
    async function send(/** @type {Event} */ event) {
      event.preventDefault();
      const made = [...calls.children].map((row) => ({ name: row.querySelector("select").value, arguments: row.querySelector("textarea").value }));
      const remarks = await act("answer", { text: text.value, tool_calls: made });
      if (remarks?.length) it.tell(remarks.join(" "));
    }
    return h("form", { class: "anb-form", onsubmit: send }, h("b", {}, "You are the model: the prompt is in its tab"), text, calls, names.length > 0 && add, " ", h("button", { class: "anb-primary" }, "Answer"), said);
  }

  async function openFork() {
    fold(forking, forkButton);
    if (forking.hidden) return;
    const found = (await it.ask("edits")) ?? [];
    const choice = h("select", { "aria-label": "What is otherwise", onchange: fill }, h("option", { value: "" }, "nothing: try it again"), ...found.map((/** @type {any} */ one, /** @type {number} */ n) => h("option", { value: n }, one.label)));
    const text = h("textarea", { rows: 3, "aria-label": "Instead", hidden: true });
    function fill() {
      text.hidden = choice.value === "";
      text.value = found[choice.value]?.value ?? "";
      text.focus();
    }
    const fork = () => act("fork", { edit: choice.value === "" ? null : edited(found[choice.value].edit, text.value) });
    const go = h("button", { type: "button", class: "anb-primary", onclick: fork }, "Fork");
    forking.replaceChildren(h("b", {}, "From here on, otherwise: "), choice, text, go);
    choice.focus();
  }

  /** @param {string} id */
  async function compare(id) {
    const html = await it.ask("compare", { run_id: id });
    if (html === undefined) return;
    beside.innerHTML = html; // made safe by Python
    beside.prepend(h("button", { type: "button", onclick: () => ((beside.hidden = true), list.focus()) }, "Close"));
    beside.hidden = false;
  }
}

/**
 * An edit with another value in the place of its own.
 * @param {any} edit @param {string} value
 */
export function edited(edit, value) {
  const [kind, body] = Object.entries(edit)[0];
  const slot = { message: "content", answer: "text", arguments: "arguments", output: "output" }[kind];
  return { [kind]: slot ? { .../** @type {any} */ (body), [slot]: value } : value };
}

/** A tool call that a person writes; its arguments are checked while typing. @param {string[]} names @param {any[]} tools @param {any} call */
function callRow(names, tools, call) {
  const about = h("p", { class: "anb-mute" });
  const fault = h("span", { class: "anb-error", role: "status" });
  const args = h("textarea", { rows: 2, "aria-label": "Arguments, as JSON", oninput: check });
  const name = h("select", { "aria-label": "Tool", onchange: fill }, ...names.map((one) => h("option", {}, one)));
  function fill() {
    const tool = tools[names.indexOf(name.value)];
    about.textContent = tool.function?.description ?? "";
    args.value = tool.type === "function" ? JSON.stringify(begun(tool.function.parameters)) : "";
    check();
  }
  function check() {
    const typed = args.value;
    const say = (/** @type {string | null} */ words) => typed === args.value && (fault.textContent = words ?? "");
    if (tools[names.indexOf(name.value)].type === "function") call("check", { function: name.value, arguments: typed }).then(say, () => say(""));
    else say("");
  }
  const row = h("div", { class: "anb-call" }, name, about, args, h("button", { type: "button", onclick: () => row.remove() }, "Remove"), fault);
  fill();
  return row;
}

/** @param {HTMLElement} head @param {any} state */
function drawHead(head, state) {
  const { run, summary } = state;
  const parts = [
    h("b", {}, "Run"),
    h("span", { class: "anb-mono" }, run?.id ?? "not made yet"),
    run && h("span", { class: `anb-pill anb-${{ completed: "ok", failed: "bad", cancelled: "bad", expired: "bad", queued: "run", in_progress: "run" }[/** @type {"failed"} */ (run.status)] ?? "warn"}-pill` }, run.status),
    h("span", { class: "anb-mute" }, [run?.model, state.thread].filter(Boolean).join(" · ")),
    h("span", { class: "anb-space" }),
    h("span", { class: "anb-mute" }, summary),
  ];
  head.replaceChildren(...parts.filter(Boolean));
}

/** @param {HTMLElement} box @param {any} state @param {string} view */
function drawDiagram(box, state, view) {
  const kinds = stands(state.moves, state.passed);
  const now = state.passed.at(-1);
  const ways = Object.entries(state.moves[now] ?? {});
  const words = now ? `Status ${now}. ${ways.length ? `From here: ${ways.map(([to, why]) => `${to} (${why})`).join("; ")}.` : "That is where it ends."}` : "The run is not made yet.";
  const svg = s("svg", { viewBox: "0 0 666 206", role: "img", "aria-label": words });
  const marker = s("marker", { id: `anb-tip-${view}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" }, s("path", { d: "M0 0L8 4L0 8z" }));
  svg.append(s("defs", {}, marker));
  for (const [from, to, kind] of edges(state.moves, state.passed)) svg.append(line(from, to, kind, view));
  for (const [status, [x, y]] of Object.entries(PLACES))
    svg.append(
      s("g", { class: `anb-status anb-${kinds[status]}` }, s("rect", { x: x - HALF[0], y: y - HALF[1], width: 2 * HALF[0], height: 2 * HALF[1], rx: HALF[1] }), s("text", { x, y: y + 4, "text-anchor": "middle" }, status + (kinds[status] === "done" ? " \u2713" : ""))),
    );
  box.replaceChildren(svg, h("p", { class: "anb-mute" }, words));
}

/** A move as a curve: along a row past its neighbours above, back along it below, else from edge to edge. @param {string} from @param {string} to @param {string} kind @param {string} view */
function line(from, to, kind, view) {
  const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
  const [w, d] = HALF;
  const mid = (x1 + x2) / 2;
  let path = `M${x1} ${y1 + d}L${x2} ${y2 - d}`;
  if (y1 === y2 && Math.abs(x2 - x1) < 3 * w) path = x2 > x1 ? `M${x1 + w} ${y1}H${x2 - w}` : `M${x1 - w} ${y1}H${x2 + w}`;
  else if (y1 === y2) path = x2 > x1 ? `M${x1} ${y1 - d}Q${mid} ${y1 - 62} ${x2} ${y2 - d}` : `M${x1} ${y1 + d}Q${mid} ${y1 + 58} ${x2} ${y2 + d}`;
  return s("path", { class: `anb-move anb-${kind}`, d: path, "marker-end": `url(#anb-tip-${view})` });
}

/** @param {string} tag @param {Record<string, any>} attributes @param {...any} children */
function s(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The rows that are there already stay. @param {HTMLElement} list @param {any} state @param {(place: number) => void} go */
function drawFrames(list, state, go) {
  state.frames.forEach((/** @type {any} */ one, /** @type {number} */ n) => {
    const key = JSON.stringify(one);
    let row = /** @type {HTMLElement} */ (list.children[n]);
    if (row?.dataset.key !== key) {
      const fresh = h("div", { role: "option", "data-key": key, onclick: () => go(n) },
        h("i", {}, String(n + 1)),
        h("span", {}, one.title, one.effect && h("small", { title: "cannot be taken back" }, " (stays)")),
        one.badge && h("span", { class: "anb-pill anb-tool-pill" }, one.badge),
      );
      row ? row.replaceWith(fresh) : list.append(fresh);
      row = fresh;
    }
    row.className = `anb-frame${n > state.place ? " anb-later" : ""}`;
    row.setAttribute("aria-selected", String(n === state.place));
  });
  while (list.children.length > state.frames.length) list.lastElementChild?.remove();
  list.children[state.place]?.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} box @param {any} state @param {(id: string) => void} change @param {(id: string) => void} compare */
function drawTree(box, state, change, compare) {
  box.hidden = state.branches.length < 2;
  const depth = (/** @type {any} */ one) => {
    const parent = one.parent && state.branches.find((/** @type {any} */ other) => other.id === one.parent.run_id);
    return parent ? 1 + depth(parent) : 0;
  };
  box.replaceChildren(
    ...state.branches.map((/** @type {any} */ one) =>
      h(
        "div",
        { style: `padding-left: ${1.5 * depth(one)}em` },
        one.from ? `from frame ${one.from}: ` : "",
        h("button", { type: "button", class: "anb-link", "aria-current": one.shown ? "true" : null, onclick: () => change(one.id) }, one.label),
        h("span", { class: "anb-mute" }, ` ${one.status} `),
        !one.shown && h("button", { type: "button", class: "anb-link", "aria-label": `Compare with ${one.label}`, onclick: () => compare(one.id) }, "compare"),
      ),
    ),
  );
}

/** @param {HTMLElement} box @param {any} asked @param {(answer: string) => void} make */
function drawGuess(box, asked, make) {
  box.hidden = !asked || (!asked.question && !asked.told);
  if (box.hidden) return;
  const { question, guessed, told, score } = asked;
  const parts = [
    told && h("p", {}, told),
    question && h("p", {}, h("b", {}, "Predict first: "), question.text),
    ...(question?.options ?? []).map((/** @type {string} */ one) => h("button", { type: "button", "aria-pressed": String(one === guessed), disabled: !!guessed, onclick: () => make(one) }, one)),
    h("span", { class: "anb-mute" }, ` score ${score[0]} of ${score[1]}`),
  ];
  box.replaceChildren(...parts.filter(Boolean));
}

/** Opens a part, or closes it, and says so at its button. @param {HTMLElement} part @param {HTMLElement} button @param {boolean} [on] */
function fold(part, button, on = part.hidden) {
  part.hidden = !on;
  button.setAttribute("aria-expanded", String(on));
}

function helpPanel() {
  const rows = KEYS.map(([key, , text]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, text)));
  const more = [["Up, Down", "the frame before, after, in the list of frames"], ["?", "this map"]].map(([key, text]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, text)));
  return h("div", { class: "anb-help", hidden: true }, h("table", { "aria-label": "Keyboard map" }, h("tbody", {}, ...rows, ...more)));
}
