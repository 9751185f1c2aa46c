"""The two doors to the engine: `start` for every client in this process, `connect` for one of its own.

This file alone starts engines, and is the learner's side's only door to the SDK.
"""

import atexit
import os
import secrets
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeVar, Unpack
from weakref import WeakKeyDictionary

from .choices import MEMORY, Choices, Given
from .engine.api.azure import API_VERSION
from .engine.app import App
from .engine.errors import ServerError
from .machine import in_browser, not_here
from .sdk import Refused, quiet

if TYPE_CHECKING:
    from openai import OpenAI

    from .engine.server import Server
    from .lite.address import Address

_P = ParamSpec("_P")
_R = TypeVar("_R")

_HOST = "127.0.0.1"
_OLDEST_SDK: Final = 3
"""The first major version that speaks through httpx2."""
_NO_SOCKS: Final = (
    "OpenAI() will fail here with an ImportError: ALL_PROXY names a SOCKS proxy, and the package socksio is missing."
    " Install it: pip install socksio. Or remove the proxy: import os; os.environ.pop('ALL_PROXY', None);"
    " os.environ.pop('all_proxy', None)"
)


_ON_START: Final = 'anb.start(model="practice")'
_ON_CONNECT: Final = 'anb.connect(client, model="practice")'
_ON_SERVE: Final = 'client.post("/lab/model", cast_to=object, body={"model": "practice"})'
_WHO: Final = "model"
"""Stands in the banner before the name of the model. When it has changed, "now" stands there."""


def _door(way_in: Callable[_P, _R]) -> Callable[_P, _R]:
    """Cut the traceback of an error, because the variables in it hold keys."""

    @wraps(way_in)
    def door(*args: _P.args, **choices: _P.kwargs) -> _R:
        try:
            return way_in(*args, **choices)
        except BaseException as error:  # noqa: BLE001  it goes on
            choices.clear()
            raise error.with_traceback(None) from None

    return door


@_door
def start(**choices: Unpack[Given]) -> None:
    """Start the engine for this process, so that `OpenAI()` needs no arguments and no network.

    Listens on 127.0.0.1 only and sets `OPENAI_BASE_URL` and `OPENAI_API_KEY` (random), and what `AzureOpenAI()` reads.
    Prints one line: engine, model, where the answers come from. Calling it again with the same choices changes nothing.

    Who answers: `model` is "recorded" (the default), "practice" (rules, no language model), "human" (you, see
    `/v1/lab/seats`), an object such as `Scripted("…")`, or with `base_url` the name of a model at an endpoint that
    speaks chat completions, such as Ollama or OpenAI (`api_key`: default is your OPENAI_API_KEY).

    - `recording`: the name of a lesson or a file (default: all lessons), replayed at its recorded `pace` times this
      factor (0 is at once, 1 as recorded, 2 half as fast)
    - `record`: a file that keeps what the endpoint, or you, have answered
    - `stall_s`: how many seconds the endpoint may be silent (default: 120, with a fallback 10)
    - `fallback`: who answers when the first one cannot: "practice"; for an endpoint that fails or is silent also
      "recorded"
    - `cap_tokens`: how many tokens the process may take there
    - `store`: a file that keeps assistants, threads and runs (default: memory)
    - `ids="lesson"`: the same ids and times at each run, as recorded answers have them, for a lesson that is compared
    - `limits`: what code of the code interpreter may use. Where nothing on this machine contains such code, each piece
      is shown first, and runs only if you say yes.
    - `polls="step"`: each `runs.retrieve` moves a run by one transition, so that you see it on its way ("watch": it
      moves by itself)

    Called again with other choices, it changes who answers. Address, key, objects, ids and clock stay. The line says
    "now:". Runs under way finish with the model that they began with. `limits` and `polls` stay unless you name them.
    Another `store` or other `ids` need a new engine: call `stop` first.

    Raises TypeError for an unknown choice, ValueError for choices that do not fit, RuntimeError for another store than
    that of the running engine, and the engine's RecordingError and StoreError for files it cannot use.
    """
    global _started
    chosen = replace(Choices.of(_own_key(), **choices), way_on=_ON_START)
    if _started:
        still, who = "still ", _started.engine.change(chosen, _by_start)
    else:
        _started = _Started(chosen)
        still, who = "", _started.who
    quiet()
    print(_banner(_started.engine, f"{still}at {_HOST}", who))  # noqa: T201
    if _lacks_socks():
        print(_NO_SOCKS)  # noqa: T201


