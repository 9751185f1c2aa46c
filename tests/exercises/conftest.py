"""An engine as a lesson leaves it before its exercises, and attempts made in it as a learner makes them: by code."""

import contextlib
import io
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import assistant_nb as anb
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.practice import Practice
from assistant_nb.engine.model.recorded import Recorded, find
from assistant_nb.exercises.see import See
from assistant_nb.sandbox.kernel import Kernel
from assistant_nb.sandbox.limits import Limits
from assistant_nb.sandbox.outputs import Executed, File, Logs
from tests.conftest import Connect, MakeApp
from tests.exercises.preludes import PRELUDES, RECORDINGS

World = Callable[..., See]


class Quick:
    """Runs the code of the tests themselves at once, in this process, where a kernel would take a second to start."""

    layers = ("quick",)

    def __init__(self, limits: Limits, *, contained: bool) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._variables: dict[str, Any] = {}

    def limit(self, limits: Limits) -> None: ...

    def close(self) -> None:
        self._folder.cleanup()

    def put(self, name: str, source: Path) -> None:
        (Path(self._folder.name) / name).write_bytes(source.read_bytes())

    def execute(self, code: str, unwanted: threading.Event) -> Executed:
        folder, out = Path(self._folder.name), io.StringIO()
        before = set(folder.iterdir())
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a kernel's own do not come here
            try:
                exec(code.replace("/mnt/data", str(folder)), self._variables)
            except Exception:  # noqa: BLE001  as a kernel does
                traceback.print_exc(file=out)
        logs = out.getvalue()
        made = [File(path.name, path) for path in sorted(set(folder.iterdir()) - before)]
        return Executed([Logs(logs)] if logs else [], made)


@pytest.fixture
def world(
    make_app: MakeApp, connect: Connect, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> World:
    """`world("01", "client.…")` runs the lesson's own code, then attempts, and returns what a check sees then."""
    if not request.node.get_closest_marker("nightly"):
        monkeypatch.setattr(Kernel, "start", Quick)
        monkeypatch.setattr("assistant_nb.engine.tools.code_interpreter.layers", lambda: Quick.layers)

    def made(lesson: str, *attempts: str) -> See:
        recorded = Recorded(find(RECORDINGS[lesson])) if lesson in RECORDINGS else None
        app = make_app(model=Fallback(recorded, Practice()) if recorded else Practice())
        client = connect(app=app)
        monkeypatch.setattr("assistant_nb.answers.clients", lambda: iter([client]))
        space: dict[str, Any] = {"client": client, "anb": anb}
        for code in (PRELUDES.get(lesson, ""), *attempts):
            exec(code, space)
        return See(client)

    return made
