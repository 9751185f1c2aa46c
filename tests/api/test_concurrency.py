"""Many clients at once: nothing is mixed up, nobody waits for a lock that never comes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.app import App
from assistant_nb.engine.model.base import Prompt
from assistant_nb.engine.server import Server
from tests.conftest import Connect, MakeApp
from tests.until import PATIENCE_S

CLIENTS, RUNS, RACES = 8, 50, 100


def echo(prompt: Prompt) -> Iterator[str]:
    for word in str(prompt.messages[-1].content).split():
        yield f"{word} "


@contextmanager
def door(where: str, app: App, connect: Connect) -> Iterator[OpenAI]:
    """An SDK client of the engine, by one of its two roads."""
    if where == "in process":
        yield connect(app=app)
        return
    with Server(app, "sk-test") as server, DefaultHttpxClient(trust_env=False) as http:
        yield OpenAI(base_url=server.url, api_key="sk-test", max_retries=0, http_client=http)


@pytest.mark.parametrize("where", ["in process", "loopback"])
def test_fifty_runs_started_together_all_complete_and_none_is_mixed_up(
    where: str, make_app: MakeApp, connect: Connect
) -> None:
    app = make_app(*[echo] * RUNS)
    with door(where, app, connect) as client, ThreadPoolExecutor(CLIENTS) as clients:
        assistant = client.beta.assistants.create(model="gpt-4")

        def begin(n: int) -> Run:
            thread = client.beta.threads.create(messages=[{"role": "user", "content": f"This is question {n} !"}])
            return client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)

        def end(run: Run) -> str:
            done = client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
            assert done.status == "completed", done.last_error
            return last_words(client, run.thread_id)

        answers = list(clients.map(end, list(clients.map(begin, range(RUNS)))))
    assert answers == [f"This is question {n} ! " for n in range(RUNS)]


@pytest.mark.parametrize("where", ["in process", "loopback"])
def test_eight_readers_of_streams_each_read_their_own(where: str, make_app: MakeApp, connect: Connect) -> None:
    app = make_app(*[echo] * RUNS)
    with door(where, app, connect) as client, ThreadPoolExecutor(CLIENTS) as clients:
        assistant = client.beta.assistants.create(model="gpt-4")

        def read(n: int) -> tuple[str, str]:
            thread = client.beta.threads.create(messages=[{"role": "user", "content": f"This is question {n} !"}])
            with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
                heard = "".join(stream.text_deltas)
            return heard, last_words(client, thread.id)

        heard = list(clients.map(read, range(RUNS)))
    assert heard == [(f"This is question {n} ! ",) * 2 for n in range(RUNS)]


def last_words(client: OpenAI, thread_id: str) -> str:
    (message, *_) = client.beta.threads.messages.list(thread_id).data
    return str(message.to_dict()["content"][0]["text"]["value"])  # type: ignore[index]


def test_of_two_runs_racing_for_one_thread_exactly_one_wins(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    app.runner.start = lambda run_id: None  # type: ignore[method-assign]  # the winner holds the thread
    client = connect(app=app)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    with ThreadPoolExecutor(2) as clients:
        for _ in range(RACES):
            thread_id, start = client.beta.threads.create().id, Barrier(2)

            def race(_: int, thread_id: str = thread_id, start: Barrier = start) -> str:
                start.wait(PATIENCE_S)
                try:
                    return client.beta.threads.runs.create(thread_id, assistant_id=assistant.id).id
                except openai.BadRequestError as error:
                    return error.message

            refused, won = sorted(clients.map(race, range(2)))
            assert won.startswith("run_")
            assert f"Thread {thread_id} already has an active run {won}." in refused
