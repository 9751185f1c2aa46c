"""Lessons in JupyterLab: their widgets live, and what a line of lesson 08 does, a click does."""

import re
import shutil
from typing import Any

import pytest

from assistant_nb import course
from tests.browser.opened import NIGHTLY

CLICKS = {
    "stepper.to_breakpoint()": ["Step", "To breakpoint"],
    "stepper.submit()": ["Let my functions answer", "Submit outputs"],
}
PLACE = re.compile(r'stepper\.reach\("[\w.]+"\)')
RUN = """async (n) => { const notebook = jupyterapp.shell.currentWidget.content; notebook.activeCellIndex = n;
await jupyterapp.commands.execute("notebook:run-cell"); }"""
AT_REST = "() => !document.querySelector('.anb[data-busy]')"


def copied(lab: Any, name: str) -> Any:
    """A lesson in the folder of the lab; gives its notebook."""
    lesson = course.find(name)
    shutil.copy(lesson, lab.root / lesson.name)
    return course.read(lesson)


def number(cell: Any) -> int:
    """The number of the frame that a cell leads to; 0 for one that prints no frame."""
    found = re.findall(r"^(\d+) · ", "\n".join(texts(cell)), re.MULTILINE)
    return int(found[-1]) if found else 0


def clicks(cell: Any, at: int) -> list[str]:
    """The texts to click that lead to the place of a cell, from a frame; none for a cell that only looks."""
    if PLACE.fullmatch(cell.source):
        return ["Step"] * (number(cell) - at)
    return next((made for line, made in CLICKS.items() if line in cell.source), [])


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
def test_in_lesson_08_a_click_and_its_cell_are_both_safe(lab: Any, open_notebook: Any) -> None:
    """Each move is clicked first. Then its cell runs all the same, and leads to the same frame."""
    notebook = copied(lab, "08")
    it = open_notebook(path="08_inside_a_run.ipynb", run=False)
    made, views, at = 0, 0, 0
    for n, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for text in clicks(cell, at):
            it.live.nth(views - 1).locator("button, summary", has_text=text).first.click()
            it.page.wait_for_function(AT_REST)
            made += 1
        views += "widget-view+json" in str(cell)
        at = number(cell) or (0 if "RunStepper(" in cell.source else at)
        it.page.evaluate(RUN, n)
    assert made > 15
    for cell, shown in zip(it.save()["cells"], notebook.cells, strict=True):
        if cell["cell_type"] == "code" and "RunStepper(" not in shown.source and "exercise" not in str(shown.metadata):
            assert [text.splitlines()[-1:] for text in texts(cell)] == [text.splitlines()[-1:] for text in texts(shown)]
