"""`goto` and `reset`: a notebook at a place of the course, as if the lesson had been run from the top."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import assistant_nb as anb
from assistant_nb import course
from assistant_nb.course import LessonError
from assistant_nb.exercises.table import EXERCISES, of_lesson
from assistant_nb.sdk import Refused

PROBE = r'''
def _looked():
    """All that the engines keep, and what the variables are. What differs in each process is left out."""
    import re
    from types import FunctionType, ModuleType

    from pydantic import BaseModel

    from assistant_nb.client import clients
    from assistant_nb.exercises.see import See

    def told(value):
        match value:
            case BaseModel():
                return value.to_json()
            case bool() | int() | None:
                return value
            case str() | bytes():
                return re.sub(r"sk-lab-[\w-]+|127\.0\.0\.1:\d+", "…", str(value))
            case dict():
                return {str(key): told(one) for key, one in value.items()}
            case list() | tuple():
                return [told(one) for one in value]
            case FunctionType() | ModuleType() | type():
                return value.__name__
            case _:
                return type(value).__name__

    def kept(see):
        runs = [[told(run), told(see.steps(run)), see.journal(run.id)] for run in see.runs]
        messages = [told(see.messages(thread.id)) for thread in see.threads]
        return [told([see.assistants, see.threads, see.files, see.stores]), messages, runs]

    user, hidden = get_ipython().user_ns, get_ipython().user_ns_hidden
    mine = {name: told(user[name]) for name in sorted(user) if name[0] != "_" and name not in hidden and name != "anb"}
    return {"kept": [kept(See(client)) for client in clients()], "variables": mine}

def _probe():
    import json
    print("PROBE", json.dumps(_looked(), sort_keys=True))
'''


def headings_of(lesson: Path) -> list[str]:
    cells = course.read(lesson).cells
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return [line.lstrip("# ") for line in lines if re.match("#+ ", line)]


def executed(lesson: Path, cells: list[Any]) -> list[Any]:
    notebook = new_notebook(cells=[new_code_cell(PROBE), *cells])
    with course.place_of(lesson) as folder:
        course.execute(notebook, lambda *_: None, folder)
    return [json.loads(line.removeprefix("PROBE ")) for line in printed(notebook) if line.startswith("PROBE ")]


def printed(notebook: Any) -> list[str]:
    outputs = [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]
    return "".join(one.get("text", "") for one in outputs).splitlines()


def both(lesson: Path, headings: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Of each heading, in their order: what is there when the cells run one after the other, and after `goto` then."""
    cells = list[Any]()
    for cell in course.read(lesson).cells:
        found = [line.lstrip("# ") for line in cell.source.splitlines() if re.match("#+ ", line)]
        if cell.cell_type == "markdown":
            cells += [new_code_cell("_probe()") for heading in found if heading in headings]
        if not course.has_tag(cell, "exercise"):  # it is the learner's: the lesson needs nothing of it
            cells.append(cell)
    gone = [f"import assistant_nb as anb\nanb.goto({lesson.stem!r}, {heading!r})\n_probe()" for heading in headings]
    looked = executed(lesson, [*cells, *map(new_code_cell, gone)])
    assert len(looked) == 2 * len(headings)
    return zip(headings, looked[: len(headings)], looked[len(headings) :], strict=True)


def test_after_goto_all_is_as_in_a_run_from_the_top() -> None:
    for _, there, here in both(course.find("03"), ["Tutor two: an assistant", "What the model gets"]):
        assert here == there
        assert there["kept"] and there["variables"]["first"]["role"] == "user"


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.stem)
def test_after_goto_to_any_heading_all_is_as_in_a_run_from_the_top(lesson: Path) -> None:
    for heading, there, here in both(lesson, headings_of(lesson)):
        assert here == there, heading


@pytest.mark.nightly
@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.stem)
def test_nothing_of_a_lesson_before_its_exercises_counts_as_an_attempt(lesson: Path) -> None:
    keys = of_lesson(lesson.stem[:2])
    checks = "".join(f"anb.check({key!r})\n" for key in keys)
    code = f"import assistant_nb as anb\nanb.goto({lesson.stem!r}, 'exercises')\n{checks}"
    notebook = new_notebook(cells=[new_code_cell(code)])
    with course.place_of(lesson) as folder:
        course.execute(notebook, lambda *_: None, folder)
    said = [line for line in printed(notebook) if line[:4] in keys]
    assert said == [f"{key} · Not attempted yet. {EXERCISES[key].untouched}" for key in keys]


