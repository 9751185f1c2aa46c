"""Functions: a run that stops for its client's own code, and goes on with what that answered."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AssistantEventHandler, OpenAI
from openai.types.beta.threads import Run
from typing_extensions import override

from assistant_nb.engine.model.base import ToolCall, Turn
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import RUN_STEP
from tests.conftest import Connect, MakeApp

Ask = Callable[..., Run]

ROME = ToolCall("get_weather", '{"city": "Rome"}')
OSLO = ToolCall("get_weather", '{"city": "Oslo"}')
WEATHER: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


def calls(run: Run) -> list[Any]:
    assert run.required_action
    return list(run.required_action.submit_tool_outputs.tool_calls)


def answer(client: OpenAI, run: Run, *outputs: str) -> Run:
    given: Any = [
        {"tool_call_id": call.id, "output": output} for call, output in zip(calls(run), outputs, strict=False)
    ]
    return client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=given)


def test_a_run_stops_for_its_functions_and_goes_on_with_what_they_answer(
    make_app: MakeApp, connect: Connect, ask: Ask, wait: Callable[..., Run]
) -> None:
    app = make_app([ROME, OSLO], "Rome is warmer.")
    client = connect(app=app)
    run = ask(client, "Where is it warmer?", tools=[WEATHER])
    assert (run.status, run.usage, run.completed_at) == ("requires_action", None, None)
    assert [(call.function.name, call.function.arguments) for call in calls(run)] == [
        ("get_weather", '{"city": "Rome"}'), ("get_weather", '{"city": "Oslo"}'),
    ]  # fmt: skip
    queued = answer(client, run, "18 °C", "4 °C")
    assert (queued.status, queued.required_action, queued.started_at) == ("queued", None, run.started_at)
    done = wait(client, queued)
    assert (done.status, done.started_at and done.started_at > (run.started_at or 0)) == ("completed", True)
    assert isinstance(app.model, Scripted)
    rome, oslo = (ToolCall(call.name, call.arguments, output) for call, output in ((ROME, "18 °C"), (OSLO, "4 °C")))
    assert app.model.prompts[1].messages == [Turn("user", "Where is it warmer?"), Turn("assistant", "", (rome, oslo))]
    assert app.model.prompts[1].tools == [{"type": "function", "function": {**WEATHER["function"], "strict": False}}]


def test_the_step_shows_the_calls_before_and_after(connect: Connect, ask: Ask, wait: Callable[..., Run]) -> None:
    client = connect(ROME, "Warm.")
    run = ask(client, "Rome?")
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    (call,) = step.to_dict()["step_details"]["tool_calls"]  # type: ignore[index]
    assert (step.type, step.status, step.usage) == ("tool_calls", "in_progress", None)
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Rome"}', "output": None}
    wait(client, answer(client, run, "18 °C"))
    message, step = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.to_dict()["step_details"]["tool_calls"][0]["function"]["output"] == "18 °C"  # type: ignore[index]
    assert (step.status, message.type) == ("completed", "message_creation")
    final = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert final.usage and step.usage and message.usage
    assert final.usage.total_tokens == step.usage.total_tokens + message.usage.total_tokens


@pytest.mark.parametrize("given", [["A"], ["A", "A"], ["A", "B", "B"], ["B", "C"], []])
def test_there_must_be_one_output_for_each_call(given: list[str], connect: Connect, ask: Ask) -> None:
    client = connect([ROME, OSLO], "Fine.")
    run = ask(client, "Well?")
    a, b = (call.id for call in calls(run))
    ids = [{"A": a, "B": b, "C": "call_other"}[name] for name in given]
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": id, "output": "x"} for id in ids]
        )
    assert refused.value.body["message"] == f"Expected tool outputs for call_ids ['{a}', '{b}'], got {ids}"  # type: ignore[index]
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id) == run, "and nothing was lost"


def test_outputs_are_taken_once_and_only_when_asked_for(connect: Connect, ask: Ask, wait: Callable[..., Run]) -> None:
    client = connect(ROME, "Warm.")
    run = ask(client, "Rome?")
    wait(client, answer(client, run, "18 °C"))
    with pytest.raises(openai.BadRequestError, match='Runs in status "completed" do not accept tool outputs.'):
        answer(client, run, "18 °C")


def test_a_thread_is_held_while_its_run_waits(connect: Connect, ask: Ask) -> None:
    client = connect(ROME)
    run = ask(client, "Rome?")
    with pytest.raises(openai.BadRequestError, match=f"Can't add messages to {run.thread_id} while a run {run.id} is"):
        client.beta.threads.messages.create(run.thread_id, role="user", content="Hurry up")
    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)


def test_a_run_that_waits_can_be_cancelled_with_its_step(connect: Connect, ask: Ask, wait: Callable[..., Run]) -> None:
    client = connect(ROME)
    run = ask(client, "Rome?")
    run = wait(client, client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id))
    assert (run.status, run.required_action) == ("cancelled", None)
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "cancelled"
    assert step.cancelled_at


def test_a_model_may_speak_before_it_calls_and_call_again_after(
    make_app: MakeApp, connect: Connect, ask: Ask, wait: Callable[..., Run]
) -> None:
    app = make_app(["Let me look.", ROME], OSLO, "Rome.")
    client = connect(app=app)
    run = ask(client, "Where is it warmer?")
    run = wait(client, answer(client, run, "18 °C"))
    run = wait(client, answer(client, run, "4 °C"))
    assert run.status == "completed"
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    assert [step.type for step in steps] == ["message_creation", "tool_calls", "tool_calls", "message_creation"]
    assert isinstance(app.model, Scripted)
    _, first, second = app.model.prompts[2].messages
    assert first == Turn("assistant", "Let me look.", (ToolCall(ROME.name, ROME.arguments, "18 °C"),))
    assert second == Turn("assistant", "", (ToolCall(OSLO.name, OSLO.arguments, "4 °C"),))


def test_later_runs_see_what_was_said_not_what_was_called(
    make_app: MakeApp, connect: Connect, ask: Ask, wait: Callable[..., Run]
) -> None:
    app = make_app(ROME, "Warm.", "As I said.")
    client = connect(app=app)
    run = ask(client, "Rome?")
    wait(client, answer(client, run, "18 °C"))
    client.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert isinstance(app.model, Scripted)
    assert [turn.content for turn in app.model.prompts[2].messages] == ["Rome?", "Warm."]


def test_an_output_may_be_long_or_missing(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    app = make_app([ROME, OSLO], "Long.")
    client = connect(app=app)
    run = ask(client, "Well?")
    rome, oslo = calls(run)
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": oslo.id}, {"tool_call_id": rome.id, "output": "x" * 2**18}],
    )
    assert isinstance(app.model, Scripted)
    assert [len(call.output or "") for call in app.model.prompts[1].messages[1].tool_calls] == [2**18, 0]


def test_a_stream_stops_at_a_call_and_the_next_one_begins_with_its_outputs(connect: Connect) -> None:
    client = connect(ROME, "Warm.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i", tools=[WEATHER])
    with client.beta.threads.create_and_run_stream(assistant_id=assistant.id) as stream:
        events = [event.event for event in stream]
    assert events == [
        "thread.created", "thread.run.created", "thread.run.queued", "thread.run.in_progress",
        "thread.run.step.created", "thread.run.step.in_progress",
        *["thread.run.step.delta"] * 3, "thread.run.requires_action",
    ]  # fmt: skip
    run = stream.current_run
    assert run and stream.current_run_step_snapshot
    (call,) = stream.current_run_step_snapshot.step_details.tool_calls  # type: ignore[union-attr]
    assert call.to_dict()["function"] == {"name": ROME.name, "arguments": ROME.arguments, "output": None}
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "18 °C"}]
    ) as stream:
        events = [event.event for event in stream]
    assert events == [
        "thread.run.step.completed", "thread.run.queued", "thread.run.in_progress",
        "thread.run.step.created", "thread.run.step.in_progress",
        "thread.message.created", "thread.message.in_progress", "thread.message.delta",
        "thread.message.completed", "thread.run.step.completed", "thread.run.completed",
    ]  # fmt: skip


def test_the_first_delta_of_a_call_names_it_and_later_ones_add_arguments(connect: Connect) -> None:
    client = connect(ROME)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    deltas = []
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as stream:
        for event in stream:
            if event.event == "thread.run.step.created":
                assert event.data.to_dict()["step_details"] == {"type": "tool_calls", "tool_calls": []}
            if event.event == "thread.run.step.delta":
                (delta,) = event.data.to_dict()["delta"]["step_details"]["tool_calls"]  # type: ignore[index]
                deltas.append(delta)
    id = deltas[0].pop("id")
    assert id.startswith("call_")
    assert deltas == [
        {"index": 0, "type": "function", "function": {"name": "get_weather", "arguments": "", "output": None}},
        {"index": 0, "type": "function", "function": {"arguments": '{"city":'}},
        {"index": 0, "type": "function", "function": {"arguments": ' "Rome"}'}},
    ]


def test_the_sdks_event_handler_sees_calls_and_texts(connect: Connect) -> None:
    class Handler(AssistantEventHandler):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[str] = []

        @override
        def on_tool_call_created(self, tool_call: Any) -> None:
            self.heard.append(f"call {tool_call.function.name}")

        @override
        def on_tool_call_done(self, tool_call: Any) -> None:
            self.heard.append(f"arguments {json.loads(tool_call.function.arguments)['city']}")

        @override
        def on_text_delta(self, delta: Any, snapshot: Any) -> None:
            self.heard.append(delta.value)

        @override
        def on_text_done(self, text: Any) -> None:
            self.heard.append(f"text {text.value}")

    client = connect([ROME, OSLO], lambda prompt: ["Rome is ", "warmer."])
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i", tools=[WEATHER])
    handler = Handler()
    with client.beta.threads.create_and_run_stream(assistant_id=assistant.id, event_handler=handler) as stream:
        stream.until_done()
        run = stream.current_run
    assert run
    again = Handler()
    outputs: Any = [{"tool_call_id": call.id, "output": "?"} for call in calls(run)]
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs, event_handler=again
    ) as stream:
        stream.until_done()
    assert handler.heard == ["call get_weather", "arguments Rome", "call get_weather", "arguments Oslo"]
    assert again.heard == ["Rome is ", "warmer.", "text Rome is warmer."]


def test_a_stream_ends_at_its_call_even_if_the_outputs_come_before_its_last_byte(connect: Connect) -> None:
    """An event handler submits from within the first stream."""
    client = connect(ROME, "Warm.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as stream:
        while (event := next(stream)).event != "thread.run.requires_action":
            pass
        given: Any = [{"tool_call_id": call.id, "output": "18 °C"} for call in calls(event.data)]
        with client.beta.threads.runs.submit_tool_outputs(
            event.data.id, thread_id=event.data.thread_id, tool_outputs=given, stream=True
        ) as second:
            assert [event.event for event in second][-1] == "thread.run.completed"
        assert list(stream) == []


def test_who_has_moved_a_run_up_to_a_call_does_not_move_it_after(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(ROME, "Warm.")
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # only the test moves it
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    driven = app.runner.drive(run.id)
    while run.status != "requires_action":
        next(driven)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    answer(client, run, "18 °C")
    assert list(driven) == []


def test_plain_outputs_may_be_submitted_from_within_a_stream(connect: Connect, wait: Callable[..., Run]) -> None:
    client = connect(ROME, "Warm.")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as stream:
        while (event := next(stream)).event != "thread.run.requires_action":
            pass
        assert wait(client, answer(client, event.data, "18 °C")).status == "completed"
        assert list(stream) == []


def test_the_background_may_move_a_run_and_the_reader_misses_nothing(
    make_app: MakeApp, connect: Connect, ask: Ask, wait: Callable[..., Run]
) -> None:
    app = make_app(ROME, lambda prompt: ["It is ", "warm."])
    client = connect(app=app)
    run = ask(client, "Rome?")
    given: Any = [{"tool_call_id": call.id, "output": "18 °C"} for call in calls(run)]
    with client.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=given, stream=True
    ) as stream:
        app.runner.start(run.id)
        assert wait(client, run.model_copy(update={"status": "queued"})).status == "completed"
        events = [event.event for event in stream]
    assert (events.count("thread.message.delta"), events[-1]) == (2, "thread.run.completed")


def test_a_model_that_does_not_call_again_after_a_crash_leaves_no_step_open(
    make_app: MakeApp, connect: Connect
) -> None:
    app = make_app(ROME, "It is warm.")
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # only the test moves it
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    driven = app.runner.drive(run.id)
    while not app.store.all(RUN_STEP, run.id):
        next(driven)
    app.runner._live[run.id].interrupt()  # the process dies in mid-call
    list(app.runner.drive(run.id))
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "completed"
    message, call = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert (message.status, call.status) == ("completed", "cancelled")


@pytest.mark.parametrize(
    ("choice", "tools", "message"),
    [
        (
            {"type": "function", "function": {"name": "sub"}},
            [WEATHER],
            "there is no tool 'sub'. It has: get_weather.",
        ),
        ({"type": "file_search"}, [WEATHER], "there is no tool 'file_search'. It has: get_weather."),
        ("required", [], "'required' needs a tool, and there is none."),
    ],
)
def test_a_choice_of_a_tool_that_is_not_there_is_refused(
    choice: Any, tools: Any, message: str, connect: Connect
) -> None:
    client = connect("No.")
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=tools)
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.create_and_run(assistant_id=assistant.id, tool_choice=choice)
    assert refused.value.body == {
        "message": f"Invalid value for 'tool_choice': {message}", "type": "invalid_request_error",
        "param": "tool_choice", "code": None,
    }  # fmt: skip
