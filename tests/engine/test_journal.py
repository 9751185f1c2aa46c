"""The run, its steps and its messages are folds of the journal, at every moment."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine import wire
from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.journal import Entry, fold
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import KINDS, RUN, THREAD, Run

texts = st.text(max_size=30)
calls = st.lists(st.builds(ToolCall, st.sampled_from(["add", "get_weather"]), texts), min_size=1, max_size=3)
lines = st.one_of(
    texts, calls, st.builds(lambda text, calls: [text, *calls], texts, calls),
    st.just(ModelError("no answer", "rate_limit_exceeded")),
)  # fmt: skip


def entry(n: int, event: str, id: str, data: dict[str, Any]) -> Entry:
    return Entry(n, 0, event, id, data)


def test_an_entry_sets_fields_and_leaves_the_others() -> None:
    state = fold(
        [
            entry(
                0,
                "thread.run.created",
                "run_1",
                {"id": "run_1", "object": "thread.run", "status": "queued", "model": "m"},
            )
        ]
    )
    state.apply(entry(1, "thread.run.in_progress", "run_1", {"status": "in_progress"}))
    assert (state.run["id"], state.run["status"], state.run["model"]) == ("run_1", "in_progress", "m")


def test_a_prompt_waits_until_it_is_answered() -> None:
    state = fold([entry(0, "thread.run.created", "run_1", {"id": "run_1", "object": "thread.run", "provenance": []})])
    prompt: Any = {"model": "m"}
    state.apply(entry(1, "model.asked", "run_1", prompt))
    assert (state.asked, state.answer) == (prompt, None)
    answer: Any = {"text": "yes", "usage": {}, "provenance": {"answer": "scripted"}}
    state.apply(entry(2, "model.answered", "run_1", answer))
    assert (state.asked, state.answer) == (None, answer)
    assert state.run["provenance"] == [{"answer": "scripted"}]


def test_a_deleted_object_is_gone() -> None:
    state = fold([entry(0, "thread.message.created", "msg_1", {"id": "msg_1"})])
    state.apply(entry(1, "client.deleted", "msg_1", {}))
    assert state.objects == {}


@given(st.lists(lines, min_size=1, max_size=3), st.data())
def test_folding_a_prefix_and_then_the_rest_is_folding_the_whole(script: list[Any], data: st.DataObject) -> None:
    for entries in _journals(_played(script)):
        cut = data.draw(st.integers(0, len(entries)))
        state = fold(entries[:cut])
        for entry in entries[cut:]:
            state.apply(entry)
        assert state == fold(entries)


@given(st.lists(lines, min_size=1, max_size=3))
def test_what_is_stored_is_what_the_journal_folds_to(script: list[Any]) -> None:
    app = _played(script)
    for entries in _journals(app):
        for id, body in fold(entries).objects.items():
            parent = body["run_id"] if body["object"] == "thread.run.step" else body["thread_id"]
            assert app.store.get(KINDS[body["object"]], id, parent) == body


@given(st.lists(lines, min_size=1, max_size=3))
def test_entries_are_numbered_and_time_never_runs_back(script: list[Any]) -> None:
    for entries in _journals(_played(script)):
        assert [entry.n for entry in entries] == list(range(len(entries)))
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def _played(script: list[Any]) -> App:
    """An engine after as many runs as it takes to use up the script, driven in the foreground."""
    app = create_app(model=Scripted(*script))
    with app.store.transaction():
        assistant = wire.assistant(app.store.new_id("assistant"), app.store.now(), {"model": "m", "instructions": "i"})
        thread = wire.thread(app.store.new_id("thread"), app.store.now(), {})
        app.store.put(assistant)
        app.store.put(thread)
    while len(app.model.prompts) < len(script):  # type: ignore[attr-defined]
        run = app.runner.create(thread["id"], {"assistant_id": assistant["id"]})
        _rest(app, run)
    return app


def _rest(app: App, run: Run) -> None:
    """Drive a run to its end, answering its calls."""
    list(app.runner.drive(run["id"]))
    run = app.store.get(RUN, run["id"])
    while run["status"] == "requires_action":
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"] if run["required_action"] else []
        app.runner.submit(run, [{"tool_call_id": call["id"], "output": "42"} for call in calls])
        list(app.runner.drive(run["id"]))
        run = app.store.get(RUN, run["id"])


def _journals(app: App) -> Iterator[list[Entry]]:
    for thread in app.store.page(THREAD)[0]:
        for run in app.store.all(RUN, thread["id"]):
            yield app.store.journal(run["id"])
