"""Streams that nobody reads: whatever looks at their thread moves the run."""

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import AssistantEventHandler, OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.objects import THREAD
from tests.conftest import Connect, MakeApp

ADD: Any = {"type": "function", "function": {"name": "add"}}


def begin(client: OpenAI, *tools: Any) -> tuple[str, str]:
    """A thread with a question, and an assistant."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    return thread.id, client.beta.assistants.create(model="gpt-4o", tools=tools).id


def in_a_variable(client: OpenAI, thread_id: str, assistant_id: str) -> Any:
    return client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)


def entered_only(client: OpenAI, thread_id: str, assistant_id: str) -> Any:
    manager = client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id)
    return manager, manager.__enter__()


def used_twice(client: OpenAI, thread_id: str, assistant_id: str) -> Any:
    handler = AssistantEventHandler()
    other = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    with client.beta.threads.runs.stream(
        thread_id=other.id, assistant_id=assistant_id, event_handler=handler
    ) as stream:
        stream.until_done()
    manager = client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id, event_handler=handler)
    with pytest.raises(RuntimeError):
        manager.__enter__()
    return manager


def raw(client: OpenAI, thread_id: str, assistant_id: str) -> Any:
    create = client.beta.threads.runs.with_streaming_response.create
    manager = create(thread_id, assistant_id=assistant_id, stream=True)
    return manager, manager.__enter__()


def status(client: OpenAI, thread_id: str) -> str:
    (run,) = client.beta.threads.runs.list(thread_id).data
    return run.status


@pytest.mark.parametrize("make", [in_a_variable, entered_only, used_twice, raw])
def test_a_stream_that_is_not_read_does_not_lock_its_thread(make: Callable[..., Any], connect: Connect) -> None:
    client = connect("Hi." if make is used_twice else "Four.", "Four.", "Five.")
    thread_id, assistant_id = begin(client)
    kept = make(client, thread_id, assistant_id)
    client.beta.threads.messages.create(thread_id, role="user", content="2 + 3?")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert (run.status, bool(kept)) == ("completed", True)
    assert len(client.beta.threads.messages.list(thread_id).data) == 4


@pytest.mark.parametrize(
    "look",
    [
        lambda client, id: client.beta.threads.retrieve(id),
        lambda client, id: client.beta.threads.update(id, metadata={"a": "b"}),
        lambda client, id: client.beta.threads.messages.list(id),
        lambda client, id: client.beta.threads.runs.list(id),
    ],
)
def test_each_look_at_the_thread_moves_the_run(look: Callable[[OpenAI, str], Any], connect: Connect) -> None:
    client = connect("Four.")
    thread_id, assistant_id = begin(client)
    kept = in_a_variable(client, thread_id, assistant_id)
    look(client, thread_id)
    assert status(client, thread_id) == "completed"
    assert [event.event for event in kept][-1] == "thread.run.completed", "the reader misses nothing"


def test_a_stream_that_is_half_read_keeps_its_run(connect: Connect) -> None:
    client = connect("It is four.")
    with in_a_variable(client, *begin(client)) as stream:
        assert [next(stream).event for _ in range(3)][-1] == "thread.run.in_progress"
        thread_id = next(stream).data.thread_id
        assert status(client, thread_id) == "in_progress"


def test_a_run_that_is_cancelled_is_not_moved_before(connect: Connect) -> None:
    client = connect("Four.")
    thread_id, assistant_id = begin(client)
    kept = in_a_variable(client, thread_id, assistant_id)
    run = next(kept).data
    assert client.beta.threads.runs.cancel(run.id, thread_id=thread_id).status == "cancelling"


def test_a_run_that_waits_for_outputs_takes_them(connect: Connect, wait: Callable[..., Run]) -> None:
    client = connect(ToolCall("add", "{}"), "Four.")
    thread_id, assistant_id = begin(client, ADD)
    kept = in_a_variable(client, thread_id, assistant_id)
    (run,) = client.beta.threads.runs.list(thread_id).data
    assert (run.status, bool(kept)) == ("requires_action", True)
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    outputs: Any = [{"tool_call_id": call.id, "output": "4"}]
    again = client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs, stream=True)
    client.beta.threads.messages.list(thread_id)
    assert (status(client, thread_id), bool(again)) == ("completed", True)


def test_a_run_whose_model_is_a_person_is_not_asked_twice(make_app: MakeApp, connect: Connect) -> None:
    client = connect(app=make_app(model=Human()))
    thread_id, assistant_id = begin(client)
    kept = in_a_variable(client, thread_id, assistant_id)
    assert [status(client, thread_id) for _ in range(3)] == ["in_progress"] * 3
    (seat,) = client.get("/lab/seats", cast_to=dict[str, Any])["data"]
    client.post(f"/lab/seats/{seat['run_id']}", cast_to=object, body={"text": "Four."})
    client.beta.threads.messages.list(thread_id)
    assert (status(client, thread_id), bool(kept)) == ("completed", True)


def test_a_model_that_looks_at_its_own_thread_does_not_wait_for_itself(make_app: MakeApp, connect: Connect) -> None:
    seen: list[str] = []

    def looking(_: Any) -> Iterator[str]:
        (thread,) = app.store.page(THREAD)[0]
        seen.append(status(client, thread["id"]))
        yield "Done."

    app = make_app(looking)
    client = connect(app=app)
    thread_id, assistant_id = begin(client)
    with in_a_variable(client, thread_id, assistant_id) as stream:
        assert [event.event for event in stream][-1] == "thread.run.completed"
    assert seen == ["in_progress"]


def test_a_thread_with_such_a_run_is_deleted_without_asking_the_model(connect: Connect) -> None:
    client = connect()
    thread_id, assistant_id = begin(client)
    kept = in_a_variable(client, thread_id, assistant_id)
    assert client.beta.threads.delete(thread_id).deleted
    assert kept
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.retrieve(thread_id)
