"""The two doors to the engine: `start` for every client in this process, `connect` for one of its own.

This file alone starts engines, and is the learner's side's only door to the SDK.
"""

import atexit
import math
import os
import secrets
import threading
import urllib.request
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .engine.app import App, create_app
from .engine.ids import SystemClock
from .engine.model.base import Model
from .engine.model.base import ToolCall as ToolCall
from .engine.model.recorded import Recorded, find
from .engine.model.scripted import Scripted as Scripted
from .engine.tools.sandbox.limits import Limits as Limits

if TYPE_CHECKING:
    from openai import OpenAI

    from .engine.server import Server

_HOST = "127.0.0.1"
_WARNINGS = (r"The Assistants API is deprecated in favor of the Responses API\Z", r"deprecated\Z")
"""What openai 3.54 says at calls for threads, and at calls for assistants."""

_PathLike = str | os.PathLike[str]


def start(
    *,
    model: Literal["recorded"] | Model = "recorded",
    recording: _PathLike | None = None,
    pace: float = 0,
    store: _PathLike | None = None,
    limits: Limits | None = None,
) -> None:
    """Start the engine for this process, so that `OpenAI()` needs no arguments and no network.

    Listens on 127.0.0.1 only and sets `OPENAI_BASE_URL` and `OPENAI_API_KEY` (random). Prints one
    line: engine, model, where the answers come from. Calling it twice is harmless.

    `model` is "recorded" or an object that answers, such as `Scripted("…")`; `recording` is the name
    of a lesson or a file (default: all lessons), replayed at its recorded `pace` times this factor
    (0 is at once, 1 as recorded, 2 half as fast); `store` is a file that keeps assistants, threads
    and runs (default: memory); `limits` are those of the code interpreter's calls. Where nothing on this machine
    contains code that a model wrote, each piece is shown, and runs only if you say yes.

    Raises ValueError for choices that do not fit, RuntimeError when an engine was started with
    others, and the engine's RecordingError and StoreError for files it cannot use.
    """
    global _started
    choices = _Choices.of(model, recording, pace, store, limits)
    if _started and _started.choices != choices:
        raise RuntimeError(
            f"An engine is running with other choices (model: {_started.app.model.name}, {_started.choices.kept})."
            " What it keeps in memory would be lost, so decide: call assistant_nb.stop(), then start again."
        )
    still = "still " if _started else ""
    _started = _started or _Started(choices)
    _be_quiet()
    _say(_started.app, choices, f"{still}at {_HOST}")


def connect(
    *,
    model: Literal["recorded"] | Model = "recorded",
    recording: _PathLike | None = None,
    pace: float = 0,
    store: _PathLike | None = None,
    limits: Limits | None = None,
) -> "OpenAI":
    """An SDK client with an engine of its own inside this process; nothing listens.

    The choices are those of `start`. In memory every client has a world of its own; clients of one
    `store` share it. Prints the same line as `start`.
    """
    import httpx2
    from openai import DefaultHttpxClient, OpenAI

    choices = _Choices.of(model, recording, pace, store, limits)
    app = _engine(choices)
    transport = httpx2.WSGITransport(app)
    client = OpenAI(
        base_url="http://assistant-nb/v1", api_key="in-process", http_client=DefaultHttpxClient(transport=transport)
    )
    _be_quiet()
    _say(app, choices, "inside this process")
    return client


def stop() -> None:
    """Stop what `start` started, put the environment back, and let go of all store files."""
    global _started
    if _started:
        _started.close()
        _started = None
    _close_files()


def serve(host: str, port: int, store: _PathLike | None) -> "tuple[Server, str]":
    """A server for clients in other processes, and its random key. Closing it closes the engine."""
    return _listen(_Choices.of("recorded", None, 0, store).build(), host, port)


