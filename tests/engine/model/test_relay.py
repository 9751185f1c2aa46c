"""A model of another process, over a real socket."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Delta, Finish, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn
from assistant_nb.engine.model.budget import Budget, Ledger
from assistant_nb.engine.model.live import Live
from assistant_nb.engine.model.relay import Relay, Relayed
from assistant_nb.engine.model.scripted import Scripted
from tests.engine.model.endpoint import called, endless, said, serving, status
from tests.until import until


def prompt(**choices: Any) -> Prompt:
    return Prompt(
        **{"model": "gpt-4o", "instructions": "Kurz – und 𝄞.", "messages": [Turn("user", "2 + 2?")], **choices}
    )


class Heard:
    """Says "Yes", and remembers what it was asked."""

    name, models = "heard", ()

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def provenance(self) -> str:
        return ""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        self.prompts.append(prompt)
        yield TextDelta("Yes")
        yield Finish({"answer": "scripted"})


def test_a_prompt_arrives_as_it_was_asked() -> None:
    calls = [ToolCall("add", '{"a": 1}', "2")]
    turns = [Turn("user", [{"type": "text", "text": "a\nb"}]), Turn("assistant", "", calls)]
    asked = prompt(messages=turns, tools=[{"type": "file_search"}], files=["/mnt/data/a.csv"], max_completion_tokens=5)
    with Relay(model := Heard()) as relay:
        assert list(relay.relayed.ask(asked)) == [TextDelta("Yes"), Finish({"answer": "scripted"})]
    assert [one.as_json() for one in model.prompts] == [asked.as_json()]


def test_an_answer_comes_as_the_model_gives_it() -> None:
    add = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    reply = called(("add", '{"a": 1}'), text=["Let", " us."])
    with serving(reply) as endpoint, Relay(Live(endpoint.url, "m")) as relay:
        *parts, finish = relay.relayed.ask(prompt(tools=[add]))
    assert parts[:3] == [TextDelta("Let"), TextDelta(" us."), ToolCallDelta(0, name="add")]
    assert isinstance(finish, Finish)
    assert finish.provenance == {"answer": "live", "endpoint": "127.0.0.1", "model": "m", "asked_for": "gpt-4o"}


def test_a_failure_is_raised_on_both_sides() -> None:
    refusing = serving(status(429, "insufficient_quota"))
    with refusing as endpoint, Relay(Live(endpoint.url, retries=0)) as relay, pytest.raises(ModelError) as failed:
        list(relay.relayed.ask(prompt()))
    assert failed.value.code == "rate_limit_exceeded"
    assert [str(one) for one in relay.failures] == [str(failed.value)]


def test_what_was_taken_is_counted_when_the_answer_is_there() -> None:
    ledger = Ledger()
    with (
        serving(said("Four.", tokens=(12, 3))) as endpoint,
        Relay(Live(endpoint.url, budget=Budget(ledger=ledger))) as relay,
    ):
        for n in range(1, 20):
            list(relay.relayed.ask(prompt()))
            assert (ledger.requests, ledger.tokens, relay.under_way) == (n, 15 * n, set())


def test_without_the_token_nothing_is_answered() -> None:
    with Relay(model := Heard()) as relay:
        assert list(Relayed(relay.relayed.port, "guessed").ask(prompt())) == []
        with socket.create_connection(("127.0.0.1", relay.relayed.port)) as line:
            line.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert line.recv(1) == b""
    assert model.prompts == []


def test_whoever_reads_no_more_hangs_up() -> None:
    with serving(endless) as endpoint, Relay(Live(endpoint.url, "m")) as relay:
        answer = relay.relayed.ask(prompt())
        assert next(answer) == TextDelta("la ")
        answer.close()  # type: ignore[attr-defined]
        until(endpoint.hung_up.is_set)


def test_a_process_that_has_ended_is_told() -> None:
    with Relay(Scripted()) as relay:
        pass
    with pytest.raises(ModelError, match="The process with the model does not answer"):
        list(relay.relayed.ask(prompt()))
