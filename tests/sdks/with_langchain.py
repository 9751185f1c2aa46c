"""LangChain on the engine by `use_responses_api=True`: streams, tools, structured output. Run by `run.py`."""

from importlib.metadata import version

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

ANSWER = "It is 18 °C in Rome and 4 °C in Oslo."


class Weather(BaseModel):
    city: str
    degrees: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return {"Rome": "18 °C", "Oslo": "4 °C"}[city]


def main() -> None:
    model = ChatOpenAI(model="gpt-4o", use_responses_api=True, max_retries=0)
    first = model.invoke("Hello")
    assert first.text == "Let us see.", first
    assert "".join(chunk.text for chunk in model.stream("Hello")) == "Let us see."
    follow = model.invoke("How many?", previous_response_id=first.response_metadata["id"])
    assert follow.text == "That is question 2.", follow

    with_tools = model.bind_tools([get_weather])
    messages = [HumanMessage("Where is it warmer?")]
    called = with_tools.invoke(messages)
    messages += [called, *(get_weather.invoke(call) for call in called.tool_calls)]
    assert with_tools.invoke(messages).text == ANSWER
    assert "".join(chunk.text for chunk in with_tools.stream(messages)) == ANSWER

    chained = ChatOpenAI(model="gpt-4o", use_previous_response_id=True, max_retries=0)
    assert chained.invoke([HumanMessage("Hello"), chained.invoke("Hello"), HumanMessage("How many?")]).text.endswith(
        "2."
    )
    assert model.with_structured_output(Weather).invoke("The weather.") == Weather(city="Rome", degrees=18)
    print("langchain-openai", version("langchain-openai"), "openai", version("openai"))


main()
