"""Forks share a prefix of their parent, leave it as it was, and go on by themselves."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine import wire
from assistant_nb.engine.errors import BadRequest, ModelError
from assistant_nb.engine.files.file_objects import Hit
from assistant_nb.engine.ids import Ids, LessonClock
from assistant_nb.engine.journal import Entry, fold
from assistant_nb.engine.model.base import Delta, Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import KINDS, MESSAGE, RUN, RUN_STEP, THREAD, Run
from assistant_nb.engine.params.assistants import CreateAssistant, ToolOutput
from assistant_nb.engine.parts import SearchAnswer
from assistant_nb.engine.runs import by_hand
from assistant_nb.engine.runs.forks import fork
from assistant_nb.engine.runs.prefixes import shared
from assistant_nb.engine.runs.runner import Runner
from assistant_nb.engine.store import Store
from assistant_nb.engine.tools.base import Tool

texts = st.text(max_size=20)
calls = st.lists(st.builds(ToolCall, st.sampled_from(["add", "file_search"]), texts), min_size=1, max_size=3)
lines = st.one_of(
    texts, calls, st.builds(lambda text, calls: [text, *calls], texts, calls), st.just(ModelError("no answer")),
)  # fmt: skip
TOOLS: Any = [{"type": "file_search"}, {"type": "function", "function": {"name": "add"}}]


class Thoughtful(Scripted):
    """What it says depends on the prompt alone: its first line, its second after it has called once, …"""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        n = sum(bool(turn.tool_calls) for turn in prompt.messages)
        self.prompts.append(prompt)
        yield from Scripted(self._lines[n] if n < len(self._lines) else "The end.").ask(prompt)


class Echo(Tool):
    """A tool of the engine."""

    def use(self, run: Run, given: str) -> SearchAnswer:
        return {"results": [Hit("vs_1", "file-1", "a.txt", 1.0, {}, given, 0).step_result()]}


class World:
    """An engine without a background, and a run in it, driven as far as it goes; cancelled before turn `cancel_at`."""

    def __init__(self, script: list[Any], cancel_at: int = 999) -> None:
        self.store = Store(":memory:", Ids("seed"), LessonClock())
        self.model = Thoughtful(*script)
        self.runner = Runner(self.store, self.model, {"file_search": Echo()})
        self.runner._in_background = lambda live, work: None  # type: ignore[method-assign]
        with self.store.transaction():
            body: CreateAssistant = {"model": "m", "instructions": "i", "tools": TOOLS}
            assistant = wire.assistant(self.store.new_id("assistant"), self.store.now(), body)
            thread = wire.thread(self.store.new_id("thread"), self.store.now(), {})
            self.store.put(assistant)
            self.store.put(thread)
        self.run_id = str(self.runner.create(thread["id"], {"assistant_id": assistant["id"]})["id"])
        self.finish(self.run_id, cancel_at)

    def finish(self, run_id: str, cancel_at: int = 999) -> None:
        """Drive a run to its end, answering its calls; cancel it on the way, at event `cancel_at`."""
        turns = itertools.count()
        while True:
            for _ in self.runner.drive(run_id):
                turn = next(turns)
                run = self.store.get(RUN, run_id)
                if turn == cancel_at and run["status"] in ("queued", "in_progress", "requires_action"):
                    self.runner.cancel(run["thread_id"], run_id)
            run = self.store.get(RUN, run_id)
            if run["status"] != "requires_action":
                return
            action = run["required_action"]
            asked = action["submit_tool_outputs"]["tool_calls"] if action else []
            outputs: list[ToolOutput] = [
                {"tool_call_id": call["id"], "output": f"{n}!"} for n, call in enumerate(asked)
            ]
            self.runner.submit(run, outputs)

    def fork(self, at: int, edit: Any = None) -> str:
        made: Any = edit or {}
        return fork(self.store, self.run_id, at, made)

    def kept(self, run_id: str) -> str:
        """All that is kept of a run, as bytes."""
        thread_id = self.store.get(RUN, run_id)["thread_id"]
        kinds: Any = ((RUN, thread_id), (MESSAGE, thread_id), (RUN_STEP, run_id))
        objects: list[Any] = [self.store.all(kind, parent) for kind, parent in kinds]
        return wire.encode([self.store.get(THREAD, thread_id), *objects, *map(_data, self.store.journal(run_id))])


def _data(entry: Entry) -> list[Any]:
    return [entry.at, entry.event, entry.id, entry.data, entry.follows]


def nameless(entries: list[Entry]) -> list[str]:
    """Entries as text with their ids numbered, without what clients did to who moves it."""
    known: dict[str, str] = {}
    return [
        re.sub(
            r"\b(thread|run|step|msg|call)_\w{24}\b",
            lambda found: known.setdefault(found[0], f"{found[1]}_{len(known)}"),
            wire.encode(_data(entry)),
        )
        for entry in entries
        if entry.event not in ("client.held", "client.released")
    ]


scripts = st.lists(lines, min_size=1, max_size=4)


@given(scripts, st.integers(0, 30), st.data())
def test_forks_share_the_prefix_and_leave_their_parent_alone(script: Any, cancel_at: int, data: st.DataObject) -> None:
    world = World(script, cancel_at)
    before, entries = world.kept(world.run_id), world.store.journal(world.run_id)
    at = data.draw(st.integers(0, len(entries) - 1))
    first, second = world.fork(at), world.fork(at)
    n = shared(entries, at, {})
    assert n > at
    assert nameless(world.store.journal(first)[:n]) == nameless(entries[:n])
    untouched = world.kept(second)
    by_hand.release(world.runner, first)
    world.finish(first)
    assert (world.kept(world.run_id), world.kept(second)) == (before, untouched)
    assert world.store.get(RUN, first)["status"] in ("completed", "failed", "cancelled")


@given(scripts, st.integers(0, 30), st.data())
def test_an_edited_fork_shares_what_it_names_or_is_refused(script: Any, cancel_at: int, data: st.DataObject) -> None:
    world = World(script, cancel_at)
    before, entries = world.kept(world.run_id), world.store.journal(world.run_id)
    calls = list(fold(entries).arguments) or ["call_none"]
    edit = data.draw(
        st.fixed_dictionaries({"instructions": texts})
        | st.fixed_dictionaries({"answer": st.fixed_dictionaries({"text": st.text(min_size=1, max_size=9)})})
        | st.builds(_on_call, st.just("arguments"), st.sampled_from(calls), texts)
        | st.builds(_on_call, st.just("output"), st.sampled_from(calls), texts)
    )
    try:
        child = world.fork(data.draw(st.integers(0, len(entries) - 1)), edit)
    except BadRequest:
        assert world.store.forks(world.run_id) == []
    else:
        parent, n, kept = world.store.origin(child) or ("", 0, None)
        assert (parent, kept) == (world.run_id, edit)
        assert nameless(world.store.journal(child)[: n + 1]) == nameless(entries[: n + 1])
        by_hand.release(world.runner, child)
        world.finish(child)
        assert world.store.get(RUN, child)["status"] in ("completed", "failed", "cancelled")
    assert world.kept(world.run_id) == before


def _on_call(edit: str, id: str, text: str) -> dict[str, Any]:
    return {edit: {"tool_call_id": id, edit: text}}


@given(scripts, st.data())
def test_a_fork_without_an_edit_goes_on_as_its_parent_did(script: Any, data: st.DataObject) -> None:
    world = World(script)
    entries = world.store.journal(world.run_id)
    child = world.fork(data.draw(st.integers(0, len(entries) - 1)))
    by_hand.release(world.runner, child)
    world.finish(child)
    assert nameless(world.store.journal(child)) == nameless(entries)


@given(scripts, st.data())
def test_what_is_stored_of_a_fork_is_what_its_journal_folds_to(script: Any, data: st.DataObject) -> None:
    world = World(script)
    child = world.fork(data.draw(st.integers(0, len(world.store.journal(world.run_id)) - 1)))
    for id, body in fold(world.store.journal(child)).objects.items():
        parent = body["run_id"] if body["object"] == "thread.run.step" else body["thread_id"]
        assert world.store.get(KINDS[body["object"]], id, parent) == body


@given(scripts, st.data())
def test_forks_of_forks_share_what_they_name(script: Any, data: st.DataObject) -> None:
    world = World(script)
    run_id = world.run_id
    for _ in range(3):
        entries = world.store.journal(run_id)
        child = fork(world.store, run_id, data.draw(st.integers(0, len(entries) - 1)), {})
        parent, n, _ = world.store.origin(child) or ("", 0, None)
        assert parent == run_id
        assert nameless(world.store.journal(child)[: n + 1]) == nameless(entries[: n + 1])
        by_hand.release(world.runner, child)
        world.finish(child)
        run_id = child
    assert len(world.store.forks(world.run_id)) == 3


SEARCHING = [["Let me look.", ToolCall("file_search", "cake"), ToolCall("add", '{"a": 1}')], "Found."]


def edited(edit: str) -> tuple[World, str, dict[str, Any]]:
    """A fork at the end of a run that has searched and called a function, and the calls it has after that."""
    world = World(SEARCHING)
    entries = world.store.journal(world.run_id)
    (made,) = [entry for entry in entries if entry.event == "model.called"]
    search, add = (call["id"] for call in made.data["step_details"]["tool_calls"])
    edits: dict[str, Any] = {
        "search": {"output": {"tool_call_id": search, "output": "pie"}},
        "function": {"output": {"tool_call_id": add, "output": "2"}},
        "arguments": {"arguments": {"tool_call_id": add, "arguments": '{"a": 9}'}},
    }
    child = world.fork(len(entries) - 1, edits[edit])
    by_hand.release(world.runner, child)
    world.finish(child)
    return world, child, {"search": search, "add": add}


@pytest.mark.parametrize(
    ("edit", "searched", "added", "asked"),
    [("search", "pie", "0!", 1), ("function", "cake", "2", 1), ("arguments", "cake", "0!", 1)],
)
def test_an_edited_call_is_what_the_model_reads(edit: str, searched: str, added: str, asked: int) -> None:
    world, child, _ = edited(edit)
    prompt = world.model.prompts[-1].messages[-1]
    assert searched in str(prompt.tool_calls[0].output)
    assert prompt.tool_calls[1].output == added
    assert prompt.tool_calls[1].arguments == ('{"a": 9}' if edit == "arguments" else '{"a": 1}')
    assert len(world.model.prompts) == 2 + asked, "the model is asked for what comes after alone"
    assert world.store.get(RUN, child)["status"] == "completed"


def test_a_search_that_found_nothing_has_no_hit_to_edit() -> None:
    world = World(SEARCHING)
    entries = world.store.journal(world.run_id)
    (made,) = [entry for entry in entries if entry.event == "model.called"]
    search = made.data["step_details"]["tool_calls"][0]["id"]
    nothing = {"output": {"tool_call_id": search, "output": ""}}
    child = world.fork(len(entries) - 1, nothing)
    step: Any = fold(world.store.journal(child)).steps[-1]
    assert step["step_details"]["tool_calls"][0]["file_search"]["results"] == []
    by_hand.release(world.runner, child)
    world.finish(child)
    id = wire.tool_calls(fold(world.store.journal(child)).steps[1])[0]["id"]
    with pytest.raises(BadRequest, match="found nothing"):
        fork(
            world.store,
            child,
            len(world.store.journal(child)) - 1,
            {"output": {"tool_call_id": id, "output": "x"}},
        )