@dataclass(frozen=True)
class _Choices:
    """What an engine was asked to be."""

    model: Literal["recorded"] | Model
    recording: Path | None
    pace: float
    store: Path | None
    limits: Limits

    @classmethod
    def of(
        cls,
        model: Literal["recorded"] | Model,
        recording: _PathLike | None,
        pace: float,
        store: _PathLike | None,
        limits: Limits | None = None,
    ) -> "_Choices":
        if model != "recorded" and (isinstance(model, type) or not isinstance(model, Model)):
            raise ValueError(f"model={model!r} cannot answer. Use 'recorded', or an object such as Scripted('…').")
        if (recording is not None or pace) and model != "recorded":
            raise ValueError("recording=… and pace=… go with model='recorded' only. Leave them out.")
        if not (isinstance(pace, int | float) and 0 <= pace < math.inf):
            raise ValueError(f"pace={pace!r} is no pace. Use 0 for at once, 1 for as recorded, 2 for half as fast.")
        if store is not None and str(store) == ":memory:":
            store = None
        return cls(
            model,
            None if recording is None else find(recording),
            pace,
            None if store is None else Path(store).resolve(),
            limits or Limits(),
        )

    @property
    def kept(self) -> str:
        return f"kept in {self.store.name}" if self.store else "kept in memory"

    def build(self) -> App:
        """Recorded answers in memory come with the ids and times of the lessons, all else with fresh ones.

        A file lives in real time, whoever answers: it must not run backwards when that changes.
        """
        recordings = [self.recording] if self.recording else []
        model = Recorded(*recordings, pace=self.pace) if isinstance(self.model, str) else self.model
        if isinstance(self.model, str) and self.store is None:
            return create_app(model=model, limits=self.limits, may_run=_ask_person)
        return create_app(
            model=model,
            store=self.store or ":memory:",
            seed=secrets.token_hex(8),
            clock=SystemClock(),
            limits=self.limits,
            may_run=_ask_person,
        )


class _Started:
    """A loopback server and the environment it has changed."""

    def __init__(self, choices: _Choices) -> None:
        # The SDK imports its Assistants part at the first use, which takes a second: do it meanwhile.
        threading.Thread(target=import_module, args=("openai.resources.beta",), daemon=True).start()
        self.choices, self.app = choices, _engine(choices)
        self._server, key = _listen(self.app, _HOST, 0)
        changes = {"OPENAI_BASE_URL": self._server.url, "OPENAI_API_KEY": key}
        if urllib.request.getproxies() and not urllib.request.proxy_bypass(_HOST):
            changes |= {
                name: ",".join(filter(None, [os.environ.get(name), _HOST])) for name in ("NO_PROXY", "no_proxy")
            }
        self._before = {name: os.environ.get(name) for name in changes}
        os.environ.update(changes)

    def close(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._server.close()


_started: _Started | None = None
_on_file: dict[Path, tuple[_Choices, App]] = {}
"""Engines on store files, which one process opens once."""


@atexit.register
def _close_files() -> None:
    """At exit nothing else needs closing: the server's threads end with the process."""
    while _on_file:
        _, (_, app) = _on_file.popitem()
        app.close()


def _listen(app: App, host: str, port: int) -> "tuple[Server, str]":
    from .engine.server import Server

    key = f"sk-lab-{secrets.token_urlsafe(24)}"
    return Server(app, key, host, port), key


def _engine(choices: _Choices) -> App:
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


def _say(app: App, choices: _Choices, where: str) -> None:
    answers = f"model: {app.model.name} · answers: {app.model.provenance()}"
    print(f"assistant_nb engine {where} · {answers} · {choices.kept}")  # noqa: T201


def _ask_person(code: str) -> bool:
    """Whether a person at this notebook or terminal lets code run that nothing contains; without one, it does not."""
    try:
        said = input(
            f"{code}\n\nA model wrote this code, and nothing on this machine contains it. Run it, once? [y/N] "
        )
    except (EOFError, OSError, RuntimeError):  # nobody can be asked here
        return False
    return said.strip().lower() in ("y", "yes")


def _be_quiet() -> None:
    for text in _WARNINGS:
        warnings.filterwarnings("ignore", text, DeprecationWarning)
