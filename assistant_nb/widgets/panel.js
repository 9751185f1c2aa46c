/* What the widgets share. `panel.py` puts this text before each widget's own, as a widget's module cannot import. */
import { draw } from "./formulas.js";

/** After this time without an answer the view asks the kernel itself whether it is busy. */
const BUSY_AFTER_MS = 700;
/** A kernel that is not busy, and does not hear a view within this time, has lost it. */
const LOST_AFTER_MS = 4000;
const BUSY = "The kernel is busy with a cell. The widget goes on when the cell is done.";
const SILENT =
  "The kernel has not answered yet. If a cell is running, the widget goes on when the cell is done.";
const LOST =
  "The kernel does not hear this page. Run this cell again. If that does not help, restart the kernel.";
const RESTARTED = "The kernel was restarted. Run the cells above again, then this cell.";
const NOT_SAVED =
  "Nothing of this view is saved with the notebook, as it stands inside another widget. To save a copy, show it in a cell of its own.";
/** Widgets that hold other widgets. A front end saves only what the outermost one says of itself. */
const WIDGET_AROUND = ".widget-box, .widget-tab, .widget-output, .jupyter-widgets-output-area";
const GREET_EVERY_MS = 3000;
/** A pointer that moves less between down and up is still. */
const STILL_PX = 5;
/** What may be wider or higher than its place. */
const WIDE = "pre, table, div.anb-tex, p:has(> .anb-tex)";

/**
 * An element: `h("button", {class: "anb-primary", onclick: send}, "Send")`. Texts become text nodes, never HTML.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` are listeners; true, false and null switch an attribute on or off.
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/**
 * What Python has to say to this view, and what this view asks of it.
 * @param {any} model
 */
export function connect(model) {
  const view = Math.random().toString(36).slice(2);
  const waiting = new Map();
  const listeners = new Map();
  let calls = 0;

  const hear = (/** @type {any} */ message) => {
    if (message.event) return listeners.get(message.event)?.(message);
    if (message.view !== view || !waiting.has(message.answers)) return;
    const { resolve, reject } = waiting.get(message.answers);
    waiting.delete(message.answers);
    if ("error" in message)
      reject(Object.assign(new Error(message.error), { param: message.param }));
    else resolve(message.result);
  };
  model.on("msg:custom", hear);

  /** Call a method of the widget. @param {string} name @param {any} [args] @param {ArrayBuffer[]} [buffers] */
  const call = (name, args = {}, buffers = []) =>
    new Promise((resolve, reject) => {
      waiting.set(++calls, { resolve, reject });
      try {
        model.send({ do: name, call: calls, view, args }, undefined, buffers);
      } catch {
        waiting.delete(calls);
        reject(new Error("The kernel is gone. Run this cell again."));
      }
    });
  const beat = setInterval(() => call("here", { view }).catch(() => {}), 20_000);
  return {
    view,
    call,
    /** @param {string} event @param {(message: any) => void} listener */
    on: (event, listener) => listeners.set(event, listener),
    close() {
      clearInterval(beat);
      call("bye", { view }).catch(() => {});
      model.off("msg:custom", hear);
    },
  };
}

/**
 * The frame of a widget: keys stay inside, troubles are told, formulas and listings are drawn.
 * @param {any} model
 * @param {HTMLElement} el
 * @param {string} label what a screen reader calls it
 * @param {(frame: any, state: any) => void} open gets the frame and the first state
 * @returns {() => void} the clean-up
 */
