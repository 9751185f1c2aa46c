"""What goes wrong with the model, at every call of a run: the run ends as it should, and nothing is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.app import App
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.faults import Fault, Faulty
from assistant_nb.engine.model.scripted import Line, Scripted
from tests.conftest import Connect, MakeApp

ADD: Any = {"type": "function", "function": {"name": "add"}}
LINES: tuple[Line, ...] = (
    ["Let ", "me ", "see.", ToolCall("add", '{"a": 1}')],
    ToolCall("add", '{"a": 2}'),
    ["It ", "is ", "three."],
    *["Again."] * 3,
)
CALLS = 3
HEARD: dict[tuple[int, bool], list[str]] = {
    (0, False): [],
    (0, True): ["Let me "],
    (1, False): ["Let me see."],
    (1, True): ["Let me see."],
    (2, False): ["Let me see."],
    (2, True): ["Let me see.", "It is "],
    (3, False): ["Let me see.", "It is three."],
}
"""What the thread holds after so many answers; whether the next one was cut off."""
FAULTS: dict[str, Any] = {
    "rate_limit": {},
    "server_error": {},
    "slow": {"delay_s": 0.01},
    "cut_off": {"after_deltas": 2},
    "malformed_arguments": {},
}
ERRORS = {
    "rate_limit": ("rate_limit_exceeded", "The model's rate limit was reached."),
    "server_error": ("server_error", "The model's server had an error."),
    "cut_off": ("server_error", "The model's answer was cut off after 2 deltas."),
}


def begin(client: OpenAI, *, stream: bool = False) -> Run:
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=[ADD])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "1 + 2?"}])
    told: Any = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=stream)
    if stream:
        list(told)
    return client.beta.threads.runs.list(thread.id).data[0]


def rounds(door: Callable[[], OpenAI], run: Run, wait: Callable[..., Run], *, stream: bool) -> tuple[Run, list[str]]:
    """Answer what the run asks for until it has ended; returns it and the arguments that it sent."""
    sent = list[str]()
    while (run := wait(client := door(), run)).status == "requires_action":
        assert run.required_action
        calls = run.required_action.submit_tool_outputs.tool_calls
        sent += [call.function.arguments for call in calls]
        outputs: Any = {"tool_outputs": [{"tool_call_id": call.id, "output": "3"} for call in calls]}
        told: Any = client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, stream=stream, **outputs
        )
        if stream:
            list(told)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return run, sent


@pytest.mark.parametrize("road", ["polled", "streamed", "restarted"])
@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_at_any_call_ends_the_run_as_it_should_and_loses_nothing(
    kind: str, at_call: int, road: str, make_app: MakeApp, connect: Connect, wait: Any, tmp_path: Path
) -> None:
    fault: Any = {"kind": kind, "at_call": at_call, **FAULTS[kind]}
    model, apps = Faulty(Scripted(*LINES), *([] if road == "polled" else [Fault(**fault)])), list[App]()

    def door() -> OpenAI:
        if apps and road == "restarted":
            apps.pop().close()
        apps[:] = apps or [make_app(model=model, store=tmp_path / "class.db")]
        return connect(app=apps[0])

    if road == "polled":
        door().post("/lab/faults", cast_to=object, body=fault)
    run, sent = rounds(door, begin(door(), stream=road == "streamed"), wait, stream=road == "streamed")
    client = door()

    broken = kind in ERRORS
    answered = at_call - 1 if broken else CALLS
    assert (run.status, len(sent)) == ("failed" if broken else "completed", min(answered, 2)), run.last_error
    assert broken == bool(run.last_error)
    if run.last_error:
        assert (run.last_error.code, run.last_error.message.partition(" It is no real")[0]) == ERRORS[kind]
    malformed = [n for n, arguments in enumerate(sent, 1) if not is_json(arguments)]
    assert malformed == ([at_call] if kind == "malformed_arguments" and at_call < CALLS else [])

    events = [entry.event for entry in apps[0].store.journal(run.id)]
    assert (events.count("model.asked"), events.count("model.answered")) == (answered + broken, answered)
    messages = client.beta.threads.messages.list(run.thread_id, order="asc").data
    said = [message.to_dict()["content"][0]["text"]["value"] for message in messages if message.content]  # type: ignore[index]
    assert said == ["1 + 2?", *HEARD[answered, kind == "cut_off"]]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert {step.status for step in steps} <= {"completed", "failed"}
    assert run.usage and (run.usage.total_tokens > 0) == (answered > 0)

    client.beta.threads.messages.create(run.thread_id, role="user", content="Still there?")
    again = client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
    assert rounds(lambda: client, again, wait, stream=False)[0].status == "completed"


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_faults_are_listed_as_they_come_nearer_and_can_be_cleared(connect: Connect, ask: Callable[..., Run]) -> None:
    client = connect("One.", "Two.")

    def listed() -> Any:
        return client.get("/lab/faults", cast_to=object)["data"]  # type: ignore[index]

    client.post("/lab/faults", cast_to=object, body={"kind": "slow", "at_call": 2, "delay_s": 0})
    client.post("/lab/faults", cast_to=object, body={"kind": "server_error", "at_call": 3})
    assert ask(client, "Hello?").status == "completed"
    assert listed() == [
        {"object": "lab.fault", "kind": "slow", "at_call": 1, "delay_s": 0},
        {"object": "lab.fault", "kind": "server_error", "at_call": 2},
    ]
    assert ask(client, "Hello?").status == "completed"
    assert listed() == [{"object": "lab.fault", "kind": "server_error", "at_call": 1}]
    assert client.delete("/lab/faults", cast_to=object)["data"] == listed() == []  # type: ignore[index]


def test_the_journal_knows_what_an_answer_went_through(
    make_app: MakeApp, connect: Connect, ask: Callable[..., Run]
) -> None:
    app = make_app("One.")
    client = connect(app=app)
    client.post("/lab/faults", cast_to=object, body={"kind": "slow", "delay_s": 0})
    run = ask(client, "Hello?")
    (answer,) = [entry.data for entry in app.store.journal(run.id) if entry.event == "model.answered"]
    assert answer["provenance"] == {"answer": "scripted", "faults": ["slow"]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing required parameter: 'kind'"),
        ({"kind": "flood"}, "Invalid value: 'flood'. Supported values are: 'rate_limit', 'server_error'"),
        ({"kind": "slow", "at_call": 0}, "Invalid 'at_call': integer below minimum value"),
        ({"kind": "slow", "delay_s": 61}, "Invalid 'delay_s'"),
        ({"kind": "cut_off", "delay_s": 1}, "delay_s goes with the kind 'slow' only"),
        ({"kind": "slow", "after_deltas": 1}, "after_deltas goes with the kind 'cut_off' only"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(body: Any, message: str, connect: Connect) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        connect().post("/lab/faults", cast_to=object, body=body)
