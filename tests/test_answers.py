"""`said` and `journal`: they give what a run has, and its own reason for what it has not."""

from pathlib import Path
from typing import Any

import openai
import pytest

import assistant_nb as anb
from assistant_nb.answers import NotAnswered
from assistant_nb.engine.model.base import ToolCall
from tests.conftest import Line


def asked(*lines: Line, **body: Any) -> tuple[Any, Any]:
    """A client that `connect` gave, and the run of a question on it."""
    client = anb.connect(model=anb.Scripted(*lines))
    assistant = client.beta.assistants.create(model="gpt-4", **body)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    return client, client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)


def test_said_gives_the_text_of_a_runs_answer() -> None:
    _client, run = asked("Four.")
    assert anb.said(run) == "Four."


def test_said_of_a_thread_is_the_answer_to_its_newest_message() -> None:
    client, run = asked("Four.")
    thread = client.beta.threads.retrieve(run.thread_id)
    assert anb.said(thread) == "Four."
    client.beta.threads.messages.create(thread.id, role="user", content="And 3 + 3?")
    with pytest.raises(NotAnswered, match=r"The newest message is yours\. No run has answered it\."):
        anb.said(thread)


def test_a_thread_of_a_run_without_an_answer_raises_the_runs_reason() -> None:
    client, run = asked(ToolCall("add", "{}"))
    with pytest.raises(NotAnswered, match=r"^The run is requires_action\. It waits for the outputs of add\."):
        anb.said(client.beta.threads.retrieve(run.thread_id))


def test_each_status_without_an_answer_is_its_own_reason() -> None:
    client, run = asked(ToolCall("add", "{}"))
    with pytest.raises(NotAnswered, match=r"^The run is requires_action\."):
        anb.said(run)
    client.post("/lab/clock", cast_to=object, body={"advance_s": 601})
    with pytest.raises(NotAnswered, match=r"^The run is expired\."):
        anb.said(run)


def test_a_failed_run_raises_its_last_error() -> None:
    _client, run = asked()  # the script is over at once
    assert run.status == "failed"
    with pytest.raises(NotAnswered) as caught:
        anb.said(run)
    assert run.last_error.message in str(caught.value)


def test_an_incomplete_run_shows_what_it_has_said() -> None:
    client = anb.connect(model="practice")
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "help"}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=256
    )
    assert run.status == "incomplete"
    with pytest.raises(NotAnswered, match=r"max_completion_tokens\. Its text: 'Practice: rules"):
        anb.said(run)


def test_the_advice_of_a_message_without_a_run_can_be_pasted() -> None:
    client = anb.connect(model=anb.Scripted("Four."))
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    with pytest.raises(NotAnswered) as caught:
        anb.said(thread)
    pasted = str(caught.value).splitlines()[-1]
    assert eval(pasted, {"anb": anb, "client": client, "thread": thread, "assistant": assistant}) == "Four."


def test_the_engine_that_has_the_run_is_found_among_several() -> None:
    _first, run = asked("Four.")
    _second = anb.connect(model="practice")
    assert anb.said(run) == "Four."


def test_a_run_that_no_engine_has_says_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    anb.start(model=anb.Scripted("Four."))
    try:
        client = openai.OpenAI()
        assistant = client.beta.assistants.create(model="gpt-4")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert anb.said(run) == "Four."
    finally:
        anb.stop()
    for ask in (anb.said, anb.journal):
        with pytest.raises(NotAnswered, match="run the cells from the top"):
            ask(run)


def test_a_client_can_be_named() -> None:
    _first, run = asked("Four.")
    other = anb.connect(model="practice")
    with pytest.raises(openai.NotFoundError):
        anb.said(run, client=other)


@pytest.mark.parametrize("thing", ["run_1", None, 5])
def test_what_is_no_run_is_told_how_to_write_it(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"Write: anb\.said\(run\)"):
        anb.said(thing)


def test_a_search_without_a_store_is_told_beside_the_answer() -> None:
    _client, run = asked("Nothing was found.", tools=[{"type": "file_search"}])
    with pytest.warns(UserWarning, match="no vector store"):
        assert anb.said(run) == "Nothing was found."


def test_the_journal_is_there_whatever_the_status() -> None:
    _client, run = asked(ToolCall("add", "{}"))
    assert [entry["n"] for entry in anb.journal(run)][:3] == [0, 1, 2]
    _client, run = asked()
    assert anb.journal(run)[0]["event"] == "thread.run.created"


def test_an_engine_that_was_stopped_is_not_asked_for_an_answer(tmp_path: Path) -> None:
    stopped = anb.connect(model=anb.Scripted("Four."), store=tmp_path / "class.db")
    assistant = stopped.beta.assistants.create(model="gpt-4")
    thread = stopped.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    run = stopped.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    anb.stop()
    for ask in (anb.said, anb.journal):
        with pytest.raises(NotAnswered, match="run the cells from the top"):
            ask(run)
    assert stopped
