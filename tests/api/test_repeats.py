"""Prompts that are asked more than once: each run gets the answer that it got when it was recorded."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import Delta, Finish, Prompt, TextDelta
from assistant_nb.engine.model.recorded import Recorded, read
from assistant_nb.engine.model.recorder import Recorder
from tests.conftest import Connect, MakeApp

TALK = ["A cat.", "A dog.", "Black.", "White."]


class Endpoint:
    """Gives these answers one after the other, as a live model would."""

    name, models = "live", ("m",)

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    def provenance(self) -> str:
        return "m"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        yield TextDelta(self._answers.pop(0))
        yield Finish({"answer": "live", "endpoint": "h", "model": "m"})


def say(client: OpenAI, thread_id: str, assistant_id: str, question: str) -> str:
    client.beta.threads.messages.create(thread_id, role="user", content=question)
    client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    (part,) = client.beta.threads.messages.list(thread_id, limit=1).data[0].content
    assert part.type == "text"
    return part.text.value


def two_talks(client: OpenAI) -> list[str]:
    """Two threads that ask the same, in turns."""
    assistant_id = client.beta.assistants.create(model="m").id
    threads = [client.beta.threads.create().id for _ in range(2)]
    return [
        say(client, id, assistant_id, question) for question in ("Name an animal.", "What colour?") for id in threads
    ]


def test_each_thread_replays_as_it_was(make_app: MakeApp, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    assert two_talks(connect(app=make_app(model=Recorder(Endpoint(*TALK), path)))) == TALK
    assert two_talks(connect(app=make_app(model=Recorded(path)))) == TALK


def test_a_recording_made_again_stays_in_order(make_app: MakeApp, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    for answers in (TALK, ["A cat.", "A cow.", "Black.", "Brown."]):
        two_talks(connect(app=make_app(model=Recorder(Endpoint(*answers), path))))
    replayed = two_talks(connect(app=make_app(model=Recorded(path))))
    assert replayed == ["A cat.", "A cow.", "Black.", "Brown."]
    assert [one.answer for one in read(path).exchanges if len(one.prompt.messages) == 1] == ["A cat.", "A cow."]


def test_chat_completions_count_for_themselves(make_app: MakeApp, connect: Connect, tmp_path: Path) -> None:
    client = connect(app=make_app(model=Recorder(Endpoint("Heads.", "Tails."), tmp_path / "mine.jsonl")))
    messages: Any = [{"role": "user", "content": "Toss a coin."}]

    def toss(client: OpenAI) -> str | None:
        return client.chat.completions.create(model="m", messages=messages).choices[0].message.content

    assert [toss(client), toss(client)] == ["Heads.", "Tails."]
    again = connect(app=make_app(model=Recorded(tmp_path / "mine.jsonl")))
    assert [toss(again), toss(again), toss(again)] == ["Heads.", "Tails.", "Heads."]
    assistant_id = again.beta.assistants.create(model="m").id
    assert say(again, again.beta.threads.create().id, assistant_id, "Toss a coin.") == "Heads."


class Counting:
    """Keeps the numbers of the runs that ask."""

    name, models = "live", ("m",)

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def provenance(self) -> str:
        return "m"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        self.numbers.append(prompt.number)
        yield TextDelta("x")
        yield Finish({"answer": "live", "endpoint": "h", "model": "m"})


def advanced(client: OpenAI, run_ids: Sequence[str]) -> None:
    for run_id in run_ids:
        client.post(f"/lab/runs/{run_id}/advance", cast_to=object, body={"to": "end"})


def created(client: OpenAI, count: int) -> list[str]:
    """Runs that begin with the same prompt, held."""
    assistant_id = client.beta.assistants.create(model="m").id
    threads = [client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}]).id for _ in range(count)]
    made: list[Any] = [
        client.post(f"/lab/threads/{id}/runs", cast_to=object, body={"assistant_id": assistant_id}) for id in threads
    ]
    return [one["id"] for one in made]


def test_a_run_has_the_number_of_its_creation_whoever_asks_first(make_app: MakeApp, connect: Connect) -> None:
    model = Counting()
    client = connect(app=make_app(model=model))
    first, second, third = created(client, 3)
    advanced(client, [third, first, second])
    assert model.numbers == [3, 1, 2]


def test_a_number_outlives_the_process(connect: Connect, tmp_path: Path) -> None:
    store = tmp_path / "class.db"
    app = create_app(model=Counting(), store=store)
    first, second = created(connect(app=app), 2)
    advanced(connect(app=app), [second])
    app.close()
    model = Counting()
    app = create_app(model=model, store=store)
    advanced(connect(app=app), [first, *created(connect(app=app), 1)])
    app.close()
    assert model.numbers == [1, 3]


@pytest.mark.parametrize("number", [1, 2])
def test_a_fork_has_the_number_of_its_origin(number: int, make_app: MakeApp, connect: Connect) -> None:
    model = Counting()
    client = connect(app=make_app(model=model))
    runs = created(client, 2)
    advanced(client, runs)
    fork: Any = client.post(f"/lab/runs/{runs[number - 1]}/fork", cast_to=object, body={"at": 2})
    advanced(client, [fork["run"]["id"]])
    assert model.numbers == [1, 2, number]
