"""What the engine costs. Run `python tests/bench/bench.py`; it exits with 1 if a limit is exceeded.

Calls: each one is made through the official SDK, in turns to the engine and to a bare WSGI
application that gives the very bytes and headers the engine gave before. Both sides run in this
process, in process (the WSGI transport) and over loopback (the engine's `Server`; the bare one
behind the same cheroot class with as many threads). The ratio of the medians is what is limited:
all else, the SDK foremost, both sides have alike, as well as whatever else this machine is doing.
One thread holds 10,000 messages, then 100,000.

Streams: a run whose answer comes in 1,000 deltas, then 10,000, read to its end through the SDK; the
bare side is a generator that gives the same frames. Milliseconds are per delta.

Responses: a small one, and one of 1,000 deltas, against the same bytes given at once.

A question: what a lesson does over and over, answered from its recording. Each time it stands on a new
thread: a message is put there, a run is streamed, the messages are listed. Polled, it is one call,
`create_and_poll`, and milliseconds alone are limited: the SDK sleeps between two polls.

Start: `import assistant_nb`, and the way from there to a first assistant, in fresh processes that
have imported what a Jupyter kernel has before its first cell; medians of five.
"""

import gc
import os
import platform
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle, pairwise
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

import httpx2
import openai
from cheroot.wsgi import Server as Cheroot
from openai import DefaultHttpxClient, OpenAI
from werkzeug.test import Client as WsgiClient
from werkzeug.test import run_wsgi_app

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.recorded import SHIPPED, read
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import _THREADS, Server
from assistant_nb.engine.threads import add_message

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MESSAGES: Final = (10_000, 100_000)
DELTAS: Final = (1_000, 10_000)
PAIRS: Final = 400
STREAM_PAIRS: Final = 7
WARM_UP: Final = 40
PROCESSES: Final = 5
HOST: Final = "127.0.0.1"
KEY: Final = "sk-bench"
NOT_AT_IMPORT: Final = ("openai", "nbformat", "jupyter_client", "assistant_nb.engine.server")
START: Final = "import assistant_nb; assistant_nb.start(); from openai import OpenAI; client = OpenAI()"
CONNECT: Final = "import assistant_nb; client = assistant_nb.connect()"
FIRST: Final = "assert client.beta.assistants.create(model='gpt-4').id"


@dataclass(frozen=True)
class Row:
    """A line of the table. Where there is a `bare_ms`, the limit is on the ratio, else on `engine_ms`."""

    what: str
    where: str
    engine_ms: float
    limit: float
    bare_ms: float | None = None

    @property
    def over(self) -> bool:
        return self.engine_ms > self.limit * (self.bare_ms or 1)

    def __str__(self) -> str:
        bare, ratio, limit = "", "", f"{self.limit:.0f} ms"
        if self.bare_ms is not None:
            bare, ratio, limit = f"{self.bare_ms:.3f}", f"{self.engine_ms / self.bare_ms:.2f}", f"{self.limit:.2f} x"
        timed = f"{self.what:40}  {self.where:11}{self.engine_ms:10.3f}{bare:>9}{ratio:>7}{limit:>9}"
        return f"{timed}  {'OVER' if self.over else 'ok'}"


HEAD: Final = f"{'what':40}  {'where':11}{'engine ms':>10}{'bare ms':>9}{'ratio':>7}{'limit':>9}"


@dataclass(frozen=True)
class Operation:
    """A call through the SDK, and how many times as long as to the bare application it may take."""

    what: str
    call: Callable[[OpenAI], object]
    limit: float


