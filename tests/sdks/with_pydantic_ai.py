"""pydantic-ai on the engine: tools, streams, structured output, an answer to a previous response. Run by `run.py`."""

import asyncio
from importlib.metadata import version

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings

ANSWER = "It is 18 °C in Rome and 4 °C in Oslo."
MODEL = OpenAIResponsesModel("gpt-4o")
plain = Agent(MODEL)
weather = Agent(MODEL, instructions="Be brief.")


class Weather(BaseModel):
    city: str
    degrees: int


@weather.tool_plain
def get_weather(city: str) -> str:
    """The weather in a city."""
    return {"Rome": "18 °C", "Oslo": "4 °C"}[city]


async def main() -> None:
    ran = await weather.run("Where is it warmer?")
    assert ran.output == ANSWER, ran
    assert (await plain.run("How many?", message_history=ran.all_messages())).output == "That is question 2."

    async with weather.run_stream("Where is it warmer?") as stream:
        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 1 and "".join(pieces) == ANSWER, pieces

    structured = Agent(MODEL, output_type=NativeOutput(Weather))
    assert (await structured.run("The weather.")).output == Weather(city="Rome", degrees=18)

    auto = OpenAIResponsesModelSettings(openai_previous_response_id="auto")
    first = await plain.run("Hello", model_settings=auto)
    second = await plain.run("How many?", message_history=first.all_messages(), model_settings=auto)
    assert second.output == "That is question 2.", second
    id = first.all_messages()[-1].provider_response_id
    by_id = OpenAIResponsesModelSettings(openai_previous_response_id=id)
    assert (await plain.run("How many?", model_settings=by_id)).output == "That is question 2."
    print("pydantic-ai", version("pydantic-ai-slim"), "openai", version("openai"))


asyncio.run(main())
