"""The two doors to the engine: `start` for every client in this process, `connect` for one of its own.

This file alone starts engines, and is the learner's side's only door to the SDK.
"""

import atexit
import os
import secrets
import sys
import threading
import urllib.request
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, Unpack

from .choices import Choices, Given
from .engine.api.azure import API_VERSION
from .engine.app import App
from .sdk import quiet

if TYPE_CHECKING:
    from openai import OpenAI

    from .engine.server import Server

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
    Prints one line: engine, model, where the answers come from. Calling it twice is harmless.

    Who answers: `model` is "recorded" (the default), "practice" (rules, no language model), "human" (you, see
    `/v1/lab/seats`), an object such as `Scripted("…")`, or with `base_url` the name of a model at an endpoint that
    speaks chat completions, such as Ollama or OpenAI (`api_key`: default is your OPENAI_API_KEY).

    - `recording`: the name of a lesson or a file (default: all lessons), replayed at its recorded `pace` times this
      factor (0 is at once, 1 as recorded, 2 half as fast)
    - `record`: a file that keeps what the endpoint, or you, have answered
    - `stall_s`: how many seconds the endpoint may be silent (default: 120, with a fallback 10)
    - `fallback="recorded"`: the recording answers when the endpoint fails or is silent
    - `cap_tokens`: how many tokens the process may take there
    - `store`: a file that keeps assistants, threads and runs (default: memory)
    - `limits`: what code of the code interpreter may use. Where nothing on this machine contains such code, each piece
      is shown first, and runs only if you say yes.

    Raises TypeError for an unknown choice, ValueError for choices that do not fit, RuntimeError when an
    engine was started with others, and the engine's RecordingError and StoreError for files it cannot use.
    """
    global _started
    chosen = Choices.of(_own_key(), **choices)
    if _started and _started.choices != chosen:
        raise RuntimeError(
            f"An engine is running with other choices (model: {_started.app.model.name}, {_started.choices.kept})."
            " What it keeps in memory would be lost, so decide: call assistant_nb.stop(), then start again."
        )
    still = "still " if _started else ""
    _started = _started or _Started(chosen)
    quiet()
    print(_banner(_started.app, chosen, f"{still}at {_HOST}"))  # noqa: T201
    if _lacks_socks():
        print(_NO_SOCKS)  # noqa: T201


@_door
def connect(**choices: Unpack[Given]) -> "OpenAI":
    """Return an SDK client with an engine of its own inside this process. Nothing listens.

    The choices are those of `start`. In memory every client has objects of its own. Clients of one `store` share its
    objects. Prints the same line as `start`.
    """
    import httpx2
    from openai import __version__

    if int(__version__.partition(".")[0]) < _OLDEST_SDK:
        raise RuntimeError(
            f"connect() needs version {_OLDEST_SDK} of the package openai; here is {__version__}. start() works with"
            " this version: assistant_nb.start(); client = openai.OpenAI(). Or install a newer one: pip install"
            " 'openai>=3.54,<4'"
        )
    from openai import DefaultHttpxClient, OpenAI

    chosen = Choices.of(_own_key(), **choices)
    app = _engine(chosen)
    transport = httpx2.WSGITransport(app)
    client = OpenAI(
        base_url="http://assistant-nb/v1", api_key="in-process", http_client=DefaultHttpxClient(transport=transport)
    )
    quiet()
    print(_banner(app, chosen, "inside this process"))  # noqa: T201
    return client


def stop() -> None:
    """Stop what `start` started, restore the environment, and close all store files."""
    global _started
    if _started:
        _started.close()
        _started = None
    _close_files()


@_door
def serve(host: str, port: int, **choices: Unpack[Given]) -> "tuple[Server, str, str]":
    """Start a server for clients in other processes. Returns it, its random key, and the line that `start` prints.

    Closing it closes the engine.
    """
    chosen = Choices.of(_own_key(), **choices)
    app = chosen.build()
    return *_listen(app, host, port), _banner(app, chosen, f"at {host}")


class _Started:
    """A loopback server and the environment that it has changed."""

    def __init__(self, choices: Choices) -> None:
        # The SDK imports its Assistants part at the first use, which takes a second. Begin it now.
        threading.Thread(target=import_module, args=("openai.resources.beta",), daemon=True).start()
        self.choices, self.app = choices, _engine(choices)
        self._server, key = _listen(self.app, _HOST, 0)
        changes: dict[str, str | None] = {
            "OPENAI_BASE_URL": self._server.url,
            "OPENAI_API_KEY": key,
            "OPENAI_API_TYPE": "openai",  # the SDK refuses to guess which of the two services is meant
            "AZURE_OPENAI_ENDPOINT": self._server.url.removesuffix("/v1"),
            "AZURE_OPENAI_API_KEY": key,
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
_on_file: dict[Path, tuple[Choices, App]] = {}
"""Engines on store files. A process opens each file once."""


@atexit.register
def _close_files() -> None:
    """Close store files at exit. The server's threads end with the process."""
    while _on_file:
        _, (_, app) = _on_file.popitem()
        app.close()


def _own_key() -> str | None:
    """Return the learner's key, also after `start` has replaced it by the engine's."""
    name = "OPENAI_API_KEY"
    return _started.before.get(name) if _started else os.environ.get(name)


def _listen(app: App, host: str, port: int) -> "tuple[Server, str]":
    from .engine.server import Server

    key = f"sk-lab-{secrets.token_urlsafe(24)}"
    return Server(app, key, host, port), key


def _engine(choices: Choices) -> App:
    if choices.store is None:
        return choices.build()
    if choices.store not in _on_file:
        _on_file[choices.store] = (choices, choices.build())
    known, app = _on_file[choices.store]
    if known != choices:
        raise RuntimeError(
            f"'{choices.store.name}' is open here with other choices (model: {app.model.name}, answers:"
            f" {app.model.provenance()}). Call assistant_nb.stop(), then open it again."
        )
    return app


def _lacks_socks() -> bool:
    """True if the SDK cannot make a client: it reads the environment's proxies, even if no request needs one."""
    socks = any(url.startswith("socks") for url in urllib.request.getproxies().values())
    return socks and find_spec("socksio") is None


def _banner(app: App, choices: Choices, where: str) -> str:
    answers = f"model: {app.model.name} · answers: {app.model.provenance()}"
    return f"assistant_nb engine {where} · {answers} · {choices.kept}"
