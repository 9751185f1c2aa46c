"""The shape of a lesson: what each one has, in which order, and how much of it. Facts that can be counted."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import pytest

from assistant_nb import course
from assistant_nb.engine.run_states import MOVES, Status
from assistant_nb.exercises.table import EXERCISES

LESSONS: Final = course.lessons()
OF_THE_SOURCE: Final = {"01", "02"}
"""Their code is the source notebook's. Cells without output are not counted there."""
ENDING: Final = ("Summary", "Words", "Exercises", "Today", "Where next")
EXERCISE_CELL: Final = re.compile(r'# your code\n(?:.*\n)*anb\.check\("(\d\d\.\d)"\)')

Cell = dict[str, Any]
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def cells(lesson: Path) -> list[Cell]:
    found: list[Cell] = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in found]


def code(lesson: Path) -> list[Cell]:
    return [cell for cell in cells(lesson) if cell["cell_type"] == "code"]


def prose(lesson: Path) -> str:
    return "\n\n".join(cell["source"] for cell in cells(lesson) if cell["cell_type"] == "markdown")


def tags(cell: Cell) -> list[str]:
    found: list[str] = cell["metadata"].get("tags", [])
    return found


@each
def test_it_ends_with_the_same_five_headings(lesson: Path) -> None:
    headings = re.findall(r"^## (.*)$", prose(lesson), re.MULTILINE)
    assert tuple(headings[-5:]) == ENDING


@each
def test_it_is_no_longer_than_one_sitting(lesson: Path) -> None:
    lengths = [len(cell["source"].splitlines()) for cell in code(lesson)]
    assert len(cells(lesson)) <= 110
    assert max(lengths) <= 15
    assert sum(length < 8 for length in lengths) >= 0.9 * len(lengths)


@each
def test_a_cell_shows_something(lesson: Path) -> None:
    silent = [cell["source"] for cell in code(lesson) if not cell["outputs"]]
    allowed = len(code(lesson)) // (2 if lesson.stem[:2] in OF_THE_SOURCE else 5)
    assert len(silent) <= allowed, silent


@each
def test_it_says_more_than_it_codes(lesson: Path) -> None:
    words = re.sub(r"```.*?```", "", prose(lesson), flags=re.DOTALL).split()
    lines = [line for cell in code(lesson) for line in cell["source"].splitlines() if line.strip()]
    assert len(words) >= 12 * len(lines)


@each
def test_no_paragraph_is_long(lesson: Path) -> None:
    without_code = re.sub(r"```.*?```", "", prose(lesson), flags=re.DOTALL)
    assert [text for text in re.split(r"\n\s*\n", without_code) if len(text.split()) > 60 and "|" not in text] == []


@each
def test_it_has_a_picture_and_says_it_in_words_too(lesson: Path) -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", prose(lesson), re.DOTALL)
    files = re.findall(r"!\[[^\]]+\]\((images/[\w.-]+)\)", prose(lesson))
    assert pictures or files
    assert all("accTitle:" in picture for picture in pictures)
    assert all((lesson.parent / name).is_file() for name in files)
    assert prose(lesson).count("In words: ") >= len(pictures) + len(files)


def test_each_arrow_in_the_picture_of_a_runs_life_is_a_legal_move() -> None:
    (picture,) = re.findall(r"accTitle: The nine statuses of a run\n(.*?)```", prose(course.find("08")), re.DOTALL)
    ways = [
        re.findall(r"[a-z_]+", re.sub(r"\|.*?\|", "", line))
        for line in picture.splitlines()
        if "->" in line or "=>" in line
    ]
    arrows = [(now, then) for way in ways for now, then in pairwise(way)]
    assert {status for arrow in arrows for status in arrow} == set(MOVES)
    assert [arrow for arrow in arrows if arrow[1] not in MOVES[cast("Status", arrow[0])]] == []


@each
def test_its_exercises_are_those_of_the_table_and_are_not_attempted(lesson: Path) -> None:
    found = {match[1]: cell for cell in code(lesson) if (match := EXERCISE_CELL.fullmatch(cell["source"]))}
    assert list(found) == [number for number in EXERCISES if number[:2] == lesson.stem[:2]]
    assert len(found) >= (1 if lesson.stem.startswith("00") else 4)
    for number, cell in found.items():
        assert "exercise" in tags(cell)
        assert f"{number} · Not attempted yet" in json.dumps(cell["outputs"], ensure_ascii=False)


@each
def test_the_only_errors_are_slips_worth_making(lesson: Path) -> None:
    raised = [cell for cell in code(lesson) if any(output["output_type"] == "error" for output in cell["outputs"])]
    assert all("raises-exception" in tags(cell) for cell in raised)
    assert "slip worth making" in prose(lesson).lower()


@each
def test_today_is_a_few_lines_of_responses(lesson: Path) -> None:
    """`test_today.py` executes them."""
    today = prose(lesson).partition("\n## Today\n")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", today, re.DOTALL)
    assert "client.responses" in example or "/responses" in example
    assert len(example.strip().splitlines()) <= 6
    assert "runs here" in today
