/* A form for assistants. Python keeps the draft, says what is wrong with it, and writes the code; the page draws. */
import { frame, h } from "../panel.js";
import { fillPicker, topBar } from "./bar.js";
import { codeTabs } from "./code.js";
import { button } from "./controls.js";
import { fieldParts } from "./fields.js";
import { goTo, keepFocus } from "./focus.js";
import { offer } from "./tools.js";
import { nearest, plural } from "./words.js";

const PAUSE_MS = 200; // after the last key, before Python hears of it

export default {
  /** @param {{model: any, el: HTMLElement}} view */
  render({ model, el }) {
    return frame(model, el, "Assistant", (it, state) => open(it, state, model));
  },
};

/** @param {any} it the frame @param {any} first @param {any} model */
function open(it, first, model) {
  /** @type {import("./controls.js").Form} */
  const my = {
    ...{ it, model, state: first, draft: first.draft, checks: first.checks, offered: [] },
    known: { assistants: [], models: [], files: [], stores: [], held: {} },
    ...{
      pressed: false,
      touched: new Set(),
      fresh: [],
      timer: 0,
      served: new Map(),
      fields: new Map(),
      ids: 0,
    },
    ...{ uploads: new Map(), ended: Promise.resolve(), parts: {}, edited, flush },
    build: () => keepFocus(my, () => drawFields(my)),
    show: () => keepFocus(my, () => drawState(my)),
    act: (name, args, said) => act(my, name, args, said),
    catalogue: () => catalogue(my),
  };
  layOut(my, forgive);
  it.on("state", (/** @type {any} */ message) => message.by === it.view || take(message));
  my.build();
  my.catalogue();
  offer(my);

  /** @param {any} next */
  function take(next) {
    const typing = my.timer !== 0;
    if (next.assistant.id !== my.state.assistant.id) {
      forgive();
      my.parts.picker.value = "";
    }
    my.served.clear();
    my.state = { ...my.state, ...next };
    if (typing) return void flush(); // what was typed meanwhile is newer
    my.draft = next.draft;
    my.checks = next.checks;
    my.build();
  }

  /** Show no mistakes until the fields of this assistant are touched. */
  function forgive() {
    my.pressed = false;
    my.touched.clear();
  }

  /** @param {string} path */
  function edited(path) {
    my.fresh.push(path);
    for (const told of [...my.served.keys()]) if (told.startsWith(path)) my.served.delete(told);
    clearTimeout(my.timer);
    my.timer = window.setTimeout(flush, PAUSE_MS);
  }

  async function flush() {
    clearTimeout(my.timer);
    my.timer = 0;
    const seen = my.fresh;
    my.fresh = [];
    const answer = await it.ask("edit", { draft: my.draft, view: it.view });
    if (answer) my.checks = answer;
    for (const path of seen) my.touched.add(path);
    my.show();
  }
}

/** Put the parts of the form into its frame, still empty. @param {import("./controls.js").Form} my @param {() => void} forgive */
function layOut(my, forgive) {
  const top = topBar(my, forgive);
  const absent = h("div", { class: "anb-absent", hidden: true });
  const form = h("div", { class: "anb-fields" });
  const save = button("", () => send(my), "save");
  save.classList.add("anb-primary");
  const about = h("span", { class: "anb-mute anb-about" });
  const side = codeTabs(my);
  const left = h("div", { class: "anb-left" }, form, h("div", { class: "anb-save" }, save, about));
  my.parts = { ...top, absent, form, save, about, side, left };
  const two = h("div", { class: "anb-two" }, left, h("div", { class: "anb-side" }, side.element));
  my.it.body.replaceChildren(top.bar, top.question, absent, two);
}

/**
 * Let Python do something, after it has heard what was typed.
 * @param {import("./controls.js").Form} my @param {string} name @param {any} args @param {string} [said]
 */
async function act(my, name, args, said) {
  const { it, parts } = my;
  if (my.timer) await my.flush();
  parts.left.inert = name === "load" || name === "again"; // what was typed meanwhile would go into the other assistant
  try {
    const result = await it.call(name, args);
    it.tell(null);
    if (said) it.say(said);
    return result;
  } catch (error) {
    complain(my, /** @type {any} */ (error));
    return undefined;
  } finally {
    parts.left.inert = false;
    if (["load", "delete", "save", "upload_end"].includes(name)) my.catalogue();
  }
}

