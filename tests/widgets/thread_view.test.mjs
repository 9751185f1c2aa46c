// node --test: the pure helpers of thread_view/
import assert from "node:assert/strict";
import test from "node:test";

import { labels } from "./thread_view/composer.js";

test("assistants of the same name and model are told apart", () => {
  const ann = { name: "Ann", model: "gpt-4o" };
  assert.deepEqual(
    labels([
      { id: "a1", ...ann },
      { id: "b1", name: "Bob", model: "gpt-4o" },
    ]),
    [
      ["a1", "Ann (gpt-4o)"],
      ["b1", "Bob (gpt-4o)"],
    ],
  );
  assert.deepEqual(
    labels([
      { id: "a1", ...ann },
      { id: "a2", ...ann },
    ]),
    [
      ["a1", "Ann (gpt-4o) · a1"],
      ["a2", "Ann (gpt-4o) · a2"],
    ],
  );
});
