"""A whole conversation by an SDK of 2024 to 2026, sync and async: run by `run.py` under several versions of openai.

Needs OPENAI_BASE_URL and OPENAI_API_KEY of an engine whose model is `run.talk`. Imports nothing of ours.
"""

import asyncio
import io
import json
import sys
import warnings
from typing import Any

import openai
from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI, OpenAI

warnings.simplefilter("ignore", DeprecationWarning)

WEATHER: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
QUESTION: Any = {"messages": [{"role": "user", "content": "Where is it warmer?"}]}
ANSWER = "It is 18 °C in Rome and 4 °C in Oslo."


def outputs(run: Any) -> Any:
    """What the functions answer that a run waits for."""
    degrees = {"Rome": "18 °C", "Oslo": "4 °C"}
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": degrees[json.loads(call.function.arguments)["city"]]} for call in calls]


class Handler(AssistantEventHandler):
    """Counts what it is told, and submits the outputs of functions from within the stream."""

    def __init__(self, client: OpenAI) -> None:
        super().__init__()
        self.client, self.text, self.arguments, self.ends = client, "", "", 0

    def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        self.arguments += delta.function.arguments or ""

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.text += delta.value or ""

    def on_message_done(self, message: Any) -> None:
        assert message.content[0].text.value == self.text

    def on_event(self, event: Any) -> None:
        if event.event == "thread.run.requires_action":
            again = Handler(self.client)
            with self.client.beta.threads.runs.submit_tool_outputs_stream(
                run_id=event.data.id,
                thread_id=event.data.thread_id,
                tool_outputs=outputs(event.data),
                event_handler=again,
            ) as stream:
                stream.until_done()
            self.text = again.text

    def on_end(self) -> None:
        self.ends += 1


class AsyncHandler(AsyncAssistantEventHandler):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    async def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.text += delta.value or ""


def converse(client: OpenAI) -> None:
    threads = client.beta.threads
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
    thread = threads.create(**QUESTION)
    handler = Handler(client)
    with threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=handler) as stream:
        stream.until_done()
    assert (handler.text, handler.arguments, handler.ends) == (ANSWER, '{"city": "Rome"}{"city": "Oslo"}', 1)

    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, tool_choice="none")
    assert run.status == "completed", run
    run = threads.create_and_run_poll(assistant_id=assistant.id, thread=QUESTION)
    assert run.status == "requires_action", run
    run = threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
    assert run.status == "completed", run
    assert threads.messages.list(run.thread_id).data[0].content[0].text.value == ANSWER  # type: ignore[union-attr]


def search(client: OpenAI) -> None:
    store = client.vector_stores.create(name="Notes")
    first = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("a.txt", io.BytesIO(b"Apples are red."))
    )
    assert (first.status, first.last_error) == ("completed", None)
    notes: Any = [("b.md", io.BytesIO(b"# Bananas\n\nare yellow.")), ("c.txt", io.BytesIO(b"Cherries are dark."))]
    batch = client.vector_stores.file_batches.upload_and_poll(vector_store_id=store.id, files=notes)
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    assert client.vector_stores.search(store.id, query="bananas").data[0].filename == "b.md"


async def converse_async(client: AsyncOpenAI) -> None:
    threads = client.beta.threads
    assistant = await client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
    run: Any = await threads.create_and_run_poll(assistant_id=assistant.id, thread=QUESTION)
    handler = AsyncHandler()
    async with threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), event_handler=handler
    ) as stream:
        await stream.until_done()
    assert handler.text == ANSWER
    plain = AsyncHandler()
    async with threads.runs.stream(
        thread_id=run.thread_id, assistant_id=assistant.id, tool_choice="none", event_handler=plain
    ) as stream:
        await stream.until_done()
    assert plain.text
    run = await threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=assistant.id, tool_choice="none")
    assert run.status == "completed", run


async def search_async(client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create(name="Notes")
    file = await client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("a.txt", b"Apples are red.")
    )
    assert file.status == "completed"
    batch = await client.vector_stores.file_batches.upload_and_poll(
        vector_store_id=store.id, files=[("b.txt", b"Pears.")]
    )
    assert batch.file_counts.completed == 1


async def main() -> None:
    converse(OpenAI())
    await converse_async(AsyncOpenAI())
    search(OpenAI())
    await search_async(AsyncOpenAI())
    print("openai", openai.__version__, "python", sys.version.split()[0])


if __name__ == "__main__":
    asyncio.run(main())
