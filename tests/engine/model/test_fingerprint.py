from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.model.base import Prompt, ToolCall, Turn
from assistant_nb.engine.model.fingerprint import essence, fingerprint
from assistant_nb.engine.model.recorded import digest, normal

TEXTS = st.text(max_size=9)
CALLS = st.builds(ToolCall, st.sampled_from(["add", "code_interpreter"]), TEXTS, st.none() | TEXTS)
PARTS: Any = st.lists(
    st.builds(lambda text: {"type": "text", "text": text}, TEXTS)
    | st.builds(lambda id: {"type": "image_file", "image_file": {"file_id": id}}, TEXTS)
)
TURNS = st.builds(Turn, st.sampled_from(["user", "assistant"]), TEXTS | PARTS, st.lists(CALLS, max_size=2))


@given(st.lists(TURNS, max_size=3), st.none() | TEXTS)
def test_a_recorded_prompt_has_the_fingerprint_of_the_prompt(turns: list[Turn], instructions: str | None) -> None:
    prompt = Prompt("m", instructions, turns)
    assert fingerprint(essence(prompt)) == digest(normal(prompt))
