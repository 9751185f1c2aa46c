"""Lessons that are checked, and recorded anew from an endpoint."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from assistant_nb import course, upkeep
from assistant_nb.client import serve
from assistant_nb.engine.errors import ModelError, RecordingError
from assistant_nb.engine.model.base import Delta, Finish, Prompt
from assistant_nb.engine.model.live import Live
from assistant_nb.engine.model.recorded import SHIPPED, Recorded, read
from assistant_nb.engine.model.recorded import Exchange as Kept
from tests.engine.model.endpoint import Exchange, called, said, serving, silent, status


def quiet(done: int, total: int) -> None:
    """Nobody looks at the progress."""


ASKS = "answer = client.chat.completions.create(model='m', messages=[{'role': 'user', 'content': '2 + 2?'}])"
KEY = "the-real-key-0123456789"


def mine(folder: Path, *cells: str) -> Path:
    """A lesson of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, folder / "mine.ipynb")
    return folder / "mine.ipynb"


def changed(lesson: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of a lesson in which a text reads otherwise."""
    text = lesson.read_text(encoding="utf-8")
    assert old in text
    (folder / lesson.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder / lesson.name


def passes_nbval(lesson: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", lesson.name]
    outcome = subprocess.run(command, cwd=lesson.parent, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


def test_what_is_wrong_with_a_lesson_is_told(tmp_path: Path) -> None:
    lesson = changed(course.find("02"), tmp_path, "answers: 1 authored", "answers: sk-0123456789abcdef")
    (first, second) = upkeep.check(lesson, quiet)
    assert first.startswith("code cell 1 (`import assistant_nb as anb`) shows something else now")
    assert second == "its outputs hold 'sk-0123456789abcdef'"


def test_exchanges_that_a_lesson_does_not_use_are_told(tmp_path: Path) -> None:
    lesson = mine(tmp_path, 'recording="03_chat_or_assistant"')
    assert upkeep.check(lesson, quiet) == [
        f"exchange {n} of 03_chat_or_assistant.jsonl is not used" for n in range(1, 4)
    ]
    shutil.copy(SHIPPED / "02_raw_http.jsonl", tmp_path / "03_chat_or_assistant.jsonl")
    assert upkeep.check(lesson, quiet) == ["exchange 1 of 03_chat_or_assistant.jsonl is not used"], (
        "one beside it comes first"
    )


def test_a_lesson_without_a_recording_is_told_before_it_runs(tmp_path: Path) -> None:
    ran = f"open({str(tmp_path / 'ran')!r}, 'w')"
    with pytest.raises(course.LessonError, match='names no recording.*anb.start\\(recording="mine"\\)'):
        upkeep.check(mine(tmp_path, ran), quiet)
    with pytest.raises(RecordingError, match="There is no recording 'nowhere'"):
        upkeep.check(mine(tmp_path, f"recording='nowhere'; {ran}"), quiet)
    assert not (tmp_path / "ran").exists()


def test_a_lesson_recorded_anew_differs_only_where_the_answers_do(tmp_path: Path) -> None:
    lesson = course.find("03")
    old = {cell.id: cell for cell in course.read(lesson).cells}
    with serving(said("It is", " 144.")) as endpoint:
        failures = upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m", "sk-a-key-0123"), quiet)
    assert failures, "its prose knows the other answers"
    new = course.read(tmp_path / "new" / lesson.name)
    assert [cell.source for cell in new.cells] == [cell.source for cell in old.values()]
    assert "model: recorded, else practice · answers: " in str(new.cells[2].outputs)
    assert "'It is 144.'" in str(new.cells)
    recording = read(tmp_path / "new" / f"{lesson.stem}.jsonl")
    assert {(one.answer, one.provenance.answer, one.provenance.model) for one in recording.exchanges} == {
        ("It is 144.", "recorded", "m")
    }
    everything = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir())
    assert "sk-a-key" not in everything
    assert endpoint.url not in everything


@pytest.mark.nightly
def test_where_the_answers_are_the_same_nothing_differs_but_who_gave_them(tmp_path: Path) -> None:
    """The endpoint is an engine with the lesson's own recording, in which one answer reads otherwise."""
    lesson, was, now = course.find("06"), "I could not find Atlantis.", "Atlantis is lost."
    recording = SHIPPED / f"{lesson.stem}.jsonl"
    (tmp_path / "other.jsonl").write_text(recording.read_text("utf-8").replace(was, now), "utf-8")
    server, key, _ = serve("127.0.0.1", 0, recording=tmp_path / "other.jsonl")
    with server:
        failures = upkeep.record(lesson, tmp_path / "new", Live(server.url, api_key=key), quiet)
    old, new = course.read(lesson), course.read(tmp_path / "new" / lesson.name)
    changed = [n for n, (one, other) in enumerate(zip(old.cells, new.cells, strict=True)) if one != other]
    assert [
        str(old.cells[n].get("outputs")).replace(was, now) == str(new.cells[n].get("outputs")) for n in changed
    ] == [
        False,  # the banner
        False,  # the view's copy: tokens are counted by the endpoint, not estimated
        True,
    ]
    exchanges = read(tmp_path / "new" / recording.name).exchanges  # a prompt that was asked twice has two
    assert failures == ["cell 2 (markdown) says what the new answers do not: authored"]
    assert f"{len(exchanges)} recorded" in str(new.cells[changed[0]].outputs)
    kept = [(one.prompt, one.answer, one.tool_calls) for one in exchanges if one.number == 1]
    assert kept == [(one.prompt, one.answer.replace(was, now), one.tool_calls) for one in read(recording).exchanges]


@pytest.mark.parametrize("answered", [0, 2])
def test_an_endpoint_that_fails_is_told_as_such_and_leaves_all_as_it_was(answered: int, tmp_path: Path) -> None:
    (tmp_path / "03_chat_or_assistant.jsonl").write_text("an earlier recording")
    replies = [*[said("Four.")] * answered, status(404, "model 'm' not found")]
    with serving(*replies) as endpoint, pytest.raises(ModelError, match="^127.0.0.1 knows no model 'm'"):
        upkeep.record(course.find("03"), tmp_path, Live(endpoint.url, "m"), quiet)
    assert len(endpoint.requests) == answered + 1, "the cells after it ask nothing"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["an earlier recording"]


def test_an_endpoint_that_is_still_silent_when_a_lesson_ends_is_told(tmp_path: Path) -> None:
    lesson = mine(
        tmp_path,
        "import os, pathlib, threading; import assistant_nb as anb; client = anb.connect(recording='mine')",
        f"def ask(): {ASKS}\n"
        "threading.Thread(target=ask, daemon=True).start()\n"
        f"while not pathlib.Path({str(tmp_path / 'asked')!r}).exists(): pass\n"
        "os._exit(1)",
    )

    def stays_silent(exchange: Exchange) -> None:
        (tmp_path / "asked").touch()
        silent(exchange)

    with serving(stays_silent) as endpoint, pytest.raises(ModelError, match="^127.0.0.1 was still to answer when code"):
        upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet)


