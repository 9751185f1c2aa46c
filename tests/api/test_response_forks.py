"""A response by hand: held, advanced, looked back at and forked, as a run is."""

from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import OpenAI

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Said, Scripted
from tests.conftest import Connect, MakeApp
from tests.until import until

ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}


def lab(client: OpenAI, path: str, **body: Any) -> dict[str, Any]:
    if body:
        return client.post(f"/lab/{path}", cast_to=dict[str, Any], body=body)
    return client.get(f"/lab/{path}", cast_to=dict[str, Any])


def fork(client: OpenAI, id: str, event: str, **edit: Any) -> str:
    """A fork at the latest entry of this name, let go and ended; its id."""
    entries = lab(client, f"runs/{id}/journal")["data"]
    at = max(entry["n"] for entry in entries if entry["event"] == event)
    forked: str = lab(client, f"runs/{id}/fork", at=at, **({"edit": edit} if edit else {}))["run"]["id"]
    lab(client, f"runs/{forked}/release", x=1)
    until(lambda: client.responses.retrieve(forked).status != "in_progress", lambda: "it does not end")
    return forked


def test_a_held_response_moves_one_transition_at_a_time(connect: Connect) -> None:
    client = connect(ToolCall("add", "{}"))
    id = lab(client, "responses", model="m", input="x", tools=[ADD])["id"]
    seen = [lab(client, f"runs/{id}/advance", to="transition") for _ in range(4)]
    assert [one["next"] for one in seen] == ["ask", "listen", "conclude", None]
    assert seen[-1]["why"] == "ended" and client.responses.retrieve(id).output[0].type == "function_call"


def test_it_stops_before_a_tool_is_used_and_its_stream_tells_each_advance(connect: Connect) -> None:
    client = connect(ToolCall("file_search", "pizza"), "Found.")
    store = client.vector_stores.create()
    tools = [{"type": "file_search", "vector_store_ids": [store.id]}]
    id = lab(client, "responses", model="m", input="x", tools=tools)["id"]
    events = iter(client.responses.retrieve(id, stream=True))
    assert [next(events).type for _ in range(2)] == ["response.created", "response.queued"]
    assert lab(client, f"runs/{id}/advance", to="tool")["next"] == "use"
    assert client.responses.retrieve(id).output[0].to_dict()["status"] == "in_progress"
    lab(client, f"runs/{id}/advance", to="end")
    assert list(events)[-1].response.output_text == "Found."  # type: ignore[union-attr]


def test_a_look_back_shows_the_run_and_the_messages_of_its_chain(connect: Connect) -> None:
    client = connect("One.", "Two.", "Other.")
    first = client.responses.create(model="m", input="1?")
    second = client.responses.create(model="m", input="2?", previous_response_id=first.id)
    client.responses.create(model="m", input="3?", previous_response_id=first.id)
    end = lab(client, f"runs/{second.id}/journal")["data"][-1]["n"]
    view = lab(client, f"runs/{second.id}/at/{end}")
    assert [one["content"][0]["text"]["value"] for one in view["messages"]] == ["1?", "One.", "2?", "Two."]


def test_a_fork_is_a_sibling_with_its_own_input(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.", "Changed.", "Third.")))
    first = client.responses.create(model="m", input="1?")
    second = client.responses.create(model="m", input="2?", previous_response_id=first.id)
    (question, *_) = client.responses.input_items.list(second.id).data
    id = fork(client, second.id, "model.asked", message={"id": question.id, "content": "Two?"})
    forked = client.responses.retrieve(id)
    assert forked.output_text == "Changed." and forked.previous_response_id == first.id
    items = [item.to_dict() for item in client.responses.input_items.list(id, order="asc")]
    assert [item["content"][0]["text"] for item in items] == ["1?", "One.", "Two?"]  # type: ignore[index]
    assert client.responses.retrieve(second.id) == second
    client.responses.create(model="m", input="3?", previous_response_id=id)
    assert isinstance(app.model, Scripted)
    assert [turn.content for turn in app.model.prompts[-1].messages] == ["1?", "One.", "Two?", "Changed.", "3?"]


def test_a_fork_in_a_conversation_has_a_copy_of_it(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app(["So.", ToolCall("add", "{}")], "Three.", "Changed.")))
    conversation = client.conversations.create()
    first = client.responses.create(model="m", input="1?", conversation=conversation.id, tools=[ADD])
    call = first.output[1].to_dict()["call_id"]
    output: Any = {"type": "function_call_output", "call_id": call, "output": "3"}
    second = client.responses.create(model="m", input=[output], conversation=conversation.id, tools=[ADD])
    before = client.conversations.items.list(conversation.id).data
    forked = client.responses.retrieve(fork(client, second.id, "model.asked", instructions="Other."))
    assert forked.conversation and forked.conversation.id != conversation.id
    kinds = [item.type for item in client.conversations.items.list(forked.conversation.id, order="asc")]
    assert kinds == ["message", "message", "function_call", "function_call_output", "message"]
    assert client.conversations.items.list(conversation.id).data == before
    assert isinstance(app.model, Scripted)
    (_, _, last) = app.model.prompts
    assert last.messages == app.model.prompts[1].messages and last.instructions == "Other."


def test_an_answer_is_put_in_the_place_of_the_models(connect: Connect) -> None:
    client = connect(ToolCall("add", "{}"))
    first = client.responses.create(model="m", input="x", tools=[ADD])
    id = fork(client, first.id, "model.asked", answer={"text": "No call."})
    assert client.responses.retrieve(id).output_text == "No call."


def test_a_message_of_before_is_shared_and_cannot_be_edited(connect: Connect) -> None:
    client = connect("One.", "Two.")
    first = client.responses.create(model="m", input="1?")
    second = client.responses.create(model="m", input="2?", previous_response_id=first.id)
    with pytest.raises(openai.NotFoundError, match="There was no message"):
        lab(client, f"runs/{second.id}/fork", at=3, edit={"message": {"id": first.output[0].id, "content": "x"}})


def test_a_fork_of_what_is_cancelled_goes_on(connect: Connect) -> None:
    client = connect("One.")
    id = lab(client, "responses", model="m", input="x")["id"]
    lab(client, f"runs/{id}/advance", to="transition")
    client.responses.cancel(id)
    assert client.responses.retrieve(fork(client, id, "thread.run.in_progress")).output_text == "One."


@given(pieces=st.lists(st.text("ab s:/【】†\n", max_size=30), max_size=8), calls=st.integers(0, 2))
@settings(max_examples=25)
def test_however_an_answer_comes_it_is_told_the_same_to_who_comes_late(pieces: list[str], calls: int) -> None:
    line: list[Said] = [*pieces, *[ToolCall("add", piece) for piece in ("{}", '{"a": "b c"}')[:calls]]]
    app = create_app(model=Scripted(line))
    client = OpenAI(base_url="http://engine/v1", api_key="x", max_retries=0, http_client=_transport(app))
    live = [
        one.to_dict()
        for one in client.responses.create(model="m", input="x", stream=True, background=True, tools=[ADD])
    ]
    id: Any = live[0]["response"]
    assert [one.to_dict() for one in client.responses.retrieve(id["id"], stream=True)] == live
    told = "".join(str(one["delta"]) for one in live if one["type"] == "response.output_text.delta")
    assert told == "".join(pieces)
    app.close()


def _transport(app: App) -> httpx2.Client:
    return openai.DefaultHttpxClient(transport=httpx2.WSGITransport(app))
