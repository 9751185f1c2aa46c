from dataclasses import replace

import pytest

from assistant_nb.engine.errors import Unanswered
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, ToolCallDelta
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.params.lab import Said

ASKED = Prompt("m", None, [])


def test_it_is_unanswered_until_the_prompt_brings_an_answer() -> None:
    with pytest.raises(Unanswered, match="GET /v1/lab/seats"):
        next(Human().ask(ASKED))


def test_what_a_person_said_comes_in_pieces_and_is_authored() -> None:
    said: Said = {"text": "Let me see.", "tool_calls": [{"name": "add", "arguments": "{}"}]}
    assert list(Human().ask(replace(ASKED, said=said))) == [
        TextDelta("Let"), TextDelta(" me"), TextDelta(" see."), ToolCallDelta(0, name="add"), ToolCallDelta(0, "{}"),
        Finish({"answer": "authored"}),
    ]  # fmt: skip


def test_a_person_has_no_more_tokens_than_a_model() -> None:
    prompt = replace(ASKED, said={"text": "It is so."}, max_completion_tokens=1)
    assert list(Human().ask(prompt)) == [
        TextDelta("It"),
        TextDelta(" i"),
        Finish({"answer": "authored"}, reason="length"),
    ]


def test_an_answer_is_no_part_of_the_prompt_that_is_written_down() -> None:
    assert "said" not in replace(ASKED, said={"text": "Hi"}).as_json()
