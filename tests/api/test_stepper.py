"""A run that moves only by hand: held, advanced, seen as it was, forked."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI, Stream
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run

from assistant_nb.engine.ids import SystemClock
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Line
from assistant_nb.engine.run_states import MOVES
from assistant_nb.engine.wire import encode
from tests.conftest import Connect, MakeApp
from tests.until import PATIENCE_S, until

ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
CALL = ToolCall("add", '{"a": 2, "b": 2}')
CALLING: list[Line] = [["Let me see. ", CALL], "It is four."]


class Stepper:
    """A client with a thread, and what the lab can do to a run on it."""

    def __init__(self, client: OpenAI) -> None:
        self.client = client
        self.assistant_id = client.beta.assistants.create(model="gpt-4", instructions="Be brief.", tools=[ADD]).id
        self.thread_id = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}]).id

    def get(self, path: str) -> Any:
        return self.client.get(f"/lab/{path}", cast_to=object)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/lab/{path}", cast_to=object, body=body)

    def held(self, *breakpoints: Any, **body: Any) -> Run:
        body |= {"assistant_id": self.assistant_id, "breakpoints": list(breakpoints)}
        return self.client.post(f"/lab/threads/{self.thread_id}/runs", cast_to=Run, body=body)

    def advance(self, run: Run, to: str = "transition") -> Any:
        return self.post(f"runs/{run.id}/advance", to=to)

    def now(self, run: Run) -> Run:
        return self.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)

    def submit(self, run: Run, output: str = "4") -> Run:
        run = self.now(run)
        assert run.required_action
        outputs: Any = [
            {"tool_call_id": call.id, "output": output} for call in run.required_action.submit_tool_outputs.tool_calls
        ]
        return self.client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)

    def finished(self, **body: Any) -> Run:
        """A held run with a function call, walked to its end."""
        run = self.held(**body)
        self.advance(run, "end")
        self.submit(run)
        assert self.advance(run, "end")["why"] == "ended"
        return run

    def journal(self, run_id: str, query: str = "") -> list[Any]:
        return list(self.get(f"runs/{run_id}/journal{query}")["data"])

    def plain(self, run: Run) -> Any:
        """What the plain API says of a run, its steps and its thread's messages, as bytes."""
        thread = f"/threads/{run.thread_id}"
        paths = (f"{thread}/runs/{run.id}", f"{thread}/runs/{run.id}/steps?order=asc", f"{thread}/messages?order=asc")
        beta: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}
        return [self.client.get(path, cast_to=object, options=beta) for path in paths]


Begin = Callable[..., Stepper]


@pytest.fixture
def begin(make_app: MakeApp, connect: Connect) -> Begin:
    """`begin("an answer", …)` is a stepper of such an engine."""
    return lambda *lines, **choices: Stepper(connect(app=make_app(*lines, **choices)))