/** Show an error at the field it names, else at the top. @param {import("./controls.js").Form} my @param {any} error */
function complain(my, error) {
  const path = nearest(error.param, my.fields.keys());
  if (!path) return my.it.tell(error.message);
  my.served.set(path, error.message);
  my.show();
  goTo(my, path);
}

/** Create the assistant, or update it. @param {import("./controls.js").Form} my */
async function send(my) {
  const { save } = my.parts;
  if (save.getAttribute("aria-disabled") === "true") return;
  my.pressed = true;
  await my.flush();
  const [wrong] = Object.keys(my.checks.mistakes);
  if (wrong !== undefined) return goTo(my, nearest(wrong, my.fields.keys()));
  if (my.state.saved && !my.checks.changes.length) return my.it.say("Nothing has changed.");
  const made = !my.state.saved;
  save.setAttribute("aria-disabled", "true");
  await my.act("save", {}, made ? "Created." : "Updated.");
  save.removeAttribute("aria-disabled");
}

/** Ask what there is to choose from. @param {import("./controls.js").Form} my */
async function catalogue(my) {
  if (my.timer) await my.flush(); // it tells what is in the vector stores of the draft
  const wrong = (/** @type {Error} */ error) => my.it.tell(error.message); // it clears no other trouble
  const found = await my.it.call("catalogue").catch(wrong);
  if (!found || JSON.stringify(found) === JSON.stringify(my.known)) return;
  my.known = found;
  for (const [id, name] of [...found.files, ...found.stores]) if (name) my.state.names[id] = name;
  my.build();
}

/** @param {import("./controls.js").Form} my */
function drawFields(my) {
  const { form } = my.parts;
  const areas = [...form.querySelectorAll("textarea")];
  const scrolls = areas.map((area) => [area.dataset.key, area.scrollTop, area.style.height]);
  const unfolded = new Set(
    [...form.querySelectorAll("details[open]")].map((part) => part.dataset.key),
  );
  const height = form.scrollTop;
  my.ids = 0;
  my.fields.clear();
  form.replaceChildren(...fieldParts(my, unfolded).filter(Boolean));
  for (const [path, top, grown] of scrolls) {
    const area = my.fields.get(path)?.control;
    if (!area) continue;
    area.scrollTop = top;
    area.style.height = grown;
  }
  form.scrollTop = height;
  fillPicker(my);
  my.show();
}

/** Draw mistakes, what stands around the fields, and the code. @param {import("./controls.js").Form} my */
function drawState(my) {
  const { state, checks, parts } = my;
  const sentences = drawMistakes(my);
  const n = Object.keys(checks.mistakes).length;
  const changed = checks.changes.length;
  parts.save.textContent = state.saved ? "Update assistant" : "Create assistant";
  const its = state.saved ? state.assistant.id : "";
  parts.about.textContent = n && sentences.size ? `${plural(n, "mistake")} to mend first` : its;
  parts.pill.hidden = state.saved && !changed;
  parts.pill.textContent = state.saved
    ? `${plural(changed, "change")} not saved`
    : "not created yet";
  parts.remove.setAttribute("aria-disabled", String(!state.saved));
  parts.absent.hidden = !state.absent;
  const words =
    state.absent && h("span", {}, `${state.absent.id} is not here. ${state.absent.sentence}`);
  parts.absent.replaceChildren(
    ...(words ? [words, button("Try again", () => my.act("again", {}), "again")] : []),
  );
  const top = parts.side.element.querySelector("[data-key='listing']")?.scrollTop;
  parts.side.refresh();
  parts.side.element.querySelector("[data-key='listing']")?.scrollTo({ top });
}

/** Show each mistake at its field, once that is touched; gives those that show. @param {import("./controls.js").Form} my */
function drawMistakes({ fields, checks, pressed, touched, served }) {
  const sentences = new Map();
  for (const [path, sentence] of Object.entries(checks.mistakes)) {
    const at = nearest(path, fields.keys());
    if (at && (pressed || touched.has(path) || touched.has(at)) && !sentences.has(at))
      sentences.set(at, sentence);
  }
  for (const [path, sentence] of served) sentences.set(path, sentence);
  for (const [path, { control, error }] of fields) {
    const sentence = sentences.get(path);
    error.hidden = !sentence;
    error.textContent = sentence ?? "";
    if (sentence) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  return sentences;
}
