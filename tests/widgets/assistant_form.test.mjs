import assert from "node:assert/strict";
import { test } from "node:test";
import { fresh, rowsOf, withRows } from "./assistant_form/parameters.js";
import { asCell, nearest, pieces, plural, signature } from "./assistant_form/words.js";

test("an error goes to the field it names, or the nearest one around it", () => {
  const fields = ["name", "tools", "tools[0].function.name", "response_format.json_schema.schema"];
  assert.equal(nearest("name", fields), "name");
  assert.equal(nearest("tools[0].function.name", fields), "tools[0].function.name");
  assert.equal(nearest("tools[1].function.name", fields), "tools");
  assert.equal(
    nearest("response_format.json_schema.schema.properties", fields),
    "response_format.json_schema.schema",
  );
  for (const param of ["body", "", null, undefined, "][", ".."])
    assert.equal(nearest(param, fields), undefined);
});

test("pieces cover a file without a gap", () => {
  assert.deepEqual(pieces(5, 2), [
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
  assert.deepEqual(pieces(4, 2), [
    [0, 2],
    [2, 4],
  ]);
  assert.deepEqual(pieces(0, 2), []);
});

test("a function shows its first line, whatever its schema is", () => {
  assert.equal(
    signature("add", '{"properties": {"a": {"type": "number"}, "b": true}}'),
    "add(a: number, b: any)",
  );
  assert.equal(signature("now", ""), "now()");
  assert.equal(signature("add", '{"properties"'), "add(…)");
  assert.equal(signature("add", "null"), "add(…)");
});

test("one is no plural", () => {
  assert.deepEqual(
    [0, 1, 2].map((n) => plural(n, "change")),
    ["0 changes", "1 change", "2 changes"],
  );
});

test("a command goes into a cell for commands", () => {
  assert.equal(asCell("curl", "curl x"), "%%bash\ncurl x");
  assert.equal(asCell("SDK", "x = 1"), "x = 1");
});

const SCHEMA = `{"type": "object", "properties": {
  "city": {"type": "string", "description": "The city.", "enum": ["Rome"]}, "days": {"type": ["integer", "null"]}},
  "required": ["city"], "additionalProperties": false}`;

test("rows show what a schema says, and write it back", () => {
  const rows = rowsOf(SCHEMA) ?? [];
  assert.deepEqual(
    rows.map(({ name, type, required, description }) => [name, type, required, description]),
    [
      ["city", "string", true, "The city."],
      ["days", "", false, ""],
    ],
  );
  assert.deepEqual(JSON.parse(withRows(SCHEMA, rows)), JSON.parse(SCHEMA));
});

test("a changed row changes only its own", () => {
  const [city, days] = rowsOf(SCHEMA) ?? [];
  const schema = JSON.parse(
    withRows(SCHEMA, [
      { ...city, name: "town" },
      { ...days, type: "integer", required: true },
    ]),
  );
  assert.deepEqual(schema.properties.town, JSON.parse(SCHEMA).properties.city);
  assert.deepEqual(schema.required, ["town", "days"]);
  assert.equal(schema.additionalProperties, false);
});

test("a text that is no schema has no rows", () => {
  for (const source of ["{", "[]", "null", '{"properties": []}', "3"])
    assert.equal(rowsOf(source), null);
  for (const source of ["", null, "{}"]) assert.deepEqual(rowsOf(source), []);
});

test("a new thing has a name of its own", () => {
  assert.equal(fresh("value", []), "value");
  assert.equal(fresh("value", ["value", "value_2"]), "value_3");
});
