import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import openai
import pytest
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import Prompt
from tests.conftest import Connect
from tests.until import PATIENCE_S

Ask = Callable[..., Run]


def test_a_message_has_the_ten_keys_of_a_plain_answer(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create()
    answer = client.beta.threads.messages.with_raw_response.create(thread.id, role="user", content="Hello")
    message = json.loads(answer.text)
    assert list(message) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "run_id", "role", "content", "attachments", "metadata",
    ]  # fmt: skip
    assert message["content"] == [{"type": "text", "text": {"value": "Hello", "annotations": []}}]


def test_content_may_come_in_parts(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(
        thread.id,
        role="user",
        content=[{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}],
    )
    assert [part.type for part in message.content] == ["text", "image_url"]
    assert client.beta.threads.messages.retrieve(message.id, thread_id=thread.id) == message


def test_the_messages_of_one_run_can_be_listed(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    written = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert [message.role for message in written] == ["assistant"]
    assert (written[0].run_id, written[0].assistant_id) == (run.id, run.assistant_id)


def test_modifying_answers_in_the_shape_of_v1(connect: Connect) -> None:
    """As recorded in 2024 and 2025: `file_ids` where all other answers have `attachments`."""
    client = connect()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    (message,) = client.beta.threads.messages.list(thread.id).data
    answer = client.beta.threads.messages.with_raw_response.update(message.id, thread_id=thread.id, metadata={"a": "b"})
    assert list(json.loads(answer.text))[-2:] == ["file_ids", "metadata"]
    assert client.beta.threads.messages.retrieve(message.id, thread_id=thread.id).metadata == {"a": "b"}


def test_what_a_run_wrote_can_be_modified_and_deleted(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    client.beta.threads.messages.update(message.id, thread_id=run.thread_id, metadata={"seen": "yes"})
    assert client.beta.threads.messages.retrieve(message.id, thread_id=run.thread_id).metadata == {"seen": "yes"}
    client.beta.threads.messages.delete(message.id, thread_id=run.thread_id)
    assert [left.role for left in client.beta.threads.messages.list(run.thread_id)] == ["user"]


def test_no_message_is_added_while_a_run_is_active(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant_nb.engine.runs.runner.SETTLE_S", 0.01)
    go = threading.Event()

    def slow(prompt: Prompt) -> Iterable[str]:
        go.wait(PATIENCE_S)
        return ["Done."]

    client = connect(slow)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.messages.create(thread.id, role="user", content="Me too")
    assert refused.value.body == {
        "message": f"Can't add messages to {thread.id} while a run {run.id} is active.",
        "type": "invalid_request_error", "param": None, "code": None,
    }  # fmt: skip
    go.set()


def test_a_message_is_listed_when_it_is_written(connect: Connect, wait: Callable[..., Run]) -> None:
    speaking, go = threading.Event(), threading.Event()

    def slow(prompt: Prompt) -> Iterable[str]:
        yield "Half "
        speaking.set()
        go.wait(PATIENCE_S)
        yield "a word."

    client = connect(slow)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    assert speaking.wait(PATIENCE_S)
    assert client.beta.threads.messages.list(thread.id).data == []
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    message_id = step.to_dict()["step_details"]["message_creation"]["message_id"]  # type: ignore[index]
    with pytest.raises(
        openai.BadRequestError, match=f"Can't delete message {message_id} while run {run.id} is writing it"
    ):
        client.beta.threads.messages.delete(message_id, thread_id=thread.id)
    go.set()
    wait(client, run)
    assert len(client.beta.threads.messages.list(thread.id).data) == 1


def test_a_message_waits_for_a_run_that_is_about_to_end(connect: Connect) -> None:
    """So that cells of a notebook may be run as fast as a script."""
    client = connect(*["An answer."] * 20)
    assistant = client.beta.assistants.create(model="gpt-4", instructions="i")
    thread = client.beta.threads.create()
    for _ in range(20):
        client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
        client.beta.threads.messages.create(thread.id, role="user", content="And now?")
    assert len(client.beta.threads.messages.list(thread.id, limit=100).data) == 40


def test_what_is_on_one_thread_is_not_found_on_another(connect: Connect, ask: Ask) -> None:
    client = connect("An answer.")
    run = ask(client, "A question?")
    (message, _) = client.beta.threads.messages.list(run.thread_id).data
    other = client.beta.threads.create()
    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{message.id}'."):
        client.beta.threads.messages.retrieve(message.id, thread_id=other.id)
    with pytest.raises(openai.NotFoundError, match=f"No run found with id '{run.id}'."):
        client.beta.threads.runs.retrieve(run.id, thread_id=other.id)


def test_metadata_comes_with_a_message(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, role="user", content="Hello", metadata={"a": "b"})
    assert message.metadata == {"a": "b"}


def test_a_modified_message_names_its_files_by_id(connect: Connect) -> None:
    client = connect()
    file_id = client.files.create(file=("a.txt", b"a"), purpose="assistants").id
    attached: Any = [{"file_id": file_id, "tools": [{"type": "code_interpreter"}]}]
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi", "attachments": attached}])
    (message,) = client.beta.threads.messages.list(thread.id).data
    for beta in ("assistants=v2", "assistants=v1"):
        answer = client.beta.threads.messages.with_raw_response.update(
            message.id, thread_id=thread.id, metadata={"a": "b"}, extra_headers={"OpenAI-Beta": beta}
        )
        assert json.loads(answer.text)["file_ids"] == [file_id]
    assert client.beta.threads.messages.retrieve(message.id, thread_id=thread.id).attachments == message.attachments


def test_metadata_is_replaced_not_merged(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi", "metadata": {"a": "1"}}])
    (message,) = client.beta.threads.messages.list(thread.id).data
    changed = client.beta.threads.messages.update(message.id, thread_id=thread.id, metadata={"b": "2"})
    assert changed.metadata == {"b": "2"}


def test_an_image_file_has_to_be_there(connect: Connect) -> None:
    client = connect()
    image: Any = [{"type": "image_file", "image_file": {"file_id": "file-none"}}]
    with pytest.raises(openai.NotFoundError, match="No file found with id 'file-none'"):
        client.beta.threads.create(messages=[{"role": "user", "content": image}])
    file_id = client.files.create(file=("a.png", b"a"), purpose="vision").id
    image[0]["image_file"] = {"file_id": file_id, "detail": "low"}
    thread = client.beta.threads.create(messages=[{"role": "user", "content": image}])
    (message,) = client.beta.threads.messages.list(thread.id).data
    assert message.content[0].to_dict() == {"type": "image_file", "image_file": {"file_id": file_id, "detail": "low"}}