@_door
def connect(client: "OpenAI | None" = None, /, **choices: Unpack[Given]) -> "OpenAI":
    """Return an SDK client with an engine of its own inside this process. Nothing listens.

    The choices are those of `start`. In memory every client has objects of its own. Clients of one `store` share its
    objects, and who answers. Prints the same line as `start`.

    `connect(client, model="practice")` changes who answers a client that it gave, as `start` does, and returns it.
    """
    import httpx2
    from openai import __version__

    if int(__version__.partition(".")[0]) < _OLDEST_SDK:
        raise RuntimeError(
            f"connect() needs version {_OLDEST_SDK} of the package openai; here is {__version__}. Install a newer one"
            " (pip install 'openai>=3.54,<4'), or use this one with start():\n"
            "from openai import OpenAI; anb.start(); client = OpenAI()"
        )
    from openai import DefaultHttpxClient

    chosen = replace(Choices.of(_own_key(), **choices), way_on=_ON_CONNECT)
    if client is None:
        engine, who = _engine(chosen)
        http_client = DefaultHttpxClient(transport=httpx2.WSGITransport(engine.app))
        client = _in_process(http_client)
        _connected[http_client] = engine
    else:
        engine = _engine_of(client)
        who = engine.change(chosen, _by_start if _started and engine is _started.engine else _by_connect)
    quiet()
    print(_banner(engine, "inside this process", who))  # noqa: T201
    return client


def clients() -> "Iterator[OpenAI]":
    """Yield a client of each engine that this process knows: those of `connect`, the newest first, then `start`'s."""
    from openai import OpenAI

    yield from map(_in_process, reversed(list(_connected)))
    if _started:
        yield OpenAI(base_url=_started.url, api_key=_started.key, max_retries=0)


def stop() -> None:
    """Stop what `start` started, restore the environment, and close all store files."""
    global _started
    if _started:
        _started.close()
        _started = None
    _close_files()


def empty() -> None:
    """Stop what `start` started, and forget the engines of `connect`, with all that they keep.

    Raises Refused while one of them keeps its objects in a store file. Then nothing has changed.
    """
    engines = [*([_started.engine] if _started else []), *_on_file.values(), *_connected.values()]
    if files := {engine.choices.store.name for engine in engines if engine.choices.store not in (None, MEMORY)}:
        raise Refused(
            f"{', '.join(sorted(files))} is open and would be emptied. This closes it, and loses nothing: anb.stop()"
        )
    stop()
    _connected.clear()


@_door
def serve(host: str, port: int, **choices: Unpack[Given]) -> "tuple[Server, str, str]":
    """Start a server for clients in other processes. Returns it, its random key, and the line that `start` prints.

    Closing it closes the engine. Raises ServerError.
    """
    if in_browser():
        raise ServerError(not_here("start a server"))
    from .engine.server import Server

    engine, key = _Engine(replace(Choices.of(_own_key(), **choices), way_on=_ON_SERVE)), _new_key()
    return Server(engine.app, key, host, port), key, _banner(engine, f"at {host}", _WHO)


class _Engine:
    """An engine, and the choices that it follows now."""

    def __init__(self, choices: Choices) -> None:
        self.app = app = choices.build()
        ids: Literal["lesson"] | None = "lesson" if choices.as_in_lessons else None
        store, limits, polls = choices.store or MEMORY, app.code.limits, app.runner.polls
        self.choices = replace(choices, store=store, ids=ids, limits=limits, polls=polls)
        self._model = app.model

    def change(self, choices: Choices, way: Callable[[str], str]) -> str:
        """Follow other choices. Return the word for the banner.

        Raises RuntimeError for another store and for other ids. `way` gives the advice for that, from the choice that
        does not fit: 'ids="lesson"'.
        """
        choices = choices.within(self.choices)
        if choices.store != self.choices.store:
            kept = "would be lost" if self.choices.store == MEMORY else "would not come along"
            raise RuntimeError(
                f"The engine is running, {self.choices.kept}. What it keeps {kept}, as store=… names another place."
                " " + way(f"store={str(choices.store)!r}")
            )
        if choices.ids != self.choices.ids:
            raise RuntimeError(
                "The engine is running with ids of its own, and ids='lesson' needs a new one. What this one keeps would"
                " be lost. " + way('ids="lesson"')
            )
        if choices == self.choices and self.app.model is self._model:
            return _WHO
        choices.apply(self.app)
        self.choices, self._model = choices, self.app.model
        return "now"


