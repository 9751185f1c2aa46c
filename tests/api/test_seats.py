"""A person in the model's seat: the run waits, in no thread, until somebody answers."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from openai import OpenAI
from openai.types.beta.threads import Run
from werkzeug.test import Client

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.ids import LessonClock
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.practice import Practice
from assistant_nb.engine.objects import RUN
from assistant_nb.engine.runs.live_run import LiveRun, Turns
from tests.conftest import Connect, MakeApp
from tests.until import PATIENCE_S, until

ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
CALL = {"name": "add", "arguments": '{"a": 1}'}


@pytest.fixture
def client(make_app: MakeApp, connect: Connect) -> OpenAI:
    return connect(app=make_app(model=Human()))


def begin(client: OpenAI, **body: Any) -> Run:
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Be brief.", tools=[ADD])
    thread: Any = {"messages": [{"role": "user", "content": "2 + 2?"}]}
    run: Run = client.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread, **body)
    return run


def seats(client: OpenAI) -> list[dict[str, Any]]:
    found: Any = client.get("/lab/seats", cast_to=object)
    return list(found["data"])


def seated(client: OpenAI, run: Run) -> None:
    """Wait until it is the person's turn."""
    until(lambda: run.id in [seat["run_id"] for seat in seats(client)], lambda: now(client, run).status)


def answer(client: OpenAI, run: Run, **body: Any) -> Any:
    return client.post(f"/lab/seats/{run.id}", cast_to=object, body=body)


def now(client: OpenAI, run: Run) -> Run:
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def said(client: OpenAI, run: Run) -> str:
    message = client.beta.threads.messages.list(run.thread_id).data[0]
    return str(message.to_dict()["content"][0]["text"]["value"])  # type: ignore[index]


def test_the_seat_shows_the_prompt_and_the_run_goes_on_with_the_answer(client: OpenAI, wait: Any) -> None:
    run = begin(client)
    seated(client, run)
    (seat,) = seats(client)
    assert (seat["object"], seat["run_id"], seat["thread_id"]) == ("lab.seat", run.id, run.thread_id)
    journal: Any = client.get(f"/lab/runs/{run.id}/journal", cast_to=object)
    assert [seat["prompt"]] == [entry["data"] for entry in journal["data"] if entry["event"] == "model.asked"]
    assert seat["prompt"]["messages"] == [{"role": "user", "content": "2 + 2?"}]
    assert answer(client, run, text="It is four.")["remarks"] == []
    assert (wait(client, now(client, run)).status, said(client, run)) == ("completed", "It is four.")
    assert seats(client) == []
    journal = client.get(f"/lab/runs/{run.id}/journal", cast_to=object)
    (told,) = [entry["data"] for entry in journal["data"] if entry["event"] == "model.answered"]
    assert told["provenance"] == {"answer": "authored"}


def test_a_person_may_call_tools_and_gets_their_outputs(client: OpenAI, wait: Any) -> None:
    run = begin(client)
    seated(client, run)
    answer(client, run, tool_calls=[CALL])
    run = wait(client, now(client, run))
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    client.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "4"}]
    )
    seated(client, run)
    (seat,) = seats(client)
    assert seat["prompt"]["messages"][1]["tool_calls"] == [{**CALL, "output": "4"}]
    answer(client, run, text="Four.")
    assert wait(client, now(client, run)).status == "completed"


def test_a_person_may_fail(client: OpenAI, wait: Any) -> None:
    run = begin(client)
    seated(client, run)
    answer(client, run, error={"message": "Out of coffee.", "code": "rate_limit_exceeded"})
    run = wait(client, now(client, run))
    assert run.last_error and (run.last_error.code, run.last_error.message) == ("rate_limit_exceeded", "Out of coffee.")