# In a shell of IPython's that is not the notebook of this process


class Shell:
    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"anb": anb, "In": [], "mine": 1, "_": 2}
        self.user_ns_hidden = {"In"}

    def transform_cell(self, source: str) -> str:
        return source


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    made = Shell()
    monkeypatch.setattr("IPython.get_ipython", lambda: made)
    monkeypatch.setattr("assistant_nb.client._connected", {})
    yield made
    anb.stop()


def lesson_of(folder: Path, *cells: Any) -> str:
    notebook = new_notebook(cells=list(cells))
    nbformat.write(notebook, folder / "own.ipynb")
    return str(folder / "own")


def said(text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text)


def test_the_beginning_of_a_heading_is_enough_and_exercises_are_passed_by(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercise = new_code_cell("raise SystemExit", metadata={"tags": ["exercise"]})
    slip = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    cells = [
        new_code_cell("print('one'); one = 1"),
        said("## A `plot`, at last\n\n```\n# no heading\n```"),
        exercise,
        slip,
        said("### Exercises"),
        new_code_cell("two = 2"),
        said("## The end"),
    ]
    lesson = lesson_of(tmp_path, *cells)
    anb.goto(lesson, "a plot")
    assert shell.user_ns == {"anb": anb, "In": [], "_": 2, "one": 1, "__builtins__": shell.user_ns["__builtins__"]}
    assert capsys.readouterr().out == (
        'own stands before "A `plot`, at last": 1 cells have run. Variables of your own are gone.\n'
    )
    anb.goto(lesson, "THE END")
    assert shell.user_ns["two"] == 2
    anb.goto(lesson, "exercises")
    assert "two" not in shell.user_ns
    with pytest.raises(LessonError, match=r"^own has no heading 'no heading'\. There are: 'A `plot`, at last', 'Exer"):
        anb.goto(lesson, "no heading")


def test_a_lesson_that_does_not_exist_is_an_error_that_lists_the_others(shell: Shell) -> None:
    with pytest.raises(LessonError, match=r"There is no lesson '77'\. There are: .*01_first_assistant"):
        anb.goto("77", "Exercises")
    assert shell.user_ns["mine"] == 1, "nothing has changed"


def test_a_cell_that_fails_is_named(shell: Shell, tmp_path: Path) -> None:
    lesson = lesson_of(tmp_path, new_code_cell("1 / 0"), said("# End"))
    with pytest.raises(LessonError, match=r"^cell 1 of own failed: ZeroDivisionError: division by zero$"):
        anb.goto(lesson, "End")


def test_reset_forgets_all_engines_and_variables(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["client"] = anb.connect(model="practice")
    shell.user_ns["client"].beta.assistants.create(model="gpt-4o")
    anb.start(model="practice")
    capsys.readouterr()
    anb.reset()
    assert shell.user_ns == {"anb": anb, "In": [], "_": 2}
    assert capsys.readouterr().out == (
        "The engine is empty, and your variables are gone. Run the cells of the lesson from the top.\n"
    )
    anb.check("01.5")
    assert "No engine is running" in capsys.readouterr().out


def test_with_a_store_open_both_refuse_and_nothing_changes(shell: Shell, tmp_path: Path) -> None:
    client = anb.connect(model="practice", store=tmp_path / "class.db")
    client.beta.assistants.create(model="gpt-4o")
    for call in (anb.reset, lambda: anb.goto("01", "Exercises")):
        with pytest.raises(
            Refused,
            match=r"^class\.db is open and would be emptied\. This closes it, and loses nothing: anb\.stop\(\)$",
        ):
            call()
    assert shell.user_ns["mine"] == 1
    assert len(list(client.beta.assistants.list())) == 1


def test_outside_of_notebooks_both_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    with pytest.raises(Refused, match="work in a notebook"):
        anb.reset()
