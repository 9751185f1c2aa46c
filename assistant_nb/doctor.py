"""`assistant-nb doctor`: what works on this machine, one line each, with what to do where something does not."""

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from . import __version__, course
from .engine.errors import EngineError
from .engine.ids import Ids, SystemClock
from .engine.model.base import Prompt, ToolCallDelta, Turn
from .engine.model.live import Live
from .engine.model.recorded import SHIPPED, read
from .engine.parts import FunctionTool
from .engine.store import Store
from .sandbox.errors import SandboxError

_RECORDED: Final = "recorded lessons need none"
_AGAIN: Final = "Do this in the folder of the project: pip install --force-reinstall --no-deps ."
_ADD: Final[FunctionTool] = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
        "strict": False,
    },
}


class _Trouble(Exception):
    """Something does not work. The text says what, and what to do."""


def report(live: Live | None) -> Iterator[tuple[str, bool]]:
    """Yield ten lines, and of each whether lessons can run in spite of it."""
    checks: tuple[tuple[str, bool, Callable[[], str]], ...] = (
        ("Python", True, platform.python_version),
        ("packages", True, lambda: _versions("", "openai", "httpx2", "pydantic", "werkzeug", "cheroot")),
        ("lessons", True, _lessons),
        ("kernel", True, _kernel),
        ("recordings", True, _recordings),
        ("front end", False, lambda: _versions("lab", "jupyterlab")),
        ("widgets", True, lambda: _versions("widgets", "anywidget", "ipywidgets", "markdown-it-py")),
        ("code", False, _code),
        ("endpoint", False, lambda: _endpoint(live)),
        ("store", False, _store),
    )
    for name, needed, check in checks:
        try:
            yield f"ok    {name}: {check()}", True
        except _Trouble as trouble:
            yield f"{'FAILS' if needed else 'no   '} {name}: {trouble}", not needed


def _versions(extra: str, *packages: str) -> str:
    """Return the versions of packages. The extra of this package brings them."""
    try:
        found = ", ".join(f"{name} {version(name)}" for name in packages)
    except PackageNotFoundError as missing:
        whole = f"assistant_nb[{extra}]" if extra else "assistant_nb"
        raise _Trouble(f'{missing.name} is missing. Do this: pip install "{whole}"') from None
    return found if extra else f"assistant_nb {__version__}, {found}"


def _lessons() -> str:
    versions = _versions("lesson", "nbformat", "nbclient", "ipykernel", "tqdm", "requests")
    if not (found := course.lessons()):
        raise _Trouble(f"there are none. {_AGAIN}")
    return f"{len(found)} found; {versions}"


def _kernel() -> str:
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ModuleNotFoundError:
        raise _Trouble('jupyter_client is missing. Do this: pip install "assistant_nb[lesson]"') from None
    try:
        return f"python3 at {KernelSpecManager().get_kernel_spec('python3').argv[0]}"
    except NoSuchKernel:
        raise _Trouble("Jupyter knows no kernel python3. Do this: python -m ipykernel install --user") from None


def _recordings() -> str:
    try:
        answers = [len(read(path).exchanges) for path in sorted(SHIPPED.glob("*.jsonl"))]
    except EngineError as error:
        raise _Trouble(f"{error} {_AGAIN}") from None
    if not answers:
        raise _Trouble(f"there are none. {_AGAIN}")
    return f"{len(answers)} with {sum(answers)} answers"


def _code() -> str:
    versions = _versions("code", "ipykernel", "psutil", "matplotlib")
    from .sandbox.layers import layers

    try:
        return f"contained by {', '.join(layers())}; {versions}"
    except SandboxError as error:
        raise _Trouble(f"{error} Until then you are asked before each piece of code. Lesson 04 needs it.") from None


def _endpoint(live: Live | None) -> str:
    if live is None:
        raise _Trouble(f"none was named; {_RECORDED}. To try one: assistant-nb doctor --base-url URL --model NAME")
    try:
        live.reach()
        prompt = Prompt("", None, [Turn("user", "What is 2 + 3? Call add.")], [_ADD], max_completion_tokens=200)
        calls = any(isinstance(delta, ToolCallDelta) for delta in live.ask(prompt))
    except EngineError as error:
        raise _Trouble(f"{error} {_RECORDED.capitalize()}.") from None
    if not calls:
        raise _Trouble(f"{live.endpoint} answers, and did not call a tool. Name another --model for lessons 04 to 08.")
    return f"{live.endpoint} answers and calls tools"


def _store() -> str:
    """Try whether a store can be made here. It is removed again."""
    try:
        with TemporaryDirectory(dir=".") as folder:
            Store(Path(folder) / "doctor.db", Ids("doctor"), SystemClock()).close()
    except (EngineError, OSError) as error:
        raise _Trouble(f"none can be kept in this folder: {error} Do this: cd ~") from None
    return "can be kept in this folder"
