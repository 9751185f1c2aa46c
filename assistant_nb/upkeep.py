"""For people who maintain lessons: check that a lesson is still true, and record it with another model."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from . import course
from .texts import short

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from .engine.model.live import Live
    from .engine.model.recorded import Exchange

OnCell = Callable[[int, int], None]
Replayed = set[tuple[str, int]]
"""Exchanges by the digest of their prompt, and which answer to it they are."""

_ALONE: Final = (
    "from assistant_nb.engine.model.fallback import Fallback;"
    " Fallback.ask = lambda self, prompt: self.first.ask(prompt); del Fallback"
)
"""Executed before a lesson that is checked or recorded: its own fallback answers for nothing that fails.

A lesson with questions that must miss keeps its fallback, which answers those.
"""
_PROBE: Final = (
    "import json; from assistant_nb.engine.model.recorded import REPLAYED; print(json.dumps(sorted(REPLAYED)))"
)
_SECRET: Final = re.compile(r"sk-[\w-]{8,}|127\.0\.0\.1:\d+|/(?:home|root|tmp|Users)/\S+")
_FALLBACK: Final = re.compile(r",\s*fallback\s*=\s*([\"']).*?\1")
_WORLD: Final = re.compile(r"\b(?:store|ids)\s*=")
"""Where a lesson says which ids and times it has. Else it has those of the lessons, also while it is recorded."""
_MUST_MISS: Final = "must-miss"
"""The tag of a cell whose question stays unrecorded."""
_AT_RELAY: Final = "__import__('assistant_nb.engine.model.relay', fromlist=['Relayed'])."
"""How a cell finds the model of this process without an import line."""
_LONGEST: Final = 300


def check(lesson: Path, on_cell: OnCell) -> list[str]:
    """Return what is wrong with a lesson: outputs that differ, exchanges that are not used, secrets.

    Executes the lesson in a fresh kernel. The file is not changed. Raises LessonError if the lesson names no recording
    or does not run, RecordingError if its recording is not there or cannot be read.
    """
    from .engine.model.recorded import find

    shown, fresh = course.read(lesson), course.read(lesson)
    recordings = {find(name, lesson.parent) for name in course.recordings_of(lesson)}
    with course.place_of(lesson) as folder:
        replayed = execute(fresh, on_cell, folder)
    return [
        *changes(shown, fresh),
        *(wrong for recording in sorted(recordings) for wrong in unused(recording, replayed)),
        *(f"its outputs hold {secret!r}" for secret in _secrets(shown)),
    ]


def execute(notebook: "NotebookNode", on_cell: OnCell, folder: Path) -> Replayed:
    """Execute a notebook, which gets the outputs. Returns the exchanges that were replayed."""
    import nbformat

    notebook.cells.append(nbformat.v4.new_code_cell(_PROBE, metadata={course.PROBE: True}))
    course.execute(notebook, on_cell, folder, before=_before(notebook))
    return {(digest, number) for digest, number in json.loads(_text(notebook.cells.pop().outputs[0]))}


def record(lesson: Path, folder: Path, live: "Live", on_cell: OnCell) -> list[str]:
    """Let a live model answer a lesson. Writes its recording, its new outputs and its files into `folder`.

    The model stays in this process, with its key, and the lesson's kernel asks it through a relay. The lesson runs
    twice: live, then from the recording. So its outputs are those that every learner will get. A cell may then fail, as
    new answers may contradict what it asserts; the others still run. Returns the failures, and what the new answers
    contradict. Raises LessonError, also if nothing was answered, and ModelError if the endpoint fails. Then `folder`
    stays as it was.
    """
    import nbformat

    target, old = folder / lesson.name, course.read(lesson)
    if target.resolve() == lesson.resolve():
        raise course.LessonError(f"'{target}' is the lesson itself. Name another --dir.")
    course.recordings_of(lesson)
    live.reach()
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch, course.place_of(lesson) as place:
        recording = Path(scratch) / f"{lesson.stem}.jsonl"
        lived = _lived(lesson, place, live, recording, on_cell)
        if not recording.is_file() or not _exchanges(recording):
            why = next(iter(_failures(lived).values()), "nothing was asked")
            raise course.LessonError(f"nothing was answered: {why}")
        replayed = _executed(lesson, place, lambda pace: f"recording={str(recording)!r}{pace}", on_cell)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(recording, folder)
    for _, cell in _code(replayed):
        cell.source = course.RECORDING.sub(lambda found: f'recording="{lesson.stem}"{found[3] or ""}', cell.source)
    nbformat.write(replayed, target)
    course.copy_files(lesson, folder)
    return [*_failures(replayed).values(), *contradicted(old, replayed)]


def _lived(lesson: Path, place: Path, live: "Live", recording: Path, on_cell: OnCell) -> "NotebookNode":
    """Execute a lesson with the live model, which writes the recording. Raises ModelError if the endpoint fails."""
    from .engine.errors import ModelError
    from .engine.model.recorder import Recorder
    from .engine.model.relay import Relay

    code = [cell for _, cell in _code(course.read(lesson))]
    with Relay(Recorder(live, recording)) as relay:

        def answered(done: int, total: int) -> None:
            if relay.failures:
                raise relay.failures[0]
            at_work = next((cell for cell in code[done:] if cell.source.strip()), None)
            relay.misses = at_work is not None and course.has_tag(at_work, _MUST_MISS)
            on_cell(done, total)

        try:
            return _executed(lesson, place, lambda _: f"model={_AT_RELAY}{relay.relayed!r}", answered, live=True)
        except course.LessonError as error:
            if relay.under_way:
                raise ModelError(f"{live.endpoint} was still to answer when {error}.") from error
            raise


def _executed(
    lesson: Path, place: Path, answers: Callable[[str], str], on_cell: OnCell, *, live: bool = False
) -> "NotebookNode":
    """Execute a lesson with another model, `answers(", pace=1")`. Returns it with its own source and new outputs."""
    notebook = course.read(lesson)
    sources = [cell.source for cell in notebook.cells]
    for _, cell in _code(notebook):
        if course.RECORDING.search(cell.source):
            source = _FALLBACK.sub("", cell.source) if live else cell.source
            ids = ', ids="lesson"' if live and not _WORLD.search(source) else ""
            cell.source = course.RECORDING.sub(lambda found, ids=ids: answers(found[3] or "") + ids, source)
    course.execute(notebook, on_cell, place, before=_before(notebook), goes_on=True)
    for cell, source in zip(notebook.cells, sources, strict=True):
        cell.source = source
    return notebook


_FACT: Final = re.compile(r"\*\*[^*\n]+\*\*|“[^”]+”|\"[^\"\n]+\"|`[^`\n]+`|-?\d+(?:[.,]\d+)*|\b[A-Z][a-z]{2,}\w*\b")
"""A quotation, bold words, a number or a name."""


def contradicted(old: "NotebookNode", new: "NotebookNode") -> Iterator[str]:
    """Yield the numbers, names and quotations in prose and asserts that only the old outputs hold."""
    before, after = ("\n".join(_visible(cell) for _, cell in _code(notebook)) for notebook in (old, new))
    for n, cell in enumerate(old.cells, 1):
        lines = cell.source.splitlines()
        told = "\n".join(line for line in lines if cell.cell_type == "markdown" or "assert" in line)
        facts = dict.fromkeys(found[0].strip('“”"`*') for found in _FACT.finditer(told))
        lost = [short(fact, 80) for fact in facts if _says(before, fact) and not _says(after, fact)]
        if lost:
            yield f"cell {n} ({cell.cell_type}) says what the new answers do not: {', '.join(lost)}"


def _says(text: str, fact: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(fact)}(?![\w])", text) is not None


def _before(notebook: "NotebookNode") -> str:
    """Return the line to execute before a lesson."""
    return "pass" if any(course.has_tag(cell, _MUST_MISS) for _, cell in _code(notebook)) else _ALONE


def _failures(notebook: "NotebookNode") -> dict[int, str]:
    """Return the message of each code cell that failed, by its number. Cells that are meant to fail are left out."""
    return {
        n: f"code cell {n} (`{_first_line(cell)}`) fails with these answers: {short(_text(output), _LONGEST)}"
        for n, cell in _code(notebook)
        for output in cell.outputs
        if output.output_type == "error" and not course.has_tag(cell, "raises-exception")
    }


def changes(shown: "NotebookNode", fresh: "NotebookNode") -> Iterator[str]:
    """Yield the cells whose outputs have changed."""
    for (n, old), (_, new) in zip(_code(shown), _code(fresh), strict=True):
        if _visible(old) != _visible(new):
            yield f"code cell {n} (`{_first_line(old)}`) shows something else now"


def unused(recording: Path, replayed: Replayed) -> Iterator[str]:
    """Yield what is wrong with the recording of a lesson that has replayed these exchanges."""
    from .engine.model.recorded import numbers

    for n, found in enumerate(numbers(_exchanges(recording)), 1):
        if found not in replayed:
            yield f"exchange {n} of {recording.name} is not used"
    yield from (
        f"{recording.name} holds {secret!r}" for secret in _SECRET.findall(recording.read_text(encoding="utf-8"))
    )


def _exchanges(recording: Path) -> "Sequence[Exchange]":
    from .engine.model.recorded import read  # takes a while

    return read(recording).exchanges


def _secrets(notebook: "NotebookNode") -> Iterator[str]:
    for _, cell in _code(notebook):
        for output in cell.outputs:
            yield from _SECRET.findall(_text(output))


def _visible(cell: "NotebookNode") -> str:
    """Return a cell's outputs without pictures, which differ from one matplotlib to the next."""
    return "".join(map(_text, cell.outputs))


def _text(output: "NotebookNode") -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    data = output.get("data", {})
    return str(
        output.get("text") or data.get("text/html") or ("" if "image/png" in data else data.get("text/plain", ""))
    )


def _code(notebook: "NotebookNode") -> "Iterator[tuple[int, NotebookNode]]":
    return enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1)


def _first_line(cell: "NotebookNode") -> str:
    return str(cell.source.strip().partition("\n")[0])
