from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.model.base import Prompt, Turn, estimate_prompt_tokens, estimate_tokens


def test_a_prompt_survives_the_journal() -> None:
    prompt = Prompt("m", "Be brief.", [Turn("user", "Hi")], tools=[{"type": "code_interpreter"}], top_p=0.5)
    assert Prompt.from_json(prompt.as_json()) == prompt


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(one: str, two: str) -> None:
    assert estimate_tokens(one) <= estimate_tokens(one + two)


def test_everything_the_model_reads_is_counted() -> None:
    assert estimate_prompt_tokens(Prompt("m", None, [])) == 0
    assert estimate_prompt_tokens(Prompt("m", "1234", [Turn("user", "12345678")])) == 3
