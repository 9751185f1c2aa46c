import pytest

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, Turn
from assistant_nb.engine.model.scripted import Scripted

PROMPT = Prompt("m", None, [Turn("user", "Hello")])


def test_lines_are_said_in_order_and_prompts_are_kept() -> None:
    model = Scripted("One.", lambda prompt: [str(turn.content) for turn in prompt.messages])
    assert list(model.ask(PROMPT)) == [TextDelta("One."), Finish({"answer": "scripted"})]
    assert list(model.ask(PROMPT)) == [TextDelta("Hello"), Finish({"answer": "scripted"})]
    assert model.prompts == [PROMPT, PROMPT]


def test_an_error_in_the_script_is_raised() -> None:
    with pytest.raises(ModelError, match="out of coffee"):
        list(Scripted(ModelError("out of coffee")).ask(PROMPT))


def test_a_line_that_nobody_could_say_is_refused() -> None:
    with pytest.raises(TypeError, match="A line is a text, .* not 5"):
        Scripted("Hello.", 5)  # type: ignore[arg-type]


def test_a_script_that_is_too_short_says_so() -> None:
    with pytest.raises(ModelError, match="The script has 0 lines, and this was prompt 1"):
        list(Scripted().ask(PROMPT))
