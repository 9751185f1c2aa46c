"""What `assistant-nb site` refuses, and what it makes of the lessons. tests/browser builds a whole site, at night."""

import json
from pathlib import Path

import pytest

from assistant_nb import cli, course
from assistant_nb.lite import site
from assistant_nb.lite.wheels import SiteError


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert cli.main(["site", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"'{tmp_path}' is there already, and is no such site. Name another folder.\n"
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_its_packages_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "jupyterlite_core" else name)
    assert cli.main(["site", str(tmp_path / "course")]) == 1
    assert capsys.readouterr().err == (
        "jupyterlite_core is missing. Install it with: pip install 'assistant_nb[site]'\n"
    )


def test_without_npm_it_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SiteError, match=r"npm is missing.* Node\.js"):
        site.build(tmp_path / "course", lambda _: None)


def test_all_lessons_come_along_with_their_files(tmp_path: Path) -> None:
    site._write_lessons(tmp_path / "lessons")
    names = {file.relative_to(tmp_path / "lessons").as_posix() for file in (tmp_path / "lessons").rglob("*.*")}
    assert {lesson.name for lesson in course.lessons()} | {"images/07_arrival.svg"} <= names


def test_a_lesson_that_cannot_run_there_says_so_first_and_only_that_one(tmp_path: Path) -> None:
    site._write_lessons(tmp_path / "lessons")
    for lesson in course.lessons():
        there = json.loads((tmp_path / "lessons" / lesson.name).read_text(encoding="utf-8"))["cells"]
        here = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
        added = there[: len(there) - len(here)]
        assert [cell["source"] for cell in there[len(added) :]] == [cell["source"] for cell in here]
        assert ["cannot run the code of this lesson" in "".join(cell["source"]) for cell in added] == (
            [True] if lesson.stem.startswith("04") else []
        )