@pytest.fixture(autouse=True)
def roused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader hears of everything at once: it need not look again by itself."""
    monkeypatch.setattr("assistant_nb.engine.runs.live_run.LOOK_AGAIN_S", 60)


def events(position: Any) -> list[str]:
    return [entry["event"] for entry in position["entries"]]


def test_a_held_run_waits_and_the_plain_api_tells_the_truth(begin: Begin, wait: Any, ask: Any) -> None:
    stepper = begin("Never said.", "Another thread.")
    run = stepper.held()
    assert run.status == "queued"
    assert wait(stepper.client, ask(stepper.client, "Hello?")).status == "completed", "other threads run on"
    assert stepper.now(run) == run
    assert stepper.client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data == []
    with pytest.raises(openai.BadRequestError, match="while a run .* is active"):
        stepper.client.beta.threads.messages.create(run.thread_id, role="user", content="Well?")


def test_a_held_run_is_created_as_any_other(begin: Begin) -> None:
    stepper = begin("Never said.")
    run = stepper.held(
        instructions="Sing.", metadata={"a": "b"}, additional_messages=[{"role": "user", "content": "1?"}]
    )
    assert (run.instructions, run.metadata) == ("Sing.", {"a": "b"})
    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        stepper.held()
    stepper.thread_id = "thread_nobody"
    with pytest.raises(openai.NotFoundError, match="No thread found"):
        stepper.held()


def test_each_transition_is_one_turn_of_the_loop(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run, told = stepper.held(), []
    position = stepper.get(f"runs/{run.id}")
    while (due := position["next"]) and position["why"] == "held":
        position = stepper.advance(run)
        told.append((due, events(position)[-1], position["run"]["status"]))
    assert told == [
        ("begin", "thread.run.in_progress", "in_progress"),
        ("ask", "model.asked", "in_progress"),
        ("listen", "model.called", "in_progress"),
        ("require", "thread.run.requires_action", "requires_action"),
    ]
    assert position["why"] == "outputs"
    assert events(stepper.advance(run, "end")) == []


def test_an_advance_tells_where_the_run_stands(begin: Begin) -> None:
    stepper = begin("Hello.")
    run = stepper.held({"status": "completed"})
    position = stepper.advance(run)
    assert position["object"] == "lab.run"
    assert position["run"] == stepper.plain(run)[0]
    assert position["moves"] == [{"status": to, "reason": why} for to, why in MOVES["in_progress"].items()]
    assert (position["next"], position["held"], position["why"], position["breakpoint"]) == ("ask", True, "held", None)
    assert position["entries"] == stepper.journal(run.id)[-1:]
    assert position["n"] == position["entries"][-1]["n"]
    assert stepper.get(f"runs/{run.id}") == {**position, "entries": []}
    position = stepper.advance(run, "end")
    assert (position["why"], position["breakpoint"], position["moves"]) == ("ended", {"status": "completed"}, [])
    assert (position["held"], position["next"]) == (False, None)
    assert stepper.advance(run)["entries"] == []


@pytest.mark.parametrize(
    ("to", "last", "why"),
    [
        ("step", "model.called", "held"),  # the message's step, which ends where the call begins
        ("tool", "model.called", "held"),
        ("breakpoint", "thread.run.requires_action", "outputs"),
        ("end", "thread.run.requires_action", "outputs"),
    ],
)
def test_an_advance_goes_as_far_as_it_is_told(to: str, last: str, why: str, begin: Begin) -> None:
    stepper = begin(*CALLING)
    position = stepper.advance(stepper.held(), to)
    assert (events(position)[-1], position["why"]) == (last, why)


@pytest.mark.parametrize(
    ("breakpoint", "last"),
    [
        ({"status": "in_progress"}, "thread.run.in_progress"),
        ({"status": "requires_action"}, "thread.run.requires_action"),
        ({"step": "tool_calls"}, "model.called"),
        ({"step": "message_creation"}, "model.called"),
        ({"tool": "function"}, "model.called"),
        ({"function": "add"}, "model.called"),
    ],
)
@pytest.mark.parametrize("to", ["breakpoint", "step", "tool"])
def test_a_breakpoint_stops_the_run_and_is_named(to: str, breakpoint: Any, last: str, begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.held({"function": "other"}, breakpoint)
    while (position := stepper.advance(run, to))["breakpoint"] is None:
        assert position["why"] == "held"
    assert (position["breakpoint"], events(position)[-1]) == (breakpoint, last)
    assert position["why"] == ("outputs" if breakpoint == {"status": "requires_action"} else "breakpoint")


@pytest.mark.parametrize("breakpoint", [{"function": "add"}, {"tool": "function"}, {"status": "completed"}])
@pytest.mark.parametrize("to", ["tool", "breakpoint"])
def test_a_move_through_a_journal_stops_where_the_run_stopped(to: str, breakpoint: Any, begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.held(breakpoint)
    stops = list[int]()
    while (position := stepper.advance(run, to))["why"] != "ended":
        stops.append(position["n"])
        if position["why"] == "outputs":
            stepper.submit(run)
    stops.append(position["n"])
    found, last = list[int](), len(stepper.journal(run.id)) - 1
    while (found[-1] if found else 0) < last:
        after = found[-1] if found else 0
        found.append(stepper.post(f"runs/{run.id}/seek", to=to, after=after, breakpoints=[breakpoint])["n"])
    assert found == stops


def test_a_move_through_a_journal_stops_in_the_middle_of_an_answer_too(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    step = {"step": "message_creation"}
    n = stepper.post(f"runs/{run.id}/seek", to="breakpoint", after=0, breakpoints=[step])["n"]
    entries = stepper.journal(run.id)
    assert (entries[n]["event"], entries[n + 1]["follows"]) == ("thread.message.in_progress", False)


def test_the_way_to_the_end_of_a_journal_stops_nowhere(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    last = len(stepper.journal(run.id)) - 1
    for after in (0, 5, last, last + 5):
        assert stepper.post(f"runs/{run.id}/seek", to="end", after=after)["n"] == last
    with pytest.raises(openai.NotFoundError, match="No run found with id 'run_nobody'"):
        stepper.post("runs/run_nobody/seek", to="end", after=0)


def test_the_way_to_the_end_passes_over_breakpoints(begin: Begin) -> None:
    stepper = begin("Hello.")
    run = stepper.held({"status": "in_progress"})
    position = stepper.advance(run, "end")
    assert (position["why"], position["breakpoint"]) == ("ended", {"status": "in_progress"})


def test_an_active_run_is_held_and_released(begin: Begin, wait: Any) -> None:
    speak = threading.Event()

    def slow(prompt: Prompt) -> list[str]:
        speak.wait(PATIENCE_S)
        return ["Hello."]

    stepper = begin(slow)
    run = stepper.client.beta.threads.runs.create(stepper.thread_id, assistant_id=stepper.assistant_id)
    until(lambda: stepper.get(f"runs/{run.id}")["next"] == "listen")
    assert stepper.get(f"runs/{run.id}")["why"] == "moving"
    position = stepper.post(f"runs/{run.id}/hold", breakpoints=[{"status": "completed"}])
    assert (position["held"], position["breakpoints"]) == (True, [{"status": "completed"}])
    threading.Timer(0.05, speak.set).start()
    assert events(stepper.advance(run)) == ["thread.run.completed"], "the answer under way came to its end"
    run = stepper.held()
    assert stepper.post(f"runs/{run.id}/release")["held"] is False
    assert wait(stepper.client, run).status == "failed", "the script is at its end"


def test_what_cannot_be_is_refused_with_the_next_step(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    with pytest.raises(openai.BadRequestError, match="has ended as 'completed': there is nothing to hold"):
        stepper.post(f"runs/{run.id}/hold")
    free = stepper.held()
    stepper.post(f"runs/{free.id}/hold", breakpoints=[])
    with pytest.raises(openai.NotFoundError, match="No run found with id 'run_nobody'"):
        stepper.post("runs/run_nobody/advance")
    for breakpoint in ({}, {"status": "queued", "tool": "function"}, {"status": "done"}, {"tool": "hammer"}):
        with pytest.raises(openai.BadRequestError, match="exactly one of|Invalid value"):
            stepper.post(f"runs/{free.id}/hold", breakpoints=[breakpoint])
    with pytest.raises(openai.BadRequestError, match="Invalid value: 'far'"):
        stepper.advance(free, "far")


def test_a_run_that_moves_by_itself_is_not_advanced(begin: Begin) -> None:
    stepper = begin(model=Human())
    run = stepper.client.beta.threads.runs.create(stepper.thread_id, assistant_id=stepper.assistant_id)
    with pytest.raises(
        openai.BadRequestError, match=f"moves by itself. To advance it, POST /v1/lab/runs/{run.id}/hold"
    ):
        stepper.advance(run)


def test_outputs_are_taken_as_ever_and_the_run_stays_held(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.held()
    stepper.advance(run, "end")
    assert stepper.submit(run).status == "queued"
    assert stepper.now(run).status == "queued"
    assert stepper.advance(run, "step")["entries"][-2]["event"] == "thread.message.completed"
    assert stepper.advance(run, "end")["run"]["status"] == "completed"


def test_a_held_run_that_is_cancelled_stays_cancelling_until_it_is_advanced(begin: Begin) -> None:
    stepper = begin("Hello.")
    run = stepper.held()
    stepper.advance(run)
    assert stepper.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id).status == "cancelling"
    assert stepper.now(run).status == "cancelling"
    position = stepper.advance(run)
    assert (position["run"]["status"], position["why"]) == ("cancelled", "ended")


def test_cancelling_stops_an_answer_under_way_and_keeps_its_words(begin: Begin) -> None:
    spoken, stopped = threading.Event(), threading.Event()

    def slow(prompt: Prompt) -> Any:
        yield "Half "
        spoken.set()
        stopped.wait(PATIENCE_S)
        yield "whole."

    stepper = begin(slow)
    run, told = stepper.held(), list[Any]()
    advancing = threading.Thread(target=lambda: told.append(stepper.advance(run, "step")))
    advancing.start()
    assert spoken.wait(PATIENCE_S)
    with pytest.raises(openai.BadRequestError, match="is being advanced already"):
        stepper.advance(run)
    stepper.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    until(lambda: stepper.now(run).status == "cancelled")
    stopped.set()
    advancing.join(PATIENCE_S)
    assert told[0]["why"] == "ended"
    (message,) = stepper.client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert message.content[0].to_dict()["text"]["value"] == "Half "  # type: ignore[index]


def test_a_held_run_expires_by_the_clock(begin: Begin) -> None:
    stepper = begin("Never said.")
    run = stepper.held()
    stepper.advance(run)
    stepper.post("clock", advance_s=599 - 10)
    assert stepper.now(run).status == "in_progress"
    stepper.post("clock", advance_s=11)
    assert stepper.now(run).status == "expired"
    assert stepper.advance(run)["why"] == "ended"


def test_a_fault_strikes_when_the_run_gets_there(begin: Begin) -> None:
    stepper = begin("Never said.")
    run = stepper.held()
    stepper.post("faults", kind="rate_limit")
    stepper.advance(run, "tool")
    failed = stepper.now(run)
    assert failed.last_error and (failed.status, failed.last_error.code) == ("failed", "rate_limit_exceeded")


def test_an_advance_stops_where_a_person_has_the_word(begin: Begin) -> None:
    stepper = begin(model=Human())
    run = stepper.held()
    assert stepper.advance(run, "end")["why"] == "person"
    assert (stepper.advance(run)["why"], stepper.get(f"runs/{run.id}")["why"]) == ("person", "person")
    stepper.post(f"seats/{run.id}", text="Four.")
    assert stepper.get(f"runs/{run.id}")["why"] == "held", "said, and not yet heard"
    assert stepper.advance(run, "end")["run"]["status"] == "completed"


def test_after_a_restart_an_advance_brings_a_held_run_to_its_person_again(
    tmp_path: Path, make_app: MakeApp, connect: Connect
) -> None:
    app = make_app(model=Human(), store=tmp_path / "class.db")
    stepper = Stepper(connect(app=app))
    run = stepper.held()
    stepper.advance(run, "end")
    app.close()
    stepper.client = connect(app=make_app(model=Human(), store=tmp_path / "class.db"))
    with pytest.raises(
        openai.BadRequestError, match=f"is held and has not come to a person. POST /v1/lab/runs/{run.id}"
    ):
        stepper.post(f"seats/{run.id}", text="Four.")
    assert stepper.advance(run)["why"] == "person"
    stepper.post(f"seats/{run.id}", text="Four.")
    assert stepper.advance(run, "end")["run"]["status"] == "completed"


def read(stepper: Stepper, **body: Any) -> tuple[list[Any], threading.Thread]:
    """What a reader gets of a held run's stream, as it comes."""
    got: list[Any] = []
    body |= {"assistant_id": stepper.assistant_id, "stream": True}

    def reading() -> None:
        stream = stepper.client.post(
            f"/lab/threads/{stepper.thread_id}/runs",
            cast_to=object,
            body=body,
            stream=True,
            stream_cls=Stream[AssistantStreamEvent],
        )
        for event in stream:
            got.append(event)  # noqa: PERF402  as they come

    reader = threading.Thread(target=reading)
    reader.start()
    return got, reader