class Bare:
    """A WSGI application that gives canned answers, found by method and path, whatever the thread. It has to `learn`
    them first.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[str, list[tuple[str, str]], list[bytes]]] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        status, headers, body = self._answers[self._key(environ)]
        start_response(status, headers)
        return iter(body)

    def _key(self, environ: "WSGIEnvironment") -> tuple[str, str]:
        return environ["REQUEST_METHOD"], re.sub("/thread_[^/]+", "/thread", environ["PATH_INFO"])

    def learn(self, app: App, operations: list[Operation]) -> None:
        """Keep what the engine answers to each operation, byte by byte."""

        def overheard(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            body, status, headers = run_wsgi_app(app, environ)
            self._answers[self._key(environ)] = status, headers.to_wsgi_list(), list(body)
            return self(environ, start_response)

        with in_process(overheard) as client:
            for operation in operations:
                operation.call(client)


def in_process(app: "WSGIApplication") -> OpenAI:
    http = DefaultHttpxClient(transport=httpx2.WSGITransport(app))
    return OpenAI(base_url="http://bench/v1", api_key=KEY, http_client=http, max_retries=0)


def loopback(url: str) -> OpenAI:
    return OpenAI(base_url=url, api_key=KEY, http_client=DefaultHttpxClient(trust_env=False), max_retries=0)


@contextmanager
def listening(app: "WSGIApplication") -> Iterator[str]:
    """The application behind the engine's server library, without the engine's guard. Yields its URL."""
    server = Cheroot((HOST, 0), app, numthreads=_THREADS, server_name=HOST, shutdown_timeout=1)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.bind_addr[1]}/v1"
    finally:
        server.stop()
        thread.join()


def fill(app: App, thread_id: str, count: int) -> None:
    """Put `count` messages of one length on a thread."""
    with app.store.transaction():
        for n in range(count):
            add_message(app.store, thread_id, {"role": "user", "content": f"Message {n:06d} of many on this thread."})


def operations_on(app: App) -> tuple[str, list[Operation]]:
    """A thread with a completed run, and the calls to measure."""
    with in_process(app) as client:
        assistant_id = client.beta.assistants.create(model="gpt-4", instructions="Be brief.").id
        thread_id = client.beta.threads.create().id
        run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert run.status == "completed", run.last_error
    return thread_id, [
        Operation("threads.create", lambda client: client.beta.threads.create(), 1.5),
        Operation("runs.retrieve", lambda client: client.beta.threads.runs.retrieve(run.id, thread_id=thread_id), 1.5),
        Operation("messages.list, 20", lambda client: client.beta.threads.messages.list(thread_id, limit=20), 2),
    ]


def compare(
    call: Callable[[OpenAI], object], engine: OpenAI, bare: OpenAI, warm_up: int = WARM_UP, pairs: int = PAIRS
) -> tuple[float, float]:
    """The medians of both sides, in ms. They take turns, so that noise hits them alike."""
    times: dict[OpenAI, list[float]] = {engine: [], bare: []}
    gc.collect()
    for _ in range(warm_up + pairs):
        for client, taken in times.items():
            begun = perf_counter()
            call(client)
            taken.append((perf_counter() - begun) * 1e3)
    engine_ms, bare_ms = (median(taken[warm_up:]) for taken in times.values())
    return engine_ms, bare_ms


def calls() -> Iterator[Row]:
    app, bare = create_app(model=Scripted("Hello.")), Bare()
    with ExitStack() as stack:
        engine_url = stack.enter_context(Server(app, KEY, HOST)).url
        bare_url = stack.enter_context(listening(bare))
        sides = {
            "in process": (stack.enter_context(in_process(app)), stack.enter_context(in_process(bare))),
            "loopback": (stack.enter_context(loopback(engine_url)), stack.enter_context(loopback(bare_url))),
        }
        thread_id, operations = operations_on(app)
        for before, count in pairwise((0, *MESSAGES)):
            fill(app, thread_id, count - before)
            bare.learn(app, operations)
            for operation in operations:
                what = f"{operation.what} among {count:,} messages"
                for where, clients in sides.items():
                    engine_ms, bare_ms = compare(operation.call, *clients)
                    yield Row(what, where, engine_ms, operation.limit, bare_ms)


def streams() -> Iterator[Row]:
    for count in DELTAS:
        app = create_app(model=Scripted(*[lambda prompt, n=count: ["word "] * n] * (2 * STREAM_PAIRS + 4)))
        with in_process(app) as client:
            assistant_id = client.beta.assistants.create(model="gpt-4", instructions="Be long.").id

        def read(client: OpenAI, assistant_id: str = assistant_id, count: int = count) -> None:
            with client.beta.threads.create_and_run(assistant_id=assistant_id, stream=True) as stream:
                assert sum(event.event == "thread.message.delta" for event in stream) == count

        bare = canned_stream(app, "/v1/threads/runs", assistant_id=assistant_id)
        with ExitStack() as stack:
            urls = stack.enter_context(Server(app, KEY, HOST)).url, stack.enter_context(listening(bare))
            sides = {
                "in process": [stack.enter_context(in_process(side)) for side in (app, bare)],
                "loopback": [stack.enter_context(loopback(url)) for url in urls],
            }
            for where, (engine, generator) in sides.items():
                engine_ms, bare_ms = compare(read, engine, generator, 1, STREAM_PAIRS)
                yield Row(f"a delta of {count:,} in a stream", where, engine_ms / count, 1.2, bare_ms / count)


def questions() -> Iterator[Row]:
    prompt = read(SHIPPED / "01_first_assistant.jsonl").exchanges[0].prompt
    question = str(prompt.messages[0].content)
    app, bare = create_app(), Bare()
    with ExitStack() as stack:
        engine, canned = (stack.enter_context(in_process(side)) for side in (app, bare))
        assistant_id = engine.beta.assistants.create(
            model=prompt.model, instructions=prompt.instructions, tools=[{"type": "code_interpreter"}]
        ).id
        threads = cycle([engine.beta.threads.create().id for _ in range(3 * (WARM_UP + PAIRS) + 1)])

        def put(client: OpenAI) -> str:
            client.beta.threads.messages.create(id := next(threads), role="user", content=question)
            return id

        def stream(client: OpenAI) -> None:
            id = put(client)
            with client.beta.threads.runs.create(id, assistant_id=assistant_id, stream=True) as events:
                *_, last = events
            assert last.event == "thread.run.completed"
            client.beta.threads.messages.list(id)

        bare.learn(app, [Operation("a question, streamed", stream, 1.5)])
        engine_ms, bare_ms = compare(stream, engine, canned)
        yield Row("a question, streamed", "in process", engine_ms, 1.5, bare_ms)
        taken = []
        for _ in range(WARM_UP + PAIRS):
            id, begun = put(engine), perf_counter()
            run = engine.beta.threads.runs.create_and_poll(thread_id=id, assistant_id=assistant_id)
            taken.append((perf_counter() - begun) * 1e3)
            assert run.status == "completed"
        yield Row("a question, create_and_poll", "in process", median(taken[WARM_UP:]), 12)


def responses() -> Iterator[Row]:
    app, bare = create_app(model=Scripted(*["Hello."] * (WARM_UP + PAIRS + 1))), Bare()
    ask = Operation("a response", lambda client: client.responses.create(model="m", input="Hello?"), 1.6)
    bare.learn(app, [ask])
    with in_process(app) as engine, in_process(bare) as canned:
        engine_ms, bare_ms = compare(ask.call, engine, canned)
    yield Row(ask.what, "in process", engine_ms, ask.limit, bare_ms)

    count = DELTAS[0]
    app = create_app(model=Scripted(*[lambda prompt: ["word "] * count] * (STREAM_PAIRS + 2)))

    def read(client: OpenAI) -> None:
        with client.responses.create(model="m", input="Hello?", stream=True) as stream:
            assert sum(event.type == "response.output_text.delta" for event in stream) >= count

    with in_process(app) as engine, in_process(canned_stream(app, "/v1/responses", model="m", input="x")) as canned:
        engine_ms, bare_ms = compare(read, engine, canned, 1, STREAM_PAIRS)
    yield Row(f"a delta of {count:,} in a response", "in process", engine_ms / count, 1.3, bare_ms / count)


def canned_stream(app: App, path: str, **body: str) -> "WSGIApplication":
    """A bare generator of the very frames that the engine gives."""
    headers = {"OpenAI-Beta": "assistants=v2"}
    answer = WsgiClient(app).post(path, json={**body, "stream": True}, headers=headers, buffered=False)
    frames, given = list(answer.iter_encoded()), answer.headers.to_wsgi_list()

    def bare(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", given)
        return (frame for frame in frames)

    return bare


def fresh(before: str, code: str) -> str:
    """The last line that a new process prints. It knows of no other engine."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    command = [sys.executable, "-c", f"{before}\n{code}"]
    return subprocess.check_output(command, env=known, text=True, timeout=60).splitlines()[-1]


