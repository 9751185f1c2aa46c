"""Each message that gives a line of code: pasted where the message came, the line leads to an answer in one step.

`SITUATIONS` is the table. Another message needs another line in it, and the last test says so.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openai
import pytest
from openai import OpenAI

import assistant_nb as anb
from assistant_nb import sdk
from assistant_nb.client import serve
from tests.test_change import ask, begin, end

Names = dict[str, Any]
"""What a learner's notebook has names for."""
CODE = re.compile(r"\b(?:anb|assistant_nb)\.\w+\(|\bclient\.\w+\(|\bclient = ")
PACKAGE = Path(anb.__file__).parent


class Situation(NamedTuple):
    begin: Callable[[Names], object]
    """The cells until then."""
    mistake: Callable[[Names], object]
    """The cell that fails. It raises, or returns the message. After the advice it is run again, if it can be."""
    goes_on: Callable[[Names], object] = lambda names: ask(names["client"])
    """What the learner does after the advice: asks, by default."""


def started(**choices: Any) -> Callable[[Names], None]:
    def cell(names: Names) -> None:
        anb.start(**choices)
        names["client"] = OpenAI(max_retries=0)

    return cell


def connected(**choices: Any) -> Callable[[Names], None]:
    return lambda names: names.update(client=anb.connect(**choices))


def stopped(begin: Callable[[Names], None]) -> Callable[[Names], None]:
    def cell(names: Names) -> None:
        begin(names)
        anb.stop()

    return cell


def served(names: Names) -> None:
    names["server"], key, _ = serve("127.0.0.1", 0, recording="01_first_assistant")
    names["client"] = OpenAI(base_url=names["server"].url, api_key=key, max_retries=0)


def run_a_question(names: Names) -> str:
    client = names["client"]
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Can you solve `4x + 11 = 23`?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    return run.last_error.message if run.last_error else f"answered: {run.status}"


def answered(names: Names) -> None:
    started(model="practice")(names)
    names["run"] = begin(names["client"])
    end(names["client"], names["run"])


def run_on_an_empty_thread(names: Names) -> str:
    client = names["client"]
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    return run.last_error.message if run.last_error else f"answered: {run.status}"


def complete(names: Names) -> str:
    made = names["client"].chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Why?"}])
    return f"answered: {made.choices[0].message.content}"


def sit_down(names: Names) -> None:
    """Answer in the model's place while the model itself is at it."""
    client, run = names["client"], begin(names["client"])
    client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    client.post(f"/lab/seats/{run.id}", cast_to=object, body={"text": "Because."})


def answer_as_a_person(names: Names) -> None:
    client, run = names["client"], begin(names["client"])
    for _ in range(3):
        client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    client.post(f"/lab/seats/{run.id}", cast_to=object, body={"text": "Because."})
    assert end(client, run) == "Because."


def an_old_sdk(names: Names) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openai.__version__", "2.54.0")
        anb.connect()


def with_another_key(names: Names) -> None:
    names["client"].with_options(api_key="sk-mine").beta.threads.create()


def begin_again(names: Names) -> str:
    anb.client.empty()
    started(model="practice")(names)
    return ask(names["client"])