def come(got: list[Any], event: str) -> Any:
    """Wait until it has come."""
    found = until(lambda: [one for one in got if one.event == event], lambda: [one.event for one in got])
    return found[-1].data


def test_a_stream_stays_open_and_tells_what_each_advance_brings(begin: Begin) -> None:
    stepper = begin("It is four.")
    got, reader = read(stepper)
    run = come(got, "thread.run.queued")
    stepper.advance(run)
    come(got, "thread.run.in_progress")
    assert [one.event for one in got][-1] == "thread.run.in_progress"
    stepper.advance(run, "step")
    assert come(got, "thread.message.completed").content[0].text.value == "It is four."
    deltas = [one.data.delta.content[0].text.value for one in got if one.event == "thread.message.delta"]
    assert "".join(deltas) == "It is four."
    stepper.advance(run)
    reader.join(PATIENCE_S)
    assert not reader.is_alive()
    assert [one.event for one in got][-2:] == ["thread.run.step.completed", "thread.run.completed"]


@pytest.mark.parametrize("end", ["cancel", "release", "expire"])
def test_the_reader_of_a_held_run_sees_its_end(end: str, begin: Begin) -> None:
    stepper = begin("It is four.")
    got, reader = read(stepper)
    run = come(got, "thread.run.queued")
    match end:
        case "cancel":
            stepper.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
            come(got, "thread.run.cancelling")
            stepper.advance(run)
        case "release":
            stepper.post(f"runs/{run.id}/release")
        case "expire":
            stepper.post("clock", advance_s=600)
    reader.join(PATIENCE_S)
    assert not reader.is_alive()
    ended = {"cancel": "cancelled", "release": "completed", "expire": "expired"}[end]
    assert got[-1].event == f"thread.run.{ended}"