def _by_start(_: str) -> str:
    return "To change over, run the next line, then this cell again:\nanb.stop()"


def _by_connect(choice: str) -> str:
    return f"Make another client. Add your other choices to this line:\nclient = anb.connect({choice})"


class _Started:
    """An engine at an address of this process, and the environment that it has changed."""

    def __init__(self, choices: Choices) -> None:
        if not in_browser():
            # The SDK imports its Assistants part at the first use, which takes a second. Begin it now.
            threading.Thread(target=import_module, args=("openai.resources.beta",), daemon=True).start()
        self.engine, self.who = _engine(choices)
        self.key = _new_key()
        self._server = _listen(self.engine.app, self.key)
        self.url = f"{self._server.url}/"
        changes: dict[str, str | None] = {
            "OPENAI_BASE_URL": self._server.url,
            "OPENAI_API_KEY": self.key,
            "OPENAI_API_TYPE": "openai",  # the SDK refuses to guess which of the two services is meant
            "AZURE_OPENAI_ENDPOINT": self._server.url.removesuffix("/v1"),
            "AZURE_OPENAI_API_KEY": self.key,
            "AZURE_OPENAI_AD_TOKEN": None,  # it would go before the key
            "OPENAI_API_VERSION": API_VERSION,
        }
        if urllib.request.getproxies() and not urllib.request.proxy_bypass(_HOST):
            changes |= {
                name: ",".join(filter(None, [os.environ.get(name), _HOST])) for name in ("NO_PROXY", "no_proxy")
            }
        self.before = {name: os.environ.get(name) for name in changes}
        _set(changes)

    def close(self) -> None:
        _set(self.before)
        self._server.close()


def _set(variables: Mapping[str, str | None]) -> None:
    """Set variables of the environment. None removes one. The SDK reads OPENAI_API_TYPE only when it is imported."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if sdk := sys.modules.get("openai"):
        setattr(sdk, "api_type", variables["OPENAI_API_TYPE"])  # noqa: B010  the SDK declares another type


_started: _Started | None = None
_on_file: dict[Path, _Engine] = {}
"""Engines on store files. A process opens each file once."""
_connected: WeakKeyDictionary[Any, _Engine] = WeakKeyDictionary()
"""The engines of the clients that `connect` gave. The key is what a client shares with its copies."""


def _in_process(http_client: Any) -> "OpenAI":
    from openai import OpenAI

    return OpenAI(base_url="http://assistant-nb/v1", api_key="in-process", http_client=http_client)


@atexit.register
def _close_files() -> None:
    """Close store files at exit. The server's threads end with the process."""
    while _on_file:
        _, engine = _on_file.popitem()
        engine.app.close()


def _own_key() -> str | None:
    """Return the learner's key, also after `start` has replaced it by the engine's."""
    name = "OPENAI_API_KEY"
    return _started.before.get(name) if _started else os.environ.get(name)


def _new_key() -> str:
    return f"sk-lab-{secrets.token_urlsafe(24)}"


def _listen(app: App, key: str) -> "Server | Address":
    """Give an engine an address of this process."""
    if in_browser():
        from .lite.address import Address

        return Address(app, key)
    from .engine.server import Server

    return Server(app, key, _HOST)


def _engine(choices: Choices) -> tuple[_Engine, str]:
    """Return an engine, and the word for its banner. The one of an open store follows these choices from now on."""
    if choices.store in (None, MEMORY):
        return _Engine(choices), _WHO
    if known := _on_file.get(choices.store):
        return known, known.change(choices, _by_start)
    _on_file[choices.store] = _Engine(choices)
    return _on_file[choices.store], _WHO


def _engine_of(client: "OpenAI") -> _Engine:
    """Return the engine of a client, or of the client that it is a copy of. Raises ValueError."""
    from openai import OpenAI

    if isinstance(client, OpenAI):
        if engine := _connected.get(client._client):  # noqa: SLF001
            return engine
        if _started and client.base_url == _started.url:
            return _started.engine
    raise ValueError("This client has no engine in this process. For one that has:\nclient = anb.connect()")


def _lacks_socks() -> bool:
    """True if the SDK cannot make a client: it reads the environment's proxies, even if no request needs one."""
    socks = any(url.startswith("socks") for url in urllib.request.getproxies().values())
    return socks and find_spec("socksio") is None


def _banner(engine: _Engine, where: str, who: str) -> str:
    model = engine.app.model
    return f"assistant_nb engine {where} · {who}: {model.name} · answers: {model.provenance()} · {engine.choices.kept}"
