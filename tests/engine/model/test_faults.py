from collections.abc import Sequence
from typing import Any

import pytest

from assistant_nb.engine.errors import ModelError, Unanswered
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn
from assistant_nb.engine.model.faults import Fault, Faulty
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Line, Scripted

PROMPT = Prompt("m", None, [Turn("user", "Hello")])


def faulty(line: Line, *faults: Fault) -> Sequence[Any]:
    return list(Faulty(Scripted(line), *faults).ask(PROMPT))


def test_a_slow_answer_is_whole_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr("assistant_nb.engine.model.faults.time.sleep", waits.append)
    finish = Finish({"answer": "scripted", "faults": ["slow"]})
    assert faulty("Well.", Fault("slow", delay_s=5)) == [TextDelta("Well."), finish]
    assert waits == [5]


def test_what_fails_at_once_asks_nobody() -> None:
    script = Scripted("Well.")
    with pytest.raises(ModelError, match=r"rate limit was reached\. It is no real failure"):
        list(Faulty(script, Fault("rate_limit")).ask(PROMPT))
    assert script.prompts == []


@pytest.mark.parametrize("after_deltas", [0, 1, 2, 3, 9])
def test_an_answer_is_cut_off_even_at_its_very_end(after_deltas: int) -> None:
    answer = Faulty(Scripted(["One ", "two ", "three."]), Fault("cut_off", after_deltas=after_deltas)).ask(PROMPT)
    heard = list[Any]()
    with pytest.raises(ModelError, match=f"cut off after {min(after_deltas, 3)} deltas"):
        heard.extend(iter(lambda: next(answer), None))
    assert len(heard) == min(after_deltas, 3)


def test_every_call_loses_the_end_of_its_arguments_and_text_nothing() -> None:
    *parts, _ = faulty(["Well.", ToolCall("a", '{"x": 1}'), ToolCall("b", "{} ")], Fault("malformed_arguments"))
    assert parts == [
        TextDelta("Well."),
        ToolCallDelta(0, name="a"), ToolCallDelta(0, '{"x":'), ToolCallDelta(0, " 1"),
        ToolCallDelta(1, name="b"), ToolCallDelta(1, "{}"), ToolCallDelta(1, ""),
    ]  # fmt: skip


def test_a_fault_strikes_once_at_its_call() -> None:
    model = Faulty(Scripted("One.", "Two.", "Three."), Fault("server_error", at_call=2))
    assert len(list(model.ask(PROMPT))) == 2
    with pytest.raises(ModelError):
        list(model.ask(PROMPT))
    assert (len(list(model.ask(PROMPT))), model.faults) == (2, [])


def test_a_person_who_thinks_is_not_a_call() -> None:
    faults = [Fault("slow", delay_s=0), Fault("server_error", at_call=2)]
    model = Faulty(Human(), *faults)
    for _ in range(3):
        with pytest.raises(Unanswered):
            list(model.ask(PROMPT))
    assert model.faults == faults


def test_a_faulty_model_is_shown_as_what_it_is() -> None:
    script = Scripted("One.")
    model = Faulty(script)
    assert (model.name, model.models, model.provenance()) == (script.name, script.models, script.provenance())


@pytest.mark.parametrize("wrong", [{"at_call": 0}, {"delay_s": -1}, {"after_deltas": -1}])
def test_a_fault_that_could_never_strike_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="calls are counted from 1 on"):
        Fault("slow", **wrong)