def test_a_reader_who_stalls_or_leaves_holds_up_nothing(begin: Begin) -> None:
    stepper = begin(*CALLING)
    body = {"assistant_id": stepper.assistant_id, "stream": True}
    path = f"/lab/threads/{stepper.thread_id}/runs"
    stream = stepper.client.post(path, cast_to=object, body=body, stream=True, stream_cls=Stream[AssistantStreamEvent])
    run: Any = next(event.data for event in stream if event.event == "thread.run.queued")
    assert stepper.advance(run, "tool")["why"] == "held"
    stream.close()
    assert stepper.advance(run, "end")["why"] == "outputs"
    stepper.submit(run)
    assert stepper.advance(run, "end")["run"]["status"] == "completed"


def test_the_stream_of_outputs_goes_on_by_hand_too(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.held()
    position, got = stepper.advance(run, "end"), list[str]()
    (call,) = position["run"]["required_action"]["submit_tool_outputs"]["tool_calls"]

    def reading() -> None:
        outputs: Any = [{"tool_call_id": call["id"], "output": "4"}]
        stream: Any = stepper.client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=outputs, stream=True
        )
        got.extend(event.event for event in stream)

    reader = threading.Thread(target=reading)
    reader.start()
    until(lambda: stepper.now(run).status == "queued")
    stepper.advance(run, "end")
    reader.join(PATIENCE_S)
    assert (got[:2], got[-1]) == (["thread.run.step.completed", "thread.run.queued"], "thread.run.completed")


