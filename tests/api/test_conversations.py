"""`/v1/conversations`: a thread that responses share, and its items."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}


def say(client: OpenAI, conversation_id: str, question: Any = "2 + 2?", **body: Any) -> Any:
    return client.responses.create(model="gpt-4o", input=question, conversation=conversation_id, **body)


def texts(client: OpenAI, conversation_id: str, **query: Any) -> list[Any]:
    items = [item.to_dict() for item in client.conversations.items.list(conversation_id, **query)]
    return [item["content"][0]["text"] if "content" in item else item["type"] for item in items]  # type: ignore[index]


def test_it_is_created_changed_and_deleted(connect: Connect) -> None:
    client = connect()
    conversation = client.conversations.create(metadata={"topic": "sums"})
    assert client.conversations.retrieve(conversation.id) == conversation and conversation.metadata == {"topic": "sums"}
    assert client.conversations.update(conversation.id, metadata={"topic": "pi"}).metadata == {"topic": "pi"}
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError, match=f"Conversation with id '{conversation.id}' not found."):
        client.conversations.retrieve(conversation.id)


def test_responses_add_what_they_were_given_and_have_made(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app(ToolCall("add", "{}"), "Four.", "Yes.")))
    id = client.conversations.create(items=[{"role": "developer", "content": "Be brief."}]).id
    first = say(client, id, tools=[ADD])
    output = {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "4"}
    assert say(client, id, [output], tools=[ADD]).conversation.id == id
    say(client, id, "Sure?", tools=[ADD])
    assert texts(client, id, order="asc") == [
        "Be brief.", "2 + 2?", "function_call", "function_call_output", "Four.", "Sure?", "Yes.",
    ]  # fmt: skip
    assert isinstance(app.model, Scripted)
    asked = app.model.prompts[-1].as_json()
    assert asked["instructions"] == "Be brief."
    assert [turn["content"] for turn in asked["messages"]] == ["2 + 2?", "", "Four.", "Sure?"]


def test_items_are_paged_both_ways_also_behind_one_that_is_deleted(connect: Connect) -> None:
    client = connect()
    id = client.conversations.create(items=[{"role": "user", "content": str(n)} for n in range(7)]).id
    assert texts(client, id, limit=2) == list("6543210") and texts(client, id, limit=3, order="asc") == list("0123456")
    page = client.conversations.items.list(id, limit=3)
    client.conversations.items.delete(page.last_id or "", conversation_id=id)
    assert [item.content[0].text for item in page.get_next_page().data] == list("321")  # type: ignore[union-attr, index]


def test_an_item_is_created_retrieved_and_deleted(connect: Connect) -> None:
    client = connect()
    id = client.conversations.create().id
    (item,) = client.conversations.items.create(id, items=[{"role": "user", "content": "x", "type": "message"}]).data
    assert client.conversations.items.retrieve(item.id, conversation_id=id) == item  # type: ignore[arg-type]
    assert client.conversations.items.delete(item.id, conversation_id=id).id == id  # type: ignore[arg-type]
    with pytest.raises(openai.NotFoundError, match=f"Item with id '{item.id}' not found."):
        client.conversations.items.retrieve(item.id, conversation_id=id)  # type: ignore[arg-type]


def test_a_deleted_item_leaves_the_conversation_and_its_response_keeps_it(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.")))
    id = client.conversations.create().id
    first = say(client, id, "1?")
    client.conversations.items.delete(first.output[0].id, conversation_id=id)
    assert texts(client, id) == ["1?"] and client.responses.retrieve(first.id).output_text == "One."
    say(client, id, "2?")
    assert isinstance(app.model, Scripted)
    assert [turn.content for turn in app.model.prompts[-1].messages] == ["1?", "2?"]


def test_the_responses_of_a_deleted_conversation_stay_and_can_be_followed(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.", "Three.", "Four.")))
    id = client.conversations.create().id
    say(client, id, "1?")
    second = say(client, id, "2?")
    client.conversations.delete(id)
    assert client.responses.retrieve(second.id).output_text == "Two." and app.store.counts().get("thread") is None
    third = client.responses.create(model="gpt-4o", input="3?", previous_response_id=second.id)
    client.responses.create(model="gpt-4o", input="4?", previous_response_id=third.id)
    assert isinstance(app.model, Scripted)
    said = ["1?", "One.", "2?", "Two.", "3?", "Three.", "4?"]
    assert [turn.content for turn in app.model.prompts[-1].messages] == said


def test_it_is_locked_while_a_response_is_under_way(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app(model=Human()))
    id = client.conversations.create().id
    response = say(client, id, background=True)
    locked = "Another process is currently operating on this conversation"
    with pytest.raises(openai.BadRequestError, match=locked):
        say(client, id)
    with pytest.raises(openai.BadRequestError, match=locked):
        client.conversations.items.create(id, items=[{"role": "user", "content": "x", "type": "message"}])
    client.responses.cancel(response.id)
    client.conversations.items.create(id, items=[{"role": "user", "content": "x", "type": "message"}])


def test_a_stream_that_nobody_reads_does_not_lock_it(connect: Connect) -> None:
    client = connect("One.", "Two.")
    id = client.conversations.create().id
    unread = say(client, id, stream=True)
    assert say(client, id, "2?").output_text == "Two."
    assert list(unread)[-1].response.output_text == "One."


def test_what_comes_to_no_end_leaves_nothing(connect: Connect) -> None:
    client = connect(ModelError("no"), "Four.")
    id = client.conversations.create().id
    with pytest.raises(openai.APIStatusError):
        say(client, id)
    assert texts(client, id) == []
    say(client, id)
    assert texts(client, id) == ["Four.", "2 + 2?"]


def test_the_other_face_sees_its_messages(connect: Connect) -> None:
    client = connect("Four.", "Five.")
    id = client.conversations.create().id
    say(client, id)
    messages = client.beta.threads.messages.list(id, order="asc").data
    assert [message.content[0].text.value for message in messages] == ["2 + 2?", "Four."]  # type: ignore[union-attr]
    assert not any("sent" in message.to_dict() for message in messages)
    (run,) = client.beta.threads.runs.list(id).data
    assert [message.run_id for message in messages] == [None, run.id]
    assert "request" not in run.to_dict() and client.beta.threads.runs.retrieve(run.id, thread_id=id) == run
    assistant = client.beta.assistants.create(model="gpt-4o")
    client.beta.threads.messages.create(id, role="user", content="3 + 2?")
    client.beta.threads.runs.create_and_poll(thread_id=id, assistant_id=assistant.id)
    assert texts(client, id, order="asc") == ["2 + 2?", "Four.", "3 + 2?", "Five."]


def test_hidden_threads_are_not_listed(connect: Connect) -> None:
    client = connect("Four.")
    client.responses.create(model="gpt-4o", input="x")
    id = client.conversations.create().id
    assert [thread["id"] for thread in client.get("/threads", cast_to=dict[str, Any])["data"]] == [id]
