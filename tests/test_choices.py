"""Who answers, by choice: through the doors and the unmodified SDK."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

import assistant_nb as anb
from assistant_nb.engine.errors import RecordingError
from tests.engine.model.endpoint import said, serving, silent

KEY = "sk-the-learners-own-0123456789"


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    yield
    anb.stop()


def ask(client: OpenAI, question: str = "2 + 2?", **body: Any) -> Run:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", **body)
    thread: Any = {"messages": [{"role": "user", "content": question}]}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)


def answer(client: OpenAI, run: Run) -> Any:
    message: Any = client.beta.threads.messages.list(run.thread_id).data[0].to_dict()
    return message["content"][0]["text"]["value"]


def provenance(run: Run) -> Any:
    """Of a run with one answer."""
    answers: Any = run.to_dict()["provenance"]
    assert len(answers) == 1
    return answers[0]


def test_an_endpoint_answers_whatever_model_a_lesson_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(said("Four.")) as endpoint:
        client = anb.connect(base_url=endpoint.url, model="llama3.2", cap_tokens=20_000_000)
        run = ask(client)
        assert (run.status, answer(client, run), run.model) == ("completed", "Four.", "gpt-4o")
        assert endpoint.requests[0]["model"] == "llama3.2"
    assert provenance(run) == {
        "answer": "live", "endpoint": "127.0.0.1", "model": "llama3.2", "asked_for": "gpt-4o",
    }  # fmt: skip
    assert (
        "model: live · answers: llama3.2, whatever model is asked for, at 127.0.0.1, at most 20,000,000 tokens"
        in capsys.readouterr().out
    )


def test_what_an_endpoint_answers_is_kept_and_replayed_offline(tmp_path: Path) -> None:
    with serving(said("It is", " four.", tokens=(12, 3))) as endpoint:
        client = anb.connect(base_url=endpoint.url, record=tmp_path / "mine.jsonl")
        live = ask(client)
    again = anb.connect(recording=tmp_path / "mine.jsonl")
    replayed = ask(again)
    assert answer(again, replayed) == answer(client, live) == "It is four."
    assert replayed.usage == live.usage
    assert provenance(replayed)["answer"] == "recorded"
    assert provenance(replayed)["endpoint"] == "127.0.0.1"


def test_the_recording_answers_when_the_endpoint_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(said("Four.")) as endpoint:
        ask(anb.connect(base_url=endpoint.url, record=tmp_path / "mine.jsonl"))
    client = anb.connect(base_url=endpoint.url, fallback="recorded", recording=tmp_path / "mine.jsonl", stall_s=5)
    run = ask(client)
    assert (run.status, answer(client, run)) == ("completed", "Four.")
    assert provenance(run)["instead_of"].startswith("live: ")
    assert "; when that fails or is silent for 5 s: 1 recorded" in capsys.readouterr().out


def test_rules_answer_what_nobody_has_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(recording="01_first_assistant", fallback="practice", pace=1)
    run = ask(client, "What is it?")
    assert "not a language model" in answer(client, run)
    assert provenance(run) == {
        "answer": "practice", "instead_of": "recorded: No recording holds this question: 'What is it?'.",
    }  # fmt: skip
    assert (
        "model: recorded, else practice · answers: 2 source; when that fails: 12 plain rules" in capsys.readouterr().out
    )


def test_what_is_recorded_is_not_left_to_the_rules(tmp_path: Path) -> None:
    with serving(said("Four.")) as endpoint:
        ask(anb.connect(base_url=endpoint.url, record=tmp_path / "mine.jsonl"))
    client = anb.connect(recording=tmp_path / "mine.jsonl", fallback="practice")
    assert answer(client, ask(client)) == "Four."
    run = client.beta.threads.runs.create_and_poll(
        thread_id=client.beta.threads.create(messages=[{"role": "user", "content": "2 + 3?"}]).id,
        assistant_id=client.beta.assistants.list().data[0].id,
    )
    assert provenance(run)["answer"] == "practice"


def test_rules_answer_when_the_endpoint_fails() -> None:
    client = anb.connect(base_url="http://127.0.0.1:9/v1", fallback="practice", stall_s=5)
    run = ask(client)
    assert provenance(run)["answer"] == "practice"
    assert provenance(run)["instead_of"].startswith("live: ")


def test_a_silence_is_as_long_as_one_says() -> None:
    with serving(silent) as endpoint:
        run = ask(anb.connect(base_url=endpoint.url, stall_s=0.05))
    assert run.last_error
    assert "has been silent for 0.05 s" in run.last_error.message
    assert len(endpoint.requests) == 1


def test_what_a_person_answers_is_kept_as_authored(tmp_path: Path) -> None:
    client = anb.connect(model="human", record=tmp_path / "mine.jsonl")
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    run = client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "2 + 2?"}]}
    )
    while not (seats := client.get("/lab/seats", cast_to=dict[str, Any])["data"]):
        pass
    client.post(f"/lab/seats/{seats[0]['run_id']}", cast_to=object, body={"text": "Four."})
    client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    again = anb.connect(recording=tmp_path / "mine.jsonl")
    replayed = ask(again)
    assert (answer(again, replayed), provenance(replayed)["answer"]) == ("Four.", "authored")


def test_practice_answers_anything_and_says_what_it_is() -> None:
    client = anb.connect(model="practice")
    run = ask(client, "What is it?")
    assert run.status == "completed"
    assert "not a language model" in answer(client, run)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "gpt-4o"}, "the name of a model goes with base_url=…"),
        ({"base_url": "http://h/v1", "model": anb.Scripted("a")}, "answers by itself. With base_url=… give the name"),
        (
            {"base_url": "h"},
            "'h' is no address of an endpoint: it does not begin with http:// or https://. Use base_url=\"http://h/v1\".",
        ),
        ({"base_url": ""}, "'' is no address of an endpoint: it is empty."),
        ({"base_url": "http://h/v1", "pace": 1}, "pace=… goes with recorded answers"),
        ({"model": "practice", "recording": "01_first_assistant"}, "recording=… goes with recorded answers"),
        ({"record": "x.jsonl"}, "record=… keeps what others answer: it goes with base_url=… or with model='human'"),
        ({"api_key": KEY}, "api_key=… goes with base_url=…"),
        ({"cap_tokens": 5}, "cap_tokens=… goes with base_url=…"),
        ({"base_url": "http://h/v1", "cap_tokens": -5}, "cap_tokens=-5 is no cap"),
        ({"stall_s": 5}, "stall_s=… goes with base_url=…"),
        ({"base_url": "http://h/v1", "stall_s": 0}, "stall_s=0 is no time to wait"),
        ({"base_url": "http://h/v1", "stall_s": "5"}, "stall_s='5' is no time to wait"),
        ({"base_url": "http://h/v1", "fallback": "human"}, "Use fallback='recorded' or fallback='practice'."),
        ({"fallback": "recorded"}, "fallback='practice' goes with recorded answers, too"),
        ({"model": "practice", "fallback": "practice"}, "fallback=… goes with base_url=…"),
        ({"model": "human", "fallback": "practice"}, "fallback=… goes with base_url=…"),
        ({"base_url": "http://h/v1", "fallback": "practice", "pace": 1}, "pace=… goes with recorded answers"),
        ({"polls": "always"}, "polls='always' is no choice. Use polls='watch' or polls='step'."),
    ],
)
def test_choices_that_do_not_go_together_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        anb.connect(**given)
    assert KEY not in str(refused.value)


def test_an_unknown_choice_is_named_with_the_nearest_one() -> None:
    with pytest.raises(TypeError, match=r"'recordings' is no choice. Do you mean 'recording'\? There are: model, "):
        anb.start(recordings="01_first_assistant")  # type: ignore[call-arg]


def test_a_recording_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        anb.connect(model="human", record=tmp_path / "nowhere" / "mine.jsonl")


def test_the_endpoint_gets_the_learners_key_not_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    anb.start()
    assert os.environ["OPENAI_API_KEY"] != KEY
    with serving(said("Four.")) as endpoint:
        ask(anb.connect(base_url=endpoint.url))
        ask(anb.connect(base_url=endpoint.url, api_key="another-key"))
        assert [headers["Authorization"] for headers in endpoint.headers] == [f"Bearer {KEY}", "Bearer another-key"]


@pytest.mark.parametrize("model", [lambda: anb.Scripted("Four."), lambda: "practice"])
def test_on_request_every_model_gets_the_ids_and_times_of_the_lessons(model: Callable[[], Any]) -> None:
    """Also in what the widgets leave in a saved notebook."""

    def seen(**choices: Any) -> list[Any]:
        client = anb.connect(model=model(), **choices)
        run = ask(client)
        views = anb.ThreadView(client, run.thread_id), anb.RunStepper(client, run=run)
        return [run.id, run.created_at, *(view.copy_html() for view in views)]

    exact = seen(ids="lesson")
    assert exact == seen(ids="lesson")
    assert exact[0] != seen()[0]
    assert exact[0] in exact[-1]


def test_ids_are_asked_for_before_there_are_others() -> None:
    anb.start(model="practice")
    with pytest.raises(RuntimeError, match="running with ids of its own.*\nanb.stop\\(\\)"):
        anb.start(model="practice", ids="lesson")
    anb.stop()
    anb.start(model="practice", ids="lesson")
    anb.start(model="practice")
    with pytest.raises(ValueError, match="ids=… goes with a store in memory"):
        anb.connect(ids="lesson", store="class.db")
    with pytest.raises(ValueError, match="ids='mine' is no choice. Use ids='lesson'"):
        anb.connect(ids="mine")  # type: ignore[arg-type]