def test_back_and_forth_among_the_entries_is_the_same_bytes_and_asks_no_model(
    make_app: MakeApp, connect: Connect
) -> None:
    app = make_app(*CALLING)
    stepper = Stepper(connect(app=app))
    run = stepper.held()
    then = {stepper.get(f"runs/{run.id}")["n"]: stepper.plain(run)}
    while (position := stepper.advance(run))["why"] != "ended":
        then[position["n"]] = stepper.plain(run)
        if position["why"] == "outputs":
            stepper.submit(run)
            then[stepper.get(f"runs/{run.id}")["n"]] = stepper.plain(run)
    then[last := position["n"]] = stepper.plain(run)
    assert len(then) == 10
    for n in [*range(last, last - 11, -1), *range(last - 10, last + 1)]:
        view = stepper.get(f"runs/{run.id}/at/{n}")
        assert view["entry"] == stepper.journal(run.id)[n]
        if n in then:
            plain, steps, messages = then[n]
            seen = [view["run"], view["steps"], view["messages"]]
            assert encode(seen) == encode([plain, steps["data"], messages["data"]])
            assert view["moves"] == [{"status": to, "reason": why} for to, why in MOVES[plain["status"]].items()]
    assert len(app.model.prompts) == 2  # type: ignore[attr-defined]


def test_a_view_knows_neither_what_came_later_nor_what_is_not_there(begin: Begin, wait: Any) -> None:
    stepper = begin(*CALLING, "Another.")
    run = stepper.finished()
    before = stepper.get(f"runs/{run.id}/at/27")
    stepper.client.beta.threads.messages.create(run.thread_id, role="user", content="And?")
    stepper.post(f"runs/{stepper.held().id}/release")
    assert stepper.get(f"runs/{run.id}/at/27") == before
    for n in ("99", "-1", "x", "²"):
        with pytest.raises(openai.NotFoundError, match="has no entry .*: its journal ends with entry"):
            stepper.get(f"runs/{run.id}/at/{n}")


