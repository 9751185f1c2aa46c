import assert from "node:assert/strict";
import { test } from "node:test";
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
