"""A demo of three turns on a stage: whatever becomes of the endpoint, the class reads a whole answer each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

import assistant_nb as anb
from tests.engine.model.endpoint import Endpoint, Reply, called, chunk, chunks, page, said, serving, silent, status

pytestmark = pytest.mark.usefixtures("code_runs")

QUESTIONS = ("Hello?", "What is 2 + 5?", "What is 6 * 7? Use code.")
ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
CODE = called(("code_interpreter", '{"code": "6 * 7"}'))
REHEARSED = (said("Hello."), called(("add", "{}")), said("It is 7."), CODE, said("It is 42."))
ON_STAGE = (said("Hi there, class!"), called(("add", '{"n": 1}')), said("Seven!"), CODE, said("Forty-two!"))
TEXTS = ("Hello.", "It is 7.", "It is 42.")
LIVE_TEXTS = ("Hi there, class!", "Seven!", "Forty-two!")
TURN_OF_CALL = (0, 1, 1, 2, 2)

cut = chunks(chunk({"content": "Half an"}), end=False)
web_page = page("<html>Sign in to the Wi-Fi</html>")
FAILURES = {"cut": cut, "429": status(429, "slow down", retry_after="30"), "401": status(401), "500": status(500), "page": web_page, "silent": silent}  # fmt: skip


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rehearsal") / "mine.jsonl"
    with serving(*REHEARSED) as endpoint:
        told = demo(anb.connect(base_url=endpoint.url, record=path))
    assert [text for text, _ in told] == list(TEXTS)
    return path


def demo(client: OpenAI, turns: int = 3, before: Any = lambda turn: None) -> list[tuple[str, list[dict[str, Any]]]]:
    """The text that the class reads after each turn, and where the answers of the turn came from."""
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=[ADD, {"type": "code_interpreter"}])
    thread, told = client.beta.threads.create(), []
    for turn, question in enumerate(QUESTIONS[:turns]):
        before(turn)
        client.beta.threads.messages.create(thread.id, role="user", content=question)
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        while run.required_action:
            outputs: Any = [{"tool_call_id": call.id, "output": "7"} for call in run.required_action.submit_tool_outputs.tool_calls]  # fmt: skip
            run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread.id, tool_outputs=outputs
            )
        assert run.status == "completed", run.last_error
        newest: Any = client.beta.threads.messages.list(thread.id, limit=1).data[0].content[0]
        told.append((newest.text.value, run.to_dict()["provenance"]))
    return told  # type: ignore[return-value]


@contextmanager
def staged(rehearsal: Path, *replies: Reply, stall_s: float = 60) -> Iterator[tuple[OpenAI, Endpoint]]:
    with serving(*replies) as endpoint:
        yield anb.connect(base_url=endpoint.url, fallback="recorded", recording=rehearsal, stall_s=stall_s), endpoint


def cases() -> Iterator[Any]:
    """Each failure at each call. Code takes a kernel, so most failures around it are for the night."""
    for failure in FAILURES:
        for at_call, turn in enumerate(TURN_OF_CALL):
            late = turn == 2 and failure not in ("cut", "429")
            yield pytest.param(failure, at_call, marks=[pytest.mark.nightly] if late else [])


@pytest.mark.parametrize(("failure", "at_call"), list(cases()))
def test_the_endpoint_fails_at_a_call_and_each_answer_is_whole(failure: str, at_call: int, rehearsal: Path) -> None:
    replies = *ON_STAGE[:at_call], FAILURES[failure]
    with staged(rehearsal, *replies, stall_s=2 if failure == "silent" else 60) as (client, _):
        told = demo(client, TURN_OF_CALL[at_call] + 1)
    assert [text for text, _ in told] == [*LIVE_TEXTS[: len(told) - 1], TEXTS[len(told) - 1]]
    origins = [origin for _, of_turn in told for origin in of_turn]
    assert [origin["answer"] for origin in origins] == ["live"] * at_call + ["recorded"] * (len(origins) - at_call)
    assert all("instead_of" in origin for origin in origins[at_call:])
    assert origins[-1].get("matched_by") == ("the person's words" if at_call else None)


@pytest.mark.parametrize("turn", range(2))
def test_the_network_dies_before_a_turn_and_stays_dead(turn: int, rehearsal: Path) -> None:
    with staged(rehearsal, *ON_STAGE) as (client, endpoint):
        told = demo(client, before=lambda n: endpoint.close() if n == turn else None)
    assert [text for text, _ in told] == [*LIVE_TEXTS[:turn], *TEXTS[turn:]]
    assert "cannot be reached" in told[turn][1][0]["instead_of"]


def test_a_turn_that_was_not_rehearsed_names_the_true_cause_first(rehearsal: Path) -> None:
    with staged(rehearsal, status(429, "slow down")) as (client, _):
        assistant = client.beta.assistants.create(model="m")
        thread: Any = {"messages": [{"role": "user", "content": "Who won?"}]}
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
    assert run.last_error and run.last_error.code == "rate_limit_exceeded"
    assert run.last_error.message.startswith("live: 127.0.0.1 asks for fewer requests (“slow down”).")
