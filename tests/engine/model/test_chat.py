"""The dialect of chat completions, as it is sent."""

from typing import Any

from assistant_nb.engine.model.base import Prompt, ToolCall, Turn
from assistant_nb.engine.model.chat import request_of

ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def prompt(*turns: Turn, **choices: Any) -> Prompt:
    return Prompt("m", "Be brief.", turns, **choices)


def test_a_request_says_only_what_the_prompt_asks_for() -> None:
    assert request_of(prompt(Turn("user", "2 + 2?")), "other") == {
        "model": "other",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_calls_go_with_their_outputs_and_without_a_null() -> None:
    calls = ToolCall("add", '{"a": 2}', "4"), ToolCall("code_interpreter", "1 + 1", "2")
    tools = [ADD, {"type": "code_interpreter"}]
    _, _, made, *outputs = request_of(prompt(Turn("user", "2 + 2?"), Turn("assistant", "", calls), tools=tools), "m")[
        "messages"
    ]
    assert made["content"] == ""
    assert [call["function"] for call in made["tool_calls"]] == [
        {"name": "add", "arguments": '{"a": 2}'},
        {"name": "code_interpreter", "arguments": '{"code": "1 + 1"}'},
    ]
    ids = [call["id"] for call in made["tool_calls"]]
    assert outputs == [
        {"role": "tool", "tool_call_id": id, "content": said} for id, said in zip(ids, "42", strict=True)
    ]


def test_a_built_in_tool_is_offered_as_a_function_and_chosen_as_one() -> None:
    request = request_of(
        prompt(
            Turn("user", "Count."),
            tools=[{"type": "code_interpreter"}],
            files=["/mnt/data/points.csv"],
            tool_choice={"type": "code_interpreter"},
        ),
        "m",
    )
    (tool,) = request["tools"]
    assert tool["function"]["parameters"]["required"] == ["code"]
    assert tool["function"]["description"].endswith("There are: /mnt/data/points.csv.")
    assert request["tool_choice"] == "required"
