from pathlib import Path
from typing import Any

import pytest

from assistant_nb.engine.errors import NoRecording
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn
from assistant_nb.engine.model.rehearsed import Rehearsed
from tests.engine.model.test_recorded import HEADER, exchange, write

ADD: Any = {"type": "function", "function": {"name": "add"}}
CALL = {"name": "add", "arguments": '{"a": 1}'}
USED = Turn("assistant", "", [ToolCall("add", "{}", "7")])


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def said(words: str) -> dict[str, Any]:
    return {"role": "assistant", "content": words}


def answered(rehearsed: Rehearsed, *turns: Turn, **choices: Any) -> tuple[str, str | None]:
    """The answer, a call by its name, and how it was matched."""
    *deltas, finish = rehearsed.ask(Prompt(**{"model": "m", "instructions": None, "messages": turns, **choices}))
    assert isinstance(finish, Finish)
    texts = [
        d.text if isinstance(d, TextDelta) else d.name or "" for d in deltas if isinstance(d, TextDelta | ToolCallDelta)
    ]
    return "".join(texts), finish.provenance.get("matched_by")


def second(*between: dict[str, Any], answer: str, **prompt: Any) -> dict[str, Any]:
    """An exchange of the second question."""
    return exchange("", answer, messages=[user("One?"), *between, user("Two?")], **prompt)


def test_what_the_model_said_does_not_count(tmp_path: Path) -> None:
    model = Rehearsed(write(tmp_path, HEADER, second(said("First."), answer="Second.")))
    asked = [Turn("user", "One?"), USED, Turn("assistant", "In other words."), Turn("user", "Two?")]
    assert answered(model, *asked) == ("Second.", "the person's words")
    assert answered(model, asked[0], Turn("assistant", "First."), asked[-1]) == ("Second.", None), "it fits exactly"


@pytest.mark.parametrize("words", [("Two?", "One?"), ("One?",), ("One?", "Two"), ("One?", "One?", "Two?")])
def test_the_persons_words_and_their_order_count(words: list[str], tmp_path: Path) -> None:
    model = Rehearsed(write(tmp_path, HEADER, second(answer="Second.")))
    with pytest.raises(NoRecording):
        answered(model, *[Turn("user", text) for text in words])


def test_the_rounds_of_tools_since_the_last_words_count(tmp_path: Path) -> None:
    call = second(said("First."), answer="", tools=["function:add"]) | {"tool_calls": [CALL]}
    end = exchange(
        "", "Seven.", messages=[user("One?"), said("First."), user("Two?"), {**said(""), "tool_calls": [CALL]}]
    )
    model = Rehearsed(write(tmp_path, HEADER, call, end))
    asked = Turn("user", "One?"), Turn("assistant", "Else."), Turn("user", "Two?")
    assert answered(model, *asked, tools=[ADD])[0] == "add"
    assert answered(model, *asked, USED, tools=[ADD])[0] == "Seven."
    assert answered(model, *asked, USED, USED, tools=[ADD])[0] == "Seven.", "the live model used more rounds"


def test_a_call_is_not_made_twice_nor_without_its_tool(tmp_path: Path) -> None:
    """A recording that ends in a call would else be asked for that call for ever."""
    call = exchange("One?", "", tools=["function:add"]) | {"tool_calls": [CALL]}
    model = Rehearsed(write(tmp_path, HEADER, call))
    with pytest.raises(NoRecording):
        answered(model, Turn("user", "One?"), USED, tools=[ADD])
    with pytest.raises(NoRecording):
        answered(model, Turn("user", "One?"))


def test_of_several_that_fit_the_settings_decide_then_the_newest(tmp_path: Path) -> None:
    lines = [
        second(said("a"), answer="brief", instructions="Be brief."),
        second(said("b"), answer="old"),
        second(said("c"), answer="new"),
        second(said("d"), answer="rhymed", instructions="Rhyme."),
    ]
    model = Rehearsed(write(tmp_path, HEADER, *lines))
    asked = Turn("user", "One?"), Turn("assistant", "Else."), Turn("user", "Two?")
    assert answered(model, *asked)[0] == "new"
    assert answered(model, *asked, instructions="Be brief.", model="other")[0] == "brief"
