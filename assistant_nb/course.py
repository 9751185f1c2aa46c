"""The course: its lessons, a learner's own copy of them, and running one from beginning to end."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from .keys import HOLDS_KEY, KEY

if TYPE_CHECKING:
    from nbformat import NotebookNode

_INSTALLED: Final = Path(__file__).parent / "notebooks"
_CHECKOUT: Final = Path(__file__).parents[1] / "notebooks"
CELL_TIMEOUT_S: Final = 120
PROBE: Final = "assistant_nb_probe"
"""Stands in the metadata of a cell that is no part of a lesson, and is not counted."""

_START: Final = re.compile(r"(?:\b(?:anb|assistant_nb)\.|(?<![.\w]))(?:start|connect)\s*\(|recording\s*=")
"""Found in a cell that starts an engine."""
_SERVICE: Final = re.compile("openai|azure|anthropic|aws_|google", re.IGNORECASE)
"""Found in the name of a variable that holds the address of a real endpoint."""

RECORDING: Final = re.compile(r"recording\s*=\s*([\"'])(.*?)\1(\s*,\s*pace\s*=\s*[\d.]+)?")
"""Where a lesson names its recording and its pace."""
_NAMED: Final = re.compile(r"""["'(]([\w./ -]{1,80})["')]""")
"""What may be the name of a file in a cell."""


class LessonError(Exception):
    """A lesson does not exist, or did not run to its end. The message says where and why."""


def lessons() -> list[Path]:
    """Return the original notebooks, in order of the course."""
    return sorted((_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT).glob("[0-9]*.ipynb"))


def find(name: str) -> Path:
    """Find a lesson by the beginning of its name ("01"), or any notebook by its path, with or without its ending.

    Raises LessonError.
    """
    path = Path(name)
    for own in (path, path.with_name(f"{path.name}.ipynb")) if path.name else ():
        if own.suffix == ".ipynb" and own.is_file():
            return own
    meant = [
        lesson for lesson in lessons() if path.stem and str(path.parent) == "." and lesson.stem.startswith(path.stem)
    ]
    if len(meant) == 1:
        return meant[0]
    what = f"'{name}' could be more than one" if meant else f"There is no lesson '{name}'"
    raise LessonError(f"{what}. There are: {', '.join(lesson.stem for lesson in lessons())}.")


def copy_to(folder: Path, fresh: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Copy the lessons that `folder` does not have yet, with their files. Yields of each its path and what was done.

    A file that is already there is the learner's, and stays as it is. The lesson `fresh` comes back as it was; then the
    learner's file gets another name. Jupyter trusts the new copies, so that it shows their widgets after a reload.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LessonError(
            f"'{folder}' cannot hold your copy of the lessons ({error.strerror}). Name another --dir."
        ) from error
    if fresh and fresh.name not in [lesson.name for lesson in lessons()]:
        raise LessonError(f"'{fresh}' is no lesson of the course, so there is nothing to bring back.")
    for lesson in lessons():
        mine = folder / lesson.name
        done = "kept" if mine.exists() else "new"
        if fresh and fresh.name == lesson.name and mine.exists():
            done = f"new, yours is now {mine.rename(_unused(mine)).name}"
        if done != "kept":
            shutil.copy(lesson, mine)
            _trust(mine)
        copy_files(lesson, folder)
        yield mine, done


def _unused(path: Path) -> Path:
    """Return a name for an old file: "01_first_assistant.mine-1.ipynb"."""
    names = (path.with_name(f"{path.stem}.mine-{n}{path.suffix}") for n in count(1))
    return next(name for name in names if not name.exists())


def _trust(notebook: Path) -> None:
    from nbformat.sign import NotebookNotary

    NotebookNotary().sign(read(notebook))


def recordings_of(lesson: Path) -> list[str]:
    """Return the names of the recordings that a lesson replays. Raises LessonError if it names none."""
    code = [cell.source for cell in read(lesson).cells if cell.cell_type == "code"]
    if names := [found[2] for source in code for found in RECORDING.finditer(source)]:
        return names
    raise LessonError(
        f"'{lesson.name}' names no recording. Write its name out where the engine starts:"
        f' anb.start(recording="{lesson.stem}")'
    )


def has_tag(cell: "NotebookNode", tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def files_of(lesson: Path, notebook: "NotebookNode | None" = None) -> list[Path]:
    """Return the files and folders beside a lesson that its cells name: its data. `notebook` is what stays of it.

    Found are names in quotes, and in brackets as Markdown writes them: "points.csv", ![](tide.png). Other notebooks
    and hidden files, such as .env, are no data.
    """
    folder = lesson.resolve().parent
    named = {found[1] for cell in (notebook or read(lesson)).cells for found in _NAMED.finditer(cell.source)}
    paths = {(folder / name).resolve() for name in named if Path(name).parts}
    return sorted(path for path in paths if folder in path.parents and path.exists() and _is_data(path, folder))


def _is_data(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix != ".ipynb" and not hidden


def copy_files(lesson: Path, folder: Path, notebook: "NotebookNode | None" = None) -> None:
    """Copy the files of `files_of` into another folder. What is there already stays as it is."""
    for path in files_of(lesson, notebook):
        target = folder / path.relative_to(lesson.resolve().parent)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target, ignore=shutil.ignore_patterns(".*"))
            else:
                shutil.copy(path, target)


@contextmanager
def place_of(lesson: Path) -> Iterator[Path]:
    """Yield the folder to execute a notebook in: its own, as Jupyter does. Originals stay as installed.

    So an original gets an empty folder, with copies of the files that it names.
    """
    if lesson.resolve() not in [original.resolve() for original in lessons()]:
        yield lesson.resolve().parent
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a folder that a process is in
        copy_files(lesson, Path(folder))
        yield Path(folder)


def run(lesson: Path, on_cell: Callable[[int, int], None]) -> None:
    """Execute a lesson in a fresh kernel. The file is not changed.

    `on_cell(done, total)` is called after each code cell. Raises LessonError naming the first cell
    that failed, or what kept the lesson from running.
    """
    with place_of(lesson) as folder:
        execute(read(lesson), on_cell, folder)


def read(lesson: Path) -> "NotebookNode":
    """Read a notebook. Raises LessonError."""
    import nbformat

    try:
        notebook: NotebookNode = nbformat.read(lesson, as_version=4)
        return notebook
    except Exception as error:  # nbformat raises anything, for a file that is no notebook
        raise LessonError(f"'{lesson}' cannot be read as a notebook: {str(error).partition(chr(10))[0]}") from error


def execute(
    notebook: "NotebookNode",
    on_cell: Callable[[int, int], None],
    folder: Path,
    *,
    before: str = "pass",
    goes_on: bool = False,
) -> None:
    """Like `run`, with a notebook in memory, which gets the outputs. The line `before` is executed before its cells.

    With `goes_on` the other cells run after a failed one. A failed cell that starts an engine still stops everything:
    without an engine the SDK would ask its default address. The kernel's environment holds no key.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    code = [cell for cell in notebook.cells if cell.cell_type == "code" and PROBE not in cell.metadata]
    at = 0  # the cell at work, from 1

    def begin(cell: "NotebookNode", **_: object) -> None:
        nonlocal at
        at = next((n for n, other in enumerate(code, 1) if other is cell), at)

    def fail(cell: "NotebookNode", execute_reply: Any, **_: object) -> None:
        if _START.search(cell.source):
            raise CellExecutionError.from_cell_and_msg(cell, execute_reply["content"])

    on_cell(0, len(code))
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_S,
        # the kernel's own warnings are not about the lesson
        extra_arguments=["--log-level=ERROR", f"--IPKernelApp.exec_lines={before}"],
        resources={"metadata": {"path": str(folder)}},
        allow_errors=goes_on,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,  # a widget's static copy is what a saved notebook shows
        on_cell_execute=begin,
        on_cell_error=fail,
        on_cell_executed=lambda **_: on_cell(at, len(code)),
    )
    try:
        client.execute(env=_environment())
    except CellTimeoutError as error:
        raise LessonError(f"{_where(code, at)} took more than {CELL_TIMEOUT_S} s") from error
    except CellExecutionError as error:
        raise LessonError(f"{_where(code, at)} failed: {error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise LessonError(f"{_where(code, at)} failed: the kernel died") from error


def _environment() -> dict[str, str]:
    """Return this process's environment without keys and addresses of real endpoints."""
    return {
        name: value
        for name, value in os.environ.items()
        if not (HOLDS_KEY.search(name) or _SERVICE.search(name) or KEY.search(value))
    }


def _where(code: "Sequence[NotebookNode]", n: int) -> str:
    """Name a cell by its number on screen and its first line."""
    first_line = code[n - 1].source.strip().partition("\n")[0]
    return f"code cell {n} of {len(code)} (`{first_line}`)"
