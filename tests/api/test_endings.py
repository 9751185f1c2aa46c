"""The nine statuses, each for its reason: how runs end other than well, and what a stream tells of it."""

from collections.abc import Callable, Iterable
from typing import Any, get_args

import openai
import pytest
from openai import OpenAI
from openai.types.beta.assistant_stream_event import AssistantStreamEvent
from openai.types.beta.threads import Run, RunStatus

from assistant_nb.engine.errors import LastErrorCode, ModelError
from assistant_nb.engine.ids import LessonClock
from assistant_nb.engine.model.base import Prompt, ToolCall, estimate_prompt_tokens
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

Ask = Callable[..., Run]
CALL = ToolCall("get_weather", '{"city": "Rome"}')
RUN_LIFETIME_S = 600


def let_pass(client: OpenAI, seconds: int) -> None:
    client.post("/lab/clock", cast_to=object, body={"advance_s": seconds})


def follow(client: OpenAI, *, during: Callable[[str, Run], None] | None = None, **body: Any) -> tuple[list[str], Run]:
    """The events of a new streamed run and how it ended; `during` is told each event as it comes."""
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    events: list[str] = []
    run: Any = None
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True, **body) as stream:
        for event in stream:
            events.append(event.event)
            if event.data.id.startswith("run_"):
                run = event.data
            if during and run:
                during(event.event, run)
    return events, client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def said_by(client: OpenAI, run: Run) -> str:
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    text: str = message.to_dict()["content"][0]["text"]["value"]  # type: ignore[index]
    return text


@pytest.mark.parametrize("code", get_args(LastErrorCode))
def test_a_run_fails_with_the_code_of_its_models_error(code: LastErrorCode, connect: Connect) -> None:
    def breaking(prompt: Prompt) -> Iterable[str]:
        yield "Let me "
        raise ModelError("No more.", code)

    events, run = follow(connect(breaking))
    assert events[-3:] == ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]
    assert run.last_error and (run.last_error.code, run.last_error.message) == (code, "No more.")


def test_a_run_that_waits_expires_ten_minutes_after_it_was_created(
    make_app: MakeApp, connect: Connect, ask: Ask
) -> None:
    app = make_app(CALL, "Again.")
    client = connect(app=app)
    run = ask(client, "Rome?")
    assert run.expires_at == run.created_at + RUN_LIFETIME_S
    left = RUN_LIFETIME_S - (app.store.time(run.thread_id) - run.created_at)
    let_pass(client, left - 1)
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "requires_action"
    let_pass(client, 1)
    (run,) = client.beta.threads.runs.list(run.thread_id).data
    assert (run.status, run.expires_at, run.required_action) == ("expired", None, None)
    assert run.usage and run.usage.total_tokens > 0
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "expired"
    with pytest.raises(openai.BadRequestError, match='Runs in status "expired" do not accept tool outputs.'):
        client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=[])
    client.beta.threads.messages.create(run.thread_id, role="user", content="The thread is free again")


@pytest.mark.parametrize("look", ["retrieve", "list", "message", "run", "submit", "cancel"])
def test_whoever_looks_after_ten_minutes_finds_the_run_expired(
    look: str, make_app: MakeApp, connect: Connect, ask: Ask
) -> None:
    class Wall(LessonClock):
        late = 0

        def now(self, ticks: int) -> int:
            return super().now(ticks) + self.late

    wall = Wall()
    client = connect(app=make_app(CALL, "Again.", clock=wall))
    run = ask(client, "Rome?")
    wall.late = RUN_LIFETIME_S
    runs = client.beta.threads.runs
    match look:
        case "retrieve":
            assert runs.retrieve(run.id, thread_id=run.thread_id).status == "expired"
        case "list":
            assert runs.list(run.thread_id).data[0].status == "expired"
        case "message":
            client.beta.threads.messages.create(run.thread_id, role="user", content="Free again")
        case "run":
            runs.create(run.thread_id, assistant_id=run.assistant_id)
        case "submit":
            with pytest.raises(openai.BadRequestError, match='status "expired"'):
                runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=[])
        case "cancel":
            with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'expired'."):
                runs.cancel(run.id, thread_id=run.thread_id)


def test_a_run_expires_while_its_model_is_still_speaking(connect: Connect) -> None:
    client = connect(lambda prompt: ["Let ", "me ", "think."])
    deltas = 0

    def dawdle(event: str, run: Run) -> None:
        nonlocal deltas
        deltas += event == "thread.message.delta"
        if deltas == 2 and event == "thread.message.delta":
            let_pass(client, RUN_LIFETIME_S)

    events, run = follow(client, during=dawdle)
    assert events[-4:] == [
        "thread.message.delta", "thread.message.incomplete", "thread.run.step.expired", "thread.run.expired",
    ]  # fmt: skip
    assert said_by(client, run) == "Let me "


def test_a_run_found_again_after_ten_minutes_asks_nobody(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Too late.")
    client = connect(app=app)
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # as if the process had ended just then
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    app.store.move_clock(RUN_LIFETIME_S)
    list(app.runner.drive(run.id))
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "expired"
    assert isinstance(app.model, Scripted)
    assert app.model.prompts == []


def test_the_clock_stays_moved_when_the_store_is_opened_again(make_app: MakeApp, tmp_path: Any) -> None:
    app = make_app(store=tmp_path / "class.db")
    before = app.store.time()
    app.store.move_clock(100)
    app.store.move_clock(20)
    assert app.store.time() == before + 120
    app.close()
    assert make_app(store=tmp_path / "class.db").store.time() == before + 120


def test_an_answer_ends_where_the_completion_tokens_do(connect: Connect) -> None:
    client = connect("One two three four five six seven eight.", "Again.")
    events, run = follow(client, max_completion_tokens=4)
    assert events[-3:] == ["thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete"]
    assert (run.status, run.completed_at, run.expires_at) == ("incomplete", None, None)
    assert run.incomplete_details and run.incomplete_details.reason == "max_completion_tokens"
    assert run.usage and run.usage.completion_tokens == 4
    assert said_by(client, run) == "One two three fo"
    client.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)


