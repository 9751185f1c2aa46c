// node --test: the pure helpers of what the widgets share
import assert from "node:assert/strict";
import test from "node:test";

import { undelimited } from "./formulas.js";
import { emptyOnes } from "./outputs.js";

test("a formula is taken out of its delimiters, which say whether it stands alone", () => {
  assert.deepEqual(undelimited("\\(x\\)"), { tex: "x", display: false });
  assert.deepEqual(undelimited("\\[\nx\n\\]"), { tex: "\nx\n", display: true });
  assert.deepEqual(undelimited("$$x$$"), { tex: "x", display: true });
  assert.deepEqual(undelimited("$x$"), { tex: "x", display: false });
});

test("an environment is its own delimiter", () => {
  const source = "\\begin{align}x\\end{align}";
  assert.deepEqual(undelimited(source), { tex: source, display: true });
});

test("an output of spaces alone is empty", () => {
  const call = (/** @type {string} */ id) => ({ id, function: { name: "add", arguments: "{}" } });
  const [one, two] = [call("c1"), call("c2")];
  assert.deepEqual(emptyOnes([one, two], { c1: "3", c2: " " }), [two]);
});