export function frame(model, el, label, open) {
  const link = connect(model);
  const said = h("div", { class: "anb-said", role: "status" });
  const body = h("div", { class: "anb-body" });
  const patience = wait(model, link);
  const trouble = troubles(link);
  const around = { class: "anb anb-live", "aria-label": label };
  const root = h("section", around, trouble.element, patience.element, body, said);
  // JupyterLab's shortcuts, such as "b" for a new cell, ask the element that has the focus, not those around it.
  root.addEventListener("focusin", (/** @type {FocusEvent} */ event) =>
    /** @type {Element} */ (event.target).setAttribute("data-lm-suppress-shortcuts", "true"),
  );
  const letGo = pressWhatMoves(root);
  el.replaceChildren(root);
  const scrolls = reachable();
  let asked = 0; // calls that have no answer yet
  const call = (/** @type {[string, any?, ArrayBuffer[]?]} */ ...what) => {
    root.toggleAttribute("data-asks", ++asked > 0);
    return link.call(...what).finally(() => root.toggleAttribute("data-asks", --asked > 0));
  };
  const it = {
    ...{ ...link, call, root, body, tell: trouble.tell },
    /** Say something to those who hear the page. @param {string} text */
    say: (text) => void (said.textContent = text),
    /** Call Python; what goes wrong is thrown. @type {typeof call} */
    request: (...what) => (patience.listen(), call(...what)),
    /** Call Python; what goes wrong is shown. Gives undefined then. @param {string} name @param {any} [args] @param {ArrayBuffer[]} [buffers] */
    ask: (name, args, buffers) =>
      it.request(name, args, buffers).then((result) => (trouble.tell(null), result), trouble.fail),
    /** Draw formulas, and let the keyboard reach what scrolls. @param {Element} part */
    draw(part) {
      for (const wide of part.querySelectorAll(WIDE)) scrolls.observe(wide);
      return draw(part, link.call);
    },
  };
  const disconnected = () => trouble.stand(RESTARTED);
  model.on("comm_live_update", disconnected); // ipywidgets tells it when the kernel restarts
  patience.listen();
  const stop = greet(link, trouble.fail, (state) => {
    patience.heard();
    el.classList.add(`anb-${state.stem}`);
    root.classList.add(state.id);
    root.append(hideCopies(state.id));
    trouble.stand(state.trouble);
    open(it, state);
  });
  const leave = onceShown(root, () => {
    if (root.closest(WIDGET_AROUND)) root.append(h("p", { class: "anb-mute anb-foot" }, NOT_SAVED));
  });
  return () => {
    stop();
    leave();
    letGo();
    patience.stop();
    model.off("comm_live_update", disconnected);
    scrolls.disconnect();
    link.close();
  };
}

/**
 * A style that hides the copies of this widget while its view is there, in pages that are not Jupyter's. In Jupyter's, a
 * rule of the copy itself does so in each output. @param {string} id
 */
const hideCopies = (id) =>
  h("style", {}, `body:not(:has(.jp-OutputArea)) .anb-copy.${id} { display: none }`);

/**
 * Greet Python until it answers, as JupyterLab may lose what is said before a page that is loaded again has found its
 * kernel. Gives what ends it.
 * @param {any} link @param {(error: any) => void} fail @param {(state: any) => void} begin gets the first state, once
 */
function greet(link, fail, begin) {
  let polling = 0;
  let isOpen = false;
  function answered(/** @type {any} */ state) {
    if (isOpen) return;
    isOpen = true;
    clearInterval(greeting);
    begin(state);
    if (state.polls) polling = window.setInterval(() => link.call("poll").catch(() => {}), 1000);
  }
  const hello = () => link.call("hello", { view: link.view }).then(answered, fail);
  const greeting = setInterval(hello, GREET_EVERY_MS);
  hello();
  return () => {
    clearInterval(polling);
    clearInterval(greeting);
  };
}

/** The line that says why the widget waits, while the kernel does not hear. @param {any} model @param {any} link */
function wait(model, link) {
  const element = h("div", { class: "anb-waits", role: "status", hidden: true });
  let listening = 0; // the timer that runs until the kernel has heard
  function say(/** @type {string} */ words) {
    element.hidden = !words;
    element.textContent = words;
  }
  /** Ask whether the kernel hears. */
  function listen() {
    if (listening) return;
    listening = window.setTimeout(explain, BUSY_AFTER_MS);
    link.call("heard").then(heard, heard);
  }
  function heard() {
    stop();
    listening = 0;
    say("");
  }
  async function explain() {
    const kernel = model.widget_manager?.kernel;
    if (!kernel) return say(SILENT);
    listening = window.setTimeout(say, BUSY_AFTER_MS / 2, BUSY);
    await kernel.requestKernelInfo().catch(() => {}); // a busy kernel answers after its cell
    if (!listening) return;
    clearTimeout(listening);
    if (element.textContent === BUSY) say("");
    listening = window.setTimeout(() => {
      say(LOST);
      listening = 0;
      listen(); // perhaps it hears again
    }, LOST_AFTER_MS);
  }
  const stop = () => clearTimeout(listening);
  return { element, listen, heard, stop };
}

