// node --test: the pure helpers of panel.js
import assert from "node:assert/strict";
import test from "node:test";

import { undelimited } from "./panel.js";

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
