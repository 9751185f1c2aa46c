"""The course: which lessons there are, a learner's own copy of them, and running one from end to end."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

_INSTALLED: Final = Path(__file__).parent / "notebooks"
_CHECKOUT: Final = Path(__file__).parents[1] / "notebooks"
CELL_TIMEOUT_S: Final = 120


class LessonError(Exception):
    """A lesson does not exist, or did not run to its end; the message says where and why."""


def lessons() -> list[Path]:
    """The originals, in order of the course."""
    return sorted((_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT).glob("[0-9]*.ipynb"))


def find(name: str) -> Path:
    """A lesson by the beginning of its name ("01"), or any notebook by its path. Raises LessonError."""
    if name.endswith(".ipynb") and Path(name).is_file():
        return Path(name)
    for path in lessons():
        if path.stem.startswith(Path(name).stem) and name:
            return path
    known = ", ".join(path.stem for path in lessons())
    raise LessonError(f"There is no lesson '{name}'. There are: {known}.")


def copy_to(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Copy the lessons that `folder` does not have yet; yields each one's place and whether it is new.

    What stands there already is the learner's, and is left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in lessons():
        mine = folder / lesson.name
        fresh = not mine.exists()
        if fresh:
            shutil.copy(lesson, mine)
        yield mine, fresh


def run(lesson: Path, on_cell: Callable[[int, int], None]) -> None:
    """Execute a lesson in a fresh kernel and an empty folder; the file is only read.

    `on_cell(done, total)` is called after each code cell. Raises LessonError naming the first cell
    that failed, or what kept the lesson from running.
    """
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        notebook = nbformat.read(lesson, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise LessonError(f"it cannot be read as a notebook: {error}") from error
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        on_cell(done, len(code))

    on_cell(0, len(code))
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_S,
            resources={"metadata": {"path": folder}},
            on_cell_executed=count,
        )
        try:
            client.execute()
        except NoSuchKernel as error:
            raise LessonError(f"there is no kernel '{error.name}' here: pip install ipykernel") from error
        except CellTimeoutError as error:
            raise LessonError(f"{_where(code)} took more than {CELL_TIMEOUT_S} s") from error
        except CellExecutionError as error:
            raise LessonError(f"{_where(code)} failed: {error.ename}: {error.evalue}") from error
        except DeadKernelError as error:
            raise LessonError(f"{_where(code)}: the kernel died") from error


def _where(code: Sequence[Any]) -> str:
    """The cell where a run stopped, by its number on screen and its first line."""
    started = [cell for cell in code if cell.get("outputs") or cell.get("execution_count")]
    n = _failed(code) or len(started)
    first_line = str(code[n - 1].source).strip().partition("\n")[0]
    return f"code cell {n} of {len(code)} (`{first_line}`)"


def _failed(code: Sequence[Any]) -> int | None:
    """The number, from 1, of the first cell with an error in its outputs."""
    for n, cell in enumerate(code, 1):
        if any(output.output_type == "error" for output in cell.outputs):
            return n
    return None
