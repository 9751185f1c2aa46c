"""Lessons in JupyterLab: their widgets live, and what a line of lesson 08 does, a click does."""

import re
import shutil
from typing import Any

import pytest

from assistant_nb import course
from tests.browser.opened import NIGHTLY

CLICKS = {
    "step": ["Step"],
    "back": ["Back"],
    "to_end": ["To the end"],
    "to_breakpoint": ["To breakpoint"],
    "stop": ["Stop the run"],
    "submit": ["Let my functions answer", "Submit outputs"],
    "pass_time": ["What if", "ten minutes pass", "What if"],
    "fault": ["What if", "its rate limit is reached", "What if"],
}
LOOP = re.compile(r"for _ in range\((\d)\):")
MOVE = re.compile(rf"( *)stepper\.({'|'.join(CLICKS)}|guess)\([\"]?(\w*)[\"]?\)")
RUN = """async (n) => { const notebook = jupyterapp.shell.currentWidget.content; notebook.activeCellIndex = n;
await jupyterapp.commands.execute("notebook:run-cell"); }"""
AT_REST = "() => !document.querySelector('.anb[data-busy]')"


def copied(lab: Any, name: str) -> Any:
    """A lesson in the folder of the lab; gives its notebook."""
    lesson = course.find(name)
    shutil.copy(lesson, lab.root / lesson.name)
    return course.read(lesson)


def moves(source: str) -> list[str]:
    """The texts to click in place of a cell that only moves the stepper; none for any other cell."""
    found, times = list[str](), 1
    for line in filter(None, source.splitlines()):
        if loop := LOOP.fullmatch(line):
            times = int(loop[1])
        elif move := MOVE.fullmatch(line):
            found += CLICKS.get(move[2], [move[3]]) * (times if move[1] else 1)
        else:
            return []
    return found


def texts(cell: Any) -> list[str]:
    """What the outputs of a cell say."""
    said = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in cell["outputs"]]
    return ["".join(one) for one in said]


@NIGHTLY
@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda path: path.stem)
def test_the_widgets_of_a_lesson_live_in_jupyterlab(lesson: Any, lab: Any, open_notebook: Any) -> None:
    shown = str(copied(lab, lesson.stem)).count("widget-view+json")
    it = open_notebook(path=lesson.name)
    it.page.wait_for_function(f"() => document.querySelectorAll('.anb-live[class*=anb-]').length >= {shown}")
    assert it.live.count() == shown
    assert not shown or it.axe() == []


@NIGHTLY
def test_lesson_08_can_be_walked_by_clicks(lab: Any, open_notebook: Any) -> None:
    notebook = copied(lab, "08")
    it = open_notebook(path="08_inside_a_run.ipynb", run=False)
    clicks, views = list[str](), 0
    for n, cell in enumerate(notebook.cells):
        made = moves(cell.source) if cell.cell_type == "code" else []
        for text in made:
            it.live.nth(views - 1).locator("button, summary", has_text=text).first.click()
            it.page.wait_for_function(AT_REST)
        clicks += made
        views += "widget-view+json" in str(cell)
        if not made:
            it.page.evaluate(RUN, n)
    assert len(clicks) > 30
    for cell, shown in zip(it.save()["cells"], notebook.cells, strict=True):
        if cell["cell_type"] == "code" and "RunStepper(" not in shown.source and not moves(shown.source):
            assert texts(cell) == texts(shown)
