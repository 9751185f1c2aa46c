"""The source notebook's steps by the SDK of its day, openai 1.12.0, which speaks version 1 of the wire. Run by `run.py`."""

import sys
import time
from typing import Any

import openai

client: Any = openai.OpenAI()
assistant = client.beta.assistants.create(
    name="Math Tutor",
    instructions="You are a personal math tutor.",
    tools=[{"type": "code_interpreter"}, {"type": "retrieval"}],
    model="gpt-4-1106-preview",
)
assert [tool.type for tool in assistant.tools] == ["code_interpreter", "retrieval"]
assert assistant.file_ids == []
thread = client.beta.threads.create()
message = client.beta.threads.messages.create(
    thread_id=thread.id, role="user", content="I need to solve the equation `3x + 11 = 14`. Can you help me?"
)
assert (message.content[0].text.value[:6], message.file_ids) == ("I need", [])
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
while run.status in ("queued", "in_progress"):
    time.sleep(0.02)
    run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)
assert run.status == "completed", run
(answer, question) = client.beta.threads.messages.list(thread_id=thread.id).data
assert answer.content[0].text.value
assert question.id == message.id
(step,) = client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id).data
assert step.step_details.message_creation.message_id == answer.id
print("openai", openai.__version__, "python", sys.version.split()[0])
