"""Whatever clients do in whatever order: held runs move only by hand, forks leave others alone, nothing breaks."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from werkzeug.test import Client

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.runs.live_run import LiveRun

ADD: Any = {"type": "function", "function": {"name": "add"}}
BREAKPOINTS: Any = [{"status": "in_progress"}, {"step": "tool_calls"}, {"tool": "function"}, {"function": "add"}]
TO = ["transition", "step", "tool", "breakpoint", "end"]


def answering(prompt: Prompt) -> list[str | ToolCall]:
    """Calls twice, then breaks or answers."""
    calls = sum(bool(turn.tool_calls) for turn in prompt.messages)
    if calls == 2 and prompt.instructions == "Break.":
        raise ModelError("broken")
    return ["Done."] if calls == 2 else ["Let me see.", *[ToolCall("add", '{"a": 1}')] * (calls + 1)]


def _at_once(live: LiveRun, work: Callable[[], object]) -> None:
    work()


class Stepping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.app: App = create_app(model=Scripted(*[answering] * 1000))
        self.http = Client(self.app)
        self.app.runner._in_background = _at_once  # type: ignore[method-assign]
        self.assistant = self.call("POST", "/assistants", {"model": "m", "instructions": "i", "tools": [ADD]})["id"]
        self.runs: dict[str, str] = {}
        """The thread of each."""
        self.seen: dict[str, Any] = {}
        """What the plain API said of each run when something was last done to it."""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        said = self.http.open(f"/v1{path}", method=method, json=body, headers={"OpenAI-Beta": "assistants=v2"})
        assert said.status_code < 500, said.text
        return said.json

    def look(self, run_id: str) -> Any:
        thread = f"/threads/{self.runs[run_id]}"
        paths = ("", f"/runs/{run_id}", f"/runs/{run_id}/steps", "/messages")
        return [self.call("GET", thread + path) for path in paths] + [self.call("GET", f"/lab/runs/{run_id}/journal")]

    def done(self, run_id: str) -> None:
        self.seen[run_id] = self.look(run_id)

    def one(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(list(self.runs))))

    @rule(held=st.booleans(), breakpoints=st.lists(st.sampled_from(BREAKPOINTS), max_size=2))
    def create(self, held: bool, breakpoints: Any) -> None:
        thread_id = self.call("POST", "/threads", {"messages": [{"role": "user", "content": "Hi?"}]})["id"]
        body = {"assistant_id": self.assistant} | ({"breakpoints": breakpoints} if held else {})
        run = self.call("POST", f"{'/lab' if held else ''}/threads/{thread_id}/runs", body)
        self.runs[run["id"]] = thread_id
        self.done(run["id"])

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), to=st.sampled_from(TO))
    def advance(self, data: st.DataObject, to: str) -> None:
        run_id = self.one(data)
        before = self.seen[run_id][-1]["data"]
        position = self.call("POST", f"/lab/runs/{run_id}/advance", {"to": to})
        self.done(run_id)
        after = self.seen[run_id][-1]["data"]
        if "error" in position:
            assert "moves by itself" in position["error"]["message"] and after == before
        else:
            assert before + position["entries"] == after
            assert position["run"] == self.seen[run_id][1]
            assert position["why"] != "moving"
            if position["why"] in ("held", "breakpoint"):
                assert position["entries"] and position["next"]

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), do=st.sampled_from(["hold", "release"]))
    def hold_or_release(self, data: st.DataObject, do: str) -> None:
        run_id = self.one(data)
        position = self.call("POST", f"/lab/runs/{run_id}/{do}", {})
        assert "error" in position or position["held"] in (do == "hold", False)
        self.done(run_id)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), edit=st.sampled_from(["", "instructions", "answer", "arguments", "output", "message"]))
    def fork(self, data: st.DataObject, edit: str) -> None:
        run_id = self.one(data)
        entries = self.seen[run_id][-1]["data"]
        calls = [
            call["id"]
            for entry in entries
            for call in entry["data"].get("step_details", {}).get("tool_calls", [])
        ]  # fmt: skip
        call_id = data.draw(st.sampled_from(calls)) if calls else "call_none"
        edits: Any = {
            "instructions": "Break.", "answer": {"text": "Said."}, "arguments": {"tool_call_id": call_id, "arguments": "{"},
            "output": {"tool_call_id": call_id, "output": "7"},
            "message": {"id": self.seen[run_id][3]["data"][-1]["id"], "content": "Ho?"},
        }  # fmt: skip
        body = {"at": data.draw(st.integers(0, len(entries) - 1))} | ({"edit": {edit: edits[edit]}} if edit else {})
        position = self.call("POST", f"/lab/runs/{run_id}/fork", body)
        if "error" not in position:
            self.runs[position["run"]["id"]] = position["run"]["thread_id"]
            self.done(position["run"]["id"])
            assert position["parent"]["run_id"] == run_id
            assert position["why"] in ("held", "outputs", "ended")

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), do=st.sampled_from(["cancel", "submit", "delete"]))
    def as_ever(self, data: st.DataObject, do: str) -> None:
        run_id = self.one(data)
        thread = f"/threads/{self.runs[run_id]}"
        if do == "delete":
            self.call("DELETE", thread)
            del self.runs[run_id], self.seen[run_id]
            assert "error" in self.call("GET", f"/lab/runs/{run_id}")
            return
        if do == "cancel":
            self.call("POST", f"{thread}/runs/{run_id}/cancel")
        elif (run := self.seen[run_id][1])["status"] == "requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": "2"} for call in calls]
            run = self.call("POST", f"{thread}/runs/{run_id}/submit_tool_outputs", {"tool_outputs": outputs})
            assert run["status"] == "queued"
        self.done(run_id)

    @precondition(lambda self: self.runs)
    @rule()
    def expire(self) -> None:
        self.call("POST", "/lab/clock", {"advance_s": 600})
        for run_id in self.runs:
            self.done(run_id)
            assert self.seen[run_id][1]["status"] in ("completed", "failed", "expired", "cancelled", "incomplete")

    @invariant()
    def nothing_moves_unless_it_is_moved(self) -> None:
        for run_id, seen in self.seen.items():
            assert self.look(run_id) == seen

    def teardown(self) -> None:
        self.app.close()


class SteppingForLong(Stepping):
    """The same, in hundreds of stories."""


TestStepping = Stepping.TestCase
TestStepping.settings = settings(max_examples=8, stateful_step_count=20)
TestSteppingForLong = pytest.mark.nightly(SteppingForLong.TestCase)
TestSteppingForLong.settings = settings(max_examples=300, stateful_step_count=20)

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["end", "call_1", "add"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["to", "at", "edit", "message", "id", "content", "instructions", "answer", "text", "tool_calls", "arguments",
             "output", "tool_call_id", "breakpoints", "status", "step", "tool", "function", "name"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@given(path=st.sampled_from(["advance", "hold", "release", "fork"]), body=json, query=st.text(max_size=3))
def test_odd_requests_are_refused_in_the_apis_words(path: str, body: Any, query: str) -> None:
    http, beta = Client(_engine()), {"OpenAI-Beta": "assistants=v2"}
    assistant = http.post("/v1/assistants", json={"model": "m", "instructions": "i"}, headers=beta).json or {}
    thread = http.post("/v1/threads", json={}, headers=beta).json or {}
    made: Any = http.post(f"/v1/lab/threads/{thread['id']}/runs", json={"assistant_id": assistant["id"]}).json
    said: Any = http.post(f"/v1/lab/runs/{made['id']}/{path}", json=body)
    assert said.status_code in (200, 400, 404) and (
        said.json.get("object") == "lab.run" or said.json["error"]["message"]
    )
    assert http.get(f"/v1/lab/runs/{made['id']}/journal", query_string={"after": query}).status_code in (200, 400)


@cache
def _engine() -> App:
    """One for all examples."""
    return create_app(model=Scripted(*[answering] * 10_000))
