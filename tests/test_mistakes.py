"""What a beginner reads when something goes wrong: the table, the learner's own line, and IPython."""

import json
import linecache
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from assistant_nb import course
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.mistakes import facts, place, shown
from assistant_nb.mistakes.table import MISTAKES

CELL = "a cell of the test"


def told(code: str, **names: Any) -> list[str]:
    """Run a cell that fails. Return what is shown of it."""
    linecache.cache[CELL] = (len(code), None, code.splitlines(keepends=True), CELL)
    try:
        exec(compile(code, CELL, "exec"), names)
    except Exception as error:  # noqa: BLE001
        at = place.find(error.__traceback__, lambda file: "Cell In[7]" if file == CELL else None)
        assert at
        return shown.told(error, at) or []
    raise AssertionError("nothing went wrong")


@pytest.fixture
def names(connect: Any) -> dict[str, Any]:
    """What a learner has after the first steps."""
    client = connect("Four.", [ToolCall("add", '{"a": 1}'), ToolCall("add", '{"a": 2}')])
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    return {"client": client, "assistant": assistant, "thread": thread}


def test_the_line_is_the_learners_own_and_the_advice_is_that_line_put_right(names: Any) -> None:
    assert told(
        "run = client.beta.threads.runs.create(\n    thread_id=thread.id,\n    assistant_id=assistant,\n)", **names
    ) == [
        "Cell In[7], line 1: run = client.beta.threads.runs.create( thread_id=thread.id, assistant_id=assistant, )",
        "BadRequestError (400): Invalid type for 'assistant_id': expected a string, but got an object instead.",
        "You passed a whole object where an id belongs.",
        "Do this:",
        "    run = client.beta.threads.runs.create( thread_id=thread.id, assistant_id=assistant.id, )",
        'Lesson 01, "Step 4: Run the assistant". %tb shows the whole traceback.',
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("client.beta.threads.messages.list(thread)", "client.beta.threads.messages.list(thread.id)"),
        ("client.beta.threads.retrieve(assistant.id)", "client.beta.threads.retrieve(thread.id)"),
        ("client.beta.threads.retrieve('thread_1')", "client.beta.threads.retrieve(thread.id)"),
        (
            "client.beta.threads.runs.create(assistant.id, assistant_id=thread.id)",
            "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.assistants.create(model='m', instruction='Sing.')",
            "client.beta.assistants.create(model='m', instructions='Sing.')",
        ),
        (
            "client.beta.assistants.create(name='My instruction', model='m', instruction='An instruction.')",
            "client.beta.assistants.create(name='My instruction', model='m', instructions='An instruction.')",
        ),
        (
            "instruction = client.beta.assistants.create(model='m', instruction='Sing.')",
            "instruction = client.beta.assistants.create(model='m', instructions='Sing.')",
        ),
        (
            "client.beta.threads.runs.create(thread.id, assistent_id=assistant.id)",
            "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.threads.messages.create(thread.id, role='system', content='Hi')",
            "client.beta.threads.messages.create(thread.id, role='user', content='Hi')",
        ),
        (
            "print(client.beta.threads.messages.list(thread.id)[0])",
            "print(client.beta.threads.messages.list(thread.id).data[0])",
        ),
        ("thread.messages", "client.beta.threads.messages.list(thread_id=thread.id)"),
    ],
)
def test_the_line_to_paste_works(names: Any, wrong: str, right: str) -> None:
    do = told(wrong, **names)
    pasted = do[do.index("Do this:") + 1].strip()
    assert pasted == right
    exec(pasted, names)


def test_the_learners_own_names_are_used(names: Any) -> None:
    names = {"it": names["client"], "lesson": names["thread"]}
    assert "    it.beta.threads.messages.list(lesson.id)" in told("it.beta.threads.messages.list(lesson)", **names)


def test_the_innermost_line_of_the_learner_is_shown(names: Any) -> None:
    first = told("def ask(id):\n    client.beta.threads.retrieve(id)\nask('thread_1')", **names)[0]
    assert first == "Cell In[7], line 2: client.beta.threads.retrieve(id)"


@pytest.mark.parametrize(
    "code", ["1 / 0", "x", "'abc'['x']", "{}['x']", "int('x')", "[].data", "(lambda a: a)(b=1)", "[][0]"]
)
def test_all_other_errors_are_none_of_ours(code: str) -> None:
    assert told(code) == []


def test_an_answer_of_the_api_that_is_no_mistake_of_the_table_has_advice_too(names: Any) -> None:
    assert told("client.beta.assistants.create(model='m', temperature=5)", **names)[2:] == [
        "Look at `temperature` in your line.",
        'Lesson 02, "When things go wrong". %tb shows the whole traceback.',
    ]


def test_keys_are_hidden(names: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hush-hush")
    lines = "\n".join(
        told("client.with_options(api_key='any').beta.threads.retrieve('thread_hush-hush_sk-abcdefgh')", **names)
    )
    assert "hush" not in lines and "sk-" not in lines and "'any'" not in lines


def test_each_lesson_that_is_named_has_that_heading() -> None:
    texts = {
        path.name[:2]: "\n".join(cell.source for cell in course.read(path).cells if cell.cell_type == "markdown")
        for path in course.lessons()
    }
    for number, heading in {row.lesson for row in MISTAKES}:
        assert re.search(rf"^#+ {re.escape(heading)}$", texts[number], re.MULTILINE), (number, heading)


def test_nothing_of_the_learners_is_called_to_look_at_it() -> None:
    class Loud:
        @property
        def data(self) -> list[int]:
            raise AssertionError("called")

    assert place.value_of("it.data[0]", {"it": Loud()}) is None
    assert place.value_of("it()", {"it": list}) is None


def test_facts_are_plain_values(names: Any) -> None:
    error = NameError("name 'thread' is not defined")
    assert facts.of(error, None).sentence == "name 'thread' is not defined."


def test_a_notebook_shows_a_few_lines_and_tb_all() -> None:
    """In a kernel, as JupyterLab, nbclient and nbval use it."""
    cells = [
        "import assistant_nb as anb\nclient = anb.connect(model='practice')",
        "client.beta.threads.retrieve('thread_1')",
        "%tb",
        "import openai\ntry:\n    client.beta.threads.retrieve('thread_1')\nexcept openai.NotFoundError as error:\n    print(vars(error).keys())",
        "1 / 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    nbclient.NotebookClient(notebook, allow_errors=True, timeout=60).execute()
    _, wrong, whole, caught, other = (cell.outputs[-1] for cell in notebook.cells)
    assert (wrong.ename, len(wrong.traceback)) == ("NotFoundError", 4)
    assert wrong.evalue == "Error code: 404 - No thread found with id 'thread_1'."
    assert wrong.traceback[0] == "Cell In[2], line 1: client.beta.threads.retrieve('thread_1')"
    assert "_base_client.py" in "\n".join(whole.traceback)
    assert "_render_traceback_" not in caught.text
    assert "ZeroDivisionError" in other.traceback[1] and "Traceback" in other.traceback[1]


def test_ipython_in_a_terminal_shows_the_same(tmp_path: Path) -> None:
    code = (
        "import assistant_nb as anb; client = anb.connect(model='practice'); client.beta.threads.retrieve('thread_1')"
    )
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "NotFoundError (404): No thread found with id 'thread_1'.\n" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_without_ipython_nothing_of_it_is_imported() -> None:
    code = "import sys, assistant_nb; print([name for name in sys.modules if 'IPython' in name or 'assistant_nb.' in name])"
    assert json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)) == []
