"""`POST /v1/lab/model`: a request says who answers by name, and can bring nothing of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

import assistant_nb as anb
from tests.engine.model.endpoint import said, serving
from tests.test_change import ask, seat


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    yield
    anb.stop()


def change(client: OpenAI, **body: Any) -> str:
    return str(client.post("/lab/model", cast_to=dict[str, Any], body=body)["model"])


def test_a_request_changes_between_recordings_rules_and_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(recording="01_first_assistant")
    thread = client.beta.threads.create()
    assert change(client, model="practice") == "practice"
    assert "not a language model" in ask(client)
    assert change(client, model="human") == "human"
    run = client.beta.threads.runs.create(thread.id, assistant_id=client.beta.assistants.list().data[0].id)
    assert seat(client) == run.id
    assert change(client, model="recorded") == "recorded"
    assert anb.client._engine_of(client).app.model.provenance() == "2 source", "those of the lesson"
    change(client, model="practice")
    anb.connect(client, recording="01_first_assistant")
    assert "now: recorded" in capsys.readouterr().out


def test_a_request_goes_back_to_the_endpoint_that_the_engine_was_started_with() -> None:
    with serving(said("Four."), said("Five.")) as endpoint:
        client = anb.connect(base_url=endpoint.url, model="llama3.2", api_key="of-the-instructor")
        assert ask(client) == "Four."
        assert change(client, model="practice") == "practice"
        assert change(client, model="live") == "live"
        assert ask(client) == "Five."
        assert [headers["Authorization"] for headers in endpoint.headers] == ["Bearer of-the-instructor"] * 2


def test_without_an_endpoint_there_is_none_to_change_to() -> None:
    client = anb.connect(model="practice")
    with pytest.raises(BadRequestError, match="no model 'live' to change to. It has: recorded, practice, human"):
        change(client, model="live")
    anb.connect(client, model=anb.Scripted("Mine."))
    with pytest.raises(BadRequestError, match="Invalid value: 'scripted'"):
        change(client, model="scripted")
    assert ask(client) == "Mine."


def test_what_an_attacker_sends_changes_nothing_and_reaches_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text("{}")
    with serving() as trap, serving(said("Mine.")) as endpoint:
        client = anb.connect(base_url=endpoint.url)
        for body in (
            {"model": trap.url},
            {"model": "live", "base_url": trap.url},
            {"model": "live", "api_key": "another"},
            {"model": "live", "model_name": "gpt-5"},
            {"model": {"base_url": trap.url}},
            {"model": ["live", trap.url]},
            {"model": "recorded", "recording": str(secret)},
            {"model": str(secret)},
            {"model": "../../etc/passwd"},
            {"model": "human", "record": str(tmp_path / "new.jsonl")},
            {"model": "practice", "store": str(tmp_path / "new.db")},
            {"model": "practice", "limits": {"call_s": 10**6}},
            {"model": "practice", "fallback": "recorded"},
            {"model": "Practice"},
            {"model": "practice\x00"},
            {"model": "__class__"},
            {"model": None},
            {"model": 0},
            {},
        ):
            with pytest.raises(BadRequestError) as refused:
                change(client, **body)
            assert "Traceback" not in str(refused.value)
        assert ask(client) == "Mine."
        assert trap.requests == []
    assert list(tmp_path.iterdir()) == [secret]


def test_a_recording_that_is_gone_is_told_without_its_path(tmp_path: Path) -> None:
    recording = tmp_path / "mine.jsonl"
    recording.write_text('{"format": "assistant_nb recording", "version": 1, "title": "Mine"}\n')
    client = anb.connect(base_url="http://127.0.0.1:9/v1", fallback="recorded", recording=recording)
    recording.unlink()
    with pytest.raises(BadRequestError, match="cannot be read any more") as refused:
        change(client, model="recorded")
    assert str(tmp_path) not in str(refused.value)
