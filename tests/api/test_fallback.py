"""A model fails in the middle of a run and another one takes over: nothing of the two is mixed."""

from typing import Any

import pytest
from openai import OpenAI

from assistant_nb.engine.app import App
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.faults import Fault, Faulty
from assistant_nb.engine.model.scripted import Line, Scripted
from tests.conftest import Connect, MakeApp, wait


def stage(make_app: MakeApp, line: Line, after_deltas: int, *second: Line) -> tuple[App, Scripted]:
    """The first one is cut off in its first answer, then has no more to say."""
    standby = Scripted(*second)
    first = Faulty(Scripted(line), Fault("cut_off", after_deltas=after_deltas))
    return make_app(model=Fallback(first, standby, 60)), standby


def stream(client: OpenAI) -> tuple[list[Any], str, str]:
    """The events, and the ids of run and thread."""
    assistant = client.beta.assistants.create(model="m", instructions="i")
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as events:
        told = list(events)
    run: Any = next(event.data for event in told if event.event == "thread.run.created")
    return told, run.id, run.thread_id


def texts(client: OpenAI, thread_id: str) -> list[str]:
    messages = client.beta.threads.messages.list(thread_id, order="asc").data
    return [message.to_dict()["content"][0]["text"]["value"] for message in messages]  # type: ignore[index]


def test_the_half_answer_leaves_the_thread_and_the_whole_one_stays(make_app: MakeApp, connect: Connect) -> None:
    app, standby = stage(make_app, ["Half ", "an ", "answer."], 2, "The whole answer.", "Next.")
    client = connect(app=app)
    told, run_id, thread_id = stream(client)
    assert [event.event.removeprefix("thread.") for event in told[4:]] == [
        "run.step.created", "run.step.in_progress", "message.created", "message.in_progress",
        "message.delta", "message.delta", "message.incomplete", "run.step.failed",
        "run.step.created", "run.step.in_progress", "message.created", "message.in_progress",
        "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    assert texts(client, thread_id) == ["The whole answer."]
    whole, half = client.beta.threads.runs.steps.list(run_id, thread_id=thread_id).data
    assert (half.status, whole.status) == ("failed", "completed")
    assert half.last_error and half.last_error.message.startswith("scripted: The model's answer was cut off")
    assert client.beta.threads.runs.retrieve(run_id, thread_id=thread_id).status == "completed"

    client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=whole.assistant_id)
    assert [turn.content for turn in standby.prompts[1].messages] == ["The whole answer."]


def test_the_journal_keeps_what_was_dropped_and_says_who_answered_instead(make_app: MakeApp, connect: Connect) -> None:
    app, _ = stage(make_app, ["Half ", "an ", "answer."], 2, "The whole answer.")
    client = connect(app=app)
    _, run_id, _ = stream(client)
    journal = {entry.event: entry.data for entry in app.store.journal(run_id)}
    assert journal["thread.message.incomplete"]["content"][0]["text"]["value"] == "Half an "
    assert journal["model.answered"]["provenance"]["instead_of"].startswith("scripted: The model's answer was cut off")
    assert "model.dropped" in journal


def test_the_run_says_of_each_answer_where_it_came_from(make_app: MakeApp, connect: Connect) -> None:
    """Through the plain API, while the run waits as well as at its end; a stream's last events say it, too."""
    first = Faulty(Scripted(ToolCall("add", "{}"), ["Half ", "an ", "answer."]), Fault("cut_off", at_call=2))
    client = connect(app=make_app(model=Fallback(first, Scripted("The whole answer."), 60)))
    assistant = client.beta.assistants.create(model="m", instructions="i")
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    assert run.to_dict()["provenance"] == []
    run = wait(client, run)
    assert (run.status, run.to_dict()["provenance"]) == ("requires_action", [{"answer": "scripted"}])
    call_id = run.required_action.submit_tool_outputs.tool_calls[0].id  # type: ignore[union-attr]
    outputs: Any = [{"tool_call_id": call_id, "output": "2"}]
    with client.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=outputs, stream=True
    ) as events:
        told = [event.data for event in events][-1]
    ended = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert told.provenance == ended.provenance  # type: ignore[union-attr, attr-defined]
    provenance: Any = ended.to_dict()["provenance"]
    assert provenance[0] == {"answer": "scripted"}
    assert provenance[1]["instead_of"].startswith("scripted: The model's answer was cut off after 1 deltas.")


@pytest.mark.parametrize("after_deltas", range(1, 5))
def test_a_call_that_was_cut_off_is_not_made(after_deltas: int, make_app: MakeApp, connect: Connect) -> None:
    line: Line = ["Let me see.", ToolCall("add", '{"a": 1}')]
    app, standby = stage(make_app, line, after_deltas, ToolCall("add", '{"a": 2}'), "Two.")
    client = connect(app=app)
    _, run_id, thread_id = stream(client)
    run = client.beta.threads.runs.retrieve(run_id, thread_id=thread_id)
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert call.function.arguments == '{"a": 2}'
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run_id, thread_id=thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "2"}]
    )
    assert (run.status, texts(client, thread_id)) == ("completed", ["Two."])
    (turn,) = standby.prompts[1].messages
    assert (turn.content, [call.arguments for call in turn.tool_calls]) == ("", ['{"a": 2}'])


def test_a_run_that_is_cancelled_at_the_change_is_cancelled(make_app: MakeApp, connect: Connect) -> None:
    app, _ = stage(make_app, ["Half ", "an ", "answer."], 1, ["Never ", "said."])
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="m", instructions="i")
    names = list[str]()
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as events:
        for event in events:
            names.append(event.event)
            if event.event == "thread.run.created":
                run = event.data
            if event.event == "thread.message.delta":
                client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    assert names[-1] == "thread.run.cancelled"
    assert "thread.run.step.failed" not in names
