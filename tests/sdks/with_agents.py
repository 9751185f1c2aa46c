"""openai-agents on the engine: tools, a handoff, streams, both kinds of session. Run by `run.py`."""

import asyncio
from importlib.metadata import version

from agents import (
    Agent,
    OpenAIConversationsSession,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)

ANSWER = "It is 18 °C in Rome and 4 °C in Oslo."


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return {"Rome": "18 °C", "Oslo": "4 °C"}[city]


async def main() -> None:
    set_tracing_disabled(True)
    plain = Agent(name="Plain", instructions="Be brief.", model="gpt-4o")
    weather = Agent(name="Weather", instructions="Be brief.", model="gpt-4o", tools=[get_weather])
    desk = Agent(name="Desk", instructions="Hand over.", model="gpt-4o", handoffs=[weather])

    ran = await Runner.run(weather, "Where is it warmer?")
    assert ran.final_output == ANSWER, ran
    streamed = Runner.run_streamed(weather, "Where is it warmer?")
    text = ""
    async for event in streamed.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            text += event.data.delta
    assert text == streamed.final_output == ANSWER, text

    handed = await Runner.run(desk, "Where is it warmer?")
    assert (handed.last_agent.name, handed.final_output) == ("Weather", ANSWER), handed

    for session in (SQLiteSession("mine"), OpenAIConversationsSession()):
        await Runner.run(weather, "Where is it warmer?", session=session)
        second = await Runner.run(plain, "How many?", session=session)
        assert second.final_output == "That is question 2.", (session, second)
        assert len(await session.get_items()) == 8, await session.get_items()
        await session.pop_item()
        assert len(await session.get_items()) == 7
        await session.clear_session()

    first = await Runner.run(plain, "Hello")
    follow = await Runner.run(plain, "How many?", previous_response_id=first.last_response_id)
    assert follow.final_output == "That is question 2.", follow
    print("openai-agents", version("openai-agents"), "openai", version("openai"))


asyncio.run(main())