def test_where_nothing_listens_is_told_before_the_lesson_runs(tmp_path: Path) -> None:
    with serving(said("")) as endpoint:
        pass
    lesson = mine(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w'); recording='mine'; import assistant_nb")
    with pytest.raises(ModelError, match="127.0.0.1 cannot be reached"):
        upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet)
    assert not (tmp_path / "ran").exists()


def test_a_lesson_that_does_not_start_asks_nobody(tmp_path: Path) -> None:
    start = "import assistant_nb as anb; anb.start(recording='mine', modle='m')"
    lesson = mine(tmp_path, start, f"open({str(tmp_path / 'ran')!r}, 'w')")
    with serving(said("Four.")) as endpoint, pytest.raises(course.LessonError, match="code cell 1 of 2.*'modle' is no"):
        upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet)
    assert endpoint.requests == []
    assert not (tmp_path / "ran").exists()


def test_the_lessons_kernel_never_has_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in its environment, its children's, its command line, its cells, nor its engine."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "AZURE_OPENAI_API_KEY", "GROQ_KEY"):
        monkeypatch.setenv(name, KEY)
    lesson = mine(
        tmp_path,
        "import assistant_nb as anb; anb.start(recording='mine'); client = anb.connect(recording='mine')",
        f"import os, subprocess, sys; {ASKS}",
        "child = subprocess.run([sys.executable, '-c', 'import os; print(dict(os.environ))'], capture_output=True)",
        "print(dict(os.environ), child, open('/proc/self/environ').read(), open('/proc/self/cmdline').read(), In)",
        "print(vars(anb.client._started.engine.app)); anb.stop(); print(os.environ.get('OPENAI_API_KEY'))",
    )
    with serving(said("Four.")) as endpoint:
        upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m", KEY), quiet)
        assert endpoint.headers[-1]["Authorization"] == f"Bearer {KEY}"
    everything = "".join(path.read_text("utf-8") for path in (tmp_path / "new").iterdir())
    assert "PATH" in everything and "child" in everything
    assert KEY not in everything


