"""What holds for every lesson. That its outputs are exact is nbval's part: it runs on `notebooks/`."""

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from assistant_nb import course, upkeep
from assistant_nb.engine.model.recorded import SHIPPED, Recorded, Recording, read, write
from tests.until import PATIENCE_S

LESSONS = course.lessons()


def quiet(done: int, total: int) -> None:
    """Nobody looks at the progress."""


def cells(lesson: Path, kind: str) -> list[Any]:
    return [cell for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_code_cell_was_run_in_order(lesson: Path) -> None:
    """nbval passes over cells without a number in silence."""
    code = cells(lesson, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_outputs_hold_no_key_port_or_path(lesson: Path) -> None:
    for cell in cells(lesson, "code"):
        for output in cell["outputs"]:
            text = json.dumps(output)
            assert output["output_type"] in ("stream", "execute_result", "display_data", "error")
            assert output.get("name") != "stderr"
            for secret in ("sk-", "127.0.0.1:", "/home/", "/tmp/", " at 0x"):
                assert secret not in text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_its_recording_and_names_it(lesson: Path) -> None:
    assert f'recording="{lesson.stem}"' in "".join(cells(lesson, "code")[0]["source"])
    assert (SHIPPED / f"{lesson.stem}.jsonl").is_file()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_recorded_answer_is_shown_in_its_lesson(lesson: Path) -> None:
    shown = json.dumps(json.loads(lesson.read_text(encoding="utf-8")), ensure_ascii=False)
    for exchange in read(SHIPPED / f"{lesson.stem}.jsonl").exchanges:
        assert json.dumps(exchange.answer, ensure_ascii=False)[1:-1] in shown


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_authored_answers_are_marked_as_such_on_screen(lesson: Path) -> None:
    banner, prose = str(cells(lesson, "code")[0]["outputs"]), str(cells(lesson, "markdown"))
    answers = Recorded(SHIPPED / f"{lesson.stem}.jsonl").provenance()
    assert re.search(rf"answers: {re.escape(answers)}(?: ·|; when that fails: )", banner)
    assert ("authored" in banner) == ("**authored**" in prose)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def turns_of_the_tide() -> list[int]:
    """The hours of high and of low water in the table of lesson 04."""
    (table,) = (
        "".join(cell["source"]) for cell in cells(course.find("04"), "code") if "heights =" in str(cell["source"])
    )
    exec(table, known := dict[str, Any]())
    readings = list(zip(range(0, 25, 2), known["heights"], strict=True))
    inner = list(zip(readings, readings[1:], readings[2:], strict=False))
    high = [at for (_, before), (at, height), (_, after) in inner if before < height > after]
    low = [at for (_, before), (at, height), (_, after) in inner if before > height < after]
    return high + low


def test_each_number_of_an_authored_answer_is_true() -> None:
    """It stands in the question or in what a tool really answered (else the lesson would not replay), or is worked out here."""
    truths = {
        "12 times 12 is ": [12, 12, 12 * 12],
        "Half of 144 is ": [144, 144 // 2],
        "high water": turns_of_the_tide(),
    }
    worked_out = set[str]()
    for path in SHIPPED.glob("*.jsonl"):
        for one in read(path).exchanges:
            said = NUMBER.findall(re.sub("【.*?】", "", one.answer))
            told = NUMBER.findall(one.prompt.model_dump_json())
            if one.provenance.answer != "authored" or set(said) <= set(told):
                continue
            (known,) = (words for words in truths if words in one.answer)
            assert said == [str(n) for n in truths[known]], one.answer
            worked_out.add(known)
    assert worked_out == set(truths)


def test_authored_answers_are_short() -> None:
    for path in SHIPPED.glob("*.jsonl"):
        for one in read(path).exchanges:
            assert one.provenance.answer != "authored" or len(one.answer) <= 200


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_cells_are_short_and_follow_prose(lesson: Path) -> None:
    lengths = sorted(len("".join(cell["source"]).splitlines()) for cell in cells(lesson, "code"))
    assert lengths[len(lengths) // 2] <= 3
    assert lengths[-1] <= 25


def test_a_changed_answer_makes_the_lesson_fail(tmp_path: Path) -> None:
    """The proof that nbval compares: the recording is changed, the notebook is not."""
    recording = (SHIPPED / "02_raw_http.jsonl").read_text(encoding="utf-8")
    assert "I'm doing well" in recording
    (tmp_path / "changed.jsonl").write_text(recording.replace("I'm doing well", "I'm doing badly"), encoding="utf-8")
    lesson = course.find("02").read_text(encoding="utf-8")
    (tmp_path / "02_raw_http.ipynb").write_text(
        lesson.replace('recording=\\"02_raw_http\\"', 'recording=\\"changed.jsonl\\"'), encoding="utf-8"
    )
    outcome = _nbval(tmp_path / "02_raw_http.ipynb")
    assert outcome.returncode == 1
    assert "1 failed" in outcome.stdout
    assert "doing badly" in outcome.stdout


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("module", "was", "now", "lesson", "told"),
    [
        ("engine/store.py", '"desc"] = "desc"', '"desc"] = "asc"', "01", "I need to solve"),
        ("widgets/thread_view/page.py", "{tokens:,} tokens", "{tokens:,} words", "03", "56 words"),
    ],
    ids=["a rule of the engine", "a text of a widget"],
)
def test_a_changed_package_makes_a_lesson_fail(
    module: str, was: str, now: str, lesson: str, told: str, tmp_path: Path
) -> None:
    package = tmp_path / "changed" / "assistant_nb"
    shutil.copytree(Path(course.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    text = (package / module).read_text(encoding="utf-8")
    assert text.count(was) == 1
    (package / module).write_text(text.replace(was, now), encoding="utf-8")
    outcome = _nbval(Path(shutil.copy(course.find(lesson), tmp_path)), PYTHONPATH=str(package.parent))
    assert outcome.returncode == 1
    assert told in outcome.stdout


@pytest.mark.nightly  # nbval compares the outputs of all, and test_connections checks one
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_executing_again_gives_the_same_cells_and_uses_every_recorded_exchange(lesson: Path, tmp_path: Path) -> None:
    """Ids, times and answers. `upkeep.execute` joins the stream messages, as the kernel cuts a print by chance."""
    again = course.read(lesson)
    replayed = upkeep.execute(again, quiet, tmp_path)
    assert drawn_anyhow(again).cells == drawn_anyhow(course.read(lesson)).cells
    assert list(upkeep.unused(SHIPPED / f"{lesson.stem}.jsonl", replayed)) == []


TALK = """
view = anb.ThreadView(client, thread.id)
view.try_on_copy()
view.send_message({question!r}, assistant.id)
view.back()
"""


@pytest.mark.parametrize(
    ("number", "question"),
    [
        ("03", "How many days is it from 20 December 2024 to 1 January 2025?"),
        pytest.param("04", "Please draw the day.", marks=pytest.mark.nightly),
    ],
)
def test_a_talk_on_a_copy_in_the_view_changes_no_later_cell(number: str, question: str, tmp_path: Path) -> None:
    lesson = course.find(number)
    again = course.read(lesson)
    view = next(n for n, cell in enumerate(again.cells) if cell.source == "anb.ThreadView(client, thread.id)")
    again.cells.insert(view + 1, new_code_cell(TALK.format(question=question)))
    course.execute(again, quiet, tmp_path)
    talk = again.cells.pop(view + 1)
    assert not [output for output in talk.outputs if output.output_type == "error"]
    assert list(upkeep.changes(drawn_anyhow(course.read(lesson)), drawn_anyhow(again))) == []


def drawn_anyhow(lesson: NotebookNode) -> NotebookNode:
    """The lesson with a word for each PNG picture: each release of matplotlib writes other bytes."""
    for cell in lesson.cells:
        for output in cell.get("outputs", []):
            if png := output.get("data", {}).get("image/png"):
                assert b64decode(png).startswith(b"\x89PNG")
                output["data"]["image/png"] = "a picture"
    return lesson


def _nbval(notebook: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        notebook.name,
    ]
    return subprocess.run(
        command,
        cwd=notebook.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_lesson_reads_the_same_when_its_answers_take_their_time(tmp_path: Path) -> None:
    """Persons wrote them, without times, so each gets some: it comes late, and in pieces. (Lesson 07 itself uses a pace.)"""
    lesson = course.find("06")
    title, exchanges = read(SHIPPED / f"{lesson.stem}.jsonl")
    timed = [exchange.model_copy(update={"wait_ms": 50, "pace_ms": 5}) for exchange in exchanges]
    write(tmp_path / "timed.jsonl", Recording(title, timed))
    fresh = course.read(lesson)
    start = next(cell for cell in fresh.cells if "recording=" in cell.source and cell.cell_type == "code")
    start.source = start.source.replace(f'"{lesson.stem}"', f'"{tmp_path}/timed.jsonl", pace=1')
    course.execute(fresh, quiet, tmp_path)
    assert list(upkeep.changes(course.read(lesson), fresh)) == []
