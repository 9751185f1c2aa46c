"""Kill the engine at any moment: what it has acknowledged is there again, and the run goes on."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_nb.engine import wire
from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.files.file_objects import Hit
from assistant_nb.engine.ids import Ids, LessonClock
from assistant_nb.engine.journal import Entry
from assistant_nb.engine.model.base import Anew, Delta, Finish, Prompt, TextDelta, ToolCall, ToolCallDelta
from assistant_nb.engine.model.scripted import Line, Scripted
from assistant_nb.engine.objects import KINDS, MESSAGE, RUN, Run
from assistant_nb.engine.parts import SearchAnswer
from assistant_nb.engine.runs import by_hand
from assistant_nb.engine.runs.runner import Runner
from assistant_nb.engine.store import Store
from assistant_nb.engine.tools.base import Tool
from tests.until import until

ENTRIES = 12  # in the journal of a run that writes one message
HELD_ENTRIES = ENTRIES + 1  # and in that of one that is held

# A process that forks a child for each `how` and N. The child is killed hard in the middle of writing journal entry N.
PARENT = """
import json, os, signal, sys
from pathlib import Path
from werkzeug.test import Client
from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.store import Store

append = Store.append

def story(folder, fatal, lab):
    def deadly(self, run_id, entry):
        append(self, run_id, entry)
        if entry.n == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def call(path, **body):
        answer = client.post("/v1" + path, json=body, headers={"OpenAI-Beta": "assistants=v2"}).json
        print(json.dumps(answer), flush=True, file=answers)
        return answer

    Store.append = deadly
    client, answers = Client(create_app(store=folder / "class.db", model=Scripted("Two words."))), open(folder / "answers", "w")
    assistant = call("/assistants", model="gpt-4", instructions="Be brief.")
    thread = call("/threads")
    call(f"/threads/{thread['id']}/messages", role="user", content="Hello?")
    run = call(f"{lab}/threads/{thread['id']}/runs", assistant_id=assistant["id"])
    while lab and call(f"/lab/runs/{run['id']}/advance")["why"] != "ended":
        pass
    client.application.runner.close()

for name in sys.argv[2:]:
    how, fatal = name.split("-")
    folder = Path(sys.argv[1], name)
    folder.mkdir()
    child = os.fork()
    if not child:
        story(folder, int(fatal), "/lab" * (how == "held"))
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, list[dict[str, Any]]]]:
    """`killed("free-3")` is the store of an engine that died while it wrote entry 3, and what it had answered before."""
    folder, fatal = tmp_path_factory.mktemp("killed"), {"free": range(ENTRIES + 1), "held": range(HELD_ENTRIES)}
    names = [f"{how}-{n}" for how in fatal for n in fatal[how]]
    parent = subprocess.run([sys.executable, "-c", PARENT, folder, *names], capture_output=True, text=True)
    ends = dict(zip(names, map(int, parent.stdout.split()), strict=True))
    assert ends == {name: 0 if name == f"free-{ENTRIES}" else -signal.SIGKILL for name in names}, parent.stderr

    def left(name: str) -> tuple[Path, list[dict[str, Any]]]:
        answers = (folder / name / "answers").read_text().splitlines()
        return folder / name / "class.db", [json.loads(line) for line in answers]

    return left


@pytest.mark.parametrize("fatal", range(ENTRIES + 1))
def test_a_hard_kill_at_any_journal_entry_loses_nothing(fatal: int, killed: Any) -> None:
    store, acknowledged = killed(f"free-{fatal}")

    app = create_app(store=store, model=Scripted("Two words."))
    _rest(app)

    for body in acknowledged:
        kept = app.store.get(KINDS[body["object"]], body["id"])
        assert kept["created_at"] == body["created_at"]
    thread_id = acknowledged[1]["id"]
    runs = app.store.all(RUN, thread_id)
    assert [run["status"] for run in runs] == ["completed"] * len(runs)
    assert len(runs) == (1 if fatal > 1 else 0), "a run whose creation was cut off was never acknowledged"
    assert _said(app, thread_id) == ["Hello?", "Two words."][: 1 + len(runs)]
    app.close()


@pytest.mark.parametrize("fatal", range(HELD_ENTRIES))
def test_a_held_run_is_held_after_a_hard_kill_and_goes_on_by_hand(fatal: int, killed: Any) -> None:
    store, acknowledged = killed(f"held-{fatal}")

    app = create_app(store=store, model=Scripted("Two words."))
    app.runner.close()  # whatever would move by itself has had its time

    for run in app.store.all(RUN, acknowledged[1]["id"]):
        last = acknowledged[-1].get("run", acknowledged[-1])
        assert run == last, "nothing moved since the last answer"
        assert by_hand.advance(app.runner, run["id"], "end")[0].status == "completed"
        assert _said(app, run["thread_id"]) == ["Hello?", "Two words."]
    app.close()


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


def calling(prompt: Prompt) -> list[str | ToolCall]:
    """Speaks, searches and calls two functions, then answers."""
    if prompt.messages:
        return [f"It was {call.output}." for call in prompt.messages[-1].tool_calls]
    add = [ToolCall("add", '{"a": 1, "b": 2}'), ToolCall("add", '{"a": 3}')]
    return ["Let me ", "look.", add[0], ToolCall("file_search", "cake"), ToolCall("file_search", "pie"), add[1]]


