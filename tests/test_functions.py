import functools
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import ToolCall
from assistant_nb.functions import function_tool, tool_outputs
from tests.conftest import Connect


def get_weather(city: Annotated[str, "which city"], unit: Literal["C", "F"] = "C") -> str:
    """The weather
    in a city.

    More than a model needs to know.
    """
    return f"18 °{unit} in {city}"


def waiting(connect: Connect, ask: Callable[..., Run], *calls: ToolCall) -> tuple[OpenAI, Run]:
    client = connect(list(calls), "Done.")
    return client, ask(client, "Well?")


def outputs(connect: Connect, ask: Callable[..., Run], arguments: str, function: Callable[..., Any]) -> str:
    _, run = waiting(connect, ask, ToolCall(function.__name__, arguments))
    (output,) = tool_outputs(run, function)
    return output["output"]


def test_a_function_becomes_its_definition() -> None:
    assert function_tool(get_weather) == {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "which city"},
                    "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
                },
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }


def test_the_engine_takes_the_definition(connect: Connect) -> None:
    def now() -> str:
        return "noon"

    tools: Any = [function_tool(get_weather), function_tool(now)]
    made = connect().beta.assistants.create(model="m", tools=tools)
    assert [tool.to_dict()["function"]["name"] for tool in made.tools] == ["get_weather", "now"]  # type: ignore[index]


def test_a_run_goes_on_with_what_the_functions_answer(connect: Connect, ask: Callable[..., Run]) -> None:
    rome, oslo = ToolCall("get_weather", '{"city": "Rome"}'), ToolCall("get_weather", '{"city": "Oslo", "unit": "F"}')
    client, run = waiting(connect, ask, rome, oslo)
    given = tool_outputs(run, get_weather)
    assert [output["output"] for output in given] == ["18 °C in Rome", "18 °F in Oslo"]
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=given
    )
    assert done.status == "completed"
    with pytest.raises(ValueError, match="waits for no function: it is 'completed'"):
        tool_outputs(done, get_weather)


def test_what_is_no_text_travels_as_json(connect: Connect, ask: Callable[..., Run]) -> None:
    def add(a: int, b: int) -> dict[str, Any]:
        return {"sum": a + b, "ä": None}

    assert outputs(connect, ask, '{"a": 1, "b": 2}', add) == '{"sum": 3, "ä": null}'


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("{city: Rome", "Error: get_weather was not called: the arguments: Invalid JSON"),
        ("{}", "Error: get_weather was not called: city: Field required."),
        ('{"city": 5}', "Error: get_weather was not called: city: Input should be a valid string."),
        ('{"city": "Rome", "unit": "K"}', "Error: get_weather was not called: unit: Input should be 'C' or 'F'."),
        ('{"city": "Rome", "when": "now"}', "Error: get_weather was not called: when: Extra inputs"),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model(
    arguments: str, error: str, connect: Connect, ask: Callable[..., Run]
) -> None:
    assert outputs(connect, ask, arguments, get_weather).startswith(error)


def test_an_exception_becomes_the_output_and_the_run_goes_on(connect: Connect, ask: Callable[..., Run]) -> None:
    def fail() -> str:
        raise KeyError("Atlantis")

    client, run = waiting(connect, ask, ToolCall("fail", ""), ToolCall("guess", "{}"))
    given = tool_outputs(run, fail)
    assert [output["output"] for output in given] == [
        "Error: KeyError: 'Atlantis'", "Error: there is no function 'guess'. There are: fail.",
    ]  # fmt: skip
    submit = client.beta.threads.runs.submit_tool_outputs_and_poll
    assert submit(run_id=run.id, thread_id=run.thread_id, tool_outputs=given).status == "completed"


def test_a_function_that_no_model_could_call_is_refused() -> None:
    def bare(city) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return ""

    with pytest.raises(TypeError, match=r"bare\(city\) has no annotation"):
        function_tool(bare)

    def odd(where: OpenAI) -> str:
        return ""

    with pytest.raises(TypeError, match="odd has a parameter that JSON has no word for"):
        function_tool(odd)

    def hidden(_city: str, _unit: str = "C") -> str:
        return ""

    with pytest.raises(TypeError, match=r"hidden\(_city: str\): a model is told of no parameter that begins with _"):
        function_tool(hidden)
    with pytest.raises(TypeError, match="Use plain parameters"):
        function_tool(lambda *cities: "")


def test_what_has_no_name_or_is_asynchronous_is_refused() -> None:
    async def later() -> str:
        return ""

    with pytest.raises(TypeError, match=r"later is asynchronous. Give a plain function that calls asyncio\.run"):
        function_tool(later)
    with pytest.raises(TypeError, match="has no name for a model to call it by"):
        function_tool(functools.partial(int))


def test_half_a_character_in_an_output_is_replaced(connect: Connect, ask: Callable[..., Run]) -> None:
    def cut() -> str:
        return "\ud83d"

    assert outputs(connect, ask, "{}", cut) == "?"
