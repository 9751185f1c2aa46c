"""What a beginner reads when something goes wrong: the table, the learner's own line, and IPython."""

import json
import linecache
import re
import subprocess
import sys
from typing import Any

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


def test_what_only_responses_know_has_its_lesson(connect: Any) -> None:
    client = connect([ToolCall("add", "{}")])
    flat = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
    asked = client.responses.create(model="gpt-4", input="2 + 2?", tools=[flat])
    names = {"client": client, "asked": asked, "call": asked.output[0]}
    lesson = 'Lesson 11, "The function loop is yours". %tb shows the whole traceback.'
    for wrong, said, line in (
        ("input='Hello'", "A call waits for its output.", f'"call_id": "{asked.output[0].call_id}"'),
        (
            "input=[{'type': 'function_call_output', 'call_id': call.id, 'output': '4'}]",
            "No call before this request has this id.",
            '"call_id": call.call_id',
        ),
        ("input='Hello', tools=[{'type': 'function', 'function': {}}]", "This is the tool of an assistant.", "**tool["),
    ):
        told_of = told(f"client.responses.create(model='gpt-4', previous_response_id=asked.id, {wrong})", **names)
        assert told_of[2].startswith(said) and line in told_of[4] and told_of[5] == lesson


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


def test_without_ipython_nothing_of_it_is_imported() -> None:
    code = "import sys, assistant_nb; print([name for name in sys.modules if 'IPython' in name or 'assistant_nb.' in name])"
    assert json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)) == []
