"""Who answers is changed in place: the world stays as it is, and the client of the first cell goes on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

import assistant_nb as anb
from assistant_nb.engine.errors import RecordingError
from tests.conftest import wait

ADD: Any = {"type": "function", "function": {"name": "add"}}
LESSON: Any = {"recording": "01_first_assistant"}


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    yield
    anb.stop()


def begin(client: OpenAI, question: str = "Well?", **body: Any) -> Run:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", **body)
    thread: Any = {"messages": [{"role": "user", "content": question}]}
    return client.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread)


def end(client: OpenAI, run: Run) -> str:
    """Wait for a run, and return its answer."""
    ended = wait(client, run)
    assert ended.status == "completed", ended.last_error
    message: Any = client.beta.threads.messages.list(run.thread_id).data[0].to_dict()
    return str(message["content"][0]["text"]["value"])


def ask(client: OpenAI, question: str = "Well?") -> str:
    return end(client, begin(client, question))


def seat(client: OpenAI) -> str:
    """Wait for a run in the model's seat, and return its id."""
    while not (seats := client.get("/lab/seats", cast_to=dict[str, Any])["data"]):
        pass
    return str(seats[0]["run_id"])


def test_the_client_of_the_first_cell_goes_on_and_keeps_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    anb.start(**LESSON)
    client, before = OpenAI(), {name: os.environ[name] for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY")}
    assistant, run = client.beta.assistants.create(model="gpt-4o"), wait(client, begin(client))
    assert run.status == "failed", "nobody has recorded that"
    anb.start(model="practice")
    assert {name: os.environ[name] for name in before} == before
    assert client.beta.assistants.retrieve(assistant.id) == assistant
    again = client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
    assert "not a language model" in end(client, again)
    assert "engine still at 127.0.0.1 · now: practice · answers: " in capsys.readouterr().out


def test_the_choices_of_the_lesson_change_back_in_the_world_of_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    ids = []
    for detour in (False, True):
        anb.start(**LESSON)
        client = OpenAI()
        if detour:
            anb.start(model="practice")
            anb.start(**LESSON)
            anb.start(**LESSON)
        ids.append(client.beta.threads.create())
        anb.stop()
    assert ids[0] == ids[1], "ids and clock are those of the lesson"
    words = [line.split(" · ")[1] for line in capsys.readouterr().out.splitlines()]
    assert words == ["model: recorded", "model: recorded", "now: practice", "now: recorded", "model: recorded"]


def test_a_run_under_way_finishes_with_the_model_that_it_began_with() -> None:
    client = anb.connect(model=anb.Scripted(anb.ToolCall("add", "{}"), "The first one."))
    run = wait(client, begin(client, tools=[ADD]))
    held = client.beta.threads.create(messages=[{"role": "user", "content": "Well?"}])
    waiting: Any = {"assistant_id": run.assistant_id}
    waiting = client.post(f"/lab/threads/{held.id}/runs", cast_to=dict[str, Any], body=waiting)
    anb.connect(client, model="human")
    anb.connect(client, model=anb.Scripted("The third one."))
    assert run.required_action
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    outputs: Any = [{"tool_call_id": call.id, "output": "7"}]
    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)
    assert end(client, run) == "The first one."
    moved = client.post(f"/lab/runs/{waiting['id']}/advance", cast_to=dict[str, Any], body={"to": "end"})
    assert "The script has 2 lines" in moved["run"]["last_error"]["message"]
    assert ask(client) == "The third one."


def test_a_person_who_was_asked_still_answers_that_run() -> None:
    anb.start(model="human")
    client = OpenAI()
    run = begin(client)
    asked = seat(client)
    anb.start(model=anb.Scripted("A script."))
    assert ask(client) == "A script."
    client.post(f"/lab/seats/{asked}", cast_to=object, body={"text": "A person."})
    assert end(client, run) == "A person."


def test_a_fault_strikes_once_whoever_is_asked() -> None:
    client = anb.connect(model=anb.Scripted("One."))
    client.post("/lab/faults", cast_to=object, body={"kind": "rate_limit"})
    anb.connect(client, model=anb.Scripted("Two."))
    assert wait(client, begin(client)).status == "failed"
    assert ask(client) == "Two."


