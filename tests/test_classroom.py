"""What instructors do: begin a lesson, hand lessons out."""

from pathlib import Path

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
