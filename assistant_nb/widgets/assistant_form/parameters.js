/* The parameters of a function, a row each. The rows write the JSON schema, which can be edited as well. */
import { h } from "../panel.js";
import { button } from "./controls.js";

/** @typedef {import("./controls.js").Form} Form */
/** @typedef {{name: string, type: string, required: boolean, description: string, rest: any}} Row `rest`: what else the schema says of it */

const TYPES = ["string", "number", "integer", "boolean", "array", "object"];

/**
 * The rows of a schema; null if the text is no schema with properties.
 * @param {string | null} source JSON, perhaps @returns {Row[] | null}
 */
export function rowsOf(source) {
  const schema = read(source);
  if (!schema) return null;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const { type, description, ...rest } = /** @type {any} */ (Object(one));
    const plain = typeof type === "string";
    return {
      name,
      type: plain ? type : "",
      required: required.includes(name),
      description: typeof description === "string" ? description : "",
      rest: plain || type === undefined ? rest : { type, ...rest },
    };
  });
}

/**
 * The schema with these rows as its properties. What else it says stays.
 * @param {string | null} source @param {Row[]} rows
 */
export function withRows(source, rows) {
  const { type = "object", properties: _, required: __, ...more } = read(source) ?? {};
  const properties = Object.fromEntries(
    rows.map(({ name, type, description, rest }) => [
      name,
      { ...(type && { type }), ...(description && { description }), ...rest },
    ]),
  );
  const required = rows.filter((row) => row.required).map((row) => row.name);
  const schema = { type, properties, ...(required.length && { required }), ...more };
  return JSON.stringify(schema, null, 2);
}

/** The first name that is not taken: `fresh("value", ["value"])` -> `"value_2"` @param {string} name @param {string[]} taken */
export function fresh(name, taken) {
  const names = [name, ...taken.map((_, n) => `${name}_${n + 2}`)];
  return /** @type {string} */ (names.find((one) => !taken.includes(one)));
}

/** @param {string | null} source */
function read(source) {
  try {
    const schema = JSON.parse(source || "{}");
    const properties = schema?.properties ?? {};
    return isObject(schema) && isObject(properties) ? schema : null;
  } catch {
    return null;
  }
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The rows of a function's parameters. `write` takes the schema whenever a row has changed.
 * @param {any} tool @param {string} path of the function @param {(source: string) => void} write
 */
export function parameterRows(tool, path, write) {
  const element = h("div", { class: "anb-parameters", role: "group", "aria-label": "Parameters" });
  function refresh() {
    const rows = rowsOf(tool.parameters);
    if (!rows)
      return element.replaceChildren(
        h("p", { class: "anb-mute" }, "The schema below is no JSON object with properties."),
      );
    const add = button("Add parameter", () => put([...rows, blank(rows)]), `${path}:add`);
    element.replaceChildren(...rows.map((row, n) => rowPart(rows, row, n)), add);
  }
  /** @param {Row[]} rows */
  function put(rows) {
    write(withRows(tool.parameters, rows));
    refresh();
  }
  /** @param {Row[]} rows @param {Row} row @param {number} n */
  function rowPart(rows, row, n) {
    const key = (/** @type {string} */ part) => ({ "data-key": `${path}:${n}:${part}` });
    const its = (/** @type {string} */ part) => ({ "aria-label": `${part} of parameter ${n + 1}` });
    const typed = () => {
      Object.assign(row, { name: name.value, type: type.value, required: required.checked });
      row.description = about.value;
      write(withRows(tool.parameters, rows));
    };
    const name = h("input", { class: "anb-mono", oninput: typed, ...its("Name"), ...key("name") });
    const types = TYPES.includes(row.type) ? TYPES : [row.type, ...TYPES];
    const type = h(
      "select",
      { onchange: typed, ...its("Type"), ...key("type") },
      ...types.map((one) => h("option", { value: one }, one || "(see schema)")),
    );
    const required = h("input", { type: "checkbox", onchange: typed, ...key("required") });
    const about = h("input", {
      class: "anb-about",
      placeholder: "what it means",
      oninput: typed,
      ...its("Description"),
      ...key("description"),
    });
    [name.value, type.value, about.value] = [row.name, row.type, row.description];
    required.checked = row.required;
    const drop = () => put(rows.filter((one) => one !== row));
    const remove = button("Remove", drop, `${path}:${n}:remove`, `Remove parameter ${row.name}`);
    const needed = h("label", {}, required, " required");
    return h("div", { class: "anb-parameter" }, name, type, needed, about, remove);
  }
  refresh();
  return { element, refresh };
}

/** @param {Row[]} rows @returns {Row} */
function blank(rows) {
  const name = fresh(
    "value",
    rows.map((row) => row.name),
  );
  return { name, type: "string", required: true, description: "", rest: {} };
}
