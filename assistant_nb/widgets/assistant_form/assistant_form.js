import { frame, h, tabs, toNextCell } from "../panel.js";

const PIECE = 512 * 1024; // bytes of an upload that go in one message
const PAUSE_MS = 200; // after the last key, before Python hears of it
const TOOLS = { file_ids: "code_interpreter", vector_store_ids: "file_search" }; // of each list of ids, whose it is

/**
 * The field that an error of the API is about: the one it names, or the nearest one around it.
 * `nearest("tools[0].function.name", ["tools", "tools[0]"])` -> `"tools[0]"`
 * @param {string | null | undefined} param @param {Iterable<string>} paths
 */
export function nearest(param, paths) {
  const known = new Set(paths);
  for (let path = param ?? ""; path; path = path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0)))
    if (known.has(path)) return path;
  return undefined;
}

/**
 * The pieces of so many bytes: `pieces(5, 2)` -> `[[0, 2], [2, 4], [4, 5]]`
 * @param {number} size @param {number} piece
 */
export function pieces(size, piece) {
  return Array.from({ length: Math.ceil(size / piece) }, (_, n) => [n * piece, Math.min(size, (n + 1) * piece)]);
}

/**
 * A function as a person would write its first line: `signature("add", '{"properties": {"a": {"type": "number"}}}')` ->
 * `"add(a: number)"`
 * @param {string} name @param {string} parameters JSON, perhaps
 */
export function signature(name, parameters) {
  try {
    const given = Object.entries(JSON.parse(parameters || "{}").properties ?? {});
    return `${name}(${given.map(([key, schema]) => `${key}: ${/** @type {any} */ (schema)?.type ?? "any"}`).join(", ")})`;
  } catch {
    return `${name}(…)`;
  }
}

/** `plural(2, "change")` -> `"2 changes"` @param {number} n @param {string} word */
export function plural(n, word) {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

/** Code as it goes into a cell. @param {string} dialect @param {string} source */
export function asCell(dialect, source) {
  return dialect === "curl" ? `%%bash\n${source}` : source;
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // the page may not; the text can be marked by hand
  }
}

