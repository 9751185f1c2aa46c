"""Shows a beginner's mistake in a few lines, where IPython would show the whole traceback.

IPython calls a handler of our own for errors of cells. `%tb` does not ask it, so `%tb` shows everything.
"""

import os
import re
from types import TracebackType
from typing import Any, Final

from ..keys import HOLDS_KEY, KEY
from ..texts import short
from . import facts as known
from .advice import Advice, advice, shown
from .place import Place, find

_GIVEN_KEY: Final = re.compile(r"""(?<=Bearer\s)[^\s"']+|(?<=key=["'])[^"']*""")
"""A key in a header, or in an argument such as api_key=."""
_SHORTEST_SECRET: Final = 8
_LONGEST: Final = 300
_MOST: Final = 8
_HEADINGS: Final = {
    (True, False): "Do this:",
    (True, True): "Do one of these:",
    (False, False): "Write it like this:",
    (False, True): "Write it like one of these:",
}


def handle(shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType, **_: Any) -> None:
    """Show an error of a cell: in a few lines if it is a mistake of the table, else as ever."""
    place = _place(shell, traceback)
    if place is None:  # the cell itself is no Python
        shell.showindentationerror() if isinstance(error, IndentationError) else shell.showsyntaxerror()
        return
    try:
        lines = told(error, place)
    except Exception:  # noqa: BLE001  whatever is wrong here, the learner's error must be shown
        lines = None
    if lines:
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython asks for it
    try:
        shell.showtraceback((kind, error, traceback), running_compiled_code=True)
    finally:
        if lines:
            del error._render_traceback_  # type: ignore[attr-defined]


def _place(shell: Any, traceback: TracebackType) -> Place | None:
    def cell_name(file: str) -> str | None:
        named = shell.compile.format_code_name(file)
        return " ".join(named) if named else None

    return find(traceback, cell_name)


def told(error: BaseException, place: Place) -> list[str] | None:
    """Return the lines that are shown; None if the error is no mistake of the table."""
    facts = known.of(error, place)
    found = advice(facts)
    if found is None:
        return None
    status = f" ({facts.status})" if facts.status else ""
    head = [
        *([short(place.caller, _LONGEST)] if place.caller else []),
        f"{place.where}: {short(place.line, _LONGEST)}",
        *f"{facts.kind}{status}: {shown(facts)}".splitlines(),
    ]
    return [hidden(line) for line in _cut(head, found)]


def _cut(head: list[str], found: Advice) -> list[str]:
    """Put the parts together, and leave out of the sentence what would be too much."""
    tail = [found.what] if found.what else []
    if found.do:
        heading = _HEADINGS[found.alone, found.choose]
        tail += [heading, *(f"    {line}" for line in found.do)]
    lesson = 'Lesson {}, "{}". '.format(*found.lesson) if found.lesson else ""
    tail += [f"{lesson}%tb shows the whole traceback."]
    return [*head[: _MOST - len(tail)], *tail]


def hidden(text: str) -> str:
    """Return a text without keys: those that look like one, and those of the environment."""
    secrets = [value for name, value in os.environ.items() if HOLDS_KEY.search(name) and len(value) >= _SHORTEST_SECRET]
    for secret in secrets:
        text = text.replace(secret, "…")
    return _GIVEN_KEY.sub("…", KEY.sub("…", text))
