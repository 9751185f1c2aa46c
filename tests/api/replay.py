"""A recorded conversation with the hosted API, sent again to an engine of ours.

The model says what the recorded one said, and each run comes as far as the next recorded answer shows it.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from werkzeug.test import Client, TestResponse

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.run_states import MOVING
from tests.api.pairs import NotReplayed, Pairs
from tests.api.recordings import makers, objects
from tests.api.shapes import Json
from tests.until import PATIENCE_S

ID = re.compile(r"\b(?:asst|thread|msg|run|step|call|file|vs|vsfb)[-_][A-Za-z0-9_]{16,}\b")


@dataclass(eq=False)
class Line:
    """What the model says in one turn of a recorded run, when the recording has come that far."""

    text: str = "Done."
    calls: list[Json] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)


def lines(rows: Iterable[Json]) -> dict[str, list[Line]]:
    """What the model must have said in each run of a file, turn by turn."""
    found: dict[str, list[Line]] = {}
    seen = set()
    for row in rows:
        for thing in sorted(objects(row["resp"]), key=lambda thing: thing.get("created_at", 0)):
            if action := thing.get("required_action"):
                calls = action["submit_tool_outputs"]["tool_calls"]
                id, run_id, line = calls[0]["id"], thing["id"], Line(calls=calls)
            elif thing.get("role") == "assistant" and thing["run_id"] and thing["content"]:
                text = "".join(part["text"]["value"] for part in thing["content"] if part["type"] == "text")
                if thing.get("status") == "incomplete":
                    text += " and so on" * 100
                id, run_id, line = thing["id"], thing["run_id"], Line(text)
            else:
                continue
            if id not in seen:
                found.setdefault(run_id, []).append(line)
                seen.add(id)
    return found


def runs_with_built_in_tools(rows: Iterable[Json]) -> set[str]:
    """The runs in which something else than functions was called. Over REST such a call may be missing from its step."""
    steps = [thing for row in rows for thing in objects(row["resp"]) if thing["object"] == "thread.run.step"]
    return {
        step["run_id"]
        for step in steps
        if step["type"] == "tool_calls" and step["status"] == "completed" and not _functions(step)
    }


def _functions(step: Json) -> list[Json]:
    return [call for call in step["step_details"]["tool_calls"] if call["type"] == "function"]


class Replay(Pairs):
    """One recorded file against a new engine."""

    def __init__(self, rows: list[Json]) -> None:
        super().__init__(ID)
        self._lines, self._tools_ran = lines(rows), runs_with_built_in_tools(rows)
        self._asked: dict[str, list[Line]] = {}
        self._next: deque[Line] = deque()
        self._app = create_app(model=Scripted(*[self._say] * 1000))
        self._client = Client(self._app)

    def _say(self, prompt: Prompt) -> Iterable[Any]:
        line = self._next.popleft()
        line.go.wait(PATIENCE_S)
        if line.calls:
            return [ToolCall(call["function"]["name"], call["function"]["arguments"]) for call in line.calls]
        return [line.text]

    def close(self) -> None:
        for line in [line for asked in self._asked.values() for line in asked]:
            line.go.set()
        self._app.close()

    def send(self, row: Json) -> TestResponse:
        """Send a recorded request with our ids. Raises NotReplayed."""
        for id in dict.fromkeys(ID.findall(f"{row['path']} {json.dumps(row['req'])}")):
            if id not in self.ids and "call_" not in id:
                self._make(id)
        self._prepare(row)
        path, _, query = self.ours(row["path"]).partition("?")
        headers = {"OpenAI-Beta": row["beta"]} if row["beta"] else {}
        choices: Json = {
            "method": row["endpoint"].split()[0],
            "query_string": query,
            "headers": headers,
            "buffered": True,
        }
        if row["endpoint"] == "POST /v1/files":
            return self._client.open(path, data=_upload(row), **choices)
        if isinstance(row["req"], dict):
            choices["json"] = json.loads(self.ours(json.dumps(row["req"])))
        answer = self._client.open(path, **choices)
        if answer.status_code != 200:
            self._next.clear()  # nobody will ask for the line of a run that was refused
        return answer

    def _make(self, id: str) -> None:
        """What a file uses but does not make was made in another one, or was there before."""
        if maker := makers().get(id):
            answer = self.send(maker)
            self.learn(maker["resp"], answer.json if isinstance(maker["resp"], dict) else None)
            if id not in self.ids:
                raise NotReplayed("the engine refuses to make what it needs")
        if id not in self.ids:
            raise NotReplayed("it needs what no replayed request has made")

    def _prepare(self, row: Json) -> None:
        """Let the runs come as far as the recorded answer shows them."""
        shown = list(objects(row["resp"]))
        streamed = isinstance(row["resp"], str)
        if any(thing["object"] == "thread.run.step" and thing["run_id"] in self._tools_ran for thing in shown):
            raise NotReplayed("a built-in tool ran in it")
        if row["endpoint"].startswith("POST") and row["endpoint"].endswith(("/runs", "/submit_tool_outputs")) and shown:
            self._ask(next(thing["id"] for thing in shown if thing["object"] == "thread.run"), streamed)
            return
        for thing in shown:
            if thing["object"] == "thread.run" and thing["status"] not in MOVING:
                self._let_rest(thing["id"])
            elif thing.get("run_id") and thing.get("status") != "in_progress":
                self._let_rest(thing["run_id"])

    def _ask(self, run_id: str, at_once: bool) -> None:
        """The next request makes a run ask the model: have its line ready."""
        self._let_rest(run_id)
        said = self._lines.get(run_id) or [Line()]
        line = said.pop(-1 if run_id in self._tools_ran else 0)
        self._asked.setdefault(run_id, []).append(line)
        self._next.append(line)
        if at_once:
            line.go.set()

    def _let_rest(self, run_id: str) -> None:
        for line in self._asked.get(run_id, []):
            line.go.set()
        if (ours := self.ids.get(run_id)) and (live := self._app.runner._live.get(ours)):
            live.wait(PATIENCE_S)
            assert not live.is_moving(0), f"{run_id} does not stop moving"


def _upload(row: Json) -> Json:
    """The recordings do not hold what was uploaded, so a small file of the same name goes."""
    purpose = row["resp"].get("purpose", "world_domination")
    name = row["resp"].get("filename", "file.txt")
    content = b'{"prompt": "a", "completion": "b"}\n' if name.endswith("jsonl") else b"A small file.\n"
    return {"purpose": purpose, "file": (BytesIO(content), name)}
