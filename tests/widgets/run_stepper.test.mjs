// node --test: the pure helpers of run_stepper/
import assert from "node:assert/strict";
import test from "node:test";

import { edges, stands } from "./run_stepper/diagram.js";
import { begun, edited } from "./run_stepper/forms.js";

const MOVES = {
  queued: { in_progress: "", failed: "" },
  in_progress: { completed: "" },
  completed: {},
  failed: {},
};

test("each status is now, done, next or far", () => {
  const found = stands(MOVES, ["queued", "in_progress"]);
  assert.deepEqual(
    [found.queued, found.in_progress, found.completed, found.failed],
    ["done", "now", "next", "far"],
  );
});

test("a move that was made, one that is possible, one that is neither", () => {
  const found = Object.fromEntries(
    edges(MOVES, ["queued", "in_progress"]).map(([from, to, kind]) => [`${from} ${to}`, kind]),
  );
  assert.deepEqual(found, {
    "queued in_progress": "done",
    "queued failed": "far",
    "in_progress completed": "next",
  });
});

test("arguments begin with every parameter of the function", () => {
  const unit = { enum: ["C", "F"] };
  const inner = { type: "object", properties: { n: { type: "integer" } } };
  const properties = {
    city: { type: "string" },
    days: { type: "integer", default: 3 },
    unit,
    inner,
    any: {},
  };
  assert.deepEqual(begun({ properties }), {
    city: "",
    days: 3,
    unit: "C",
    inner: { n: 0 },
    any: null,
  });
  assert.deepEqual(begun(undefined), {});
});

test("an edit gets another value in its place", () => {
  assert.deepEqual(edited({ output: { tool_call_id: "c", output: "4" } }, "5"), {
    output: { tool_call_id: "c", output: "5" },
  });
  assert.deepEqual(edited({ instructions: "a" }, "b"), { instructions: "b" });
  assert.deepEqual(edited({ answer: { text: "a" } }, "b"), { answer: { text: "b" } });
});