/** The line that says what went wrong. @param {any} link */
function troubles(link) {
  const element = h("div", { class: "anb-trouble", role: "alert", hidden: true });
  /** @type {string | null} */ let standing = null; // what is wrong until Python says that it is over
  /** Say what went wrong with a call; null if nothing did. @param {string | null} sentence */
  function tell(sentence) {
    const words = sentence ?? standing ?? "";
    element.hidden = !words;
    if (words !== element.textContent) element.textContent = words; // else it would be read out again
  }
  /** @param {string | null} sentence */
  function stand(sentence) {
    standing = sentence;
    tell(null);
  }
  const fail = (/** @type {any} */ error) => tell(error?.message ?? String(error));
  link.on("trouble", (/** @type {any} */ message) => stand(message.sentence));
  return { element, tell, stand, fail };
}

/**
 * Press a button that moves from under a pointer that is still, as *Stop* does below an answer that grows. The browser
 * makes a click only of a button that is there when the pointer is let go. Gives what ends it.
 * @param {HTMLElement} root
 */
function pressWhatMoves(root) {
  /** @type {any} */ let button = null;
  let [x, y] = [0, 0];
  root.addEventListener("pointerdown", (/** @type {any} */ event) => {
    button = event.button === 0 ? event.target.closest("button") : null;
    [x, y] = [event.clientX, event.clientY];
  });
  function release(/** @type {PointerEvent} */ event) {
    const isStill = Math.hypot(event.clientX - x, event.clientY - y) < STILL_PX;
    const isLeft = button?.isConnected && isStill && !event.composedPath().includes(button);
    if (isLeft && event.button === 0) button.click();
    button = null;
  }
  window.addEventListener("pointerup", release, true);
  return () => window.removeEventListener("pointerup", release, true);
}

/**
 * Do something once an element is shown: a front end may draw a view before it has a place in the page. Gives what ends it.
 * @param {Element} element @param {() => void} then
 */
function onceShown(element, then) {
  const watch = new ResizeObserver(() => {
    if (!element.isConnected) return;
    watch.disconnect();
    then();
  });
  watch.observe(element);
  return () => watch.disconnect();
}

/** Lets the keyboard reach what scrolls. */
function reachable() {
  return new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const tall = target.scrollHeight > target.clientHeight + 1;
      if (tall || target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
      else target.removeAttribute("tabindex");
    }
  });
}

/**
 * Offer a file to save. @param {string} name @param {string | ArrayBuffer | DataView} content @param {string} [type]
 */
export function download(name, content, type = "application/octet-stream") {
  const url = URL.createObjectURL(new Blob([/** @type {any} */ (content)], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Put code into a new cell below the one that shows this widget. Tells whether that was possible.
 * @param {any} model
 * @param {string} id the widget's
 * @param {string} code
 */
export function toNextCell(model, id, code) {
  const notebook = model.widget_manager?.context?.model?.sharedModel;
  if (!notebook?.insertCell) return false;
  const shows = (/** @type {any} */ cell) => JSON.stringify(cell.outputs ?? []).includes(id);
  const pressed = document.activeElement?.closest(`.${id}`)?.closest("[data-windowed-list-index]"); // several cells may show it
  const place = Number(
    pressed?.getAttribute("data-windowed-list-index") ?? notebook.cells.findIndex(shows),
  );
  notebook.insertCell(place < 0 ? notebook.cells.length : place + 1, {
    cell_type: "code",
    source: code,
  });
  return true;
}
