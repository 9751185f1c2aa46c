"""Lessons that are checked, and recorded anew from an endpoint."""

import shutil
from pathlib import Path

import nbformat
import pytest

from assistant_nb import course, upkeep
from assistant_nb.client import serve
from assistant_nb.engine.model.recorded import SHIPPED, read
from tests.engine.model.endpoint import said, serving, status


def quiet(done: int, total: int) -> None:
    """Nobody looks at the progress."""


def changed(lesson: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of a lesson in which a text reads otherwise."""
    text = lesson.read_text(encoding="utf-8")
    assert old in text
    (folder / lesson.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder / lesson.name


def test_a_lesson_that_is_true_has_nothing_wrong() -> None:
    assert upkeep.check(course.find("02"), quiet) == []


def test_what_is_wrong_with_a_lesson_is_told(tmp_path: Path) -> None:
    lesson = changed(course.find("02"), tmp_path, "answers: 1 authored", "answers: sk-0123456789abcdef")
    (first, second) = upkeep.check(lesson, quiet)
    assert first.startswith("code cell 1 (`import assistant_nb as anb`) shows something else now")
    assert second == "its outputs hold 'sk-0123456789abcdef'"


def test_exchanges_that_a_lesson_does_not_use_are_told(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    notebook.cells[0].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1"}, execution_count=1)]
    nbformat.write(notebook, tmp_path / "03_chat_or_assistant.ipynb")
    assert upkeep.check(tmp_path / "03_chat_or_assistant.ipynb", quiet) == [
        f"exchange {n} of its recording is not used" for n in range(1, 6)
    ]
    shutil.move(tmp_path / "03_chat_or_assistant.ipynb", tmp_path / "mine.ipynb")
    assert upkeep.check(tmp_path / "mine.ipynb", quiet) == ["it has no recording 'mine.jsonl'"]


def test_a_lesson_recorded_anew_differs_only_where_the_answers_do(tmp_path: Path) -> None:
    lesson = course.find("03")
    old = {cell.id: cell for cell in course.read(lesson).cells}
    with serving(said("It is", " 144.")) as endpoint:
        failures = upkeep.record(
            lesson, tmp_path / "new", {"base_url": endpoint.url, "model": "m"}, quiet, "sk-a-key-0123"
        )
    assert failures, "its asserts know the other answers"
    new = course.read(tmp_path / "new" / lesson.name)
    assert [cell.source for cell in new.cells] == [cell.source for cell in old.values()]
    assert "model: recorded · answers: " in str(new.cells[2].outputs)
    assert "'It is 144.'" in str(new.cells)
    recording = read(tmp_path / "new" / f"{lesson.stem}.jsonl")
    assert {(one.answer, one.provenance.answer, one.provenance.model) for one in recording.exchanges} == {
        ("It is 144.", "recorded", "m")
    }
    everything = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir())
    assert "sk-a-key" not in everything
    assert endpoint.url not in everything


def test_where_the_answers_are_the_same_nothing_differs_but_who_gave_them(tmp_path: Path) -> None:
    """The endpoint is an engine with the lesson's own recording, in which one answer reads otherwise."""
    lesson, was, now = course.find("06"), "I could not find Atlantis.", "Atlantis is lost."
    recording = SHIPPED / f"{lesson.stem}.jsonl"
    (tmp_path / "other.jsonl").write_text(recording.read_text("utf-8").replace(was, now), "utf-8")
    server, key, _ = serve("127.0.0.1", 0, recording=tmp_path / "other.jsonl")
    with server:
        failures = upkeep.record(lesson, tmp_path / "new", {"base_url": server.url}, quiet, key)
    old, new = course.read(lesson), course.read(tmp_path / "new" / lesson.name)
    changed = [n for n, (one, other) in enumerate(zip(old.cells, new.cells, strict=True)) if one != other]
    assert [
        str(old.cells[n].get("outputs")).replace(was, now) == str(new.cells[n].get("outputs")) for n in changed
    ] == [
        False,  # the banner
        False,  # the stepper's copy: tokens are counted by the endpoint, not estimated
        True,
    ]
    assert (failures, "7 recorded" in str(new.cells[changed[0]].outputs)) == ([], True)
    kept = [(one.prompt, one.answer, one.tool_calls) for one in read(tmp_path / "new" / recording.name).exchanges]
    assert kept == [(one.prompt, one.answer.replace(was, now), one.tool_calls) for one in read(recording).exchanges]


def test_an_endpoint_that_does_not_answer_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with serving(status(404, "model 'm' not found")) as endpoint, pytest.raises(course.LessonError) as failed:
        upkeep.record(course.find("03"), tmp_path, {"base_url": endpoint.url, "model": "m"}, quiet)
    assert str(failed.value).startswith("nothing was answered: code cell 5 (`def complete(messages):`) fails")
    assert "127.0.0.1 knows no model 'm'" in str(failed.value)
    assert list(tmp_path.iterdir()) == []


def test_a_recorded_pace_is_no_matter_of_the_endpoint(tmp_path: Path) -> None:
    cells = [
        "import assistant_nb as anb; client = anb.connect(recording='mine', pace=1)",
        "answer = client.chat.completions.create(model='m', messages=[{'role': 'user', 'content': '2 + 2?'}])",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    with serving(said("Four.")) as endpoint:
        choices = {"base_url": endpoint.url, "model": "m"}
        assert upkeep.record(tmp_path / "mine.ipynb", tmp_path / "new", choices, quiet) == []


def test_a_lesson_is_not_recorded_over_itself(tmp_path: Path) -> None:
    mine = shutil.copy(course.find("03"), tmp_path)
    with pytest.raises(course.LessonError, match="is the lesson itself. Name another --dir"):
        upkeep.record(Path(mine), tmp_path, {"base_url": "http://h/v1"}, quiet)