def breaking(prompt: Prompt) -> Iterator[str]:
    """Is cut off in mid-sentence."""
    yield "Let me "
    raise ModelError("cut off")


class Echo(Tool):
    """A tool of the engine."""

    def use(self, run: Run, given: str) -> SearchAnswer:
        return {"results": [Hit("vs_1", "file-1", "a.txt", 1.0, {}, given, 0).step_result()]}


INTERRUPTED = given(
    line=st.text(min_size=1, max_size=20) | st.sampled_from([ModelError("no answer"), breaking, calling]),
    kills=st.lists(st.integers(2, 32), max_size=4),
)


@INTERRUPTED
@settings(max_examples=20)
def test_a_run_ends_the_same_however_often_it_is_interrupted(line: Line, kills: list[int]) -> None:
    smooth, rough = _stories(line, kills)
    assert rough == smooth


@pytest.mark.nightly
@INTERRUPTED
@settings(max_examples=400)
def test_a_run_ends_the_same_in_many_stories(line: Line, kills: list[int]) -> None:
    smooth, rough = _stories(line, kills)
    assert rough == smooth


def _stories(line: Line, kills: list[int]) -> tuple[list[Any], list[Any]]:
    """What is kept of a run that nothing interrupts, and of one that is killed at these entries."""
    with TemporaryDirectory() as folder:
        return _story(Path(folder) / "smooth.db", line, []), _story(Path(folder) / "rough.db", line, kills)


class Changing(Scripted):
    """Breaks off, and lets another one answer."""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        call = ToolCallDelta(0, '{"a": 1}', "add")
        yield from (TextDelta("Half "), call, Anew("broken"), TextDelta("The whole."), Finish({"answer": "scripted"}))


HALF = given(kills=st.lists(st.integers(2, 20), max_size=4))


@HALF
@settings(max_examples=20)
def test_half_an_answer_never_stays_on_the_thread_however_often_it_is_interrupted(kills: list[int]) -> None:
    assert _messages(kills) == [("completed", "The whole.")]


@pytest.mark.nightly
@HALF
@settings(max_examples=400)
def test_half_an_answer_never_stays_on_the_thread_in_many_stories(kills: list[int]) -> None:
    assert _messages(kills) == [("completed", "The whole.")]


def _messages(kills: list[int]) -> list[tuple[str, str]]:
    """Status and text of each message on the thread after these kills."""
    with TemporaryDirectory() as folder:
        kept = _story(Path(folder) / "class.db", "", kills, Changing)
    messages = [body for body in kept if isinstance(body, dict) and body["object"] == "thread.message"]
    return [(message["status"], message["content"][0]["text"]["value"]) for message in messages]


def _story(path: Path, line: Line, kills: list[int], kind: type[Scripted] = Scripted) -> list[Any]:
    """Drive a run, dying at the given entries one after the other; returns all that is kept of it in the end."""
    store, runner = _engine(path, kind(line, line))
    with store.transaction():
        assistant = wire.assistant(
            store.new_id("assistant"), 0, {"model": "m", "instructions": "i", "tools": [{"type": "file_search"}]}
        )
        thread = wire.thread(store.new_id("thread"), 0, {})
        store.put(assistant)
        store.put(thread)
    run = runner.create(thread["id"], {"assistant_id": assistant["id"]})
    for fatal in [*kills, None]:
        with suppress(Killed), pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "append", _deadly(store, fatal))
            list(runner.drive(run["id"]))
            if (waiting := store.get(RUN, run["id"]))["status"] == "requires_action":
                calls = (
                    waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
                    if waiting["required_action"]
                    else []
                )
                runner.submit(waiting, [{"tool_call_id": call["id"], "output": call["id"]} for call in calls])
                list(runner.drive(run["id"]))
        store.close()
        store, runner = _engine(path, kind(line, line))
    fails = line is breaking or isinstance(line, ModelError)
    assert store.get(RUN, run["id"])["status"] == ("failed" if fails else "completed")
    kept = [*store.journal(run["id"]), *store.all(MESSAGE, thread["id"]), store.get(RUN, run["id"])]
    store.close()
    return kept


def _engine(path: Path, model: Scripted) -> tuple[Store, Runner]:
    """An engine without a background, so that only the test moves runs."""
    store = Store(path, Ids("seed"), LessonClock())
    return store, Runner(store, model, {"file_search": Echo()})


def _deadly(store: Store, fatal: int | None) -> Callable[[str, Entry], None]:
    append = store.append

    def deadly(run_id: str, entry: Entry) -> None:
        append(run_id, entry)
        if entry.n == fatal:
            raise Killed

    return deadly


def _said(app: App, thread_id: str) -> list[str]:
    parts = [message["content"][0] for message in app.store.all(MESSAGE, thread_id)]
    return [part["text"]["value"] for part in parts if part["type"] == "text"]


def _rest(app: App) -> None:
    """Wait until no run is active."""
    until(lambda: not app.store.active_runs())