def test_what_a_good_model_would_not_have_done_is_told_and_passed_on(client: OpenAI, wait: Any) -> None:
    shape: Any = {"type": "json_object"}
    run = begin(client, parallel_tool_calls=False, response_format=shape)
    seated(client, run)
    told = answer(client, run, text="Well.", tool_calls=[{"name": "add", "arguments": "{"}, CALL])
    assert [remark.split("(")[0] for remark in told["remarks"]] == [
        "tool_calls[0].arguments is no JSON object ",
        "The run asked for one tool call at a time ",
        "The run asked for a json_object, and the text is no JSON object ",
    ]
    assert wait(client, now(client, run)).status == "requires_action"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Invalid body: Answer with a text, with tool_calls, with both, or with an error alone"),
        ({"text": "a", "error": {"message": "b"}}, "or with an error alone"),
        ({"text": 5}, "Invalid type for 'text': expected a string"),
        ({"tool_calls": [{"name": "add"}]}, r"Missing required parameter: 'tool_calls\[0\].arguments'"),
        ({"tool_calls": [{"name": "sub", "arguments": "{}"}]}, "offers no tool 'sub'. It offers: add."),
        ({"tool_calls": [{"name": "file_search", "arguments": "x"}]}, "offers no tool 'file_search'"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_the_seat_stays(
    body: Any, message: str, client: OpenAI, wait: Any
) -> None:
    run = begin(client)
    seated(client, run)
    with pytest.raises(openai.BadRequestError, match=message):
        answer(client, run, **body)
    assert len(seats(client)) == 1


def test_a_seat_that_is_not_there_is_refused_with_its_reason(client: OpenAI, wait: Any) -> None:
    run = begin(client)
    seated(client, run)
    answer(client, run, text="Four.")
    wait(client, now(client, run))
    with pytest.raises(openai.BadRequestError, match="waits for no answer: it is 'completed'"):
        answer(client, run, text="Five.")
    with pytest.raises(openai.NotFoundError, match="No run found with id 'run_nobody'"):
        client.post("/lab/seats/run_nobody", cast_to=object, body={"text": "Five."})
    with pytest.raises(openai.BadRequestError, match="Expected an ID that begins with 'run'"):
        client.post("/lab/seats/nobody", cast_to=object, body={"text": "Five."})


def test_an_answer_that_is_on_its_way_is_the_only_one(make_app: MakeApp, connect: Connect, wait: Any) -> None:
    app = make_app(model=Human())
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # nobody gets to it
    answer(client, run, text="Four.")
    with pytest.raises(openai.BadRequestError, match="has its answer already"):
        answer(client, run, text="Five.")


def test_a_run_that_another_model_answers_has_no_seat(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Never said.")
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]
    run = begin(client)
    next(app.runner.drive(run.id))
    drive = app.runner.drive(run.id)
    next(drive)  # asked, and not answered
    with pytest.raises(openai.BadRequestError, match="does not wait for a person"):
        answer(client, run, text="Four.")
    assert seats(client) == []


def test_several_runs_wait_each_for_its_own_answer(client: OpenAI, wait: Any) -> None:
    runs = [begin(client) for _ in range(3)]
    for run in runs:
        seated(client, run)
    for n, run in reversed(list(enumerate(runs))):
        answer(client, run, text=f"Answer {n}.")
    assert [wait(client, now(client, run)).status for run in runs] == ["completed"] * 3
    assert [said(client, run) for run in runs] == ["Answer 0.", "Answer 1.", "Answer 2."]


def test_who_waits_holds_no_thread_and_polling_starts_none(make_app: MakeApp, connect: Connect, wait: Any) -> None:
    app = make_app(model=Human())
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    app.runner.close()
    app.runner._in_background = lambda live, work: pytest.fail("a thread")  # type: ignore[method-assign]
    assert now(client, run).status == "in_progress"
    assert not [thread for thread in threading.enumerate() if run.id in thread.name]


@pytest.mark.parametrize("end", ["cancel", "expire", "delete"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_run_that_ends_otherwise_leaves_the_seat(end: str, streamed: bool, client: OpenAI, wait: Any) -> None:
    run, ended = _waiting(client, streamed)
    match end:
        case "cancel":
            client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
            assert wait(client, now(client, run)).status == "cancelled"
        case "expire":
            client.post("/lab/clock", cast_to=object, body={"advance_s": 600})
            assert now(client, run).status == "expired"
        case "delete":
            client.beta.threads.delete(run.thread_id)
    assert seats(client) == []
    last = {"cancel": "thread.run.cancelled", "expire": "thread.run.expired", "delete": "error"}[end]
    assert ended() == (last if streamed else None)
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)):
        answer(client, run, text="Too late.")


def _waiting(client: OpenAI, streamed: bool) -> tuple[Run, Callable[[], str | None]]:
    """A run at the seat, and how to learn the last event that its reader got."""
    if not streamed:
        run = begin(client)
        seated(client, run)
        return run, lambda: None
    events: list[str] = []

    def read() -> None:
        try:
            stream: Any = begin(client, stream=True)
            events.extend(event.event for event in stream)
        except openai.APIError:
            events.append("error")

    reader = threading.Thread(target=read)
    reader.start()
    waiting = until(lambda: seats(client))

    def last() -> str:
        reader.join(PATIENCE_S)
        assert not reader.is_alive()
        return events[-1]

    seat = waiting[0]
    return client.beta.threads.runs.retrieve(seat["run_id"], thread_id=seat["thread_id"]), last


def test_a_stream_waits_and_goes_on_with_the_answer(client: OpenAI, wait: Any) -> None:
    run, last = _waiting(client, streamed=True)
    answer(client, run, text="It is four.")
    assert last() == "thread.run.completed"
    assert said(client, run) == "It is four."


def test_a_stream_ends_with_its_engine(make_app: MakeApp, connect: Connect, wait: Any) -> None:
    app = make_app(model=Human())
    _, last = _waiting(connect(app=app), streamed=True)
    app.close()
    assert last() == "error"


def test_a_reader_who_leaves_leaves_the_run_at_the_seat(client: OpenAI, wait: Any) -> None:
    stream: Any = begin(client, stream=True)
    run = next(event.data for event in stream if event.event == "thread.run.in_progress")
    stream.close()
    seated(client, run)
    answer(client, run, text="It is four.")
    assert wait(client, now(client, run)).status == "completed"


def test_an_answer_in_the_moment_in_which_a_reader_turns_to_waiting_is_heard(
    make_app: MakeApp, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(model=Human())
    client, is_read, early = connect(app=app), LiveRun.is_read, list[str]()

    def answered_first(live: LiveRun) -> bool:
        if not early:
            early.append(live.id)
            app.runner.answer(live.id, {"text": "Four."})
        return bool(is_read.__get__(live))

    monkeypatch.setattr(LiveRun, "is_read", property(answered_first))
    events: Any = begin(client, stream=True)
    assert [event.event for event in events][-1] == "thread.run.completed"


def test_an_answer_in_the_moment_in_which_a_thread_ends_starts_another(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(model=Human())
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    app.runner.close()
    app.runner._live[run.id].turns = Turns(iter(()))
    answer(client, run, text="Four.")
    app.runner.close()
    assert app.store.get(RUN, run.id)["status"] == "completed"


def test_a_seat_whose_time_is_over_is_not_offered(make_app: MakeApp, connect: Connect) -> None:
    class Wall(LessonClock):
        late = 0

        def now(self, ticks: int) -> int:
            return super().now(ticks) + self.late

    wall = Wall()
    client = connect(app=make_app(model=Human(), clock=wall))
    run = begin(client)
    seated(client, run)
    wall.late = 600
    assert seats(client) == []
    with pytest.raises(openai.BadRequestError, match="waits for no answer: it is 'expired'"):
        answer(client, run, text="Too late.")


def test_without_threads_a_stream_ends_at_the_seat_and_the_answer_ends_the_run(
    client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a browser's Python, where nobody could answer while the stream is being read."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr("assistant_nb.engine.runs.runner._THREADS", False)
    events: Any = begin(client, stream=True)
    *_, last = [event.data for event in events]
    assert last.status == "in_progress"
    for run in (last, begin(client)):
        assert now(client, run).status == "in_progress"
        answer(client, run, text="Four.")
        assert now(client, run).status == "completed"


def test_after_a_restart_the_prompt_is_offered_again(
    tmp_path: Path, make_app: MakeApp, connect: Connect, wait: Any
) -> None:
    app = make_app(model=Human(), store=tmp_path / "class.db")
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    before = seats(client)
    app.close()
    client = connect(app=make_app(model=Human(), store=tmp_path / "class.db"))
    seated(client, run)
    assert seats(client) == before
    answer(client, run, text="Four.")
    assert wait(client, now(client, run)).status == "completed"


def test_an_answer_that_was_taken_survives_the_end_of_the_process(
    tmp_path: Path, make_app: MakeApp, connect: Connect, wait: Any
) -> None:
    app = make_app(model=Human(), store=tmp_path / "class.db")
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # as if the process had ended just then
    answer(client, run, text="Four.")
    app.close()
    client = connect(app=make_app(model=Human(), store=tmp_path / "class.db"))
    assert wait(client, now(client, run)).status == "completed"
    assert said(client, run) == "Four."


def test_after_a_restart_another_model_may_answer(
    tmp_path: Path, make_app: MakeApp, connect: Connect, wait: Any
) -> None:
    app = make_app(model=Human(), store=tmp_path / "class.db")
    client = connect(app=app)
    run = begin(client)
    seated(client, run)
    app.close()
    client = connect(app=make_app(model=Practice(), store=tmp_path / "class.db"))
    assert wait(client, now(client, run)).status == "completed"
    assert said(client, run).startswith("Practice")


def _at_once(live: LiveRun, work: Callable[[], object]) -> None:
    work()


class Seats(RuleBasedStateMachine):
    """Waiting, answered, gone: whatever people do, a run waits exactly as long as nobody has answered or ended it."""

    def __init__(self) -> None:
        super().__init__()
        self.app: App = create_app(model=Human())
        self.http = Client(self.app)
        self.app.runner._in_background = _at_once  # type: ignore[method-assign]
        self.assistant = self.call("POST", "/assistants", {"model": "m", "instructions": "i", "tools": [ADD]})["id"]
        self.waiting: list[str] = []
        self.gone: list[str] = []
        self.threads: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        said = self.http.open(f"/v1{path}", method=method, json=body, headers={"OpenAI-Beta": "assistants=v2"})
        assert said.status_code < 500
        return said.json

    @rule()
    def ask(self) -> None:
        run = self.call("POST", "/threads/runs", {"assistant_id": self.assistant})
        self.threads[run["id"]] = run["thread_id"]
        self.waiting.append(run["id"])

    @precondition(lambda self: self.waiting)
    @rule(
        data=st.data(), body=st.sampled_from([{"text": "Hi."}, {"error": {"message": "No."}}, {"tool_calls": [CALL]}])
    )
    def answer(self, data: st.DataObject, body: Any) -> None:
        run_id = data.draw(st.sampled_from(self.waiting))
        assert self.call("POST", f"/lab/seats/{run_id}", body)["object"] == "lab.answer"
        self.waiting.remove(run_id)
        self.gone.append(run_id)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), delete=st.booleans())
    def end(self, data: st.DataObject, delete: bool) -> None:
        run_id = data.draw(st.sampled_from(self.waiting))
        thread = f"/threads/{self.threads[run_id]}"
        self.call("DELETE", thread) if delete else self.call("POST", f"{thread}/runs/{run_id}/cancel")
        self.waiting.remove(run_id)
        self.gone.append(run_id)

    @precondition(lambda self: self.waiting)
    @rule()
    def expire(self) -> None:
        self.call("POST", "/lab/clock", {"advance_s": 600})
        self.gone += self.waiting
        self.waiting.clear()

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def come_too_late(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(self.gone))
        assert "error" in self.call("POST", f"/lab/seats/{run_id}", {"text": "Late."})

    @invariant()
    def those_who_wait_are_listed(self) -> None:
        assert [seat["run_id"] for seat in self.call("GET", "/lab/seats")["data"]] == self.waiting

    def teardown(self) -> None:
        self.app.close()


class SeatsForLong(Seats):
    """The same, in hundreds of stories."""


TestSeats = Seats.TestCase
TestSeats.settings = settings(max_examples=15, stateful_step_count=20)
TestSeatsForLong = pytest.mark.nightly(SeatsForLong.TestCase)
TestSeatsForLong.settings = settings(max_examples=300, stateful_step_count=20)
