"""Kill the engine at any entry of a response's journal: it goes on, and is told the same as without a kill."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Said, Scripted
from tests.until import until

ENTRIES = 30  # in the journal of the second response

# A process that forks a child for each N. The child is killed hard in the middle of writing entry N of a response.
PARENT = """
import os, signal, sys
from pathlib import Path
from assistant_nb.engine.store import Store
from tests.engine.responses.test_recovery import engine, story

append = Store.append

def deadly(fatal):
    def written(self, run_id, entry):
        append(self, run_id, entry)
        if entry.n == fatal and self.journal(run_id)[0].data["request"]["previous_response_id"]:
            os.kill(os.getpid(), signal.SIGKILL)
    return written

for name in sys.argv[2:]:
    child = os.fork()
    if not child:
        Store.append = deadly(int(name))
        story(engine(Path(sys.argv[1], f"{name}.db")))
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def answer(prompt: Prompt) -> Iterator[Said]:
    """Answers the first question; for the second it searches twice, then calls a function."""
    last = prompt.messages[-1]
    if len(prompt.messages) < 3:
        yield "First."
    elif not last.tool_calls:
        yield from ("Let me look.", ToolCall("file_search", "pizza"), ToolCall("file_search", "cake"))
    else:
        yield from ("Now I add.", ToolCall("add", '{"a": 1}'))


def engine(path: Path) -> App:
    return create_app(store=path, model=Scripted(*[answer] * 9))


def story(app: App) -> None:
    """Two responses; the second one in the background."""
    client = Client(app)
    tools: list[Any] = [{"type": "function", "name": "add", "parameters": {}}]
    store = client.post("/v1/vector_stores", json={}).json["id"]  # type: ignore[index]
    tools.append({"type": "file_search", "vector_store_ids": [store]})
    first = client.post("/v1/responses", json={"model": "m", "input": "1?"}).json["id"]  # type: ignore[index]
    more = {"model": "m", "input": "2?", "tools": tools, "previous_response_id": first, "background": True}
    client.post("/v1/responses", json=more)
    app.runner.close()


def ended(app: App) -> list[tuple[dict[str, Any], str]]:
    """The responses when all have ended, each with its stream. A search that is made again takes time again."""
    until(lambda: not app.store.active_runs(), lambda: "they go on")
    client, ends = Client(app), []
    rows = app.store._db.execute("SELECT id FROM object WHERE kind = 'thread.run' ORDER BY seq").fetchall()
    for (id,) in rows:
        paths = (f"/v1/responses/{id}", f"/v1/responses/{id}?stream=true")
        whole, stream = (re.sub(r'"completed_at":\d+', '"completed_at":0', client.get(path).text) for path in paths)
        ends.append((json.loads(whole), stream))
    app.close()
    return ends


@pytest.fixture(scope="module")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, Any], str]]:
    """The story without a kill."""
    app = engine(tmp_path_factory.mktemp("smooth") / "class.db")
    story(app)
    return ended(app)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of each engine that was killed."""
    folder = tmp_path_factory.mktemp("killed")
    names = [str(n) for n in range(ENTRIES + 1)]
    parent = subprocess.run([sys.executable, "-c", PARENT, folder, *names], capture_output=True, text=True)
    ends = list(map(int, parent.stdout.split()))
    assert ends == [*[-signal.SIGKILL] * ENTRIES, 0], parent.stderr
    return folder


@pytest.mark.parametrize("fatal", range(ENTRIES + 1))
def test_a_hard_kill_at_any_entry_changes_nothing_that_is_told(
    fatal: int, killed: Path, smooth: list[tuple[dict[str, Any], str]]
) -> None:
    ends = ended(engine(killed / f"{fatal}.db"))
    assert ends == (smooth if fatal > 1 else smooth[:1]), "what was not acknowledged was not begun"


def test_the_story_has_all_that_can_be_interrupted(smooth: list[tuple[dict[str, Any], str]]) -> None:
    (_, _), (second, stream) = smooth
    kinds = [item["type"] for item in second["output"]]
    assert kinds == ["message", "file_search_call", "file_search_call", "message", "function_call"]
    events = [json.loads(frame.partition("data: ")[2]) for frame in stream.split("\n\n")[:-1]]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["output"] == second["output"]
