"""Responses and conversations by openai's SDK, sync and async: run by `run.py` under the oldest and the newest version.

Needs OPENAI_BASE_URL and OPENAI_API_KEY of an engine whose model is `run.talk`. Imports nothing of ours.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

MODEL = "gpt-4o"
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
QUESTION = "Where is it warmer?"
ANSWER = "It is 18 °C in Rome and 4 °C in Oslo."


class Weather(BaseModel):
    city: str
    degrees: int


def outputs(response: Any) -> Any:
    """What the functions answer that a response calls."""
    degrees = {"Rome": "18 °C", "Oslo": "4 °C"}
    calls = [item for item in response.output if item.type == "function_call"]
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": degrees[json.loads(call.arguments)["city"]]}
        for call in calls
    ]


def refused(ask: Callable[[], object]) -> str:
    """The words of the error that this raises."""
    try:
        ask()
    except openai.APIError as error:
        return str(error)
    raise AssertionError("no error")


def create_and_look(client: OpenAI) -> None:
    made = client.responses.create(model=MODEL, instructions="Be brief.", input="Hello", metadata={"a": "b"})
    assert (made.status, made.output_text, made.metadata) == ("completed", "Let us see.", {"a": "b"}), made
    seen = client.responses.retrieve(made.id)
    assert seen.to_dict() == made.to_dict()
    (item,) = client.responses.input_items.list(made.id)
    assert item.to_dict()["content"] == [{"type": "input_text", "text": "Hello"}], item
    follow = client.responses.create(model=MODEL, input="How many?", previous_response_id=made.id)
    assert follow.output_text == "That is question 2.", follow
    assert client.responses.input_tokens.count(model=MODEL, input="Hello").input_tokens > 0
    client.responses.delete(made.id)
    assert f"Response with id '{made.id}' not found." in refused(lambda: client.responses.retrieve(made.id))


def call_functions(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input=QUESTION, tools=[WEATHER]) as stream:
        heard = [event.arguments for event in stream if event.type == "response.function_call_arguments.done"]
        first = stream.get_final_response()
    assert heard == ['{"city": "Rome"}', '{"city": "Oslo"}'], heard
    text, numbers = "", []
    with client.responses.stream(
        model=MODEL, previous_response_id=first.id, input=outputs(first), tools=[WEATHER]
    ) as stream:
        for event in stream:
            numbers.append(event.sequence_number)
            text += event.delta if event.type == "response.output_text.delta" else ""
        last = stream.get_final_response()
    assert (text, last.output_text, last.previous_response_id) == (ANSWER, ANSWER, first.id)
    assert numbers == list(range(len(numbers))), numbers
    whole: Any = [{"role": "user", "content": QUESTION}, *first.output, *outputs(first)]
    again = client.responses.create(model=MODEL, input=whole, tools=[WEATHER], store=False)
    assert again.output_text == ANSWER, again


def parse(client: OpenAI) -> None:
    parsed = client.responses.parse(model=MODEL, input="The weather.", text_format=Weather)
    assert parsed.output_parsed == Weather(city="Rome", degrees=18), parsed
    with client.responses.stream(model=MODEL, input="The weather.", text_format=Weather) as stream:
        assert stream.get_final_response().output_parsed == Weather(city="Rome", degrees=18)


def converse(client: OpenAI) -> None:
    conversation = client.conversations.create(
        metadata={"topic": "weather"}, items=[{"type": "message", "role": "user", "content": "Hello"}]
    )
    asked = client.responses.create(model=MODEL, conversation=conversation.id, input="How many?")
    assert asked.output_text == "That is question 2.", asked
    assert asked.conversation and asked.conversation.id == conversation.id
    first = client.responses.create(model=MODEL, conversation=conversation.id, input=QUESTION, tools=[WEATHER])
    last = client.responses.create(model=MODEL, conversation=conversation.id, input=outputs(first), tools=[WEATHER])
    assert last.output_text == ANSWER, last
    items = list(client.conversations.items.list(conversation.id, order="asc", limit=2))
    kinds = [item.type for item in items]
    assert kinds == [*["message"] * 4, *["function_call"] * 2, *["function_call_output"] * 2, "message"], kinds
    assert [item.id for item in client.conversations.items.list(conversation.id)] == [item.id for item in items][::-1]
    added = client.conversations.items.create(
        conversation.id, items=[{"type": "message", "role": "user", "content": "Bye"}]
    ).data[0]
    assert client.conversations.items.retrieve(added.id or "", conversation_id=conversation.id).id == added.id
    client.conversations.items.delete(added.id or "", conversation_id=conversation.id)
    assert client.conversations.update(conversation.id, metadata={"topic": "b"}).metadata == {"topic": "b"}
    assert client.conversations.delete(conversation.id).deleted
    assert "not found" in refused(lambda: client.conversations.retrieve(conversation.id))


def search(client: OpenAI) -> None:
    store = client.vector_stores.create(name="Notes")
    client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"Apples are red."))
    tool: Any = {"type": "file_search", "vector_store_ids": [store.id]}
    found = client.responses.create(model=MODEL, input="Apples?", tools=[tool], include=["file_search_call.results"])
    call, message = found.output
    assert call.type == "file_search_call" and call.results and call.results[0].filename == "a.txt", call
    assert message.type == "message" and message.content[0].type == "output_text", message
    assert message.content[0].annotations[0].type == "file_citation", message
    with client.responses.stream(model=MODEL, input="Apples?", tools=[tool]) as stream:
        kinds = [event.type for event in stream]
    assert "response.file_search_call.searching" in kinds and "response.output_text.annotation.added" in kinds, kinds


def in_background(client: OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Hello", background=True)
    assert made.status in ("queued", "in_progress"), made
    while made.status in ("queued", "in_progress"):
        time.sleep(0.02)
        made = client.responses.retrieve(made.id)
    assert (made.status, made.output_text) == ("completed", "Let us see."), made
    told = list(client.responses.create(model=MODEL, input="Hello", background=True, stream=True))
    id = told[0].response.id  # type: ignore[union-attr]
    again = list(client.responses.retrieve(id, stream=True, starting_after=2))
    assert [event.to_dict() for event in again] == [event.to_dict() for event in told[3:]]


def fail(client: OpenAI) -> None:
    """A model without an answer is an error, streamed or not."""
    assert "out of coffee" in refused(lambda: client.responses.create(model=MODEL, input="Fail."))
    assert "out of coffee" in refused(lambda: list(client.responses.create(model=MODEL, input="Fail.", stream=True)))


async def all_async(client: AsyncOpenAI) -> None:
    async with client.responses.stream(model=MODEL, input=QUESTION, tools=[WEATHER]) as stream:
        first = await stream.get_final_response()
    last = await client.responses.create(
        model=MODEL, previous_response_id=first.id, input=outputs(first), tools=[WEATHER]
    )
    assert last.output_text == ANSWER, last
    parsed = await client.responses.parse(model=MODEL, input="The weather.", text_format=Weather)
    assert parsed.output_parsed == Weather(city="Rome", degrees=18), parsed
    conversation = await client.conversations.create()
    asked = await client.responses.create(model=MODEL, conversation=conversation.id, input="How many?")
    assert asked.output_text == "That is question 1.", asked
    assert len([item async for item in client.conversations.items.list(conversation.id)]) == 2


def main() -> None:
    client = OpenAI(max_retries=0)
    for part in (create_and_look, call_functions, parse, converse, search, in_background, fail):
        part(client)
    asyncio.run(all_async(AsyncOpenAI(max_retries=0)))
    print("responses: openai", openai.__version__, "python", sys.version.split()[0])


if __name__ == "__main__":
    main()
