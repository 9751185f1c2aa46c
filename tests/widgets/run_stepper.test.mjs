// node --test: the pure helpers of run_stepper.js
import assert from "node:assert/strict";
import test from "node:test";

import { checked, edges, edited, stands } from "./run_stepper.mjs";

const MOVES = { queued: { in_progress: "", failed: "" }, in_progress: { completed: "" }, completed: {}, failed: {} };

test("each status is now, done, next or far", () => {
  const found = stands(MOVES, ["queued", "in_progress"]);
  assert.deepEqual([found.queued, found.in_progress, found.completed, found.failed], ["done", "now", "next", "far"]);
});

test("a move that was made, one that is possible, one that is neither", () => {
  const found = Object.fromEntries(edges(MOVES, ["queued", "in_progress"]).map(([from, to, kind]) => [`${from} ${to}`, kind]));
  assert.deepEqual(found, { "queued in_progress": "done", "queued failed": "far", "in_progress completed": "next" });
});

test("arguments are checked", () => {
  assert.equal(checked('{"a": 1}'), "");
  assert.equal(checked(""), "");
  assert.match(checked("[1]"), /no JSON object/);
  assert.notEqual(checked('{"a": '), "");
});

test("an edit gets another value in its place", () => {
  assert.deepEqual(edited({ output: { tool_call_id: "c", output: "4" } }, "5"), { output: { tool_call_id: "c", output: "5" } });
  assert.deepEqual(edited({ instructions: "a" }, "b"), { instructions: "b" });
  assert.deepEqual(edited({ answer: { text: "a" } }, "b"), { answer: { text: "b" } });
});
