"""What instructors do: begin a lesson, hand lessons out."""

import shutil
from pathlib import Path

import nbformat
import pytest

from assistant_nb import classroom, course, upkeep
from assistant_nb.engine.model.recorded import read


def quiet(done: int, total: int) -> None:
    """Nobody looks at the progress."""


def test_a_new_lesson_runs_and_is_true_and_says_that_its_answer_is_authored(tmp_path: Path) -> None:
    notebook, recording = classroom.new_lesson(str(tmp_path / "week1/tides"))
    assert upkeep.check(notebook, quiet) == []
    (exchange,) = read(recording).exchanges
    assert (exchange.answer, exchange.provenance.answer) == ("2 + 2 = 4.", "authored")
    assert "answers: 1 authored" in str(course.read(notebook).cells[1].outputs)


def test_a_new_lesson_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "tides.jsonl").write_text("mine")
    with pytest.raises(course.LessonError, match=r"tides.jsonl' is there already"):
        classroom.new_lesson(str(tmp_path / "tides.ipynb"))
    with pytest.raises(course.LessonError, match="'my tides' is no name for a lesson"):
        classroom.new_lesson(str(tmp_path / "my tides"))
    assert [path.name for path in tmp_path.iterdir()] == ["tides.jsonl"]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson with data, its own recording, an exercise and its answer, executed."""
    folder = tmp_path_factory.mktemp("taught")
    lesson, _ = classroom.new_lesson(str(folder / "tides"))
    (folder / "heights.csv").write_text("1,2\n")
    notebook = course.read(lesson)
    cells: tuple[tuple[str, list[str]], ...] = (
        ("open('heights.csv').read()", []),
        ("# your code here", ["exercise"]),
        ("assert True", ["answer"]),
    )
    for source, tags in cells:
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags}, execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", text="42")]
        notebook.cells.append(cell)
    nbformat.write(notebook, lesson)
    return lesson


def test_a_handout_has_no_outputs_and_no_answers_but_data_and_runs(taught: Path, tmp_path: Path) -> None:
    mine = classroom.handout(taught, tmp_path / "students")
    assert sorted(path.name for path in mine.parent.iterdir()) == ["heights.csv", "tides.ipynb", "tides.jsonl"]
    code = [cell for cell in course.read(mine).cells if cell.cell_type == "code"]
    assert {(str(cell.outputs), cell.execution_count) for cell in code} == {("[]", None)}
    assert "assert True" not in [cell.source for cell in code]
    course.run(mine, quiet)
    with pytest.raises(course.LessonError, match="is there already, and stays as it is. Remove it, or name another"):
        classroom.handout(taught, tmp_path / "students")


def test_a_handout_has_no_hidden_file_and_nothing_that_only_an_answer_names(taught: Path, tmp_path: Path) -> None:
    lesson = Path(shutil.copytree(taught.parent, tmp_path / "own")) / taught.name
    for name in (".env", "solution.csv", "data/.key", "data/tides.csv"):
        (lesson.parent / name).parent.mkdir(exist_ok=True)
        (lesson.parent / name).write_text("secret")
    notebook = course.read(lesson)
    notebook.cells += [
        nbformat.v4.new_code_cell("open('.env'), open('data')"),
        nbformat.v4.new_code_cell("open('solution.csv')", metadata={"tags": ["answer"]}),
    ]
    nbformat.write(notebook, lesson)
    folder = classroom.handout(lesson, tmp_path / "students").parent
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["data/tides.csv", "heights.csv", "tides.ipynb", "tides.jsonl"]


def test_a_new_lesson_that_cannot_be_executed_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise course.LessonError("the kernel died")

    monkeypatch.setattr(course, "execute", fails)
    with pytest.raises(course.LessonError):
        classroom.new_lesson(str(tmp_path / "tides"))
    assert list(tmp_path.iterdir()) == []


def test_an_exercise_of_a_handout_carries_what_nbgrader_wants(taught: Path, tmp_path: Path) -> None:
    cells = course.read(classroom.handout(taught, tmp_path / "students")).cells
    graded = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    assert graded == [
        {"schema_version": 3, "grade": True, "points": 1, "solution": True, "locked": False, "task": False, "grade_id": "exercise-1"}
    ]  # fmt: skip
