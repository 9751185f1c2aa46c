"""Null in an update clears a field; at creation and in runs it is as good as left out."""

from typing import Any

import pytest
from openai import OpenAI

from tests.conftest import Connect

FULL: dict[str, Any] = {
    "name": "Tutor", "description": "d", "instructions": "Be brief.", "metadata": {"a": "b"}, "temperature": 0.5,
    "top_p": 0.5, "reasoning_effort": "low", "response_format": {"type": "json_object"},
}  # fmt: skip


def changed(client: OpenAI, path: str, **body: Any) -> dict[str, Any]:
    headers = {"OpenAI-Beta": "assistants=v2"}
    return client.post(path, cast_to=dict[str, Any], body=body, options={"headers": headers})


@pytest.mark.parametrize("name", FULL)
def test_null_gives_a_field_of_an_assistant_the_value_of_a_new_one(name: str, connect: Connect) -> None:
    client = connect()
    blank = client.beta.assistants.create(model="gpt-4").to_dict()
    made = client.beta.assistants.create(model="gpt-4", **FULL)
    now = changed(client, f"/assistants/{made.id}", **{name: None})
    assert now == {**made.to_dict(), name: blank[name]} != made.to_dict()
    assert client.beta.assistants.retrieve(made.id).to_dict() == now


def test_null_leaves_the_model_and_the_tools(connect: Connect) -> None:
    client = connect()
    made = client.beta.assistants.create(model="gpt-4", tools=[{"type": "code_interpreter"}])
    assert changed(client, f"/assistants/{made.id}", model=None, tools=None) == made.to_dict()


def test_null_empties_resources(connect: Connect) -> None:
    client = connect()
    file = client.files.create(file=("a.txt", b"a"), purpose="assistants")
    resources: Any = {"code_interpreter": {"file_ids": [file.id]}}
    made = client.beta.assistants.create(model="gpt-4", tools=[{"type": "code_interpreter"}], tool_resources=resources)
    now = changed(client, f"/assistants/{made.id}", tool_resources=None)
    assert now["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    thread = client.beta.threads.create(tool_resources=resources, metadata={"a": "b"})
    now = changed(client, f"/threads/{thread.id}", tool_resources=None, metadata=None)
    assert (now["tool_resources"], now["metadata"]) == ({}, {})


def test_null_empties_the_metadata_of_messages_and_runs(connect: Connect) -> None:
    client = connect("Four.")
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, role="user", content="2 + 2?", metadata={"a": "b"})
    assistant = client.beta.assistants.create(model="gpt-4")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, metadata={"a": "b"})
    answer = client.beta.threads.messages.list(thread.id).data[0]
    client.beta.threads.messages.update(answer.id, thread_id=thread.id, metadata={"a": "b"})
    for path in (f"messages/{message.id}", f"messages/{answer.id}", f"runs/{run.id}"):
        assert changed(client, f"/threads/{thread.id}/{path}", metadata=None)["metadata"] == {}


def test_null_clears_the_expiry_of_a_vector_store(connect: Connect) -> None:
    client = connect()
    made = client.vector_stores.create(
        name="Food", metadata={"a": "b"}, expires_after={"anchor": "last_active_at", "days": 1}
    )
    now = changed(client, f"/vector_stores/{made.id}", name=None, metadata=None, expires_after=None)
    assert (now["name"], now["metadata"], now["expires_after"], now["expires_at"]) == (None, {}, None, None)


def test_null_at_creation_and_in_runs_is_left_out(connect: Connect) -> None:
    client = connect("Four.")
    made = changed(client, "/assistants", model="gpt-4", name=None, metadata=None, temperature=None)
    assert (made["name"], made["metadata"], made["temperature"]) == (None, {}, 1.0)
    client.beta.assistants.update(made["id"], instructions="Be brief.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    run = changed(client, f"/threads/{thread.id}/runs", assistant_id=made["id"], instructions=None)
    assert run["instructions"] == "Be brief."