def test_a_lesson_is_not_recorded_over_itself(tmp_path: Path) -> None:
    mine = shutil.copy(course.find("03"), tmp_path)
    with pytest.raises(course.LessonError, match="is the lesson itself. Name another --dir"):
        upkeep.record(Path(mine), tmp_path, Live("http://h/v1"), quiet)


def test_a_lesson_that_names_no_recording_is_told_before_it_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(course.LessonError, match="'mine.ipynb' names no recording"):
        upkeep.record(mine(tmp_path, "1"), tmp_path / "new", Live("http://h/v1"), quiet)


OWN = (
    "import assistant_nb as anb; anb.start(recording='elsewhere'); from openai import OpenAI; client = OpenAI()",
    "points = open('data/points.csv', 'rb'); file = client.files.create(file=points, purpose='assistants')",
    "def add(a: int, b: int) -> int:\n    'Add.'\n    return a + b",
    "tools = [{'type': 'code_interpreter'}, anb.function_tool(add)]\n"
    "teacher = client.beta.assistants.create(model='gpt-4o', tools=tools)",
    "def ask(words, thread=None):\n"
    "    thread = thread or client.beta.threads.create()\n"
    "    client.beta.threads.messages.create(thread.id, role='user', content=words)\n"
    "    return thread, client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=teacher.id)",
    "thread, run = ask('2 + 5?'); calls = anb.tool_outputs(run, add)",
    "client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=calls).status",
    "other, run = ask('Plot it.'); client.beta.threads.messages.list(other.id).data[0].content[0].type",
    "client.beta.threads.messages.create(thread.id, role='user', content='Thanks!')\n"
    "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=teacher.id) as stream:\n"
    "    print(''.join(stream.text_deltas))",
    "[message.content[0].text.value for message in client.beta.threads.messages.list(thread.id)]",
)
PLOT = json.dumps({"code": "import matplotlib.pyplot as plt; plt.plot([1, 4]); plt.show()"})


