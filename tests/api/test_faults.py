"""What goes wrong with the model, at every call of a run: the run ends as it should, and nothing is lost."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.app import App
from assistant_nb.engine.model import fallback
from assistant_nb.engine.model.base import Model, ToolCall
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.faults import Fault, Faulty
from assistant_nb.engine.model.live import Live
from assistant_nb.engine.model.recorded import Recorded
from assistant_nb.engine.model.recorder import Recorder
from assistant_nb.engine.model.scripted import Line, Scripted
from tests.conftest import Connect, MakeApp
from tests.engine.model.endpoint import Exchange, Reply, called, chunk, chunks, said, serving, silent, status
from tests.until import until

ADD: Any = {"type": "function", "function": {"name": "add"}}
LINES: tuple[Line, ...] = (
    ["Let", " me", " see.", ToolCall("add", '{"a": 1}')],
    ToolCall("add", '{"a": 2}'),
    ["It", " is", " three."],
    *["Again."] * 3,
)
CALLS = 3
HEARD: dict[tuple[int, bool], list[str]] = {
    (0, False): [],
    (0, True): ["Let me"],
    (1, False): ["Let me see."],
    (1, True): ["Let me see."],
    (2, False): ["Let me see."],
    (2, True): ["Let me see.", "It is"],
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
REPLIES: tuple[Reply, ...] = (
    called(("add", '{"a": 1}'), text=["Let", " me", " see."]),
    called(("add", '{"a": 2}')),
    said("It", " is", " three."),
    said("Again."),
)
"""The same lines, as an endpoint says them."""
HALF: tuple[Reply, ...] = (
    chunks(chunk({"content": "Let"}), chunk({"content": " me"}), end=False),
    chunks(chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "add", "arguments": "{"}}]}), end=False),
    chunks(chunk({"content": "It"}), chunk({"content": " is"}), end=False),
)
MALFORMED: tuple[Reply, ...] = (
    called(("add", '{"a": 1'), text=["Let", " me", " see."]),
    called(("add", '{"a": 2')),
    REPLIES[2],
)
ENDPOINT_ERRORS = {
    "rate_limit": ("rate_limit_exceeded", "127.0.0.1 asks for fewer requests (“no”). Try again later."),
    "server_error": (
        "server_error",
        "127.0.0.1 failed with status 500 (“no”). Try again; if it stays so, look into its log.",
    ),
    "cut_off": ("server_error", "The answer of 127.0.0.1 broke off before its end. Try again."),
    "malformed_arguments": ("server_error", "The model called 'add' with arguments that are no JSON object"),
}
"""A fault on order lets malformed arguments through to whoever makes the calls; of an endpoint they are a failure."""


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


def ended_as_it_should(
    client: OpenAI, run: Run, sent: list[str], kind: str, at_call: int, wait: Any, errors: Any = ERRORS
) -> None:
    """The status, the thread, its steps, the journal, and that the thread is ready for more."""
    broken = kind in errors and (kind, at_call) != ("malformed_arguments", CALLS)  # the last answer has no call
    answered = at_call - 1 if broken else CALLS
    assert (run.status, len(sent)) == ("failed" if broken else "completed", min(answered, 2)), run.last_error
    assert broken == bool(run.last_error)
    if run.last_error:
        code, message = errors[kind]
        assert run.last_error.code == code and run.last_error.message.startswith(message)

    journal: Any = client.get(f"/lab/runs/{run.id}/journal", cast_to=object)
    events = [entry["event"] for entry in journal["data"]]
    assert (events.count("model.asked"), events.count("model.answered")) == (answered + broken, answered)
    whole = answered + (broken and kind == "malformed_arguments")  # what is said before a call
    assert texts(client, run) == ["1 + 2?", *HEARD[whole, broken and kind == "cut_off"]]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert {step.status for step in steps} <= {"completed", "failed"}
    assert run.usage and (run.usage.total_tokens > 0) == (answered > 0)

    client.beta.threads.messages.create(run.thread_id, role="user", content="Still there?")
    again = client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
    assert rounds(lambda: client, again, wait, stream=False)[0].status == "completed"


def texts(client: OpenAI, run: Run) -> list[str]:
    messages = client.beta.threads.messages.list(run.thread_id, order="asc").data
    return [message.to_dict()["content"][0]["text"]["value"] for message in messages if message.content]  # type: ignore[index]


def malformed(sent: list[str]) -> list[int]:
    """Which of these arguments are no JSON, counted from 1."""

    def is_json(text: str) -> bool:
        try:
            json.loads(text)
        except ValueError:
            return False
        return True

    return [n for n, arguments in enumerate(sent, 1) if not is_json(arguments)]


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
    ended_as_it_should(client, run, sent, kind, at_call, wait)
    assert malformed(sent) == ([at_call] if kind == "malformed_arguments" and at_call < CALLS else [])


@pytest.fixture
def kept(make_app: MakeApp, connect: Connect, wait: Any, tmp_path: Path) -> Path:
    """The recording of a run in which the endpoint did not fail."""
    with serving(*REPLIES) as endpoint:
        client = connect(app=make_app(model=Recorder(Live(endpoint.url), tmp_path / "kept.jsonl")))
        rounds(lambda: client, begin(client), wait, stream=False)
    return tmp_path / "kept.jsonl"


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_strikes_an_endpoint_and_its_recording_alike(
    kind: str, at_call: int, make_app: MakeApp, connect: Connect, wait: Any, kept: Path
) -> None:
    fault: Any = {"kind": kind, "at_call": at_call, **FAULTS[kind]}

    def play(model: Model) -> list[str]:
        client = connect(app=make_app(model=model))
        client.post("/lab/faults", cast_to=object, body=fault)
        run, sent = rounds(lambda: client, begin(client), wait, stream=False)
        ended_as_it_should(client, run, sent, kind, at_call, wait)
        return [*texts(client, run), *sent]

    with serving(*REPLIES) as endpoint:
        live = play(Recorder(Live(endpoint.url), kept))
    assert play(Recorded(kept)) == live


def fault_of(kind: str, at_call: int) -> Reply:
    """What an endpoint does that really has this fault."""

    def slow(exchange: Exchange) -> None:
        exchange.sleep(0.05)
        REPLIES[at_call - 1](exchange)

    faults = {"rate_limit": status(429), "server_error": status(500), "slow": slow, "silent": silent}
    return faults.get(kind) or {"cut_off": HALF, "malformed_arguments": MALFORMED}[kind][at_call - 1]


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
@pytest.mark.parametrize("kind", FAULTS)
def test_the_same_holds_where_the_endpoint_really_fails(
    kind: str, at_call: int, make_app: MakeApp, connect: Connect, wait: Any
) -> None:
    replies = list(REPLIES)
    replies[at_call - 1] = fault_of(kind, at_call)
    with serving(*replies) as endpoint:
        client = connect(app=make_app(model=Live(endpoint.url, retries=0)))
        run, sent = rounds(lambda: client, begin(client), wait, stream=False)
        ended_as_it_should(client, run, sent, kind, at_call, wait, ENDPOINT_ERRORS)
    assert malformed(sent) == []


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
@pytest.mark.parametrize("kind", ["silent", *ENDPOINT_ERRORS])
def test_with_a_fallback_the_run_completes_and_says_who_answered(
    kind: str, at_call: int, make_app: MakeApp, connect: Connect, wait: Any, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, hushed, next_part = fault_of(kind, at_call), threading.Event(), fallback._next

    def reply(exchange: Exchange) -> None:
        if kind == "silent":
            hushed.set()
        fault(exchange)

    def next_unless_hushed(heard: Any, stall_s: float) -> Any:
        """Its patience ends when the endpoint has begun to be silent, whenever that is."""
        until(lambda: not heard.empty() or hushed.is_set())
        hushed.clear()
        return next_part(heard, stall_s)

    monkeypatch.setattr(fallback, "_next", next_unless_hushed)
    replies = list(REPLIES)
    replies[at_call - 1] = reply
    with serving(*replies) as endpoint:
        model = Fallback(Live(endpoint.url, retries=0), Recorded(kept), stall_s=0.01)
        client = connect(app=make_app(model=model))
        run, sent = rounds(lambda: client, begin(client), wait, stream=False)
        ended_as_it_should(client, run, sent, kind, at_call, wait, errors={})
    assert malformed(sent) == []
    provenance: Any = run.to_dict()["provenance"]
    instead = [n for n, answer in enumerate(provenance, 1) if answer.get("instead_of", "").startswith("live: ")]
    assert instead == ([] if (kind, at_call) == ("malformed_arguments", CALLS) else [at_call])
    assert [answer["answer"] for answer in provenance] == [
        "recorded" if n in instead else "live" for n in range(1, CALLS + 1)
    ]


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
