"""One story over raw HTTP in which every object of the API comes up, and every operation; tests look at what was said."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from werkzeug.test import Client

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Scripted
from tests.api.shapes import Json, events
from tests.until import until

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALL = ToolCall("get_weather", '{"city": "Rome"}')


@dataclass(frozen=True, slots=True)
class Told:
    """One request and its answer: an object, or the text of a stream or a file."""

    api: str
    method: str
    path: str
    status: int
    answer: Any


class Teller:
    """`tell("POST", "/threads", {})` sends it, keeps the answer, and gives it back."""

    def __init__(self, app: App) -> None:
        self._client, self.told = Client(app), list[Told]()

    def __call__(self, method: str, path: str, body: Json | None = None, *, api: str = "v2", **more: Any) -> Any:
        headers = {"OpenAI-Beta": f"assistants={api}"}
        if body is not None:
            more["json"] = body
        answer = self._client.open(f"/v1{path}", method=method, headers=headers, buffered=True, **more)
        said = answer.json if answer.is_json else answer.text
        self.told.append(Told(api, method, path.partition("?")[0], answer.status_code, said))
        return said

    def upload(self, name: str, content: bytes, purpose: str = "assistants") -> str:
        form = {"purpose": purpose, "file": (BytesIO(content), name)}
        file: Json = self("POST", "/files", data=form)
        return str(file["id"])

    def at_rest(self, run: Json, *, api: str = "v2") -> Json:
        """The run when it has stopped moving."""

        def rested() -> Json | None:
            now: Json = self("GET", f"/threads/{run['thread_id']}/runs/{run['id']}", api=api)
            return None if now["status"] in ("queued", "in_progress", "cancelling") else now

        return until(rested)


def story() -> list[Told]:
    app = create_app(model=Scripted("It is warm.", CALL, "18 °C.", "It is warm.", CALL, "18 °C.", CALL, *["Old."] * 2))
    tell = Teller(app)
    try:
        _files_and_stores(tell)
        assistant_id = _assistants(tell)
        thread_id = _threads(tell)
        _runs(tell, assistant_id, thread_id)
        _streams(tell, assistant_id, thread_id)
        tell("DELETE", f"/threads/{thread_id}")
        tell("DELETE", f"/assistants/{assistant_id}")
        _old_days(tell)
        for model in tell("GET", "/models")["data"][:1]:
            tell("GET", f"/models/{model['id']}")
    finally:
        app.close()
    return tell.told


def _files_and_stores(tell: Teller) -> None:
    file_id = tell.upload("rome.txt", b"Rome is warm. " * 20)
    other_id = tell.upload("oslo.txt", b"Oslo is cold. " * 20)
    tuning_id = tell.upload("tuning.jsonl", b'{"prompt": "a", "completion": "b"}\n', "fine-tune")
    tell("GET", "/files")
    tell("GET", f"/files/{file_id}")
    tell("GET", f"/files/{tuning_id}/content")
    store = f"/vector_stores/{tell('POST', '/vector_stores', {'name': 'Cities'})['id']}"
    tell("GET", "/vector_stores")
    tell("GET", store)
    tell("POST", store, {"metadata": {"kind": "cities"}})
    tell("POST", f"{store}/files", {"file_id": file_id})
    tell("GET", f"{store}/files")
    tell("GET", f"{store}/files/{file_id}")
    tell("POST", f"{store}/files/{file_id}", {"attributes": {"land": "Italy"}})
    tell("GET", f"{store}/files/{file_id}/content")
    batch = f"{store}/file_batches/{tell('POST', f'{store}/file_batches', {'file_ids': [other_id]})['id']}"
    tell("GET", batch)
    tell("GET", f"{batch}/files")
    tell("POST", f"{batch}/cancel")
    tell("POST", f"{store}/search", {"query": "Is Rome warm?"})
    tell("DELETE", f"{store}/files/{file_id}")
    tell("DELETE", store)
    tell("DELETE", f"/files/{file_id}")


def _assistants(tell: Teller) -> str:
    tools = [WEATHER, {"type": "file_search"}, {"type": "code_interpreter"}]
    form = {"type": "json_object"}
    tell("POST", "/assistants", {"model": "gpt-4o", "tools": tools, "response_format": form, "name": "All"})
    made: Json = tell("POST", "/assistants", {"model": "gpt-4o", "instructions": "Be brief.", "tools": [WEATHER]})
    path = f"/assistants/{made['id']}"
    tell("GET", "/assistants")
    tell("GET", path)
    tell("POST", path, {"name": "Weather"})
    return str(made["id"])


def _threads(tell: Teller) -> str:
    file_id = tell.upload("note.txt", b"Bring a coat.")
    thread: Json = tell("POST", "/threads", {"messages": [{"role": "user", "content": "Is it warm in Rome?"}]})
    path = f"/threads/{thread['id']}"
    tell("GET", path)
    tell("POST", path, {"metadata": {"topic": "weather"}})
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}]
    tell("POST", f"{path}/messages", {"role": "user", "content": parts})
    attached = {"file_id": file_id, "tools": [{"type": "file_search"}]}
    message = tell("POST", f"{path}/messages", {"role": "user", "content": "Read", "attachments": [attached]})
    tell("GET", f"{path}/messages")
    tell("GET", f"{path}/messages/{message['id']}")
    tell("POST", f"{path}/messages/{message['id']}", {"metadata": {"seen": "yes"}})
    tell("DELETE", f"{path}/messages/{message['id']}")
    return str(thread["id"])


def _runs(tell: Teller, assistant_id: str, thread_id: str) -> None:
    path, body = f"/threads/{thread_id}/runs", {"assistant_id": assistant_id}
    run = tell.at_rest(tell("POST", path, body))
    tell("GET", path)
    tell("POST", f"{path}/{run['id']}", {"metadata": {"good": "yes"}})
    (step,) = tell("GET", f"{path}/{run['id']}/steps")["data"]
    tell("GET", f"{path}/{run['id']}/steps/{step['id']}")
    tell("GET", f"/threads/{thread_id}/messages")
    waiting = tell.at_rest(tell("POST", path, body))
    tell("POST", f"{path}/{run['id']}/cancel")  # too late
    tell.at_rest(tell("POST", f"{path}/{waiting['id']}/submit_tool_outputs", _outputs(waiting)))
    tell("GET", f"{path}/{waiting['id']}/steps")


def _streams(tell: Teller, assistant_id: str, thread_id: str) -> None:
    streamed: Json = {"assistant_id": assistant_id, "stream": True}
    tell("POST", f"/threads/{thread_id}/runs", streamed)
    question = {"messages": [{"role": "user", "content": "And in Oslo?"}]}
    tell("POST", "/threads/runs", {**streamed, "thread": question})
    waiting = _last_run(tell)
    path = f"/threads/{waiting['thread_id']}/runs"
    tell("POST", f"{path}/{waiting['id']}/submit_tool_outputs", {**_outputs(waiting), "stream": True})
    dropped = tell.at_rest(tell("POST", path, {"assistant_id": assistant_id}))
    tell("POST", f"{path}/{dropped['id']}/cancel")


def _last_run(tell: Teller) -> Json:
    return next(data for name, data in events(tell.told[-1].answer) if name == "thread.run.requires_action")


def _outputs(run: Json) -> Json:
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return {"tool_outputs": [{"tool_call_id": call["id"], "output": "18 °C"} for call in calls]}


def _old_days(tell: Teller) -> None:
    """The same with `assistants=v1`, as the source notebook did it."""
    file_id = tell.upload("old.txt", b"Old news.")
    body: Json = {"model": "gpt-4", "instructions": "Be brief.", "file_ids": [file_id], "name": "Old"}
    body["tools"] = [{"type": "code_interpreter"}]
    assistant = tell("POST", "/assistants", body, api="v1")
    path = f"/assistants/{assistant['id']}"
    tell("GET", "/assistants", api="v1")
    tell("GET", f"{path}/files", api="v1")
    tell("GET", f"{path}/files/{file_id}", api="v1")
    tell("DELETE", f"{path}/files/{file_id}", api="v1")
    tell("POST", f"{path}/files", {"file_id": file_id}, api="v1")
    thread = f"/threads/{tell('POST', '/threads', {}, api='v1')['id']}"
    question = {"role": "user", "content": "Hello", "file_ids": [file_id]}
    message = tell("POST", f"{thread}/messages", question, api="v1")
    tell("GET", f"{thread}/messages/{message['id']}/files", api="v1")
    tell("GET", f"{thread}/messages/{message['id']}/files/{file_id}", api="v1")
    run = tell.at_rest(tell("POST", f"{thread}/runs", {"assistant_id": assistant["id"]}, api="v1"), api="v1")
    tell("GET", f"{thread}/runs/{run['id']}/steps", api="v1")
    tell("GET", f"{thread}/messages", api="v1")
    tell("POST", f"{thread}/runs", {"assistant_id": assistant["id"], "stream": True}, api="v1")
    tell("DELETE", thread, api="v1")
    tell("DELETE", path, api="v1")