@pytest.mark.nightly
@pytest.mark.timeout(290)
@pytest.mark.parametrize("plots", [False, True])
def test_an_own_lesson_is_recorded_and_true_in_any_folder(plots: bool, tmp_path: Path, code_runs: None) -> None:
    """With a function, a file, a plot, a stream and two threads; its data come along."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/points.csv").write_text("x,y\n1,4\n")
    lesson = mine(tmp_path, *OWN if plots else [cell for cell in OWN if "Plot" not in cell])
    plot = [called(("code_interpreter", PLOT)), said("There.")] if plots else []
    replies = called(("add", '{"a": 2, "b": 5}')), said("It is", " 7."), *plot, said("Bye.")
    with serving(*replies) as endpoint:
        assert upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet) == []
    assert len(read(tmp_path / "new/mine.jsonl").exchanges) == len(replies)
    shutil.move(tmp_path / "new", tmp_path / "moved")
    assert upkeep.check(tmp_path / "moved/mine.ipynb", quiet) == []
    fresh = course.read(tmp_path / "moved/mine.ipynb")
    assert 'recording="mine"' in fresh.cells[0].source
    assert fresh.cells[-1].outputs[0].data["text/plain"] == "['Bye.', 'Thanks!', 'It is 7.', '2 + 5?']"


def test_a_question_that_must_miss_is_not_asked_and_a_pace_is_no_matter_of_the_endpoint(tmp_path: Path) -> None:
    start = "import assistant_nb as anb; client = anb.connect(recording='mine', pace=1)"
    missing = f"try:\n    {ASKS}\nexcept Exception as error:\n    print(type(error).__name__)".replace(
        "2 + 2?", "Who won?"
    )
    lesson = mine(tmp_path, start, "", missing, ASKS)
    notebook = course.read(lesson)
    notebook.cells[2].metadata.tags = ["must-miss"]
    nbformat.write(notebook, lesson)
    with serving(said("Four.")) as endpoint:
        assert upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet) == []
    assert [request["messages"][-1]["content"] for request in endpoint.requests] == ["2 + 2?"]
    assert course.read(tmp_path / "new/mine.ipynb").cells[2].outputs[0].text == "BadRequestError\n"


def test_practice_answers_what_must_miss_and_a_slip_is_no_failure(tmp_path: Path) -> None:
    start = "import assistant_nb as anb; client = anb.connect(recording='mine', fallback='practice')"
    own = ASKS.replace("2 + 2?", "3 + 4?") + "\nanswer.choices[0].message.content"
    notebook = course.read(mine(tmp_path, start, ASKS, own, "1 / 0"))
    for cell, tag in zip(notebook.cells[2:], ("must-miss", "raises-exception"), strict=True):
        cell.metadata.tags = [tag]
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    with serving(said("Four.")) as endpoint:
        assert upkeep.record(tmp_path / "mine.ipynb", tmp_path / "new", Live(endpoint.url, "m"), quiet) == []
    assert "3 + 4 = 7." in str(course.read(tmp_path / "new/mine.ipynb").cells[2].outputs)
    assert upkeep.check(tmp_path / "new/mine.ipynb", quiet) == []


def test_a_fallback_of_the_lessons_own_answers_for_nothing_that_is_checked(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "02_raw_http.jsonl", tmp_path / "mine.jsonl")
    start = (
        "import assistant_nb as anb; from assistant_nb.engine.model import fallback, practice, recorded\n"
        "first = recorded.Recorded(recorded.find('mine'))  # recording='mine'\n"
        "client = anb.connect(model=fallback.Fallback(first, practice.Practice()))"
    )
    lesson = mine(tmp_path, start, ASKS)
    course.run(lesson, quiet)
    with pytest.raises(course.LessonError, match="No recording holds this question"):
        upkeep.check(lesson, quiet)


FALLS_BACK = "import assistant_nb as anb; client = anb.connect(recording='mine', fallback='practice')"


def test_practice_answers_for_no_endpoint_that_fails(tmp_path: Path) -> None:
    lesson = mine(tmp_path, FALLS_BACK, ASKS)
    with serving(status(404, "model 'm' not found")) as endpoint, pytest.raises(ModelError, match="knows no model 'm'"):
        upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet)


@pytest.mark.nightly
def test_a_lesson_that_is_recorded_keeps_its_fallback(tmp_path: Path) -> None:
    lesson = mine(tmp_path, FALLS_BACK, ASKS)
    with serving(said("Four.")) as endpoint:
        assert upkeep.record(lesson, tmp_path / "new", Live(endpoint.url, "m"), quiet) == []
    assert "fallback='practice'" in course.read(tmp_path / "new/mine.ipynb").cells[0].source


def test_what_new_answers_contradict_is_listed() -> None:
    def notebook(shown: str) -> Any:
        cells = [
            nbformat.v4.new_markdown_cell("Here Ada gets 144 of 12 points, “as one”, **authored**. Bob gets 7."),
            nbformat.v4.new_code_cell("x = 144\nassert answer == 'Ada, 144'"),
        ]
        cells[1].outputs = [nbformat.v4.new_output("stream", text=shown)]
        return nbformat.v4.new_notebook(cells=cells)

    old, new = notebook("Ada: 144.0 or 144 of 12, as one; authored."), notebook("Eve: 1440 of 12, as two.")
    assert list(upkeep.contradicted(old, old)) == []
    assert list(upkeep.contradicted(old, new)) == [
        "cell 1 (markdown) says what the new answers do not: Ada, 144, as one, authored",
        "cell 2 (code) says what the new answers do not: Ada, 144",
    ]


def is_from(kept: Kept, shipped: Kept) -> bool:
    """Whether an exchange was recorded anew from a shipped one. A limit of tokens cuts its answer."""
    cut = kept.finish_reason == "length" and shipped.answer.startswith(kept.answer)
    return kept.prompt == shipped.prompt and (cut or kept.answer == shipped.answer)


class Again(Recorded):
    """Gives the recorded answers of a lesson, as an endpoint would."""

    endpoint = "127.0.0.1"

    def reach(self) -> None:
        """It is here."""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        for delta in super().ask(prompt):
            yield replace(delta, provenance={"answer": "live"}) if isinstance(delta, Finish) else delta


@pytest.mark.nightly
@pytest.mark.timeout(290)
@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda path: path.stem)
def test_each_lesson_recorded_anew_differs_only_where_the_answers_do(lesson: Path, tmp_path: Path) -> None:
    endpoint: Any = Again(SHIPPED / f"{lesson.stem}.jsonl")
    told = upkeep.record(lesson, tmp_path / "new", endpoint, quiet)
    assert [one for one in told if "fails" in one] == []
    again = tmp_path / "new" / lesson.name
    assert upkeep.check(again, quiet) == []
    old, new = course.read(lesson), course.read(again)
    assert [cell.source for cell in old.cells] == [cell.source for cell in new.cells]
    kept = read(tmp_path / "new" / f"{lesson.stem}.jsonl").exchanges
    shipped = read(SHIPPED / f"{lesson.stem}.jsonl").exchanges
    assert [one for one in kept if not any(is_from(one, other) for other in shipped)] == []


@pytest.mark.nightly
@pytest.mark.timeout(290)
def test_a_lesson_recorded_anew_passes_nbval(tmp_path: Path) -> None:
    endpoint: Any = Again(SHIPPED / "03_chat_or_assistant.jsonl")
    upkeep.record(course.find("03"), tmp_path, endpoint, quiet)
    passes_nbval(tmp_path / "03_chat_or_assistant.ipynb")


@pytest.mark.nightly
def test_a_scripted_lesson_with_ids_of_the_lessons_passes_nbval(tmp_path: Path) -> None:
    """Ids and times stand in its outputs, and are the same in a second kernel."""
    lesson = mine(
        tmp_path,
        "import assistant_nb as anb; anb.start(model=anb.Scripted('Hello.', 'Bye.'), ids='lesson');"
        " from openai import OpenAI; client = OpenAI()",
        "teacher = client.beta.assistants.create(model='gpt-4o'); teacher.id, teacher.created_at",
        "thread = client.beta.threads.create(messages=[{'role': 'user', 'content': 'Hi'}]); anb.ThreadView(client, thread)",
        "run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=teacher.id); run.id, run.completed_at",
        "anb.said(run)",
    )
    notebook = course.read(lesson)
    course.execute(notebook, quiet, tmp_path)
    nbformat.write(notebook, lesson)
    assert "thread_" in str(notebook.cells[2].outputs), "the widget's copy shows an id"
    passes_nbval(lesson)
