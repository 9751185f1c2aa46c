"""What happened in a run, as frames."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb import trace

Json = Any  # entries and objects with only the keys that a test needs

RUN: Json = {"id": "run_1", "object": "thread.run", "created_at": 1, "status": "queued", "instructions": "Be brief."}


def entries(*told: tuple[str, Json] | tuple[str, Json, bool]) -> list[Json]:
    return [
        {"n": n, "at": n, "event": event, "id": "run_1", "data": data, "follows": bool(more)}
        for n, (event, data, *more) in enumerate(told)
    ]


def answered(text: str = "", *calls: str, tokens: int = 10) -> tuple[str, Json]:
    usage = {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1}
    return "model.answered", {
        "text": text,
        "tool_calls": [{"name": call, "arguments": "{}"} for call in calls],
        "usage": usage,
    }


def prompt(*contents: str) -> Json:
    return {"messages": [{"role": "user", "content": content} for content in contents], "tools": []}


def test_entries_that_were_written_together_are_one_frame() -> None:
    first, second = trace.frames(
        entries(
            ("thread.run.created", RUN),
            ("thread.run.queued", {}, True),
            ("thread.run.in_progress", {"status": "in_progress"}),
        )
    )
    assert (first.n, first.title, first.status) == (1, "The run is created", "queued")
    assert (second.n, second.title, second.status) == (2, "The run is taken up", "in_progress")


def test_the_most_telling_entry_names_the_frame() -> None:
    (frame,) = trace.frames(entries(("thread.message.completed", {}), (*answered("Hi."), True)))
    assert (frame.title, frame.badge) == ("The model has answered", "11 tokens")


def test_calls_are_named() -> None:
    (frame,) = trace.frames(entries(answered("", "a", "b", "c")))
    assert frame.title == "The model calls a, b and c"


def test_an_unknown_event_is_told_by_its_name() -> None:
    (frame,) = trace.frames(entries(("thread.run.dreamt_of", {})))
    assert frame.title == "run dreamt of"


def test_what_cannot_be_taken_back_is_flagged() -> None:
    called = {
        "step_details": {
            "type": "tool_calls",
            "tool_calls": [{"id": "c", "type": "function", "function": {"arguments": "{}", "output": "1"}}],
        }
    }
    tool, outputs = trace.frames(entries(("tool.answered", {}), ("thread.run.step.completed", called)))
    assert "A tool was at work" in tool.effect
    assert "Your functions were called" in outputs.effect


def test_tokens_add_up_and_an_estimate_is_told() -> None:
    event, data = answered("b", tokens=20)
    found = trace.frames(entries(answered("a"), (event, {**data, "usage": {**data["usage"], "estimated": True}})))
    assert trace.tokens(found) == (30, 2, True)
    assert trace.tokens(found[:1]) == (10, 1, False)
    assert [frame.badge for frame in found] == ["11 tokens", "≈ 21 tokens"]


def test_what_is_new_in_a_prompt() -> None:
    assert trace.news(prompt("a", "b"), None) == [True, True]
    assert trace.news(prompt("a", "b"), prompt("a")) == [False, True]
    assert trace.news(prompt("a", "x", "c"), prompt("a", "b")) == [False, True, True]


def test_changes_name_the_place() -> None:
    before, after = (
        {"status": "queued", "a": [1], "same": {"x": 1}},
        {"status": "failed", "a": [1, 2], "same": {"x": 1}},
    )
    assert list(trace.changes(before, after)) == [("status", "queued", "failed"), ("a[1]", None, 2)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_nothing_changes_from_an_object_to_itself(value: Any) -> None:
    assert list(trace.changes(value, value)) == []


@given(json_values, json_values)
def test_objects_that_differ_have_changes_unless_only_nothing_was_added(a: Any, b: Any) -> None:
    found = list(trace.changes(a, b))
    assert bool(found) >= (isinstance(a, int | str) and type(a) is type(b) and a != b)


def test_branches_part_where_something_else_happened() -> None:
    ours = trace.frames(entries(("thread.run.created", RUN), ("model.asked", prompt("a")), answered("x")))
    theirs = trace.frames(
        entries(("thread.run.created", {**RUN, "id": "run_2"}), ("model.asked", prompt("a")), answered("y"))
    )
    assert trace.parted(ours, theirs) == 2
    assert trace.parted(ours, ours) == 3


def test_edits_stand_in_their_place_with_their_value() -> None:
    message: Json = {
        "id": "msg_1",
        "role": "user",
        "run_id": None,
        "content": [{"type": "text", "text": {"value": "2 + 2?"}}],
    }
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}', "output": "4"}}
    found = trace.frames(
        entries(
            answered("Let me see.", "add"),
            ("model.called", {"step_details": {"type": "tool_calls", "tool_calls": [call]}}),
        )
    )
    made = [one["edit"] for one in trace.edits(found, RUN, [message])]
    assert made == [
        {"message": {"id": "msg_1", "content": "2 + 2?"}},
        {"instructions": "Be brief."},
        {"answer": {"text": "Let me see.", "tool_calls": [{"name": "add", "arguments": "{}"}]}},
        {"answer": {"text": "Let me see."}},
        {"arguments": {"tool_call_id": "call_1", "arguments": '{"a": 2}'}},
        {"output": {"tool_call_id": "call_1", "output": "4"}},
    ]
