from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.model.base import (
    Anew,
    Delta,
    Finish,
    Prompt,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Turn,
    call_deltas,
    estimate_prompt_tokens,
    estimate_tokens,
    within,
)
from assistant_nb.engine.params.fields import settings
from assistant_nb.engine.parts import Provenance

MADE: Provenance = {"answer": "scripted"}


def test_a_prompt_survives_the_journal() -> None:
    prompt = Prompt(
        "m", "Be brief.", [Turn("user", "Hi")], [{"type": "code_interpreter"}], settings=settings({"top_p": 0.5})
    )
    assert Prompt.from_json(prompt.as_json()) == prompt


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(one: str, two: str) -> None:
    assert estimate_tokens(one) <= estimate_tokens(one + two)


def test_everything_the_model_reads_is_counted() -> None:
    assert estimate_prompt_tokens(Prompt("m", None, [])) == 0
    assert estimate_prompt_tokens(Prompt("m", "1234", [Turn("user", "12345678")])) == 3


@given(st.lists(st.text(max_size=9), max_size=9), st.integers(1, 12))
def test_an_answer_is_cut_off_at_its_limit_and_says_so(pieces: list[str], limit: int) -> None:
    *parts, finish = within(limit, [*map(TextDelta, pieces), Finish(MADE, 1, 1)])
    text = "".join(part.text for part in parts if isinstance(part, TextDelta))
    whole = "".join(pieces)
    assert whole.startswith(text)
    assert estimate_tokens(text) <= limit
    assert finish == (Finish(MADE, 1, 1) if text == whole else Finish(MADE, reason="length"))


def test_who_begins_anew_has_all_the_tokens_again() -> None:
    parts: list[Delta] = [TextDelta("12345678"), TextDelta("9"), Anew("broken"), TextDelta("1234"), Finish(MADE)]
    assert list(within(2, parts)) == [parts[0], *parts[2:]]


def test_a_call_comes_as_its_name_and_then_its_arguments() -> None:
    call = ToolCall("add", '{"a": 1}')
    assert list(call_deltas(2, call)) == [
        ToolCallDelta(2, name="add"), ToolCallDelta(2, '{"a":'), ToolCallDelta(2, " 1}"),
    ]  # fmt: skip
