import json

import openai
import pytest

from tests.conftest import Connect


def test_a_thread_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    answer = connect().beta.threads.with_raw_response.create()
    assert list(json.loads(answer.text)) == ["id", "object", "created_at", "metadata", "tool_resources"]


def test_a_thread_can_begin_with_messages(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create(
        messages=[{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}], metadata={"a": "b"}
    )
    messages = client.beta.threads.messages.list(thread.id, order="asc").data
    assert [message.role for message in messages] == ["user", "assistant"]
    assert client.beta.threads.retrieve(thread.id).metadata == {"a": "b"}


def test_metadata_can_be_modified(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create(metadata={"a": "1"})
    assert client.beta.threads.update(thread.id, metadata={"b": "2"}).metadata == {"b": "2"}
    assert client.beta.threads.retrieve(thread.id).metadata == {"b": "2"}


def test_a_deleted_thread_takes_its_messages_along(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    assert client.beta.threads.delete(thread.id).object == "thread.deleted"
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread.id}'."):
        client.beta.threads.messages.list(thread.id)


def test_a_run_in_the_background_does_not_change_what_the_foreground_sees(connect: Connect) -> None:
    quiet, busy = connect("An answer."), connect("An answer.")
    assistant = busy.beta.assistants.create(model="gpt-4", instructions="i")
    quiet.beta.assistants.create(model="gpt-4", instructions="i")
    thread = busy.beta.threads.create()
    quiet.beta.threads.create()
    busy.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    assert [busy.beta.threads.create() for _ in range(3)] == [quiet.beta.threads.create() for _ in range(3)]


def test_time_on_a_thread_goes_on_from_its_creation(connect: Connect) -> None:
    client = connect()
    for _ in range(3):
        client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, role="user", content="Hello")
    assert message.created_at == thread.created_at + 1
