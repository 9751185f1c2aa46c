import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import openai
import pytest
from openai.types.beta.threads import Run
from werkzeug.test import Client as WsgiClient

from assistant_nb.engine.app import create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import MESSAGE, THREAD
from assistant_nb.engine.runs import runner
from assistant_nb.engine.wire import encode
from tests.conftest import Connect, Line, MakeApp
from tests.until import PATIENCE_S

Ask = Callable[..., Run]


class Gate:
    """A scripted line that answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.open = threading.Event(), threading.Event()

    def __call__(self, prompt: Prompt) -> Iterable[str]:
        yield "Let me "
        self.asked.set()
        self.open.wait(PATIENCE_S)
        yield "think."


def begin(client: openai.OpenAI) -> Run:
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Well?"}])
    return client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)


def test_a_run_is_born_queued_with_the_recorded_keys_and_one_of_ours(connect: Connect) -> None:
    client = connect("An answer.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    answer = client.beta.threads.runs.with_raw_response.create(thread.id, assistant_id=assistant.id)
    run = json.loads(answer.text)
    assert list(run) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at", "cancelled_at",
        "failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools", "tool_resources",
        "metadata", "temperature", "top_p", "reasoning_effort", "max_completion_tokens", "max_prompt_tokens",
        "truncation_strategy", "incomplete_details", "usage", "response_format", "tool_choice", "parallel_tool_calls", "provenance",
    ]  # fmt: skip
    assert run["status"] == "queued"
    assert run["expires_at"] - run["created_at"] == 600
    assert (run["started_at"], run["usage"]) == (None, None)


def test_a_run_goes_through_queued_in_progress_and_completed_while_the_client_polls(
    connect: Connect, wait: Callable[..., Run]
) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    assert run.status == "queued"
    assert gate.asked.wait(PATIENCE_S)
    run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (run.status, run.completed_at, run.usage) == ("in_progress", None, None)
    gate.open.set()
    run = wait(client, run)
    assert (run.status, run.expires_at) == ("completed", None)
    assert run.usage and run.usage.total_tokens > 0
    assert run.created_at <= run.started_at <= run.completed_at  # type: ignore[operator]


def test_the_answer_is_a_message_written_in_a_step(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    (message, question) = client.beta.threads.messages.list(run.thread_id).data
    assert message.content[0].to_dict() == {"type": "text", "text": {"value": "An answer.", "annotations": []}}
    assert question.role == "user"
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.to_dict()["step_details"] == {
        "type": "message_creation", "message_creation": {"message_id": message.id},
    }  # fmt: skip
    assert (step.status, step.to_dict()["expires_at"]) == ("completed", None)
    assert client.beta.threads.runs.steps.retrieve(step.id, thread_id=run.thread_id, run_id=run.id) == step


def test_run_instructions_replace_and_additional_ones_are_appended(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("1", "2", "3", "4")
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Assistant.")
    thread = client.beta.threads.create()
    both = {"instructions": "Run.", "additional_instructions": "More."}
    for body in ({}, {"instructions": "Run."}, {"additional_instructions": "More."}, both):
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **body)  # type: ignore[arg-type]
    assert isinstance(app.model, Scripted)
    assert [prompt.instructions for prompt in app.model.prompts] == [
        "Assistant.",
        "Run.",
        "Assistant. More.",
        "Run. More.",
    ]


def test_the_model_gets_the_whole_conversation_and_the_choices_of_the_run(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Hello!", "Four.")
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", temperature=0.5, tools=[{"type": "code_interpreter"}])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        model="gpt-4o",
        top_p=0.25,
        tool_choice="none",
        additional_messages=[{"role": "user", "content": "2 + 2?"}],
    )
    assert isinstance(app.model, Scripted)
    prompt = app.model.prompts[1]
    assert [turn.content for turn in prompt.messages] == ["Hi", "Hello!", "2 + 2?"]
    chosen = prompt.settings["temperature"], prompt.settings["top_p"], prompt.tool_choice
    assert (prompt.model, *chosen) == ("gpt-4o", 0.5, 0.25, "none")
    assert prompt.tools == [{"type": "code_interpreter"}]


def test_what_a_run_chooses_goes_before_what_its_assistant_has(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Yes.")
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i", tools=[{"type": "code_interpreter"}])
    chosen: dict[str, Any] = {
        "tools": [],
        "response_format": {"type": "json_object"},
        "parallel_tool_calls": False,
        "max_completion_tokens": 100,
        "temperature": 0.0,
        "reasoning_effort": "low",
    }
    thread = client.beta.threads.create()
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, metadata={"a": "b"}, **chosen
    )
    assert run.metadata == {"a": "b"}
    assert {name: run.to_dict()[name] for name in chosen} == chosen
    assert isinstance(app.model, Scripted)
    (prompt,) = app.model.prompts
    assert {name: value for name, value in prompt.as_json().items() if name in chosen} == chosen


def test_what_the_model_counted_is_the_usage_and_what_we_counted_is_marked(connect: Connect, ask: Ask) -> None:
    class Counting(Scripted):
        def ask(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
            yield TextDelta("Yes.")
            yield Finish({"answer": "scripted"}, 102, 27)

    counted, guessed = ask(connect(app=create_app(model=Counting())), "Well?"), ask(connect("Yes."), "Well?")
    assert counted.usage and guessed.usage
    assert (counted.usage.prompt_tokens, counted.usage.completion_tokens, counted.usage.total_tokens) == (102, 27, 129)
    assert "estimated" not in counted.usage.to_dict()
    assert guessed.usage.to_dict()["estimated"] is True


def test_a_truncated_thread_shows_the_model_its_last_messages_only(
    make_app: MakeApp, connect: Connect, ask: Ask
) -> None:
    app = make_app("Yes.")
    body = {"additional_messages": [{"role": "user", "content": "Two"}]}
    ask(connect(app=app), "One", truncation_strategy={"type": "last_messages", "last_messages": 1}, **body)
    assert isinstance(app.model, Scripted)
    assert [turn.content for turn in app.model.prompts[0].messages] == ["Two"]


def test_a_thread_and_its_run_can_be_created_in_one_call(connect: Connect) -> None:
    client = connect("An answer.")
    assistant = client.beta.assistants.create(model="gpt-4")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "A question?"}]}
    )
    assert run.status == "completed"
    assert len(client.beta.threads.messages.list(run.thread_id).data) == 2


def test_a_refused_run_leaves_no_thread_behind(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    with pytest.raises(openai.NotFoundError, match="No assistant found"):
        connect(app=app).beta.threads.create_and_run(assistant_id="asst_none", thread={})
    assert app.store.page(THREAD) == ([], False)


def test_a_model_that_fails_fails_the_run_and_says_why(connect: Connect, ask: Ask) -> None:
    client = connect(ModelError("Too many questions.", "rate_limit_exceeded"))
    run = ask(client, "A question?")
    assert run.status == "failed"
    assert run.last_error and run.last_error.to_dict() == {
        "code": "rate_limit_exceeded", "message": "Too many questions.",
    }  # fmt: skip
    assert run.failed_at and run.completed_at is None


def test_a_model_that_breaks_in_mid_answer_leaves_what_it_said(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    def breaking(prompt: Prompt) -> Iterator[str]:
        yield "I was about to"
        raise ZeroDivisionError

    app = make_app(breaking, "Again.")
    client = connect(app=app)
    run = ask(client, "A question?")
    assert run.status == "failed"
    assert run.last_error and "ZeroDivisionError" in run.last_error.message
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert (step.status, step.last_error and step.last_error.message) == ("failed", run.last_error.message)
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert message.content[0].to_dict()["text"]["value"] == "I was about to"  # type: ignore[index]
    assert app.store.get(MESSAGE, message.id)["incomplete_details"] == {"reason": "run_failed"}
    again = client.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed", "the thread is free again"


def test_cancelling_is_asked_first_and_then_done_even_if_the_model_hangs(
    connect: Connect, wait: Callable[..., Run]
) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    assert client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id).status == "cancelling"
    run = wait(client, run)
    assert run.status == "cancelled"
    assert run.cancelled_at
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "cancelled"
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert message.content[0].to_dict()["text"]["value"] == "Let me "  # type: ignore[index]
    gate.open.set()
    client.beta.threads.messages.create(run.thread_id, role="user", content="Something else, then.")


def test_a_run_that_has_ended_cannot_be_cancelled(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'completed'."):
        client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)


def test_a_thread_has_one_active_run_at_most(connect: Connect) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    with pytest.raises(openai.BadRequestError, match=f"Thread {run.thread_id} already has an active run {run.id}."):
        client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
    gate.open.set()


def test_a_run_needs_a_question_or_instructions(connect: Connect) -> None:
    client = connect()
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create()
    with pytest.raises(openai.BadRequestError, match="requires a Thread with a user message") as refused:
        client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    assert refused.value.code == "invalid_thread"


def test_metadata_is_modified_when_the_run_rests(connect: Connect, wait: Callable[..., Run]) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    with pytest.raises(openai.BadRequestError, match="Cannot update run with status 'in_progress'."):
        client.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"a": "b"})
    gate.open.set()
    wait(client, run)
    assert client.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"a": "b"}).metadata == {"a": "b"}


def test_a_thread_can_be_deleted_under_its_run(make_app: MakeApp, connect: Connect) -> None:
    gate = Gate()
    app = make_app(gate)
    client = connect(app=app)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    client.beta.threads.delete(run.thread_id)
    gate.open.set()
    app.runner.close()
    assert app.store.active_runs() == []


def test_runs_are_listed_newest_first(connect: Connect) -> None:
    client = connect("One.", "Two.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    ids = [
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id).id for _ in range(2)
    ]
    assert [run.id for run in client.beta.threads.runs.list(thread.id)] == ids[::-1]


def test_pollers_are_told_not_to_sleep_a_second(connect: Connect) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    answer = client.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id)
    assert int(answer.headers["openai-poll-after-ms"]) < 100
    gate.open.set()


def test_two_who_move_a_run_ask_the_model_once(make_app: MakeApp, connect: Connect, wait: Callable[..., Run]) -> None:
    gate = Gate()
    app = make_app(gate)
    client = connect(app=app)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    assert list(app.runner.drive(run.id)) == [], "somebody else is at it"
    gate.open.set()
    assert wait(client, run).status == "completed"
    assert isinstance(app.model, Scripted)
    assert len(app.model.prompts) == 1


def test_an_answer_that_ends_just_after_a_cancel_is_broken_off(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(lambda prompt: ["An ", "answer."])
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # only the test moves it
    run = begin(client)
    driven = app.runner.drive(run.id)
    while (event := next(driven)) is None or '"answer."' not in encode(event[1]):
        pass
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    list(driven)
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert message.content[0].to_dict()["text"]["value"] == "An answer."  # type: ignore[index]
    assert app.store.get(MESSAGE, message.id)["incomplete_details"] == {"reason": "run_cancelled"}
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "cancelled"


def test_a_stream_has_the_recorded_order_of_events(connect: Connect) -> None:
    client = connect(lambda prompt: ["An ", "answer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        events = [event.event for event in stream]
    assert events == [
        "thread.run.created", "thread.run.queued", "thread.run.in_progress",
        "thread.run.step.created", "thread.run.step.in_progress",
        "thread.message.created", "thread.message.in_progress", "thread.message.delta", "thread.message.delta",
        "thread.message.completed", "thread.run.step.completed", "thread.run.completed",
    ]  # fmt: skip
    (message,) = stream.get_final_messages()
    assert message.content[0].to_dict()["text"]["value"] == "An answer."  # type: ignore[index]


def test_a_run_goes_on_when_the_reader_of_its_stream_goes_away(connect: Connect, wait: Callable[..., Run]) -> None:
    client = connect(lambda prompt: ["An ", "answer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        next(iter(stream))
    (run,) = client.beta.threads.runs.list(thread.id).data
    assert wait(client, run).status == "completed"


def test_the_journal_shows_the_prompt_and_where_the_answer_comes_from(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    entries = client.get(f"/lab/runs/{run.id}/journal", cast_to=object)["data"]  # type: ignore[index]
    events = [entry["event"] for entry in entries]
    assert events[0] == "thread.run.created"
    assert events[-1] == "thread.run.completed"
    asked, answered = entries[events.index("model.asked")], entries[events.index("model.answered")]
    assert asked["data"]["messages"] == [{"role": "user", "content": "A question?"}]
    assert answered["data"]["provenance"] == {"answer": "scripted"}


@pytest.mark.parametrize(
    "line",
    [
        lambda prompt: exec("raise SystemExit"),
        lambda prompt: exec("import asyncio; raise asyncio.CancelledError"),
        lambda prompt: [None],
        lambda prompt: [5],
        lambda prompt: None,
    ],
)
def test_whatever_a_model_does_the_run_ends_and_says_why(line: Line, connect: Connect, ask: Ask) -> None:
    run = ask(connect(line), "A question?")
    assert run.status == "failed"
    assert run.last_error and "The model 'scripted' broke: " in run.last_error.message


@pytest.mark.parametrize("finish", [{"prompt_tokens": "1"}, {"completion_tokens": -1}, {"provenance": {"x": object()}}])
def test_a_model_that_cannot_count_is_refused(finish: dict[str, Any], connect: Connect, ask: Ask) -> None:
    class Careless(Scripted):
        def ask(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
            yield TextDelta("Hello.")
            yield Finish(**{"provenance": {"answer": "scripted"}, **finish})

    run = ask(connect(app=create_app(model=Careless())), "A question?")
    assert run.status == "failed"
    assert run.last_error and run.last_error.message.startswith("The model 'scripted' broke: ")


def test_a_cancel_between_two_transitions_is_obeyed(make_app: MakeApp, connect: Connect) -> None:
    """The loop looks at the journal in the same transaction in which it writes."""
    app = make_app(*["An answer."] * 6)
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # only the test moves it
    for turns in range(6):
        assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
        run = client.beta.threads.create_and_run(assistant_id=assistant.id)
        driven = app.runner.drive(run.id)
        for _ in range(turns):
            next(driven)
        client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        list(driven)
        assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "cancelled"


def test_a_stream_tells_of_a_cancel_that_somebody_else_asked_for(connect: Connect) -> None:
    client = connect(lambda prompt: ["An ", "answer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    for when in ("thread.run.queued", "thread.run.in_progress", "thread.message.delta"):
        thread = client.beta.threads.create()
        with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
            events = []
            for event in stream:
                events.append(event.event)
                if event.event == when and "thread.run.cancelling" not in events:
                    run_id = client.beta.threads.runs.list(thread.id).data[0].id
                    client.beta.threads.runs.cancel(run_id, thread_id=thread.id)
                    events.append("thread.run.cancelling")
        assert events[-1] == "thread.run.cancelled"


def test_a_stream_that_nobody_reads_runs_in_the_background(
    make_app: MakeApp, connect: Connect, wait: Callable[..., Run]
) -> None:
    app = make_app("An answer.")
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    body = {"assistant_id": assistant.id, "stream": True}
    headers = {"OpenAI-Beta": "assistants=v2"}
    answer = WsgiClient(app).post(f"/v1/threads/{thread.id}/runs", json=body, headers=headers, buffered=False)
    answer.close()
    (run,) = client.beta.threads.runs.list(thread.id).data
    assert wait(client, run).status == "completed"


def test_a_reader_that_stalls_does_not_hold_up_a_cancel(connect: Connect, wait: Callable[..., Run]) -> None:
    client = connect(lambda prompt: ["An ", "answer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        while next(stream).event != "thread.message.delta":
            pass
        (run,) = client.beta.threads.runs.list(thread.id).data
        client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
        assert wait(client, run).status == "cancelled"


def test_a_model_may_call_the_api_itself(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    refusals: list[str] = []

    def meddling(prompt: Prompt) -> Iterator[str]:
        (thread,) = app.store.page(THREAD)[0]
        try:
            client.beta.threads.messages.create(thread["id"], role="user", content="Me too")
        except openai.BadRequestError as error:
            refusals.append(str(error))
        yield "Done."

    app = make_app(meddling)
    client = connect(app=app)
    assert ask(client, "A question?").status == "completed"
    assert "while a run" in refusals[0]


def test_without_threads_a_run_is_driven_at_once(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a browser's Python, which has none."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    client = connect("An answer.")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    run = begin(client)
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "completed"


def test_editing_during_a_run_does_not_pass_time(connect: Connect, wait: Callable[..., Run]) -> None:
    def ended_at(*, edit: bool) -> int | None:
        gate = Gate()
        client = connect("First.", gate)
        first = wait(client, begin(client))
        (message,) = client.beta.threads.messages.list(first.thread_id, run_id=first.id).data
        run = client.beta.threads.runs.create(first.thread_id, assistant_id=first.assistant_id)
        assert gate.asked.wait(PATIENCE_S)
        if edit:
            client.beta.threads.messages.update(message.id, thread_id=run.thread_id, metadata={"a": "b"})
        gate.open.set()
        return wait(client, run).completed_at

    assert ended_at(edit=True) == ended_at(edit=False)


def test_a_client_of_a_stopped_engine_is_told(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    app.close()
    with pytest.raises(openai.APIStatusError, match="This engine was stopped"):
        client.beta.threads.create()


def test_a_thread_and_run_may_bring_tool_resources(connect: Connect) -> None:
    client = connect("An answer.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    resources: Any = {"code_interpreter": {"file_ids": []}}
    run = client.beta.threads.create_and_run(assistant_id=assistant.id, tool_resources=resources)
    assert run.to_dict()["tool_resources"] == resources


@pytest.mark.parametrize("count", [1, 1_000])
def test_a_journal_does_not_grow_with_the_number_of_deltas(
    count: int, make_app: MakeApp, connect: Connect, ask: Ask
) -> None:
    app = make_app(["word "] * count)
    assert len(app.store.journal(ask(connect(app=app), "A question?").id)) == 12


def test_a_reader_that_leaves_in_mid_answer_does_not_make_the_model_begin_again(
    make_app: MakeApp, connect: Connect, wait: Callable[..., Run]
) -> None:
    app = make_app(lambda prompt: ["An ", "answer."])
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as stream:
        while next(stream).event != "thread.message.delta":
            pass
    (thread,) = app.store.page(THREAD)[0]
    run = wait(client, client.beta.threads.runs.list(thread["id"]).data[0])
    assert run.status == "completed"
    (message,) = client.beta.threads.messages.list(run.thread_id).data
    assert message.content[0].to_dict()["text"]["value"] == "An answer."  # type: ignore[index]


def test_a_stream_left_lying_about_does_not_hold_its_run(
    connect: Connect, wait: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SETTLE_S", 0.02)
    client = connect(lambda prompt: ["An ", "answer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    stream = client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True)
    while (event := next(stream)).event != "thread.run.in_progress":
        pass
    assert wait(client, event.data).status == "completed"
    assert [event.event for event in stream].count("thread.message.delta") == 2, "and its reader misses nothing"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupted_reader_does_not_leave_the_run_hanging(
    error: type[BaseException], connect: Connect, wait: Callable[..., Run]
) -> None:
    def interrupted(prompt: Prompt) -> Iterator[str]:
        yield "An "
        raise error

    client = connect(interrupted, "Again.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    with suppress(error), client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        list(stream)
    run = wait(client, client.beta.threads.runs.list(thread.id).data[0])
    assert run.status == "completed"


def test_without_threads_the_next_poll_goes_on_with_what_was_interrupted(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(prompt: Prompt) -> Iterator[str]:
        raise KeyboardInterrupt

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    client = connect(interrupted, "Again.")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    thread = client.beta.threads.create()
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    with pytest.raises(KeyboardInterrupt):
        client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    (run,) = client.beta.threads.runs.list(thread.id).data
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread.id).status == "completed"


NAMED: Any = {"type": "function", "function": {"name": "add"}}
OFFERED: Any = [{"type": "code_interpreter"}, {**NAMED, "function": {"parameters": {}, "strict": False, "name": "add"}}]
SHAPED: Any = {"type": "json_schema", "json_schema": {"name": "sum", "schema": {"type": "object"}, "strict": True}}


@pytest.mark.parametrize(
    "chosen",
    [
        {"tool_choice": NAMED, "tools": OFFERED},
        {"tool_choice": {"type": "code_interpreter"}, "tools": OFFERED},
        {"tool_choice": "required", "tools": OFFERED},
        {"response_format": SHAPED},
        {"response_format": {"type": "text"}},
        {"top_p": 0.5, "temperature": 1.5},
        {"parallel_tool_calls": False},
        {"reasoning_effort": "high"},
        {"max_completion_tokens": 7},
        {"additional_instructions": "More."},
    ],
)
def test_what_a_run_chooses_reaches_the_model_exactly(
    chosen: dict[str, Any], make_app: MakeApp, connect: Connect, ask: Ask
) -> None:
    app = make_app("Yes.")
    ask(connect(app=app), "Well?", **chosen)
    assert isinstance(app.model, Scripted)
    (prompt,) = app.model.prompts
    wanted = {"instructions": "Be brief. More."} if "additional_instructions" in chosen else chosen
    assert {name: value for name, value in prompt.as_json().items() if name in wanted} == wanted


@pytest.mark.parametrize("own", [{"top_p": 0.5}, {"reasoning_effort": "low"}, {"response_format": SHAPED}])
def test_what_the_assistant_has_reaches_the_model_too(own: Any, make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Yes.")
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="m", instructions="i", **own)
    client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    assert isinstance(app.model, Scripted)
    assert {name: value for name, value in app.model.prompts[0].as_json().items() if name in own} == own


def test_a_thread_is_truncated_only_where_that_was_asked_for(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    app = make_app("Yes.")
    body = {"additional_messages": [{"role": "user", "content": "Two"}]}
    ask(connect(app=app), "One", truncation_strategy={"type": "auto", "last_messages": 1}, **body)
    assert isinstance(app.model, Scripted)
    assert [turn.content for turn in app.model.prompts[0].messages] == ["One", "Two"]


def test_an_assistant_can_be_deleted_under_its_run(connect: Connect, wait: Callable[..., Run]) -> None:
    gate = Gate()
    client = connect(gate)
    run = begin(client)
    assert gate.asked.wait(PATIENCE_S)
    client.beta.assistants.delete(run.assistant_id)
    gate.open.set()
    assert wait(client, run).status == "completed"
    with pytest.raises(openai.NotFoundError, match="No assistant found"):
        client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
