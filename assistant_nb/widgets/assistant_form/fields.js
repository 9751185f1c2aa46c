/* The fields of an assistant, in the rows that Python's table of them says. */
import { h } from "../panel.js";
import { button, choice, place, slider, strict, text } from "./controls.js";
import { focusKey } from "./focus.js";
import { toolParts } from "./tools.js";
import { plural } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

/** What draws each kind of control. @type {Record<string, (my: Form, field: any, unfolded: Set<string>) => any>} */
const DRAW = {
  text: (my, { name, label, lines, limit }) =>
    text(my, name, my.draft, name, label, { lines, limit }),
  model: modelField,
  tools: (my, { name, label, words }) =>
    h("fieldset", {}, h("legend", {}, label), ...toolParts(my, words), place(my, name)),
  number: (my, { name, most }) => slider(my, name, most),
  choice: (my, { name, label, words }) => choice(my, name, my.draft, name, label, ["", ...words]),
  format: (my, { name, label, words }) =>
    choice(my, name, my.draft[name], "type", label, words, true),
  schema: (my, field) =>
    my.draft[field.name].type === "json_schema" ? schemaParts(my, field) : null,
  metadata: metadataParts,
};

/** @param {Form} my @param {Set<string>} unfolded the keys of folds that are open */
export function fieldParts(my, unfolded) {
  return my.state.rows.map((/** @type {any[]} */ row) => {
    const drawn = row.map((field) => DRAW[field.control](my, field, unfolded));
    return drawn.length === 1 ? drawn[0] : h("div", { class: "anb-pair" }, ...drawn);
  });
}

/** @param {Form} my @param {any} field */
function modelField(my, { name, label }) {
  const { models } = my.known;
  const options = models.map((/** @type {string} */ one) => h("option", { value: one }));
  const list = h("datalist", { id: `${my.it.view}-models` }, ...options);
  const hint = models.length ? `${models.length} in models.list, or any other` : "any name";
  return text(my, name, my.draft, name, label, { list: list.id, hint, more: [list] });
}

/** What a JSON schema for answers takes. @param {Form} my @param {any} field */
function schemaParts(my, { name, label }) {
  const format = my.draft[name];
  const path = `${name}.${label}`;
  const about = [
    text(my, `${path}.name`, format, "name", "Name of the schema", { empty: "" }),
    text(my, `${path}.description`, format, "description", "Description of the schema", {
      lines: 1,
    }),
  ];
  return h(
    "fieldset",
    {},
    h("legend", {}, label),
    h("div", { class: "anb-pair" }, ...about),
    text(my, `${path}.schema`, format, "schema", "Schema", {
      lines: 6,
      code: true,
      hint: "JSON schema",
    }),
    strict(my, format, `${path}.strict`),
  );
}

/** @param {Form} my @param {any} field @param {Set<string>} unfolded */
function metadataParts(my, { name, label }, unfolded) {
  const pairs = my.draft[name];
  function add() {
    pairs.push(["", ""]);
    my.build();
    focusKey(my, `${name}[${pairs.length - 1}].key`);
  }
  const rows = pairs.map((/** @type {string[]} */ pair, /** @type {number} */ n) =>
    pairRow(my, name, pair, n),
  );
  const open = pairs.length > 0 || unfolded.has(name);
  const summary = h(
    "summary",
    { "data-key": `${name}:summary` },
    `${label} (${plural(pairs.length, "pair")})`,
  );
  return h(
    "details",
    { open, "data-key": name },
    summary,
    ...rows,
    button("Add pair", add, "add-metadata"),
    place(my, name),
  );
}

/** @param {Form} my @param {string} name @param {string[]} pair @param {number} n */
function pairRow(my, name, pair, n) {
  function drop() {
    my.draft[name].splice(n, 1);
    my.edited(name);
    my.build();
    focusKey(my, "add-metadata");
  }
  return h(
    "div",
    { class: "anb-pair anb-three" },
    text(my, `${name}[${n}].key`, pair, "0", `Key ${n + 1}`, { empty: "" }),
    text(my, `${name}[${n}].value`, pair, "1", `Value ${n + 1}`, { lines: 1, empty: "" }),
    button("Remove", drop, `remove:${name}[${n}]`, `Remove pair ${n + 1}`),
  );
}
