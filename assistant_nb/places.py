"""Two calls that bring a notebook to a place of the course: `goto` to a heading of a lesson, `reset` to the beginning.

anb.goto("04", "A plot")
04_code_interpreter stands before "A plot": 14 cells have run. Variables of your own are gone.

The cells are those of the lesson as it came, not of the learner's copy. They run in the notebook's own namespace, so
variables and ids are those in the text. Nothing of them is shown.
"""

import linecache
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from . import course
from .client import empty
from .sdk import Refused

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_OWN_WORK: Final = "exercise"
"""The tag of cells that a learner fills in. The lesson needs nothing of them."""
_MAY_FAIL: Final = "raises-exception"
"""The tag of cells whose error belongs to the lesson."""


def goto(lesson: str, heading: str) -> None:
    """Empty the engine and the notebook's variables, and run a lesson's cells up to a heading, silently.

    `goto("04", "exercises")` goes to the exercises. Capitals, spaces and punctuation of a heading do not count, and its
    beginning is enough. Raises LessonError for a lesson or a heading that does not exist, with a list of those that do;
    Refused while a store file is open, and outside of notebooks.
    """
    path = course.find(lesson)
    cells, found = _before(course.read(path), heading, path.stem)
    shell = _emptied()
    for number, cell in enumerate(cells, 1):
        _run(shell, cell, f"cell {number} of {path.stem}")
    _say(f'{path.stem} stands before "{found}": {len(cells)} cells have run. Variables of your own are gone.')


def reset() -> None:
    """Empty the engine and the notebook's variables. Raises Refused while a store file is open."""
    _emptied()
    _say("The engine is empty, and your variables are gone. Run the cells of the lesson from the top.")


def _before(notebook: "NotebookNode", heading: str, lesson: str) -> "tuple[list[NotebookNode], str]":
    """Return the code cells before a heading, and the heading as it is written. Raises LessonError."""
    headings = [(n, text) for n, cell in enumerate(notebook.cells) for text in _headings(cell)]
    wanted = _plain(heading)
    same = [one for one in headings if _plain(one[1]) == wanted]
    begins = [one for one in headings if wanted and _plain(one[1]).startswith(wanted)]
    if not (same or begins):
        there = ", ".join(f"'{text}'" for _, text in headings)
        raise course.LessonError(f"{lesson} has no heading '{heading}'. There are: {there}.")
    at, text = (same or begins)[0]
    return [one for one in notebook.cells[:at] if one.cell_type == "code" and not course.has_tag(one, _OWN_WORK)], text


def _headings(cell: "NotebookNode") -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield from (found[1] for found in _HEADING.finditer(_FENCED.sub("", cell.source)))


def _plain(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _emptied() -> Any:
    """Return IPython's shell. Its engines and its user's variables are gone; only the name of this package stays."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if not shell:
        raise Refused("goto and reset work in a notebook. In a script, run the lesson with: assistant-nb run 01")
    empty()
    for name, value in list(shell.user_ns.items()):
        is_ours = isinstance(value, ModuleType) and value.__name__ == __package__
        if not (name.startswith("_") or name in shell.user_ns_hidden or is_ours):
            del shell.user_ns[name]
    return shell


def _run(shell: Any, cell: "NotebookNode", where: str) -> None:
    """Run a cell without showing anything of it. Raises LessonError if it fails, unless that belongs to the lesson."""
    from IPython.utils.capture import capture_output

    source, name = shell.transform_cell(cell.source), f"<{where}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # for later tracebacks
    with capture_output():
        try:
            exec(compile(source, name, "exec"), shell.user_ns)  # noqa: S102  the lesson's own code
        except Exception as error:
            if not course.has_tag(cell, _MAY_FAIL):
                raise course.LessonError(f"{where} failed: {type(error).__name__}: {error}") from error


def _say(text: str) -> None:
    print(text)  # noqa: T201
