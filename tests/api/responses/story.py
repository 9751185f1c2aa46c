"""One story over raw HTTP in which every operation on responses and conversations comes up; tests look at what was said."""

import threading
from collections.abc import Iterator
from typing import Any

from assistant_nb.engine.app import create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from tests.api.shapes import Json
from tests.api.story import Teller, Told
from tests.until import PATIENCE_S, until

WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather now.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CALLS = [ToolCall("get_weather", '{"city": "Rome"}'), ToolCall("get_weather", '{"city": "Oslo"}')]
SEARCH = ToolCall("file_search", "Rome")
ASK: Json = {"model": "gpt-4o", "input": "Is it warm in Rome?"}
STREAMED: Json = {**ASK, "stream": True}
LONG = "And so on. " * 40


def breaks(prompt: Prompt) -> Iterator[str]:
    yield "It is"
    raise ModelError("out of coffee")


def story() -> list[Told]:
    go = threading.Event()

    def held(prompt: Prompt) -> list[str]:
        go.wait(PATIENCE_S)
        return ["Late."]

    told: list[Told] = []
    for part, lines in (
        (_plain, ("It is warm.", CALLS, "18 °C.", "As you say.")),
        (_streams, ("It is warm.", CALLS, LONG, breaks)),
        (_ends, (LONG, ModelError("out of coffee"))),
        (_searches, (SEARCH, "Warm【4:0†rome.txt】.", SEARCH, "Warm【4:0†rome.txt】.", SEARCH, "Warm.")),
        (_conversations, ("It is warm.", CALLS, "18 °C.")),
        (_background, ("It is warm.", "Seen.", held)),
    ):
        app = create_app(model=Scripted(*lines))
        tell = Teller(app)
        try:
            part(tell)
        finally:
            go.set()
            app.close()
        told += tell.told
    return told


def _outputs(response: Json) -> list[Json]:
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    return [{"type": "function_call_output", "call_id": call["call_id"], "output": "18 °C"} for call in calls]


def _plain(tell: Teller) -> None:
    first: Json = tell("POST", "/responses", {**ASK, "instructions": "Be brief.", "metadata": {"topic": "weather"}})
    path = f"/responses/{first['id']}"
    tell("GET", path)
    tell("GET", f"{path}/input_items")
    called = tell("POST", "/responses", {**ASK, "previous_response_id": first["id"], "tools": [WEATHER]})
    last = tell("POST", "/responses", {**ASK, "previous_response_id": called["id"], "input": _outputs(called)})
    tell("GET", f"/responses/{last['id']}/input_items")
    parts = [{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": "https://x.org/a.png"}]
    sent = [{"role": "user", "content": parts}, *called["output"], *_outputs(called)]
    form = {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": True}
    seen = tell("POST", "/responses", {**ASK, "input": sent, "text": {"format": form}, "tools": [WEATHER]})
    tell("GET", f"/responses/{seen['id']}/input_items?order=asc")
    tell("POST", "/responses/input_tokens", ASK)
    tell("DELETE", path)


def _streams(tell: Teller) -> None:
    tell("POST", "/responses", STREAMED)
    tell("POST", "/responses", {**STREAMED, "tools": [WEATHER]})
    tell("POST", "/responses", {**STREAMED, "max_output_tokens": 16})
    tell("POST", "/responses", STREAMED)


def _ends(tell: Teller) -> None:
    tell("POST", "/responses", {**ASK, "max_output_tokens": 16})
    made = tell("POST", "/responses", {**ASK, "background": True})
    until(lambda: tell("GET", f"/responses/{made['id']}")["status"] == "failed")


def _searches(tell: Teller) -> None:
    file = tell.upload("rome.txt", b"Rome is warm. " * 20)
    store = tell("POST", "/vector_stores", {"file_ids": [file]})
    tools = [{"type": "file_search", "vector_store_ids": [store["id"]]}]
    found = tell("POST", "/responses", {**ASK, "tools": tools})
    tell("GET", f"/responses/{found['id']}?include[]=file_search_call.results")
    tell("POST", "/responses", {**STREAMED, "tools": tools})
    tell("POST", "/responses", {**ASK, "tools": tools, "include": ["file_search_call.results"]})


def _conversations(tell: Teller) -> None:
    greeting = {"type": "message", "role": "user", "content": "Hello"}
    made: Json = tell("POST", "/conversations", {"items": [greeting], "metadata": {"topic": "weather"}})
    path = f"/conversations/{made['id']}"
    tell("GET", path)
    tell("POST", path, {"metadata": {"topic": "rain"}})
    tell("POST", "/responses", {**ASK, "conversation": made["id"]})
    called = tell("POST", "/responses", {**ASK, "conversation": {"id": made["id"]}, "tools": [WEATHER]})
    tell("POST", "/responses", {**ASK, "conversation": made["id"], "input": _outputs(called)})
    items: Any = tell("GET", f"{path}/items?order=asc")
    for item in items["data"]:
        tell("GET", f"{path}/items/{item['id']}")
    added = tell("POST", f"{path}/items", {"items": [greeting]})
    tell("DELETE", f"{path}/items/{added['data'][0]['id']}")
    tell("DELETE", path)


def _background(tell: Teller) -> None:
    tell("POST", "/responses", {**STREAMED, "background": True})
    made = tell("POST", "/responses", {**ASK, "background": True})
    until(lambda: tell("GET", f"/responses/{made['id']}")["status"] == "completed")
    tell("GET", f"/responses/{made['id']}?stream=true&starting_after=1")
    held = tell("POST", "/responses", {**ASK, "background": True})
    tell("POST", f"/responses/{held['id']}/cancel")
