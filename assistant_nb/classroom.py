"""For instructors: begin a lesson of one's own, and hand lessons out."""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import course
from .engine.model.recorded import Exchange, Provenance, RecordedPrompt, RecordedTurn, Recording, find, write

if TYPE_CHECKING:
    from nbformat import NotebookNode

_NAME: Final = re.compile(r"[\w-]+")
_QUESTION, _ANSWER = "What is 2 + 2?", "2 + 2 = 4."
_MODEL, _INSTRUCTIONS = "gpt-4o", "You are a patient teacher."

_GRADED: Final = {"schema_version": 3, "grade": True, "points": 1, "solution": True, "locked": False, "task": False}
"""A cell of nbgrader that a student fills in and a person grades."""


def new_lesson(name: str) -> tuple[Path, Path]:
    """Write a lesson with one question, executed, and its recording beside it. Returns both. Raises LessonError.

    The recorded answer is marked as authored: no model gave it.
    """
    import nbformat

    notebook, recording = Path(f"{name.removesuffix('.ipynb')}.ipynb"), Path(f"{name.removesuffix('.ipynb')}.jsonl")
    if not _NAME.fullmatch(notebook.stem):
        raise course.LessonError(f"'{notebook.stem}' is no name for a lesson. Use letters, digits, - and _.")
    for path in (notebook, recording):
        if path.exists():
            raise course.LessonError(f"'{path}' is there already, and stays as it is. Use another name.")
    notebook.parent.mkdir(parents=True, exist_ok=True)
    asked = RecordedPrompt(
        model=_MODEL,
        instructions=_INSTRUCTIONS,
        tools=[],
        messages=[RecordedTurn(role="user", content=_QUESTION)],
    )
    origin = Provenance(answer="authored", usage="estimated")
    write(recording, Recording(notebook.stem, [Exchange(prompt=asked, answer=_ANSWER, usage=None, provenance=origin)]))
    lesson = _lesson(notebook.stem)
    try:
        course.execute(lesson, lambda *_: None, notebook.resolve().parent)
        nbformat.write(lesson, notebook)
    except BaseException:
        recording.unlink()
        raise
    return notebook, recording


def handout(lesson: Path, folder: Path) -> Path:
    """Write a lesson for students into `folder`: without outputs and answers, with its data and its own recording.

    Cells with the tag `exercise` get what nbgrader wants of a cell that a person grades. Cells with the tag `answer`
    are left out. Returns the new file. Raises LessonError for a file that is there already.
    """
    import nbformat

    notebook, target = course.read(lesson), folder / lesson.name
    recordings = [find(name, lesson.parent) for name in course.recordings_of(lesson)]
    if target.exists():
        raise course.LessonError(f"'{target}' is there already, and stays as it is. Remove it, or name another --dir.")
    notebook.cells = [cell for cell in notebook.cells if not course.has_tag(cell, "answer")]
    exercises = [cell for cell in notebook.cells if course.has_tag(cell, "exercise")]
    for n, cell in enumerate(exercises, 1):
        cell.metadata.setdefault("nbgrader", {**_GRADED, "grade_id": f"exercise-{n}"})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder.mkdir(parents=True, exist_ok=True)
    for recording in recordings:
        if recording.parent == lesson.resolve().parent:
            shutil.copy(recording, folder)
    course.copy_files(lesson, folder, notebook)
    nbformat.write(notebook, target)
    return target


def _lesson(name: str) -> "NotebookNode":
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    title = name.replace("_", " ").replace("-", " ").capitalize()
    thread = f'client.beta.threads.create(messages=[{{"role": "user", "content": "{_QUESTION}"}}])'
    cells = [
        new_markdown_cell(f"# {title}\n\nSay here what your students will learn. Then change the cells below."),
        new_code_cell(f'import assistant_nb as anb\n\nanb.start(recording="{name}")'),
        new_markdown_cell(
            "The line above says who answers. The first answer of this lesson is **authored**: a person wrote it."
        ),
        new_code_cell(
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            f'assistant = client.beta.assistants.create(model="{_MODEL}", instructions="{_INSTRUCTIONS}")'
        ),
        new_markdown_cell("A thread holds the conversation. A run lets the assistant answer."),
        new_code_cell(
            f"thread = {thread}\n"
            "run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)\nrun.status"
        ),
        new_code_cell("answer = client.beta.threads.messages.list(thread.id).data[0]\nanswer.content[0].text.value"),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})  # type: ignore[no-any-return]