/** @param {any} it @param {any} first @param {any} model */
function open(it, first, model) {
  let state = first;
  let draft = first.draft;
  let checks = first.checks;
  let known = { assistants: [], models: [], files: [], stores: [], held: {} };
  let offered = /** @type {any[]} */ ([]);
  let pressed = false; // mistakes show once their field was touched, or the button was pressed
  let timer = 0;
  let ids = 0;
  const touched = new Set(); // and Python has seen what was typed there
  let fresh = /** @type {string[]} */ ([]);
  const served = new Map(); // what the API has said about a field
  const fields = new Map(); // path -> {control, error}
  const uploads = new Map(); // id -> {tool, part}
  let ended = Promise.resolve(); // one upload after the other, or each would make a vector store of its own

  // Parts that stay

  const picker = h("select", { "aria-label": "Assistant to load", class: "anb-picker", onfocus: () => catalogue() });
  const load = button("Load", () => picker.value && unless(() => act("load", { id: picker.value }, "Loaded.")), "load");
  const pill = h("span", { class: "anb-pill anb-warn-pill", hidden: true });
  const remove = button("Delete", askToDelete, "delete");
  const bar = h(
    "div",
    { class: "anb-bar" },
    h("b", {}, "Assistant"), picker, load,
    button("New", () => unless(() => (forgive(), act("new", {}, "A new assistant."))), "new"),
    button("Duplicate", () => act("duplicate", {}, "A copy, not created yet."), "duplicate"),
    h("span", { class: "anb-space" }), pill, remove,
  );
  const question = h("div", { class: "anb-question", role: "group", "aria-label": "Question", hidden: true });
  const absent = h("div", { class: "anb-absent", hidden: true });
  const form = h("div", { class: "anb-fields" });
  const save = button("", () => send(), "save");
  save.classList.add("anb-primary");
  const about = h("span", { class: "anb-mute anb-about" });
  const side = tabs("The same as code", [...checks.code.map((/** @type {any} */ _, /** @type {number} */ n) => [checks.code[n].name, () => listing(n)]), ["what changes", changes]]);
  const left = h("div", { class: "anb-left" }, form, h("div", { class: "anb-save" }, save, about));
  it.body.replaceChildren(bar, question, absent, h("div", { class: "anb-two" }, left, h("div", { class: "anb-side" }, side.element)));

  // From and to Python

  it.on("state", (/** @type {any} */ message) => {
    if (message.by !== it.view) take(message);
  });

  /** @param {any} next */
  function take(next) {
    const typing = timer !== 0;
    if (next.assistant.id !== state.assistant.id) {
      forgive();
      picker.value = "";
    }
    served.clear();
    state = next;
    if (typing) return void flush(); // what was typed meanwhile is newer
    draft = next.draft;
    checks = next.checks;
    build();
  }

  /** Show no mistakes until the fields of this assistant are touched. */
  function forgive() {
    pressed = false;
    touched.clear();
  }

  function edited(/** @type {string} */ path) {
    fresh.push(path);
    for (const told of [...served.keys()]) if (told.startsWith(path)) served.delete(told);
    clearTimeout(timer);
    timer = window.setTimeout(flush, PAUSE_MS);
  }

  async function flush() {
    clearTimeout(timer);
    timer = 0;
    const seen = fresh;
    fresh = [];
    const answer = await it.ask("edit", { draft, view: it.view });
    if (answer) checks = answer;
    for (const path of seen) touched.add(path);
    show();
  }

  /** Let Python do something, after it has heard what was typed. @param {string} name @param {any} args @param {string} [said] */
  async function act(name, args, said) {
    if (timer) await flush();
    left.inert = name === "load" || name === "again"; // what was typed meanwhile would go into the other assistant
    try {
      const result = await it.call(name, args);
      it.tell(null);
      if (said) it.say(said);
      return result;
    } catch (error) {
      complain(/** @type {any} */ (error));
      return undefined;
    } finally {
      left.inert = false;
      if (["load", "delete", "save", "upload_end"].includes(name)) catalogue();
    }
  }

  /** Show an error at the field it names, else at the top. @param {any} error */
  function complain(error) {
    const path = nearest(error.param, fields.keys());
    if (!path) return it.tell(error.message);
    served.set(path, error.message);
    show();
    goTo(path);
  }

  async function send() {
    if (save.getAttribute("aria-disabled") === "true") return;
    pressed = true;
    await flush();
    if (Object.keys(checks.mistakes).length) return goTo(nearest(Object.keys(checks.mistakes)[0], fields.keys()));
    if (state.saved && !checks.changes.length) return it.say("Nothing has changed.");
    const made = !state.saved;
    save.setAttribute("aria-disabled", "true");
    await act("save", {}, made ? "Created." : "Updated.");
    save.removeAttribute("aria-disabled");
  }

  async function catalogue() {
    if (timer) await flush(); // it tells what is in the vector stores of the draft
    const found = await it.call("catalogue").catch((/** @type {Error} */ error) => it.tell(error.message)); // it clears no other trouble
    if (!found || JSON.stringify(found) === JSON.stringify(known)) return;
    known = found;
    for (const [id, name] of [...found.files, ...found.stores]) if (name) state.names[id] = name;
    build();
  }

  // Questions

  /** @param {string} text @param {string} yes @param {() => void} then @param {any} back */
  function ask(text, yes, then, back) {
    const close = () => {
      question.hidden = true;
      question.replaceChildren();
    };
    const no = () => (close(), back.focus());
    question.replaceChildren(
      h("span", {}, text),
      button(yes, () => (close(), back.focus(), then()), "yes"),
      button("Cancel", no, "no"),
    );
    question.onkeydown = (/** @type {KeyboardEvent} */ event) => void (event.key === "Escape" && no()); // false would stop the key
    question.hidden = false;
    question.querySelector("button").focus();
    it.say(text);
  }

  /** @param {() => void} then */
  function unless(then) {
    const back = it.root.getRootNode().activeElement ?? picker;
    const n = state.saved ? checks.changes.length : Number(JSON.stringify(draft) !== JSON.stringify(state.blank));
    if (!n) return then();
    ask(state.saved ? `${plural(n, "change")} not saved.` : "This assistant is not created yet.", "Discard it", then, back);
  }

  function askToDelete() {
    if (!state.saved) return it.say("There is nothing to delete.");
    const name = state.assistant.name || state.assistant.id;
    ask(`Delete ${name}? It cannot be taken back.`, "Delete it", () => act("delete", {}, "Deleted. What is in the form can be created again."), remove);
  }

  // What is shown

  /** Draw what is there anew; the focus stays where it was, or near it. @param {() => void} draw */
  function keepFocus(draw) {
    const at = /** @type {any} */ (it.root.getRootNode()).activeElement;
    const within = it.root.contains(at);
    const [key, start, end] = [at?.dataset?.key, at?.selectionStart, at?.selectionEnd];
    draw();
    if (within && !at.isConnected) focusKey(key, start, end);
  }

  function build() {
    keepFocus(drawFields);
  }

  function drawFields() {
    const scrolls = [...form.querySelectorAll("textarea")].map((area) => [area.dataset.key, area.scrollTop, area.style.height]);
    const unfolded = new Set([...form.querySelectorAll("details[open]")].map((part) => part.dataset.key));
    const height = form.scrollTop;
    ids = 0;
    fields.clear();
    form.replaceChildren(...parts(unfolded).filter(Boolean));
    for (const [path, top, grown] of scrolls) {
      const area = fields.get(path)?.control;
      if (area) Object.assign(area, { scrollTop: top }), (area.style.height = grown);
    }
    form.scrollTop = height;
    fillPicker();
    show();
  }

  /** Go to the part with this key, to one around it, or to the button that is always there. @param {string} key @param {number} [start] @param {number} [end] */
  function focusKey(key, start, end) {
    const parts = new Map([...it.root.querySelectorAll("[data-key]:not(details)")].map((part) => [part.dataset.key, part]));
    const found = parts.get(nearest(key, parts.keys()));
    found?.focus();
    if (!it.root.contains(it.root.getRootNode().activeElement)) save.focus(); // it is gone, or hidden
    if (start != null && found?.setSelectionRange) {
      try {
        found.setSelectionRange(start, end);
      } catch {
        /* not a text */
      }
    }
  }

  /** @param {string | undefined} path */
  function goTo(path) {
    const field = path === undefined ? undefined : fields.get(path);
    if (!field) return;
    for (let part = field.control; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    field.control.focus();
    field.error.scrollIntoView({ block: "nearest" });
    it.say(field.error.textContent);
  }

  function fillPicker() {
    const now = picker.value || state.assistant.id;
    const all = known.assistants.length ? known.assistants : [["", "none yet"]];
    picker.replaceChildren(...all.map(([id, name]) => h("option", { value: id }, id && name ? `${name} · ${id}` : id || name)));
    picker.value = known.assistants.some(([id]) => id === now) ? now : state.assistant.id ? "" : all[0][0];
    load.setAttribute("aria-disabled", String(!known.assistants.length)); // a button that is disabled would lose the focus
  }

  function show() {
    keepFocus(drawState);
  }

  function drawState() {
    const found = checks.mistakes;
    const paths = [...fields.keys()];
    const sentences = new Map();
    for (const [path, sentence] of Object.entries(found)) {
      const place = nearest(path, paths);
      if (place && (pressed || touched.has(path) || touched.has(place)) && !sentences.has(place)) sentences.set(place, sentence);
    }
    for (const [path, sentence] of served) sentences.set(path, sentence);
    for (const [path, { control, error }] of fields) {
      const sentence = sentences.get(path);
      error.hidden = !sentence;
      error.textContent = sentence ?? "";
      if (sentence) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
    const n = Object.keys(found).length;
    const changed = checks.changes.length;
    save.textContent = state.saved ? "Update assistant" : "Create assistant";
    about.textContent = n && sentences.size ? `${plural(n, "mistake")} to mend first` : state.saved ? state.assistant.id : "";
    pill.hidden = state.saved && !changed;
    pill.textContent = state.saved ? `${plural(changed, "change")} not saved` : "not created yet";
    remove.setAttribute("aria-disabled", String(!state.saved));
    absent.hidden = !state.absent;
    absent.replaceChildren(
      ...(state.absent ? [h("span", {}, `${state.absent.id} is not here. ${state.absent.sentence}`), button("Try again", () => act("again", {}), "again")] : []),
    );
    const top = side.element.querySelector("[data-key='listing']")?.scrollTop;
    side.refresh();
    side.element.querySelector("[data-key='listing']")?.scrollTo({ top });
  }

  /** @param {number} n */
  function listing(n) {
    const { name, source, html } = checks.code[n];
    const code = h("div", { class: "anb-listing" });
    code.innerHTML = html; // made by render.code, which leaves nothing of the source but its characters
    for (const [key, value] of Object.entries({ tabindex: "0", role: "group", "aria-label": `${name} code`, "data-key": "listing" })) code.firstElementChild.setAttribute(key, value);
    const put = () => it.say(toNextCell(model, first.id, asCell(name, source)) ? "Put into the next cell." : "There is no notebook to put it into: copy it.");
    const take = async () => it.say((await copy(source)) ? "Copied." : "The browser lets nothing be copied here: mark the text.");
    return h("div", {}, code, h("div", { class: "anb-row" }, button("Copy", take, "copy"), button("To next cell", put, "cell")));
  }

  function changes() {
    if (!state.saved) return h("p", { class: "anb-mute" }, "It is not created yet.");
    if (!checks.changes.length) return h("p", { class: "anb-mute" }, "Nothing.");
    const one = (/** @type {any} */ { path, before, after }) =>
      h("li", {}, h("span", { class: "anb-mono" }, path), before == null ? null : h("del", {}, before), h("ins", {}, after ?? "(not set)"));
    return h("ul", { class: "anb-changes" }, ...checks.changes.map(one));
  }

  // Fields

  /** @param {Set<string>} unfolded */
  function parts(unfolded) {
    return [
      h("div", { class: "anb-pair" }, text("name", draft, "name", "Name"), modelField()),
      text("description", draft, "description", "Description", { rows: 2 }),
      text("instructions", draft, "instructions", "Instructions", { rows: 7, limit: 256_000 }),
      h("fieldset", {}, h("legend", {}, "Tools"), ...toolParts(), place("tools")),
      h("div", { class: "anb-pair" }, slider("temperature", 2), slider("top_p", 1)),
      h("div", { class: "anb-pair" }, choice("response_format", draft.response_format, "type", "response_format", state.words.formats, true), choice("reasoning_effort", draft, "reasoning_effort", "reasoning_effort", ["", ...state.words.efforts])),
      draft.response_format.type === "json_schema" && formatParts(),
      metadataParts(unfolded),
    ];
  }

  /** A label, a control, a place for its mistake. @param {string} path @param {string} label @param {any} control @param {any[]} more */
  function field(path, label, control, ...more) {
    const id = `${it.view}-${++ids}`;
    const error = h("div", { class: "anb-mistake", id: `${id}-error`, hidden: true });
    control.id = id;
    control.dataset.key = path;
    control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
    fields.set(path, { control, error });
    const [hint, ...rest] = more;
    return h("div", { class: "anb-field" }, h("div", {}, h("label", { for: id }, label), " ", h("small", { id: `${id}-hint` }, hint ?? "")), control, ...rest, error);
  }

  /** A place for mistakes that belong to no single control. @param {string} path */
  function place(path) {
    const error = h("div", { class: "anb-mistake", hidden: true, tabindex: -1, "data-key": path });
    fields.set(path, { control: error, error });
    return error;
  }

  /** @param {string} path @param {any} owner @param {string} key @param {string} label @param {any} [how] */
  function text(path, owner, key, label, how = {}) {
    const counter = how.limit ? h("span", {}, "") : how.hint;
    const fit = () => {
      if (how.rows) control.rows = Math.max(how.rows, Math.min(control.value.split("\n").length, 4));
      if (how.limit) counter.textContent = `${[...control.value].length.toLocaleString("en")} of ${how.limit.toLocaleString("en")} characters`;
    };
    const oninput = () => ((owner[key] = control.value || (how.empty ?? null)), fit(), how.then?.(), edited(path));
    const control = h(how.rows ? "textarea" : "input", { spellcheck: how.code ? "false" : null, class: how.code ? "anb-mono" : null, placeholder: how.placeholder, list: how.list, inputmode: how.inputmode, autocomplete: "off", oninput });
    control.value = owner[key] ?? "";
    fit();
    return field(path, label, control, counter, ...(how.more ?? []));
  }

  function modelField() {
    const list = h("datalist", { id: `${it.view}-models` }, ...known.models.map((name) => h("option", { value: name })));
    return text("model", draft, "model", "Model", { list: list.id, hint: known.models.length ? `${known.models.length} in models.list, or any other` : "any name", more: [list] });
  }

  /** A number as a text, and a slider beside it. @param {string} name @param {number} most */
  function slider(name, most) {
    const range = h("input", { type: "range", min: 0, max: most, step: 0.01, "aria-label": `${name}, slider`, "data-key": `${name}:range` });
    const follow = () => (range.value = String(draft[name] ?? 1));
    range.addEventListener("input", () => {
      draft[name] = range.value;
      fields.get(name).control.value = range.value;
      edited(name);
    });
    follow();
    return text(name, draft, name, name, { hint: `0 to ${most}`, inputmode: "decimal", placeholder: "not set: 1", then: follow, more: [range] });
  }

  /** @param {string} path @param {any} owner @param {string} key @param {string} label @param {string[]} words @param {boolean} [rebuild] */
  function choice(path, owner, key, label, words, rebuild) {
    const onchange = () => ((owner[key] = control.value || null), edited(path), rebuild && build());
    const control = h("select", { onchange }, ...words.map((word) => h("option", { value: word }, word || "not set")));
    control.value = owner[key] ?? "";
    return field(path, label, control);
  }

  /** @param {any} owner @param {string} path */
  function strict(owner, path) {
    const control = h("input", { type: "checkbox", onchange: () => ((owner.strict = control.checked), edited(path)) });
    control.checked = owner.strict === true;
    const part = field(path, "strict", control, "arguments keep to the schema exactly");
    part.classList.add("anb-tick");
    return part;
  }

  function formatParts() {
    const format = draft.response_format;
    const path = "response_format.json_schema";
    return h(
      "fieldset",
      {},
      h("legend", {}, "json_schema"),
      h("div", { class: "anb-pair" }, text(`${path}.name`, format, "name", "Name of the schema", { empty: "" }), text(`${path}.description`, format, "description", "Description of the schema", { rows: 1 })),
      text(`${path}.schema`, format, "schema", "Schema", { rows: 6, code: true, hint: "JSON schema" }),
      strict(format, `${path}.strict`),
    );
  }

  // Tools

  function toolParts() {
    const functions = draft.tools.map((/** @type {any} */ tool, /** @type {number} */ n) => tool.type === "function" && functionPart(tool, n));
    const from = h("select", { "aria-label": "Python function", "data-key": "python", onfocus: () => offer() }, ...offered.map(({ name, signature }) => h("option", { value: name }, `${name}${signature}`)));
    if (!offered.length) from.append(h("option", { value: "" }, "no function in this notebook"));
    return [
      switched("code_interpreter", "runs Python on files", { type: "code_interpreter" }, codeFiles),
      switched("file_search", "searches your files, cites them", { type: "file_search", max_num_results: null, ranker: null, score_threshold: null }, searchParts),
      ...functions,
      h("div", { class: "anb-row" }, button("Add function", addFunction, "add-function"), h("span", { class: "anb-mute" }, "or from Python:"), from, button("Add from Python", () => fromPython(from), "add-python")),
      place("python"),
    ];
  }

  /** @param {string} type @param {string} about @param {any} tool @param {(tool: any, n: number) => any} inside */
  function switched(type, about, tool, inside) {
    const n = draft.tools.findIndex((/** @type {any} */ one) => one.type === type);
    const id = `${it.view}-${++ids}`;
    const box = h("input", { type: "checkbox", id, "data-key": `switch:${type}`, onchange: toggle });
    box.checked = n >= 0;
    function toggle() {
      if (box.checked) draft.tools.push({ ...tool });
      else draft.tools = draft.tools.filter((/** @type {any} */ one) => one.type !== type);
      edited("tools");
      build();
    }
    const path = `tool_resources.${type}`;
    return h("div", { class: "anb-tool" }, h("div", {}, box, " ", h("label", { for: id }, type), " ", h("span", { class: "anb-mute" }, about)), n >= 0 && place(`tools[${n}]`), inside(draft.tools[n], n), place(path));
  }

  /** @param {any} tool */
  function codeFiles(tool) {
    const ids = draft.tool_resources.file_ids;
    if (!tool && !ids.length) return null;
    const others = known.files.filter(([id]) => !ids.includes(id));
    return h("div", {}, fileList("file_ids"), adder("file_ids", "File on the server", "Add file", others), uploader("code_interpreter"));
  }

  /** @param {any} tool @param {number} n */
  function searchParts(tool, n) {
    const ids = draft.tool_resources.vector_store_ids;
    if (!tool && !ids.length) return null;
    const path = `tools[${n}].file_search`;
    const ranking = `${path}.ranking_options`;
    const others = known.stores.filter(([id]) => !ids.includes(id));
    return h(
      "div",
      {},
      fileList("vector_store_ids"),
      !ids.length && adder("vector_store_ids", "Vector store", "Add vector store", others),
      uploader("file_search"),
      tool && h(
        "div",
        { class: "anb-trio" },
        text(`${path}.max_num_results`, tool, "max_num_results", "max_num_results", { hint: "1 to 50", inputmode: "numeric", placeholder: "not set" }),
        text(`${ranking}.score_threshold`, tool, "score_threshold", "score_threshold", { hint: "0 to 1", inputmode: "decimal", placeholder: "not set: 0" }),
        choice(`${ranking}.ranker`, tool, "ranker", "ranker", ["", ...state.words.rankers]),
      ),
    );
  }

  /** @param {"file_ids" | "vector_store_ids"} kind */
  function fileList(kind) {
    const list = draft.tool_resources[kind];
    const drop = (/** @type {string} */ id) => {
      draft.tool_resources[kind] = list.filter((/** @type {string} */ one) => one !== id);
      edited(`tool_resources.${TOOLS[kind]}`);
      build();
      focusKey(`upload:${TOOLS[kind]}`);
    };
    const nameOf = (/** @type {string} */ id) => state.names[id] || id;
    const one = (/** @type {string} */ id) => {
      const name = nameOf(id);
      const held = known.held[id]?.length && h("ul", { class: "anb-files" }, ...known.held[id].map((/** @type {string} */ file) => h("li", {}, nameOf(file))));
      return h("li", {}, h("span", {}, name), " ", name !== id && h("span", { class: "anb-mute anb-mono" }, id), " ", button("Remove", () => drop(id), `remove:${id}`, `Remove ${name}`), held);
    };
    return list.length ? h("ul", { class: "anb-files" }, ...list.map(one)) : null;
  }

  /** @param {"file_ids" | "vector_store_ids"} kind @param {string} label @param {string} verb @param {any[]} others */
  function adder(kind, label, verb, others) {
    if (!others.length) return null;
    const from = h("select", { "aria-label": label, "data-key": `choose:${kind}` }, ...others.map(([id, name]) => h("option", { value: id }, name ? `${name} · ${id}` : id)));
    const add = () => attach(kind, from.value);
    return h("div", { class: "anb-row" }, from, button(verb, add, `add:${kind}`));
  }

  /** @param {"file_ids" | "vector_store_ids"} kind @param {string} id */
  function attach(kind, id) {
    const list = draft.tool_resources[kind];
    if (!list.includes(id)) list.push(id);
    edited(`tool_resources.${TOOLS[kind]}.${kind}`);
    build();
    catalogue();
  }

  /** @param {any} tool @param {number} n */
  function functionPart(tool, n) {
    const path = `tools[${n}].function`;
    const title = h("span", { class: "anb-mono" });
    const name = () => (title.textContent = signature(tool.name || "…", tool.parameters));
    name();
    const drop = () => {
      draft.tools.splice(n, 1);
      edited("tools");
      build();
      focusKey("add-function");
    };
    return h(
      "div",
      { class: "anb-tool anb-function", role: "group", "aria-label": `function ${n + 1}` },
      h("div", { class: "anb-row" }, h("b", {}, "function"), title, h("span", { class: "anb-space" }), button("Remove", drop, `remove:${path}`, `Remove function ${tool.name || n + 1}`)),
      h("div", { class: "anb-pair" }, text(`${path}.name`, tool, "name", "Function name", { then: name, empty: "" }), text(`${path}.description`, tool, "description", "What it does", { rows: 1 })),
      text(`${path}.parameters`, tool, "parameters", "Parameters", { rows: 5, code: true, hint: "JSON schema", then: name, empty: "" }),
      strict(tool, `${path}.strict`),
    );
  }

  function addFunction() {
    draft.tools.push({ type: "function", name: "", description: null, parameters: '{\n  "type": "object",\n  "properties": {}\n}', strict: null });
    edited("tools");
    build();
    focusKey(`tools[${draft.tools.length - 1}].function.name`);
  }

  async function offer() {
    const found = (await it.ask("functions")) ?? [];
    if (JSON.stringify(found) === JSON.stringify(offered)) return;
    offered = found;
    build();
  }

  /** @param {any} from */
  async function fromPython(from) {
    const answer = await act("from_function", { name: from.value });
    if (!answer) return;
    if (answer.error) {
      served.set("python", answer.error);
      return show(), it.say(answer.error);
    }
    const same = draft.tools.findIndex((/** @type {any} */ tool) => tool.type === "function" && tool.name === answer.tool.name);
    const n = same < 0 ? draft.tools.length : same;
    draft.tools[n] = answer.tool;
    served.delete("python");
    edited("tools");
    build();
    it.say(`${answer.tool.name} is among the tools.`);
  }

  // Uploads

  /** @param {string} tool */
  function uploader(tool) {
    const id = `${it.view}-${++ids}`;
    const input = h("input", { type: "file", multiple: true, id, "data-key": `upload:${tool}`, onchange: choose });
    function choose() {
      served.delete(`tool_resources.${tool}`);
      for (const file of input.files) upload(file, tool);
    }
    const going = [...uploads].filter(([, one]) => one.tool === tool).map(([, one]) => one.part);
    return h("div", { class: "anb-upload" }, h("label", { for: id }, "Upload files"), " ", input, ...going);
  }

  /** @param {File} file @param {string} tool */
  async function upload(file, tool) {
    const id = await act("upload_begin", { name: file.name });
    if (!id) return;
    const bar = h("progress", { max: Math.max(file.size, 1), value: 0, "aria-label": `Upload of ${file.name}` });
    let dropped = false;
    const drop = () => void (dropped = true);
    const place = `tool_resources.${tool}`;
    const finish = async () => {
      if (dropped) return void (await it.call("upload_drop", { upload: id }), it.say("Cancelled."));
      if (timer) await flush();
      const done = await it.call("upload_end", { upload: id, tool });
      state.names[done.file_id] = done.name;
      uploads.delete(id);
      if (tool === "code_interpreter") attach("file_ids", done.file_id);
      else attach("vector_store_ids", done.vector_store_id);
      return done;
    };
    const wrong = (/** @type {string} */ sentence) => served.set(place, [served.get(place), sentence].filter(Boolean).join(" "));
    const one = { tool, part: h("div", { class: "anb-row" }, h("span", {}, file.name), bar, button("Cancel", drop, `upload:${tool}.${id}`, `Cancel the upload of ${file.name}`)) };
    uploads.set(id, one);
    build();
    try {
      for (const [start, end] of pieces(file.size, PIECE)) {
        if (dropped) break;
        bar.value = await it.call("upload_chunk", { upload: id }, [await file.slice(start, end).arrayBuffer()]);
      }
      const done = await (ended = ended.catch(() => {}).then(finish));
      if (!done) return;
      if (done.error) wrong(`${file.name} cannot be searched: ${done.error}`);
      it.say(done.error ? `${file.name} cannot be searched.` : `${file.name} is there.`);
    } catch (error) {
      wrong(`${file.name} was not uploaded. ${/** @type {any} */ (error).message}`);
    } finally {
      uploads.delete(id);
      build();
    }
  }

  // Metadata

  /** @param {Set<string>} unfolded */
  function metadataParts(unfolded) {
    const pairs = draft.metadata;
    const row = (/** @type {string[]} */ pair, /** @type {number} */ n) => {
      const drop = () => {
        pairs.splice(n, 1);
        edited("metadata");
        build();
        focusKey("add-metadata");
      };
      return h("div", { class: "anb-pair anb-three" }, text(`metadata[${n}].key`, pair, "0", `Key ${n + 1}`, { empty: "" }), text(`metadata[${n}].value`, pair, "1", `Value ${n + 1}`, { rows: 1, empty: "" }), button("Remove", drop, `remove:metadata[${n}]`, `Remove pair ${n + 1}`));
    };
    const add = () => {
      pairs.push(["", ""]);
      build();
      focusKey(`metadata[${pairs.length - 1}].key`);
    };
    const open = pairs.length > 0 || unfolded.has("metadata");
    return h("details", { open, "data-key": "metadata" }, h("summary", { "data-key": "metadata:summary" }, `metadata (${plural(pairs.length, "pair")})`), ...pairs.map(row), button("Add pair", add, "add-metadata"), place("metadata"));
  }

  build();
  catalogue();
  offer();
}

/** @param {string} label @param {() => void} onclick @param {string} key @param {string} [name] */
function button(label, onclick, key, name) {
  return h("button", { type: "button", onclick, "data-key": key, "aria-label": name }, label);
}

/** @param {{model: any, el: HTMLElement}} view */
function render({ model, el }) {
  return frame(model, el, "Assistant", (/** @type {any} */ it, /** @type {any} */ state) => open(it, state, model));
}

export default { render };
