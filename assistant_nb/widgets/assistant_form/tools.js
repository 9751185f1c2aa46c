/* The tools of an assistant, and what they take. Python has the table of them. */
import { h } from "../panel.js";
import { button, choice, nextId, place, strict, text } from "./controls.js";
import { focusKey } from "./focus.js";
import { fresh, parameterRows } from "./parameters.js";
import { uploader } from "./uploads.js";
import { signature } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

/** What stands under the switch of a tool. @type {Record<string, (my: Form, tool: any, n: number, rankers: string[]) => any>} */
const SETTINGS = { code_interpreter: codeFiles, file_search: searchParts };

/** @param {Form} my @param {string[]} rankers */
export function toolParts(my, rankers) {
  const { tools } = my.draft;
  const switches = Object.keys(SETTINGS).map((type) => switched(my, type, rankers));
  const functions = tools.map(
    (/** @type {any} */ tool, /** @type {number} */ n) =>
      tool.type === "function" && functionPart(my, tool, n),
  );
  const options = my.offered.map(({ name, signature }) =>
    h("option", { value: name }, `${name}${signature}`),
  );
  if (!options.length) options.push(h("option", { value: "" }, "no function in this notebook"));
  const from = h(
    "select",
    { "aria-label": "Python function", "data-key": "python", onfocus: () => offer(my) },
    ...options,
  );
  const row = h(
    "div",
    { class: "anb-row" },
    button("Add function", () => addFunction(my), "add-function"),
    h("span", { class: "anb-mute" }, "or from Python:"),
    from,
    button("Add from Python", () => fromPython(my, from.value), "add-python"),
  );
  return [...switches, ...functions, row, place(my, "python")];
}

/** A tool that is there or not. @param {Form} my @param {string} type @param {string[]} rankers */
function switched(my, type, rankers) {
  const { about, blank } = my.state.tools[type];
  const n = my.draft.tools.findIndex((/** @type {any} */ one) => one.type === type);
  const id = nextId(my);
  const box = h("input", { type: "checkbox", id, "data-key": `switch:${type}`, onchange: toggle });
  box.checked = n >= 0;
  function toggle() {
    if (box.checked) my.draft.tools.push({ ...blank });
    else my.draft.tools = my.draft.tools.filter((/** @type {any} */ one) => one.type !== type);
    my.edited("tools");
    my.build();
  }
  const head = h(
    "div",
    {},
    box,
    " ",
    h("label", { for: id }, type),
    " ",
    h("span", { class: "anb-mute" }, about),
  );
  const wrong = n >= 0 && place(my, `tools[${n}]`);
  return h(
    "div",
    { class: "anb-tool" },
    head,
    wrong,
    SETTINGS[type](my, my.draft.tools[n], n, rankers),
    place(my, `tool_resources.${type}`),
  );
}

/** @param {Form} my @param {any} tool */
function codeFiles(my, tool) {
  const kind = my.state.tools.code_interpreter.resource;
  const ids = my.draft.tool_resources[kind];
  if (!tool && !ids.length) return null;
  const others = without(my.known.files, ids);
  const type = "code_interpreter";
  return h(
    "div",
    {},
    fileList(my, type),
    adder(my, type, "File on the server", "Add file", others),
    uploader(my, type),
  );
}

/** @param {Form} my @param {any} tool @param {number} n @param {string[]} rankers */
function searchParts(my, tool, n, rankers) {
  const type = "file_search";
  const ids = my.draft.tool_resources[my.state.tools[type].resource];
  if (!tool && !ids.length) return null;
  const others = without(my.known.stores, ids);
  const add = !ids.length && adder(my, type, "Vector store", "Add vector store", others);
  return h(
    "div",
    {},
    fileList(my, type),
    add,
    uploader(my, type),
    tool && searchSettings(my, tool, n, rankers),
  );
}

/** @param {Form} my @param {any} tool @param {number} n @param {string[]} rankers */
function searchSettings(my, tool, n, rankers) {
  const path = `tools[${n}].file_search`;
  const ranking = `${path}.ranking_options`;
  const most = { hint: "1 to 50", inputmode: "numeric", placeholder: "not set" };
  const score = { hint: "0 to 1", inputmode: "decimal", placeholder: "not set: 0" };
  return h(
    "div",
    { class: "anb-trio" },
    text(my, `${path}.max_num_results`, tool, "max_num_results", "max_num_results", most),
    text(my, `${ranking}.score_threshold`, tool, "score_threshold", "score_threshold", score),
    choice(my, `${ranking}.ranker`, tool, "ranker", "ranker", ["", ...rankers]),
  );
}

/** @param {[string, string][]} things @param {string[]} ids */
function without(things, ids) {
  return things.filter(([id]) => !ids.includes(id));
}

