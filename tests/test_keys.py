"""A key, given in any way, is nowhere to be found: not in what is printed, kept, journaled, logged, raised or represented."""

import gc
import json
import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from openai import APIStatusError, OpenAI
from openai.types.beta.threads import Run

import assistant_nb as anb
from assistant_nb.choices import Choices
from tests.engine.model.endpoint import Endpoint, Exchange, Reply, chunk, said, serving, status

KEY = f"sk-the-learners-own-{'0123456789' * 10}"
"""Longer than what viewers of tracebacks cut off."""
SHOWN = KEY[:24]
WAYS = ("argument", "environment", "url")
EACH_WAY = pytest.mark.parametrize("way", WAYS)
REPEATED = status(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key")
"""Endpoints say such things."""


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    gc.collect()  # Python drops an interrupt that comes while it ends what an earlier test has left
    yield
    anb.stop()


def choices_of(way: str, endpoint: Endpoint) -> dict[str, Any]:
    """Those by which an endpoint gets the key."""
    url = endpoint.url.replace("//", f"//me:{KEY}@") + f"?key={KEY}" if way == "url" else endpoint.url
    return {"base_url": url, **({"api_key": KEY} if way == "argument" else {})}


Given = Callable[[Endpoint], dict[str, Any]]


@pytest.fixture
def given(way: str, monkeypatch: pytest.MonkeyPatch) -> Given:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if way == "environment":
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return partial(choices_of, way)


def ask(client: OpenAI, question: str = "2 + 2?") -> Run:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    thread: Any = {"messages": [{"role": "user", "content": question}]}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)


def contents(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path.read_text(encoding="latin-1") for path in files]


@EACH_WAY
def test_it_is_not_in_what_is_printed_logged_kept_or_represented(
    given: Given, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(said("Four."), REPEATED) as endpoint:
        choices = {**given(endpoint), "record": tmp_path / "mine.jsonl", "store": tmp_path / "class.db"}
        client = anb.connect(**choices)
        answered, refused = ask(client), ask(client, "And now?")
    assert KEY in str(endpoint.headers + endpoint.paths)
    assert (answered.status, refused.status) == ("completed", "failed")
    shown = [
        str(answered), str(refused), repr(Choices.of(**choices)), *capfd.readouterr(), caplog.text,
        *(str(client.get(f"/lab/runs/{run.id}/journal", cast_to=object)) for run in (answered, refused)),
    ]  # fmt: skip
    assert "POST" in caplog.text
    anb.stop()
    assert not [text for text in shown + contents(tmp_path) if SHOWN in text]


def interrupted(exchange: Exchange) -> None:
    """The learner presses Stop in the middle of an answer."""
    exchange.begin_stream()
    exchange.send(f"data: {json.dumps(chunk({'content': 'Well'}))}\n\n")
    if len(exchange.server.endpoint.requests) == 1:  # the run may go on in the background, and ask again
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    exchange.sleep(30)


def stream(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as events:
        list(events)


def complete(client: OpenAI) -> None:
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "2 + 2?"}])


ACTS: dict[str, tuple[Reply, dict[str, Any], Callable[[OpenAI], object], type[BaseException]]] = {
    "choices that do not fit": (REPEATED, {"pace": 1}, stream, ValueError),
    "an unknown choice": (REPEATED, {"modle": "m"}, stream, TypeError),
    "a recording that is not there": (REPEATED, {"record": "/nowhere/mine.jsonl"}, stream, Exception),
    "an endpoint that refuses": (REPEATED, {}, complete, APIStatusError),
    "Stop, in a stream": (interrupted, {}, stream, KeyboardInterrupt),
    "Stop, in a completion": (interrupted, {}, complete, KeyboardInterrupt),
}


@EACH_WAY
@pytest.mark.parametrize("act", ACTS)
def test_it_is_not_in_tracebacks_with_all_their_variables(act: str, given: Given) -> None:
    """As IPython's verbose mode, rich and pytest show them."""
    reply, more, work, expected = ACTS[act]
    with serving(reply) as endpoint, pytest.raises(expected) as raised:
        work(anb.connect(**given(endpoint), **more))
    text = with_locals(raised.value)
    assert "client.py" in text
    assert SHOWN not in text


@EACH_WAY
def test_it_is_not_in_the_traceback_of_an_address_that_is_none(given: Given) -> None:
    with serving(REPEATED) as endpoint:
        choices = given(endpoint)
    choices["base_url"] = choices["base_url"].replace("http:", "ftp:")
    with pytest.raises(ValueError, match="is no address of an endpoint") as raised:
        anb.start(**choices)
    assert SHOWN not in with_locals(raised.value)


def with_locals(error: BaseException) -> str:
    """A traceback with the variables of all frames but the learner's own."""
    told = traceback.TracebackException.from_exception(error)
    texts = list(told.format())
    frames: list[TracebackType | None] = []
    seen: BaseException | None = error
    while seen:
        frames.append(seen.__traceback__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    for tb in frames:
        while tb:
            if tb.tb_frame.f_code.co_filename != __file__:
                texts += [f"{name} = {value!r}" for name, value in tb.tb_frame.f_locals.items()]
            tb = tb.tb_next
    return "\n".join(texts)


CELLS = (
    "import json, logging, os; logging.basicConfig(level=logging.DEBUG); folder = os.environ['FOLDER']",
    "%xmode Verbose",
    "def given(): return json.loads(os.environ['GIVEN'])",
    "import assistant_nb as anb",
    "clients = [anb.connect(**one, store=f'{folder}/{n}.db', record=f'{folder}/{n}.jsonl') for n, one in enumerate(given())]",
    """
for client in clients:
    assistant = client.beta.assistants.create(model="m", instructions="i")
    for _ in range(2):
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
        print(run.status, run.last_error, run)
        print(client.get(f"/lab/runs/{run.id}/journal", cast_to=object))
    display(clients, vars(client), run)
""",
    "anb.start(**given()[0])",
    *(f"clients[{n}].chat.completions.create(model='m', messages=[dict(role='user', content='2 + 2?')])" for n in range(3)),
    *(f"anb.start(**given()[{n}], pace=1)" for n in range(3)),
    "anb.start(**given()[2])",
    "anb.connect(clients[2], **given()[1])",
    "anb.start(**given()[2], store=f'{folder}/another.db')",
)  # fmt: skip


def test_it_is_not_in_a_notebook_that_logs_everything_and_fails(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    with serving(*[said("Four."), REPEATED] * 3, REPEATED) as endpoint:
        given = json.dumps([choices_of(way, endpoint) for way in WAYS])
        environment = os.environ | {"OPENAI_API_KEY": KEY, "GIVEN": given, "FOLDER": str(tmp_path)}
        NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    failures = [output.ename for output in outputs if output.output_type == "error"]
    assert failures == ["APIStatusError"] * 3 + ["ValueError"] * 3 + ["RuntimeError"]
    text = nbformat.writes(notebook)
    assert all(word in text for word in ("completed", "does not take the key", "DEBUG:openai", "DEBUG:httpcore2"))
    assert not [one for one in [text, *contents(tmp_path)] if SHOWN in one]
