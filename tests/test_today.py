"""The box "Today" at the end of each lesson: its code runs, with what the lesson has made before."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell
from openai import OpenAI

import assistant_nb as anb
from assistant_nb import course

LESSONS = course.lessons()
RECORDED = {"00", "03", "04", "05", "06"}
"""The lessons whose box asks what the lesson itself has asked, and gets the same recorded answer."""
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def box(lesson: Path) -> str:
    """The code of the box."""
    cells: list[Any] = course.read(lesson).cells
    (today,) = (cell.source for cell in cells if cell.source.startswith("## Today"))
    (example,) = re.findall(r"```python\n(.*?)```", today, re.DOTALL)
    return str(example)


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that code gives a value to, and those that it reads."""
    made, read = set[str](), set[str]()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                made.add(name)
            case ast.Name(id=name):
                read.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                made.add(name)
            case ast.alias(name=name, asname=asname):
                made.add(asname or name.partition(".")[0])
    return made, read


def cells_for(lesson: Path, example: str) -> Iterator[str]:
    """The cells of a lesson that make what an example needs, in order. The first cell starts the engine."""
    cells = [cell.source for cell in course.read(lesson).cells if cell.cell_type == "code"]
    known = [names(source) for source in cells]
    made_here, read = names(example)
    needed, chosen = read - made_here, {0}
    while more := {n for n, (made, _) in enumerate(known) if made & needed and "anb.check" not in cells[n]} - chosen:
        chosen |= more
        needed = needed.union(*(known[n][1] for n in more))
    yield from (cells[n] for n in sorted(chosen))


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever clients the code makes are closed in the end."""
    made, init = list[OpenAI](), OpenAI.__init__

    def kept(client: OpenAI, *args: Any, **named: Any) -> None:
        init(client, *args, **named)
        made.append(client)

    monkeypatch.setattr(OpenAI, "__init__", kept)
    yield
    for client in made:
        client.close()


@pytest.mark.usefixtures("clients")
@each
def test_its_code_runs(
    lesson: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if lesson.stem.startswith("04"):
        request.getfixturevalue("code_runs")
    monkeypatch.chdir(lesson.parent)
    known: dict[str, Any] = {}
    try:
        for source in cells_for(lesson, box(lesson)):
            exec(source, known)
        anb.start(recording=lesson.stem, fallback="practice")
        capsys.readouterr()
        exec(box(lesson), known)
    finally:
        anb.stop()
    printed = capsys.readouterr().out
    assert printed.strip()
    if lesson.stem[:2] in RECORDED:
        assert "Practice:" not in printed
        assert known["response"].provenance[0]["answer"] == "authored"


@pytest.mark.nightly
@each
def test_its_code_runs_at_the_end_of_the_lesson(lesson: Path) -> None:
    whole = course.read(lesson)
    today = next(n for n, cell in enumerate(whole.cells) if cell.source.startswith("## Today"))
    whole.cells.insert(today + 1, new_code_cell(box(lesson)))
    with course.place_of(lesson) as folder:
        course.execute(whole, lambda done, total: None, folder)
    outputs = whole.cells[today + 1].outputs
    assert outputs[0].output_type == "stream" and "error" not in [output.output_type for output in outputs]
    assert ("Practice:" in outputs[0].text) == (lesson.stem[:2] not in RECORDED | {"08", "09", "10"})
