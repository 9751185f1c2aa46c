// node --test: the pure helpers of run_stepper/
import assert from "node:assert/strict";
import test from "node:test";

import { placed } from "./menu.js";
import { isOff } from "./run_stepper/controls.js";
import { edges, passedBy, stands } from "./run_stepper/diagram.js";
import { usedSoFar } from "./run_stepper/frames.js";
import { edited } from "./run_stepper/forms.js";
import { begun } from "./seat.js";

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

test("a status that follows itself was had once", () => {
  const frames = ["queued", "in_progress", "in_progress", "queued"].map((status) => ({ status }));
  assert.deepEqual(passedBy(frames), ["queued", "in_progress", "queued"]);
});

test("what is asked is not given away", () => {
  assert.equal(stands(MOVES, ["queued"], true).in_progress, "far");
  assert.deepEqual([...new Set(edges(MOVES, ["queued"], true).map(([, , kind]) => kind))], ["far"]);
});

const FRAMES = [{ used: "0 s" }, { used: "2 s, 90 tokens" }];
const RUN = { status: "in_progress" };
const STATUSES = { in_progress: { can_stop: true } };
const state = (/** @type {any} */ more) => ({
  ...{ frames: FRAMES, place: 1, run: RUN, statuses: STATUSES, position: { held: true } },
  ...more,
});

test("time and tokens are so far, or in all", () => {
  const position = { why: "ended" };
  assert.equal(usedSoFar(state({})), "so far: 2 s, 90 tokens");
  assert.equal(usedSoFar(state({ position })), "in all: 2 s, 90 tokens");
  assert.equal(usedSoFar(state({ position, place: 0 })), "so far: 0 s");
});

test("a control is off where it can do nothing", () => {
  assert.equal(isOff("step", state({ run: undefined, frames: [], place: -1 })), false);
  assert.equal(isOff("back", state({ place: 0 })), true);
  assert.equal(isOff("to_end", state({ position: { why: "outputs", held: true } })), true);
  assert.equal(
    isOff("to_end", state({ position: { why: "outputs", held: true }, place: 0 })),
    false,
  );
  assert.equal(isOff("step", state({ guess: { question: {}, guessed: null } })), true);
});

test("a menu goes to the side that has more room", () => {
  const page = { width: 800, height: 600 };
  const left = placed({ left: 10, right: 60, top: 20, bottom: 50 }, page);
  assert.deepEqual(
    [left.left, left.right, left.top, left.maxWidth],
    ["10px", "auto", "54px", "786px"],
  );
  const right = placed({ left: 740, right: 790, top: 550, bottom: 580 }, page);
  assert.deepEqual(
    [right.left, right.right, right.top, right.bottom],
    ["auto", "10px", "auto", "54px"],
  );
});
