"""What tests share: an engine with a script, reached through the unmodified SDK."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import settings
from openai import DefaultHttpxClient, OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.scripted import Line as Line
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import Server
from assistant_nb.sandbox.errors import NotContained
from assistant_nb.sandbox.layers import layers
from tests.until import until

# How long a thing takes is for tests/bench to say. At night there are many more examples.
settings.register_profile("gate", deadline=None, max_examples=40)
settings.register_profile("night", deadline=None, max_examples=500)
settings.load_profile("gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lesson 04 runs code of a model, so it is skipped where nothing contains that."""
    lesson = [item for item in items if "04_code_interpreter" in item.nodeid]
    try:
        if lesson:
            layers()
    except NotContained as reason:
        for item in lesson:
            item.add_marker(pytest.mark.skip(reason=str(reason)))


@pytest.fixture
def code_runs() -> None:
    """Skip where nothing contains code of a model."""
    try:
        layers()
    except NotContained as reason:
        pytest.skip(str(reason))


KEY = "of-the-tests-own-server"
MakeApp = Callable[..., App]
Connect = Callable[..., OpenAI]


@pytest.fixture
def make_app() -> Iterator[MakeApp]:
    """`make_app("an answer", …)` builds an engine that gives these answers, `make_app(model=…)` one of another model;
    it is closed afterwards.
    """
    apps: list[App] = []

    def make(*lines: Line, **choices: Any) -> App:
        apps.append(create_app(**{"model": Scripted(*lines), **choices}))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def connect(make_app: MakeApp) -> Connect:
    """`connect("an answer", …)` is an SDK client of such an engine; `connect(app=app)` of that one."""

    def connected(*lines: Line, app: App | None = None) -> OpenAI:
        transport = httpx2.WSGITransport(app or make_app(*lines))
        http_client = DefaultHttpxClient(transport=transport)
        return OpenAI(base_url="http://engine/v1", api_key="any", max_retries=0, http_client=http_client)

    return connected


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An engine that listens, for what takes the address from the environment; its model knows one answer, "Hello."."""
    with Server(create_app(model=Scripted(*["Hello."] * 9)), KEY) as server:
        yield server


@pytest.fixture(scope="module")
def served(server: Server) -> Iterator[OpenAI]:
    """An SDK client of that engine; the environment names it, too."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_BASE_URL", server.url)
        environment.setenv("OPENAI_API_KEY", KEY)
        yield OpenAI(max_retries=0)


@pytest.fixture
def ask() -> Callable[..., Run]:
    """`ask(client, "question")` puts it on a new thread, runs a new assistant, and waits for the run to rest."""

    def asked(client: OpenAI, question: str, **body: Any) -> Run:
        assistant = client.beta.assistants.create(model="gpt-4", instructions="Be brief.")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
        run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, **body)
        return wait(client, run)

    return asked


def wait(client: OpenAI, run: Run) -> Run:
    """Poll until the run rests."""

    def rested() -> Run | None:
        now = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        return None if now.status in ("queued", "in_progress", "cancelling") else now

    return until(rested, lambda: f"{run.id} goes on and on")


@pytest.fixture(name="wait")
def wait_() -> Callable[..., Run]:
    return wait
