"""Copies of threads, to try things on: what comes of them changes nothing elsewhere."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from assistant_nb.engine.model.base import Prompt


def number(prompt: Prompt) -> str:
    """The answer of a model that counts how often a run began with this prompt, as a recording does."""
    return f"answer {prompt.number}"


def copied(client: OpenAI, thread_id: str) -> Any:
    return client.post(f"/lab/threads/{thread_id}/copy", cast_to=object)


def told(client: OpenAI, *, copies: bool) -> list[Any]:
    """What a lesson shows that asks, and asks again; with copies on which somebody has asked the same meanwhile."""
    threads, beta = client.beta.threads, client.beta
    assistant = beta.assistants.create(model="gpt-4o")
    thread = threads.create(messages=[{"role": "user", "content": "Hello."}])
    for one in [copied(client, thread.id), copied(client, thread.id)] if copies else []:
        for _ in range(2):
            threads.messages.create(one["id"], role="user", content="More.")
            threads.runs.create_and_poll(thread_id=one["id"], assistant_id=assistant.id)
    runs = [threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)]
    threads.messages.create(thread.id, role="user", content="More.")
    runs += [threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)]
    other = threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello."}]}
    )
    objects: list[Any] = [assistant, thread, *runs, other, *threads.messages.list(thread.id)]
    return [
        one.to_dict() for one in [*objects, *threads.messages.list(other.thread_id), beta.assistants.create(model="m")]
    ]


def test_what_is_tried_on_a_copy_changes_no_id_no_time_and_no_answer(connect: Any) -> None:
    with_copies, without = (told(connect(*[number] * 9), copies=copies) for copies in (True, False))
    assert with_copies == without


def test_a_copy_holds_the_messages_and_its_runs_leave_the_thread_alone(connect: Any) -> None:
    client: OpenAI = connect("Hi.", "Well.")
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello."}], metadata={"mood": "good"})
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    before = client.beta.threads.messages.list(thread.id).to_dict()
    copy = copied(client, thread.id)
    assert copy == {**thread.to_dict(), "id": copy["id"]}
    assert client.beta.threads.retrieve(copy["id"]).id == copy["id"]
    client.beta.threads.messages.create(copy["id"], role="user", content="How are you?")
    client.beta.threads.runs.create_and_poll(thread_id=copy["id"], assistant_id=assistant.id)
    messages: Any = [*client.beta.threads.messages.list(copy["id"], order="asc")]
    assert [one.content[0].text.value for one in messages] == ["Hello.", "Hi.", "How are you?", "Well."]
    assert client.beta.threads.messages.list(thread.id).to_dict() == before


def test_each_copy_has_an_id_of_its_own_which_derives_from_the_thread(connect: Any) -> None:
    def ids(others: int) -> list[str]:
        client: OpenAI = connect()
        thread = client.beta.threads.create()
        for _ in range(others):
            client.beta.threads.create()
        return [copied(client, thread.id)["id"] for _ in range(2)]

    first, second = ids(0)
    assert first != second
    assert ids(3) == [first, second]


def test_no_thread_no_copy(connect: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="No thread found with id 'thread_1'"):
        copied(connect(), "thread_1")
