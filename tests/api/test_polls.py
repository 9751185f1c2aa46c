"""`polls="step"`: each look at a run moves it by one transition, so that a learner sees it on its way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

import assistant_nb as anb
from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

ADD: Any = {"type": "function", "function": {"name": "add"}}
CALL = anb.ToolCall("add", "{}")


@pytest.fixture
def client(make_app: MakeApp, connect: Connect) -> Callable[..., OpenAI]:
    return lambda *lines, **choices: connect(app=make_app(*lines, polls="step", **choices))


def begin(client: OpenAI) -> Run:
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=[ADD])
    thread: Any = {"messages": [{"role": "user", "content": "Well?"}]}
    return client.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread)


def look(client: OpenAI, run: Run) -> str:
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status


def outputs(client: OpenAI, run: Run) -> Any:
    now = client.get(f"/lab/runs/{run.id}", cast_to=dict[str, Any])["run"]
    calls = now["required_action"]["submit_tool_outputs"]["tool_calls"]
    return [{"tool_call_id": call["id"], "output": "7"} for call in calls]


def test_polling_prints_each_status_on_the_way_the_same_each_time(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.", "Seven.", "Seven.")
    for _ in range(3):
        run = begin(here)
        seen: list[str] = [run.status]
        while seen[-1] in ("queued", "in_progress"):
            seen.append(look(here, run))
        assert seen == ["queued", *["in_progress"] * 3, "completed"]


def test_a_function_is_seen_on_its_way_too(client: Callable[..., OpenAI]) -> None:
    here = client(CALL, "Seven.")
    run = begin(here)
    assert [look(here, run) for _ in range(5)] == [*["in_progress"] * 3, *["requires_action"] * 2]
    submit = here.beta.threads.runs.submit_tool_outputs
    assert submit(run.id, thread_id=run.thread_id, tool_outputs=outputs(here, run)).status == "queued"
    assert [look(here, run) for _ in range(4)] == [*["in_progress"] * 3, "completed"]


def test_who_reads_too_early_finds_no_answer(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.")
    run = begin(here)
    assert look(here, run) == "in_progress"
    assert len(here.beta.threads.messages.list(run.thread_id).data) == 1


def test_lists_and_widgets_move_nothing(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.")
    run = begin(here)
    view = anb.ThreadView(here, run.thread_id)
    view.look()
    here.beta.threads.runs.list(run.thread_id)
    here.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    shown = view._client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    view.close()
    assert shown.status == "queued"
    assert look(here, run) == "in_progress"


def test_the_helpers_of_the_sdk_and_streams_work_as_ever(client: Callable[..., OpenAI]) -> None:
    here = client(CALL, "Seven.", "Eight.", "Nine.")
    run, runs = begin(here), here.beta.threads.runs
    look(here, run)
    assert runs.poll(run.id, thread_id=run.thread_id).status == "requires_action"
    given = outputs(here, run)
    assert (
        runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=given).status
        == "completed"
    )
    assert runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id).status == "completed"
    with runs.stream(thread_id=run.thread_id, assistant_id=run.assistant_id) as stream:
        assert [event.event for event in stream][-2:] == ["thread.run.step.completed", "thread.run.completed"]


def test_looks_at_the_same_time_make_one_transition_each(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.")
    run = begin(here)
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(lambda _: look(here, run), range(3))] == ["in_progress"] * 3
    assert look(here, run) == "completed"


def test_a_held_run_is_moved_by_its_stepper_alone(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.")
    made = begin(here)
    here.post(f"/lab/runs/{made.id}/hold", cast_to=object, body={})
    assert [look(here, made) for _ in range(3)] == ["queued"] * 3
    here.post(f"/lab/runs/{made.id}/advance", cast_to=object, body={"to": "transition"})
    assert look(here, made) == "in_progress"
    here.post(f"/lab/runs/{made.id}/release", cast_to=object, body={})
    assert here.beta.threads.runs.poll(made.id, thread_id=made.thread_id).status == "completed"


def test_a_person_who_is_asked_has_time(make_app: MakeApp, connect: Connect) -> None:
    here = connect(app=make_app(model=Human(), polls="step"))
    run = begin(here)
    assert [look(here, run) for _ in range(5)] == ["in_progress"] * 5
    here.post(f"/lab/seats/{run.id}", cast_to=object, body={"text": "Seven."})
    assert [look(here, run) for _ in range(2)] == ["in_progress", "completed"]


def test_a_run_can_be_cancelled_on_its_way(client: Callable[..., OpenAI]) -> None:
    here = client("Seven.")
    run = begin(here)
    look(here, run)
    here.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    assert here.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "cancelled"


def test_a_run_of_another_process_waits_for_the_next_look(tmp_path: Path, connect: Connect) -> None:
    def engine() -> App:
        return create_app(store=tmp_path / "class.db", model=Scripted("Seven."), polls="step")

    first = engine()
    run = begin(connect(app=first))
    assert look(connect(app=first), run) == "in_progress"
    first.close()
    second = engine()
    assert [look(connect(app=second), run) for _ in range(3)] == ["in_progress", "in_progress", "completed"]
    second.close()


def test_it_is_chosen_by_start_and_stays_until_another_choice() -> None:
    anb.start(recording="01_first_assistant", polls="step")
    try:
        here = OpenAI()
        anb.start(model="practice")
        first, second = begin(here), begin(here)
        assert look(here, first) == "in_progress"
        anb.start(model="practice", polls="watch")
        assert here.beta.threads.runs.poll(second.id, thread_id=second.thread_id).status == "completed"
    finally:
        anb.stop()