def test_a_call_that_is_cut_off_is_not_made(connect: Connect) -> None:
    client = connect(CALL)
    events, run = follow(client, max_completion_tokens=4)
    assert events[-2:] == ["thread.run.step.failed", "thread.run.incomplete"]
    assert run.required_action is None


def test_completion_tokens_are_counted_over_all_answers_of_a_run(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    app = make_app(CALL, "Never said.")
    client = connect(app=app)
    run = ask(client, "Rome?", max_completion_tokens=7)
    assert run.status == "requires_action"
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "18"}]
    )
    assert run.incomplete_details and run.incomplete_details.reason == "max_completion_tokens"
    assert isinstance(app.model, Scripted)
    assert [prompt.max_completion_tokens for prompt in app.model.prompts] == [7]


def test_prompt_tokens_are_saved_by_leaving_out_the_middle_of_the_thread(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Yes.")
    client = connect(app=app)
    messages: Any = [{"role": "user", "content": f"{n}" * 80} for n in range(6)]
    assistant = client.beta.assistants.create(model="gpt-4")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": messages}, max_prompt_tokens=70
    )
    assert run.status == "completed"
    assert isinstance(app.model, Scripted)
    (prompt,) = app.model.prompts
    assert [str(turn.content)[0] for turn in prompt.messages] == ["0", "4", "5"]
    assert estimate_prompt_tokens(prompt) <= 70


@pytest.mark.parametrize("strategy", [{"type": "auto"}, {"type": "last_messages", "last_messages": 2}])
def test_the_first_message_goes_when_the_last_one_would_not_fit(
    strategy: Any, make_app: MakeApp, connect: Connect
) -> None:
    app = make_app("Yes.")
    client = connect(app=app)
    messages: Any = [{"role": "user", "content": f"{n} " + "word " * 230} for n in range(2)]
    run = client.beta.threads.create_and_run_poll(
        assistant_id=client.beta.assistants.create(model="gpt-4").id,
        thread={"messages": messages},
        max_prompt_tokens=500,
        truncation_strategy=strategy,
    )
    assert run.status == "completed"
    assert isinstance(app.model, Scripted)
    assert [str(turn.content)[0] for turn in app.model.prompts[0].messages] == ["1"]


def test_a_prompt_that_cannot_be_made_to_fit_is_not_asked(make_app: MakeApp, connect: Connect, ask: Ask) -> None:
    app = make_app("Never said.")
    run = ask(connect(app=app), "A long question " * 20, max_prompt_tokens=10)
    assert (run.status, run.incomplete_details and run.incomplete_details.reason) == ("incomplete", "max_prompt_tokens")
    assert isinstance(app.model, Scripted)
    assert app.model.prompts == []


def test_a_stream_tells_of_cancelling_and_of_being_cancelled(connect: Connect) -> None:
    client = connect(lambda prompt: ["Let ", "me ", "think."])

    def interrupt(event: str, run: Run) -> None:
        if event == "thread.message.created":
            client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)

    events, _ = follow(client, during=interrupt)
    assert {"thread.run.cancelling", "thread.run.step.cancelled"} <= set(events)
    assert events[-1] == "thread.run.cancelled"


def test_a_stream_whose_thread_is_deleted_ends_with_an_error(connect: Connect) -> None:
    client = connect(lambda prompt: ["Let ", "me ", "think."])

    def delete(event: str, run: Run) -> None:
        if event == "thread.message.created":
            client.beta.threads.delete(run.thread_id)

    with pytest.raises(openai.APIError, match="No thread found with id 'thread_") as told:
        follow(client, during=delete)
    assert not isinstance(told.value, openai.APIStatusError), "by the stream, not by what was asked after it"


def test_a_stream_of_an_engine_that_stops_ends_with_an_error(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(lambda prompt: ["Let ", "me ", "think."])

    def stop(event: str, run: Run) -> None:
        if event == "thread.run.in_progress":
            app.close()

    with pytest.raises(openai.APIError, match="This engine was stopped") as told:
        follow(connect(app=app), during=stop)
    assert not isinstance(told.value, openai.APIStatusError), "by the stream, not by what was asked after it"


def test_every_event_and_status_that_the_sdk_knows_is_reached(connect: Connect) -> None:
    (union, _) = get_args(AssistantStreamEvent)
    known = {get_args(kind.model_fields["event"].annotation)[0] for kind in get_args(union)}
    seen, statuses = {"error"}, set()  # how a stream tells an error: see above

    def interfere(event: str, run: Run) -> None:
        statuses.add(run.status)
        if event == "thread.message.created" and run.model == "to be cancelled":
            client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        if event == "thread.message.created" and run.model == "to expire":
            let_pass(client, RUN_LIFETIME_S)

    breaking: list[str | ModelError] = ["Let ", ModelError("No more.")]
    client = connect(
        CALL, "Warm.", lambda prompt: map(_say, breaking), ["Let ", "me "], ["Let ", "me "], "One two three"
    )
    for model in ("m", "m", "m", "to be cancelled", "to expire"):
        seen |= set(follow(client, during=interfere, model=model)[0])
    seen |= set(follow(client, during=interfere, max_completion_tokens=1)[0])
    assert seen == known
    assert statuses == set(get_args(RunStatus))


def _say(piece: str | ModelError) -> str:
    if isinstance(piece, ModelError):
        raise piece
    return piece
