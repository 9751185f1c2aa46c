"""A recorded conversation with the real Responses API, sent again to an engine of ours.

The model says what the recorded one said. A background response comes as far as the next recorded answer shows it.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from werkzeug.test import Client, TestResponse

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Said, Scripted
from tests.api.pairs import NotReplayed, Pairs
from tests.api.responses.recordings import ID, without_reasoning
from tests.api.shapes import Json
from tests.until import PATIENCE_S, until

MOVING = {"queued", "in_progress"}
FILE = " ".join(f"Text {n} of it." for n in range(20)).encode()
"""The recordings do not hold what was uploaded, so each search finds this."""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HELD = {"resp", "conv", "cntr", "file", "vs"}
"""Ids of what an engine must have. Items and calls that a client sends back may be anybody's."""


def responses(answer: Any) -> Iterator[Json]:
    """The responses that an answer or its events show, in order."""
    told = [data.get("response") for _, data in answer] if isinstance(answer, list) else [answer]
    for one in told:
        if isinstance(one, dict) and one.get("object") == "response":
            yield one


def outputs(rows: Iterable[Json]) -> dict[str, Json]:
    """Each response of a file as it was seen last."""
    return {one["id"]: one for row in rows for one in responses(row["resp"])}


def turns(response: Json) -> list[list[Said]]:
    """What the model said from prompt to prompt. After a call of a built-in tool it was asked again."""
    found: list[list[Said]] = [[]]
    output = without_reasoning(response)["output"]
    for item, after in zip(output, [*output[1:], {}], strict=False):
        match item["type"]:
            case "message":
                found[-1] += [_text(part, response) for part in item["content"]]
            case "function_call":
                found[-1].append(ToolCall(item["name"], item["arguments"]))
            case "file_search_call":
                found[-1] += [ToolCall("file_search", query) for query in item["queries"][:1]]
                found.append([])
            case "code_interpreter_call":
                found[-1].append(ToolCall("code_interpreter", _code(after)))
                found.append([])
            case other:
                raise NotReplayed(f"the model answered with {other}")
    return [turn for turn in found if turn] or [["Nothing."]]


def _code(after: Json) -> str:
    """Code that draws and writes the files that the next item cites. A picture has no place in the text."""
    marks = [mark for part in after.get("content") or () for mark in part["annotations"]]
    lines = ["from base64 import b64decode", "from IPython.display import Image, display", "print(1)"]
    for n, mark in enumerate(marks):
        if mark["end_index"]:
            lines.append(f"open('/mnt/data/{n}_{mark['filename']}', 'wb').write(b'x')")
        else:
            lines.append(f"display(Image(data=b64decode({DOT!r})))")
    return "\n".join(lines)


def _text(part: Json, response: Json) -> str:
    text = str(part.get("text", part.get("refusal")))
    for n, mark in enumerate(part.get("annotations", ())):
        if mark["type"] == "file_citation":  # the mark is taken out, and words come after it
            start, _, end = text.rpartition(" ")
            text = f"{start}【4:0†{mark['filename']}】 {end}"
        elif mark["end_index"]:
            text += f" [it](sandbox:/mnt/data/{n}_{mark['filename']})"
    return text + " and so on" * 100 if response["status"] == "incomplete" else text


class Replay(Pairs):
    """One recorded file against a new engine."""

    def __init__(self, rows: list[Json]) -> None:
        super().__init__(ID)
        self._outputs = outputs(rows)
        self._next = deque[list[Said]]()
        self._go = threading.Event()
        self._app = create_app(model=Scripted(*[self._say] * 1000))
        self._client = Client(self._app)

    def _say(self, prompt: Prompt) -> Iterable[Said]:
        self._go.wait(PATIENCE_S)
        return self._next.popleft() if self._next else ["Nothing."]

    def close(self) -> None:
        self._go.set()
        self._app.close()

    def send(self, row: Json) -> TestResponse:
        """Send a recorded request with our ids. Raises NotReplayed."""
        for id in self._used(row):
            if id not in self.ids:
                self._make(id)
        self._prepare(row)
        path, _, query = self.ours(row["path"]).partition("?")
        choices: Json = {"method": row["method"], "query_string": query, "buffered": True}
        if row["req"]:
            choices["json"] = json.loads(self.ours(json.dumps(row["req"])))
        answer = self._client.open(path, **choices)
        if row["method"] == "POST" and answer.status_code != 200:
            self._next.clear()  # nobody will ask for the line of a response that was refused
        return answer

    def _used(self, row: Json) -> list[str]:
        """The ids in a request of what must be there."""
        return list(dict.fromkeys(m[0] for m in ID.finditer(f"{row['path']} {json.dumps(row['req'])}") if m[1] in HELD))

    def _make(self, id: str) -> None:
        """What a file uses but does not make was there before."""
        match id.partition("_")[0]:
            case "file":
                self.ids[id] = self._upload()
            case "vs":
                self.ids[id] = self._post("/v1/vector_stores", json={"file_ids": [self._upload()]})["id"]
            case "conv":
                self.ids[id] = self._post("/v1/conversations", json={})["id"]
            case "cntr":
                tools = [{"type": "code_interpreter", "container": {"type": "auto"}}]
                self._go.set()
                self._next.extend([[ToolCall("code_interpreter", "1")], ["Done."]])
                made = self._post("/v1/responses", json={"model": "gpt-4o", "input": "Run.", "tools": tools})
                self.ids[id] = made["output"][0]["container_id"]
            case kind:
                raise NotReplayed(f"it needs a {kind} that no replayed request has made")

    def _upload(self) -> str:
        return str(self._post("/v1/files", data={"purpose": "assistants", "file": (BytesIO(FILE), "file.txt")})["id"])

    def _post(self, path: str, **content: Any) -> Json:
        answer = self._client.post(path, **content)
        assert answer.status_code == 200 and answer.json, answer.text
        return dict(answer.json)

    def _prepare(self, row: Json) -> None:
        """Have the model's lines ready, and let the response come as far as the recorded answer shows it."""
        shown = list(responses(row["resp"]))
        if row["method"] == "POST" and row["path"] == "/v1/responses" and shown:
            self._go.clear()
            self._next.extend(turns(self._outputs[shown[0]["id"]]))
        if not shown or shown[-1]["status"] not in MOVING:
            self._go.set()
        if row["method"] == "GET" and shown and shown[-1]["status"] not in MOVING:
            self._let_rest(self.ids[shown[-1]["id"]])

    def _let_rest(self, id: str) -> None:
        def rested() -> bool:
            now = self._client.get(f"/v1/responses/{id}").json
            return not now or now.get("status") not in MOVING

        until(rested)