LESSON = {"recording": "01_first_assistant"}
SITUATIONS = {
    "a miss after start": Situation(started(**LESSON), run_a_question, run_a_question),
    "a miss after start with a store": Situation(started(**LESSON, store="a.db"), run_a_question, run_a_question),
    "a miss after connect": Situation(connected(**LESSON), run_a_question, run_a_question),
    "a miss at a server": Situation(served, run_a_question, run_a_question),
    "a miss without a question": Situation(started(**LESSON), run_on_an_empty_thread, run_on_an_empty_thread),
    "a miss of a chat": Situation(started(**LESSON), complete, complete),
    "a miss where looks move runs": Situation(started(**LESSON, polls="step"), run_a_question, run_a_question),
    "a chat where a person answers": Situation(started(model="human"), complete, complete),
    "a seat where none is": Situation(started(model="practice", polls="step"), sit_down, answer_as_a_person),
    "another store": Situation(
        started(store="a.db"),
        lambda names: anb.start(store="b.db", model="practice"),
        lambda names: [started(store="b.db", model="practice")(names), ask(names["client"])],
    ),
    "other ids": Situation(
        started(model="practice"),
        lambda names: anb.start(model="practice", ids="lesson"),
        lambda names: [started(model="practice", ids="lesson")(names), ask(names["client"])],
    ),
    "other ids for a client of connect": Situation(
        connected(model="practice"),
        lambda names: anb.connect(names["client"], model="practice", ids="lesson"),
        lambda names: names["client"].beta.threads.create(),
    ),
    "another store for a client of connect": Situation(
        connected(store="a.db"),
        lambda names: anb.connect(names["client"], store="b.db"),
        lambda names: names["client"].beta.threads.create(),
    ),
    "what is no client": Situation(
        lambda names: None,
        lambda names: anb.connect("client", model="practice"),  # type: ignore[arg-type]
        lambda names: names["client"].beta.threads.create(),
    ),
    "goto while a store is open": Situation(
        started(store="a.db"),
        lambda names: anb.client.empty(),
        begin_again,
    ),
    "said of an id": Situation(answered, lambda names: anb.said(names["run"].id), lambda names: anb.said(names["run"])),
    "a foreign client": Situation(
        lambda names: names.update(client=OpenAI(api_key="k", base_url="http://h/v1")),
        lambda names: anb.connect(names["client"], model="practice"),
        lambda names: [anb.connect(names["client"], model="practice"), ask(names["client"])],
    ),
    "an old SDK": Situation(lambda names: None, an_old_sdk, lambda names: names["client"].beta.threads.create()),
    "another key": Situation(started(), with_another_key, lambda names: names["client"].beta.threads.create()),
    "a stopped engine": Situation(
        stopped(connected(store="a.db")),
        lambda names: names["client"].beta.threads.create(),
        lambda names: names["client"].beta.threads.create(),
    ),
    "a widget without a server": Situation(
        stopped(started()),
        lambda names: sdk.sentence(openai.APIConnectionError(request=Any)),  # type: ignore[arg-type]
        lambda names: names["client"].beta.threads.create(),
    ),
}


@pytest.fixture(autouse=True)
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    monkeypatch.chdir(tmp_path)
    names: Names = {"anb": anb, "OpenAI": OpenAI}
    yield names
    if "server" in names:
        names["server"].close()
    anb.stop()


def told(situation: Situation, names: Names) -> str:
    """Return the message that the learner reads."""
    situation.begin(names)
    try:
        return str(situation.mistake(names))
    except (openai.APIStatusError, sdk.Refused, RuntimeError, TypeError, ValueError) as error:
        body: Any = getattr(error, "body", None)
        return str(body["message"] if body else error)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_who_pastes_the_line_has_an_answer_in_one_step(situation: Situation, notebook: Names) -> None:
    message = told(situation, notebook)
    line = message.splitlines()[-1].rpartition(": ")[2] if "\n" not in message else message.splitlines()[-1]
    exec(line, notebook)
    again = situation.goes_on(notebook)
    assert not isinstance(again, str) or again.startswith(("answered", "Practice")), again


def test_a_miss_of_a_chat_does_not_speak_of_threads(notebook: Names) -> None:
    assert "thread" not in told(SITUATIONS["a miss of a chat"], notebook)


def advising(path: Path) -> Iterator[str]:
    """Yield the texts of a module that hold code for a learner, but for docstrings."""
    tree = ast.parse(path.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in statements)
    yield from (node.value for node in constants if isinstance(node.value, str) and CODE.search(node.value))


def test_every_message_that_advises_a_line_is_in_the_table(notebook: Names) -> None:
    messages = ""
    for situation in SITUATIONS.values():
        messages += told(situation, notebook)
        anb.stop()
    # tests/test_mistakes.py, tests/exercises, tests/moving, tests/test_places.py, widgets about themselves, and cells of lessons
    others = ("mistakes", "exercises", "moving", "places.py", "widgets", "classroom.py", "course.py")
    elsewhere = {PACKAGE / name for name in others}
    modules = [path for path in PACKAGE.rglob("*.py") if not elsewhere & {path, *path.parents}]
    assert [text for path in modules for text in advising(path) if text not in messages] == []
