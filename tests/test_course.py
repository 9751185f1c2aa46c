from pathlib import Path

import nbformat
import pytest

from assistant_nb import course


def notebook(path: Path, *cells: str) -> Path:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(nb, path)
    return path


def test_lessons_are_found_by_the_beginning_of_their_name() -> None:
    assert [path.stem for path in course.lessons()] == [
        "01_first_assistant",
        "02_raw_http",
        "03_chat_or_assistant",
        "04_code_interpreter",
        "05_file_search",
        "06_function_calling",
        "07_streaming",
        "08_inside_a_run",
    ]
    assert course.find("02").stem == course.find("02_raw_http.ipynb").stem == "02_raw_http"
    for unknown in ("99", "nowhere/02_raw_http.ipynb", "nowhere/02"):
        with pytest.raises(course.LessonError, match=f"There is no lesson '{unknown}'. There are: 01_first_assistant"):
            course.find(unknown)
    with pytest.raises(course.LessonError, match="'0' could be more than one. There are: 01_first"):
        course.find("0")


def test_a_second_copy_keeps_what_the_learner_did(tmp_path: Path) -> None:
    copies = list(course.copy_to(tmp_path / "mine"))
    assert all(fresh for _, fresh in copies)
    mine, _ = copies[0]
    mine.write_text("my own work")
    assert not any(fresh for _, fresh in course.copy_to(tmp_path / "mine"))
    assert mine.read_text() == "my own work"
    assert course.lessons()[0].read_text(encoding="utf-8") != "my own work"


def test_a_copy_cannot_be_put_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(course.LessonError, match="cannot hold your copy of the lessons"):
        list(course.copy_to(tmp_path / "file"))


def test_progress_is_told_cell_by_cell(tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    course.run(notebook(tmp_path / "n.ipynb", "x = 1", "x + 1"), lambda *step: progress.append(step))
    assert progress == [(0, 2), (1, 2), (2, 2)]


def test_the_cell_that_failed_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        course.LessonError, match=r"code cell 2 of 3 \(`x / 0`\) failed: ZeroDivisionError: division by zero"
    ):
        course.run(notebook(tmp_path / "n.ipynb", "x = 1", "x / 0\nx", "x"), lambda *step: None)


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(course.LessonError, match=r"code cell 1 of 1 .*failed: the kernel died"):
        course.run(notebook(tmp_path / "n.ipynb", "import os; os._exit(1)"), lambda *step: None)


def test_a_file_that_is_no_notebook_is_told(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text("hello")
    with pytest.raises(course.LessonError, match="cannot be read as a notebook"):
        course.run(tmp_path / "n.ipynb", lambda *step: None)