def test_a_journal_is_read_on_from_an_entry(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    whole = stepper.journal(run.id)
    assert [entry["n"] for entry in whole] == list(range(len(whole)))
    assert stepper.journal(run.id, "?after=20") == whole[21:]
    assert stepper.journal(run.id, "?after=99") == []
    with pytest.raises(openai.NotFoundError, match="No run found"):
        stepper.journal("run_nobody")


def test_a_journal_holds_all_that_a_stepper_shows(begin: Begin) -> None:
    stepper = begin(*CALLING)
    told = {entry["event"]: entry for entry in stepper.journal(stepper.finished().id)[:18]}
    assert told["model.asked"]["data"]["messages"] == [{"role": "user", "content": "2 + 2?"}]
    answer = told["model.answered"]["data"]
    assert answer["tool_calls"] == [{"name": "add", "arguments": '{"a": 2, "b": 2}'}]
    assert (answer["text"], answer["provenance"]) == ("Let me see. ", {"answer": "scripted"})
    assert answer["usage"]["total_tokens"] > 0
    (call,) = told["thread.run.step.completed"]["data"]["step_details"]["tool_calls"]
    assert (call["function"]["arguments"], call["function"]["output"]) == ('{"a": 2, "b": 2}', "4")
    assert all(entry["at"] for entry in told.values())


def test_the_lab_says_that_it_is_there(begin: Begin) -> None:
    stepper = begin("Hello.")
    lab = stepper.client.get("/lab", cast_to=object)
    assert lab == {"object": "lab", "engine": "assistant_nb", "model": "scripted", "moves": MOVES}


# Forks


def fork(stepper: Stepper, run: Run, at: int, **edit: Any) -> Any:
    return stepper.post(f"runs/{run.id}/fork", at=at, **({"edit": edit} if edit else {}))


def words(stepper: Stepper, position: Any) -> list[str]:
    listed = stepper.client.beta.threads.messages.list(position["run"]["thread_id"], order="asc").data
    return [message.to_dict()["content"][0]["text"]["value"] for message in listed]  # type: ignore[index]


def go_on(stepper: Stepper, position: Any) -> Any:
    return stepper.post(f"runs/{position['run']['id']}/advance", to="end")


def at(stepper: Stepper, run: Run, event: str) -> int:
    """The first such entry."""
    return next(int(entry["n"]) for entry in stepper.journal(run.id) if entry["event"] == event)


def test_three_forks_of_one_entry_are_there_and_their_parent_is_as_before(begin: Begin) -> None:
    stepper = begin(*CALLING, "Four.", "4.", "IV.")
    run = stepper.finished()
    before = [stepper.plain(run), stepper.journal(run.id)]
    n = len(before[1]) - 1
    forks = [fork(stepper, run, n - 8) for _ in range(3)]
    assert [position["why"] for position in forks] == ["held"] * 3
    said = [words(stepper, go_on(stepper, position))[-1] for position in forks]
    assert said == ["Four.", "4.", "IV."]
    assert [stepper.plain(run), stepper.journal(run.id)] == before
    listed = stepper.get(f"runs/{run.id}/forks")["data"]
    assert [one["run_id"] for one in listed] == [position["run"]["id"] for position in forks]
    assert listed[0] == {
        "object": "lab.fork", "run_id": forks[0]["run"]["id"], "thread_id": forks[0]["run"]["thread_id"],
        "status": "completed", "parent": {"run_id": run.id, "n": n - 8}, "edit": None,
    }  # fmt: skip


def test_forks_make_a_tree_that_survives_its_root(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    child = fork(stepper, run, 5)
    grandchild = stepper.post(f"runs/{child['run']['id']}/fork", at=3)
    named = [(one["run_id"], one["parent"]["run_id"]) for one in stepper.get(f"runs/{run.id}/forks")["data"]]
    ids = [run.id, child["run"]["id"], grandchild["run"]["id"]]
    assert named == [(ids[1], ids[0]), (ids[2], ids[1])]
    stepper.client.beta.threads.delete(run.thread_id)
    assert stepper.get(f"runs/{ids[1]}")["parent"] == {"run_id": run.id, "n": child["parent"]["n"]}
    assert [one["run_id"] for one in stepper.get(f"runs/{ids[1]}/forks")["data"]] == ids[2:]


def test_forks_disturb_no_ids_of_the_notebook(begin: Begin) -> None:
    quiet, busy = begin(*CALLING), begin(*CALLING)
    busy.post(f"runs/{busy.finished().id}/fork", at=9)
    quiet.finished()
    assert busy.client.beta.threads.create() == quiet.client.beta.threads.create()


def test_an_edited_question_is_asked_anew(begin: Begin) -> None:
    stepper = begin("It is four.", "It is six.")
    run = stepper.held()
    stepper.advance(run, "end")
    question = stepper.client.beta.threads.messages.list(run.thread_id, order="asc").data[0].id
    child = fork(stepper, run, at(stepper, run, "model.asked"), message={"id": question, "content": "3 + 3?"})
    assert child["parent"]["n"] == at(stepper, run, "model.asked") - 1
    assert words(stepper, go_on(stepper, child)) == ["3 + 3?", "It is six."]
    asked = [entry for entry in stepper.journal(child["run"]["id"]) if entry["event"] == "model.asked"]
    assert [entry["data"]["messages"] for entry in asked] == [[{"role": "user", "content": "3 + 3?"}]]


def test_edited_instructions_hold_from_there_on(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(*CALLING, "Quattuor.")
    stepper = Stepper(connect(app=app))
    run = stepper.finished()
    child = fork(stepper, run, at(stepper, run, "thread.run.requires_action") + 2, instructions="Speak Latin.")
    assert (child["run"]["instructions"], stepper.now(run).instructions) == ("Speak Latin.", "Be brief.")
    assert words(stepper, go_on(stepper, child))[-1] == "Quattuor."
    prompts = app.model.prompts  # type: ignore[attr-defined]
    assert [prompt.instructions for prompt in prompts] == ["Be brief.", "Be brief.", "Speak Latin."]
    assert prompts[2].messages == prompts[1].messages


def test_a_dictated_answer_takes_the_place_of_the_models(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(*CALLING)
    stepper = Stepper(connect(app=app))
    run = stepper.finished()
    child = fork(stepper, run, at(stepper, run, "model.answered"), answer={"text": "Four, of course."})
    position = go_on(stepper, child)
    assert (position["run"]["status"], words(stepper, position)) == ("completed", ["2 + 2?", "Four, of course."])
    answered = [entry["data"] for entry in position["entries"] if entry["event"] == "model.answered"]
    assert [answer["provenance"] for answer in answered] == [{"answer": "authored"}]
    assert len(app.model.prompts) == 2, "nobody was asked"  # type: ignore[attr-defined]


def test_a_dictated_answer_may_call_or_fail(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    n = at(stepper, run, "model.answered")
    calls = fork(stepper, run, n, answer={"tool_calls": [{"name": "add", "arguments": "{}"}]})
    assert go_on(stepper, calls)["why"] == "outputs"
    fails = go_on(stepper, fork(stepper, run, n, answer={"error": {"message": "Out of coffee."}}))
    assert fails["run"]["last_error"] == {"code": "server_error", "message": "Out of coffee."}
    with pytest.raises(openai.BadRequestError, match="offers no tool 'sub'. It offers: add"):
        fork(stepper, run, n, answer={"tool_calls": [{"name": "sub", "arguments": "{}"}]})


def test_an_edit_that_would_change_nothing_is_refused(begin: Begin) -> None:
    stepper = begin(*CALLING)
    run = stepper.finished()
    last = len(stepper.journal(run.id)) - 1
    for n, edit, message in [
        (last, {"instructions": "Sing."}, "asks the model no more"),
        (2, {"answer": {"text": "Four."}}, "has asked its model nothing by entry 2"),
        (last, {"output": {"tool_call_id": "call_1", "output": "5"}}, "no tool call 'call_1' up to .*: call_"),
        (3, {"arguments": {"tool_call_id": "call_1", "arguments": "5"}}, "so far: none"),
        (0, {}, "Invalid 'edit': Give exactly one of"),
    ]:
        with pytest.raises(openai.BadRequestError, match=message):
            stepper.post(f"runs/{run.id}/fork", at=n, edit=edit)
    with pytest.raises(openai.NotFoundError, match="has no entry 99"):
        fork(stepper, run, 99)
    with pytest.raises(openai.NotFoundError, match="To change what the run itself has said, edit the answer"):
        fork(stepper, run, 4, message={"id": "msg_1", "content": "Hm."})
    call = next(entry for entry in stepper.journal(run.id) if entry["event"] == "model.called")
    edit = {"output": {"tool_call_id": call["data"]["step_details"]["tool_calls"][0]["id"], "output": "5"}}
    with pytest.raises(openai.BadRequestError, match=r"^[^T]*Tool call 'call_\w+' has no output yet at entry"):
        stepper.post(f"runs/{run.id}/fork", at=call["n"], edit=edit)
    assert stepper.get(f"runs/{run.id}/forks")["data"] == []


def test_a_fork_has_the_time_that_was_left(begin: Begin) -> None:
    """By the lesson's clock as by the wall's: an old run, even one that has expired, can be forked and walked."""

    class Wall(SystemClock):
        later = 0

        def now(self, ticks: int) -> int:
            return super().now(ticks) + self.later

    wall = Wall()
    for choices in ({}, {"clock": wall}):
        stepper = begin("Late, but here.", **choices)
        run = stepper.held()
        stepper.advance(run)
        stepper.post("clock", advance_s=500)
        stepper.post("clock", advance_s=100) if not choices else setattr(wall, "later", 3600)
        assert stepper.now(run).status == "expired"
        child = fork(stepper, run, 3)
        assert go_on(stepper, child)["run"]["status"] == "completed"


def test_earlier_answers_come_along_without_their_runs(begin: Begin, wait: Any) -> None:
    stepper = begin("First.", "Second.", "Third.")
    for _ in range(2):
        run = stepper.held()
        stepper.advance(run, "end")
    child = fork(stepper, run, 4)
    assert words(stepper, go_on(stepper, child)) == ["2 + 2?", "First.", "Third."]
    listed = stepper.client.beta.threads.messages.list(child["run"]["thread_id"], order="asc").data
    assert [message.run_id for message in listed] == [None, None, child["run"]["id"]]
    stepper.client.beta.threads.messages.update(listed[1].id, thread_id=listed[1].thread_id, metadata={"a": "b"})
    stepper.client.beta.threads.messages.delete(listed[1].id, thread_id=listed[1].thread_id)
    assert len(stepper.client.beta.threads.messages.list(run.thread_id).data) == 3


def test_a_finished_fork_is_a_thread_to_go_on_with(begin: Begin) -> None:
    stepper = begin("First.", "Second.")
    run = stepper.held()
    n = stepper.advance(run, "end")["n"]
    child = fork(stepper, run, n)
    assert (child["why"], child["held"]) == ("ended", False)
    stepper.thread_id = child["run"]["thread_id"]
    stepper.client.beta.threads.messages.create(stepper.thread_id, role="user", content="And?")
    again = stepper.advance(stepper.held(), "end")
    assert words(stepper, again) == ["2 + 2?", "First.", "And?", "Second."]


def test_a_held_run_is_held_after_a_restart_and_goes_on(tmp_path: Path, make_app: MakeApp, connect: Connect) -> None:
    app = make_app(*CALLING, store=tmp_path / "class.db")
    stepper = Stepper(connect(app=app))
    run = stepper.held({"function": "add"})
    stepper.advance(run, "breakpoint")
    child = fork(stepper, run, 4)
    before = [stepper.get(f"runs/{run.id}"), stepper.plain(run), stepper.get(f"runs/{run.id}/forks")]
    app.close()
    app = make_app("It is four.", store=tmp_path / "class.db")
    stepper.client = connect(app=app)
    app.runner.close()  # what was under way has had its time
    after = [stepper.get(f"runs/{run.id}"), stepper.plain(run), stepper.get(f"runs/{run.id}/forks")]
    assert after == before
    stepper.advance(run, "end")
    stepper.submit(run)
    assert stepper.advance(run, "end")["run"]["status"] == "completed"
    assert stepper.get(f"runs/{child['run']['id']}")["why"] == "held"