def test_limits_count_from_the_next_call_and_stay_unless_they_are_named() -> None:
    client = anb.connect(model="practice", limits=anb.Limits(output_bytes=7))
    engine = anb.client._engine_of(client)
    anb.connect(client, model="human")
    assert engine.app.code.limits == anb.Limits(output_bytes=7)
    anb.connect(client, model="human", limits=anb.Limits(output_bytes=8))
    assert engine.app.code.limits == anb.Limits(output_bytes=8)


def test_a_client_of_connect_and_its_copies_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(**LESSON)
    copy = client.with_options(max_retries=0)
    thread = client.beta.threads.create()
    assert anb.connect(copy, model="practice") is copy
    assert client.beta.threads.retrieve(thread.id).id == thread.id
    assert "not a language model" in ask(client)
    assert "inside this process · now: practice · " in capsys.readouterr().out


def test_a_client_of_start_is_known_to_connect_and_a_stranger_is_not() -> None:
    anb.start()
    anb.connect(client := OpenAI(), model="practice")
    assert "not a language model" in ask(client)
    with pytest.raises(ValueError, match="This client has no engine in this process"):
        anb.connect(OpenAI(base_url="http://127.0.0.1:9/v1"), model="practice")


@pytest.mark.parametrize("stranger", ["thread_1", None.__class__, 7])
def test_what_is_no_client_is_told(stranger: Any) -> None:
    with pytest.raises(ValueError, match=r"client = anb\.connect\(\)"):
        anb.connect(stranger, model="practice")


def test_who_answers_at_a_store_that_is_open_is_said_to_be_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anb.connect(store=tmp_path / "class.db")
    anb.start(store=tmp_path / "class.db", model="practice")
    assert "· now: practice ·" in capsys.readouterr().out


def test_a_request_for_recorded_answers_gets_the_newest_recording(tmp_path: Path) -> None:
    client = anb.connect(recording="02_raw_http")
    anb.connect(
        client, base_url="http://127.0.0.1:9/v1", model="m", fallback="recorded", recording="06_function_calling"
    )
    offered = anb.client._engine_of(client).app.runner.others["recorded"]()
    assert "06" in offered.provenance() or "authored" in offered.provenance()
    assert {path.stem for path in anb.client._engine_of(client).choices.recordings} == {"06_function_calling"}


def test_only_engines_of_this_process_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant_nb.client._connected", {})
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-somebody")
    assert list(anb.client.clients()) == []
    anb.start()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert [str(client.base_url) for client in anb.client.clients()] == [
        anb.client._started and anb.client._started.url
    ]


def test_clients_of_one_store_are_answered_by_the_same_model(tmp_path: Path) -> None:
    anb.start(store=tmp_path / "class.db")
    anb.connect(store=tmp_path / "class.db", model=anb.Scripted("From one store."))
    assert ask(OpenAI()) == "From one store."


def test_without_a_store_the_one_that_is_open_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anb.start(store=tmp_path / "class.db")
    thread = OpenAI().beta.threads.create()
    anb.start(model="practice")
    assert OpenAI().beta.threads.retrieve(thread.id).id == thread.id
    assert capsys.readouterr().out.splitlines()[-1].endswith("kept in class.db")


@pytest.mark.parametrize("store", ["other.db", ":memory:"])
def test_another_store_asks_for_a_decision(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    anb.start(store="class.db", model=anb.Scripted("Hello."))
    with pytest.raises(RuntimeError, match=r"running, kept in class\.db\. .* would not come along") as refused:
        anb.start(store=store)
    assert "memory" not in str(refused.value)
    assert ask(OpenAI()) == "Hello.", "nothing has changed"


def test_what_is_in_memory_would_be_lost_for_a_store(tmp_path: Path) -> None:
    anb.start()
    with pytest.raises(RuntimeError, match=r"kept in memory\. What it keeps would be lost"):
        anb.start(store=tmp_path / "class.db")


def test_a_change_that_cannot_be_made_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}")
    client = anb.connect(model=anb.Scripted("One.", "Two."))
    with pytest.raises(RecordingError):
        anb.connect(client, recording=tmp_path / "bad.jsonl", limits=anb.Limits(call_s=1))
    with pytest.raises(ValueError, match="is no address"):
        anb.connect(client, base_url="nowhere")
    assert anb.client._engine_of(client).app.code.limits == anb.Limits()
    assert [ask(client), ask(client)] == ["One.", "Two."]