/** The files or vector stores of a tool. @param {Form} my @param {string} type */
function fileList(my, type) {
  const kind = my.state.tools[type].resource;
  const list = my.draft.tool_resources[kind];
  const nameOf = (/** @type {string} */ id) => my.state.names[id] || id;
  function drop(/** @type {string} */ id) {
    my.draft.tool_resources[kind] = list.filter((/** @type {string} */ one) => one !== id);
    my.edited(`tool_resources.${type}`);
    my.build();
    focusKey(my, `upload:${type}`);
  }
  function row(/** @type {string} */ id) {
    const name = nameOf(id);
    const files = (my.known.held[id] ?? []).map((/** @type {string} */ file) =>
      h("li", {}, nameOf(file)),
    );
    const held = files.length > 0 && h("ul", { class: "anb-files" }, ...files);
    const its = name !== id && h("span", { class: "anb-mute anb-mono" }, id);
    return h(
      "li",
      {},
      h("span", {}, name),
      " ",
      its,
      " ",
      button("Remove", () => drop(id), `remove:${id}`, `Remove ${name}`),
      held,
    );
  }
  return list.length ? h("ul", { class: "anb-files" }, ...list.map(row)) : null;
}

/** @param {Form} my @param {string} type @param {string} label @param {string} verb @param {[string, string][]} others */
function adder(my, type, label, verb, others) {
  if (!others.length) return null;
  const kind = my.state.tools[type].resource;
  const options = others.map(([id, name]) =>
    h("option", { value: id }, name ? `${name} · ${id}` : id),
  );
  const from = h("select", { "aria-label": label, "data-key": `choose:${kind}` }, ...options);
  return h(
    "div",
    { class: "anb-row" },
    from,
    button(verb, () => attach(my, type, from.value), `add:${kind}`),
  );
}

/** Give a tool a file, or a vector store. @param {Form} my @param {string} type @param {string} id */
export function attach(my, type, id) {
  const kind = my.state.tools[type].resource;
  const list = my.draft.tool_resources[kind];
  if (!list.includes(id)) list.push(id);
  my.edited(`tool_resources.${type}.${kind}`);
  my.build();
  my.catalogue();
}

/** @param {Form} my @param {any} tool @param {number} n */
function functionPart(my, tool, n) {
  const path = `tools[${n}].function`;
  const title = h("span", { class: "anb-mono" });
  const named = () => (title.textContent = signature(tool.name || "…", tool.parameters));
  named();
  const rows = parameterRows(tool, path, (source) => {
    tool.parameters = source;
    schema.querySelector("textarea").value = source;
    named();
    my.edited(`${path}.parameters`);
  });
  const schema = text(my, `${path}.parameters`, tool, "parameters", "The same as JSON schema", {
    lines: 5,
    code: true,
    then: () => (named(), rows.refresh()),
    empty: "",
  });
  function drop() {
    my.draft.tools.splice(n, 1);
    my.edited("tools");
    my.build();
    focusKey(my, "add-function");
  }
  const remove = button("Remove", drop, `remove:${path}`, `Remove function ${tool.name || n + 1}`);
  const about = [
    text(my, `${path}.name`, tool, "name", "Function name", { then: named, empty: "" }),
    text(my, `${path}.description`, tool, "description", "What it does", { lines: 1 }),
  ];
  return h(
    "div",
    { class: "anb-tool anb-function", role: "group", "aria-label": `function ${n + 1}` },
    h(
      "div",
      { class: "anb-row" },
      h("b", {}, "function"),
      title,
      h("span", { class: "anb-space" }),
      remove,
    ),
    h("div", { class: "anb-pair" }, ...about),
    rows.element,
    schema,
    strict(my, tool, `${path}.strict`),
  );
}

/** Add a function that works, as an example to change. @param {Form} my */
function addFunction(my) {
  const { blank } = my.state.tools.function;
  const taken = my.draft.tools.map((/** @type {any} */ tool) => tool.name);
  my.draft.tools.push({ ...blank, name: fresh(blank.name, taken) });
  my.edited("tools");
  my.build();
  focusKey(my, `tools[${my.draft.tools.length - 1}].function.name`);
}

/** Ask for the functions of the notebook. @param {Form} my */
export async function offer(my) {
  const found = (await my.it.ask("functions")) ?? [];
  if (JSON.stringify(found) === JSON.stringify(my.offered)) return;
  my.offered = found;
  my.build();
}

/** Take a function of the notebook as a tool. @param {Form} my @param {string} name */
async function fromPython(my, name) {
  const answer = await my.act("from_function", { name });
  if (!answer) return;
  if (answer.error) {
    my.served.set("python", answer.error);
    my.show();
    return my.it.say(answer.error);
  }
  const { tools } = my.draft;
  const same = tools.findIndex(
    (/** @type {any} */ tool) => tool.type === "function" && tool.name === answer.tool.name,
  );
  tools[same < 0 ? tools.length : same] = answer.tool;
  my.served.delete("python");
  my.edited("tools");
  my.build();
  my.it.say(`${answer.tool.name} is among the tools.`);
}