def starts() -> Iterator[Row]:
    kernel, where = ("import ipykernel.kernelapp", "warm kernel") if find_spec("ipykernel") else ("", "no kernel")
    for what, code, limit_ms in (
        ("import assistant_nb", "import assistant_nb", 150),
        ("import, start, first assistant", f"{START}; {FIRST}", 2_000),
        ("import, connect, first assistant", f"{CONNECT}; {FIRST}", 2_000),
    ):
        timed = f"from time import perf_counter; t = perf_counter(); {code}; print((perf_counter() - t) * 1e3)"
        yield Row(what, where, median(float(fresh(kernel, timed)) for _ in range(PROCESSES)), limit_ms)


def imported_too_early() -> str:
    """What the package should have left for later. Asked without a kernel, which brings jupyter_client itself."""
    return fresh("import sys, assistant_nb", f"print(*[name for name in {NOT_AT_IMPORT} if name in sys.modules])")


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    print(HEAD)
    over = False
    for rows in (starts(), streams(), responses(), questions(), calls()):
        for row in rows:
            print(row, flush=True)
            over |= row.over
    early = imported_too_early()
    print(f"import assistant_nb leaves {', '.join(NOT_AT_IMPORT)} for later:", f"OVER, not {early}" if early else "ok")
    python = platform.python_version()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {python}, openai {openai.__version__}")
    return int(over or bool(early))


if __name__ == "__main__":
    sys.exit(main())
