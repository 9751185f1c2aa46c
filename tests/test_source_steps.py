"""The steps of the source notebook, pasted as they stand there, run top to bottom after `start()`."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

import assistant_nb as anb

STEPS_1_TO_5_AND_BONUS = r"""
from openai import OpenAI
client = OpenAI()

assistant = client.beta.assistants.create(
    name="Math Teacher",
    model="gpt-4-1106-preview",
    instructions="You are a personal math teacher. Write and run code to answer math questions.",
    tools=[{"type": "code_interpreter"}]
)

thread = client.beta.threads.create()

thread.id

message = client.beta.threads.messages.create(
    thread_id=thread.id,
    role="user",
    content="I need to solve the equation `4x + 11 = 19`. Can you help me?"
)

client.beta.threads.messages.list(thread.id)

assistant.id

run = client.beta.threads.runs.create(
    thread_id=thread.id,
    assistant_id=assistant.id,
    instructions="Please address the user as Monaj. The user has a premium account."
)

run.id, run.status

run = client.beta.threads.runs.retrieve(
    thread_id=thread.id,
    run_id=run.id
)

run.id, run.status

messages = client.beta.threads.messages.list(
    thread_id=thread.id
)

messages

print(messages.data[0].content[0].text.value)

message = client.beta.threads.messages.create(
    thread_id=thread.id,
    role="user",
    content="Now what is the squared root of `x`?"
)

run = client.beta.threads.runs.create(
    thread_id=thread.id,
    assistant_id=assistant.id,
    instructions="Please address the user as Monaj. The user has a premium account."
)

run = client.beta.threads.runs.retrieve(
    thread_id=thread.id,
    run_id=run.id
)

messages = client.beta.threads.messages.list(
    thread_id=thread.id
)

messages
"""

RAW_HTTP = r"""
import os
import json
import requests

headers = {
    'Authorization': f'Bearer {os.environ["OPENAI_API_KEY"]}',
    'Content-Type': 'application/json',
    'OpenAI-Beta': 'assistants=v1'
}

assistant_data = {
    "instructions": "You are a personal math tutor. When asked a question, write and run Python code to answer the question.",
    "name": "Math Tutor",
    "tools": [{"type": "code_interpreter"}],
    "model": "gpt-4"
}
assistant_response = requests.post('https://api.openai.com/v1/assistants', headers=headers, data=json.dumps(assistant_data))

assistant_id = assistant_response.json()['id']

thread_response = requests.post('https://api.openai.com/v1/threads', headers=headers)
thread_id = thread_response.json()['id']

run_data = {
    'assistant_id': assistant_id,
    'instructions': 'Hello, how are you?',
}
run_response = requests.post(f'https://api.openai.com/v1/threads/{thread_id}/runs', headers=headers, data=json.dumps(run_data))
run_id = run_response.json()['id']

retrieve_run = requests.get(f'https://api.openai.com/v1/threads/{thread_id}/runs/{run_id}', headers=headers)
print(retrieve_run.json())

run_id

run_response.content
"""


def run_cells(text: str) -> dict[str, Any]:
    """Execute cells, which an empty line divides, one after the other; returns their names."""
    names: dict[str, Any] = {}
    for cell in text.split("\n\n"):
        exec(cell, names)
    return names


@pytest.fixture(autouse=True)
def started() -> Iterator[None]:
    anb.start()
    yield
    anb.stop()


@pytest.mark.parametrize("attempt", range(5))
def test_steps_1_to_5_and_the_bonus_run_as_they_stand(attempt: int) -> None:
    cells = run_cells(STEPS_1_TO_5_AND_BONUS)
    client, thread = cells["client"], cells["thread"]
    run = client.beta.threads.runs.poll(run_id=cells["run"].id, thread_id=thread.id)
    assert run.status == "completed"
    said = [message.content[0].text.value for message in client.beta.threads.messages.list(thread.id)]
    assert said == [
        "The square root of \\( x \\) (where \\( x = 2 \\)) is approximately \\( 1.414 \\).",
        "Now what is the squared root of `x`?",
        "The solution to the equation \\( 4x + 11 = 19 \\) is \\( x = 2 \\).",
        "I need to solve the equation `4x + 11 = 19`. Can you help me?",
    ]


def test_the_raw_http_cells_run_with_nothing_changed_but_the_host() -> None:
    host = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
    cells = run_cells(RAW_HTTP.replace("https://api.openai.com", host))
    assert list(cells["retrieve_run"].json()) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at", "cancelled_at",
        "failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools", "file_ids",
        "metadata", "usage",
    ]  # fmt: skip
    assert cells["run_response"].json()["status"] == "queued"
