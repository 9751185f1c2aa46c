import threading
from collections.abc import Callable, Iterator

import pytest

from assistant_nb.engine.errors import ModelError, Unanswered
from assistant_nb.engine.model.base import Anew, Delta, Finish, Prompt, TextDelta, Turn
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.faults import Fault, Faulty
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Scripted
from tests.until import PATIENCE_S

PROMPT = Prompt("m", None, [Turn("user", "Hello")])
LONG_S = 60


class Halting(Scripted):
    """Says a word, then nothing until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.closed = threading.Event(), threading.Event()

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        try:
            yield TextDelta("Well")
            self.go_on.wait(PATIENCE_S)
            yield TextDelta(" then")
        finally:
            self.closed.set()


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "assistant_nb fallback"]


def test_the_first_one_answers_as_if_it_were_alone() -> None:
    model = Fallback(Scripted(["Well", " then."]), Scripted(), LONG_S)
    assert list(model.ask(PROMPT)) == [TextDelta("Well"), TextDelta(" then."), Finish({"answer": "scripted"})]


def test_when_it_fails_the_second_one_answers_and_says_instead_of_what() -> None:
    model = Fallback(Scripted(ModelError("no network")), Scripted("Second."), LONG_S)
    finish = Finish({"answer": "scripted", "instead_of": "scripted: no network"})
    assert list(model.ask(PROMPT)) == [TextDelta("Second."), finish]


def test_after_half_an_answer_it_begins_anew() -> None:
    first = Faulty(Scripted(["One ", "two ", "three."]), Fault("cut_off"))
    one, anew, two, finish = Fallback(first, Scripted("Second."), LONG_S).ask(PROMPT)
    assert (one, two) == (TextDelta("One "), TextDelta("Second."))
    assert isinstance(anew, Anew)
    assert anew.why.startswith("scripted: The model's answer was cut off after 1 deltas.")
    assert isinstance(finish, Finish)
    assert finish.provenance["instead_of"] == anew.why


def test_a_bug_and_an_answer_without_an_end_are_failures_too() -> None:
    class Endless(Scripted):
        def ask(self, prompt: Prompt) -> Iterator[Delta]:
            return iter([TextDelta("Well")])

    *_, finish = Fallback(Scripted(lambda prompt: 1 / 0), Scripted("Second."), LONG_S).ask(PROMPT)  # type: ignore[arg-type,return-value]
    assert isinstance(finish, Finish)
    assert finish.provenance["instead_of"] == "scripted: ZeroDivisionError('division by zero')"
    _, anew, *_ = Fallback(Endless(), Scripted("Second."), LONG_S).ask(PROMPT)
    assert anew == Anew("scripted: it stopped in the middle of its answer")


def test_who_stalls_is_left_and_its_thread_ends_at_the_next_sign_of_life() -> None:
    first = Halting()
    _, anew, two, _finish = Fallback(first, Scripted("Second."), 0.01).ask(PROMPT)
    assert (anew, two) == (Anew("scripted: nothing came for 0.01 s"), TextDelta("Second."))
    first.go_on.set()
    assert first.closed.wait(PATIENCE_S)
    for thread in listeners():
        thread.join(PATIENCE_S)
    assert listeners() == []


def test_who_stops_reading_closes_the_first_one() -> None:
    first = Halting()
    answer = Fallback(first, Scripted(), LONG_S).ask(PROMPT)
    assert next(answer) == TextDelta("Well")
    answer.close()  # type: ignore[attr-defined]
    first.go_on.set()
    assert first.closed.wait(PATIENCE_S)


def test_when_both_fail_the_first_cause_is_told_first() -> None:
    model = Fallback(Scripted(ModelError("no network", "rate_limit_exceeded")), Scripted(), LONG_S)
    told = r"^scripted: no network\. The fallback has no answer, either\. The script has 0 lines"
    with pytest.raises(ModelError, match=told) as failed:
        list(model.ask(PROMPT))
    assert failed.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize("make", [lambda: (Human(), Scripted()), lambda: (Scripted(), Human())])
def test_a_person_may_take_either_place(make: Callable[[], tuple[Human, Scripted]]) -> None:
    with pytest.raises(Unanswered):
        list(Fallback(*make(), LONG_S).ask(PROMPT))


def test_without_threads_nobody_looks_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert next(Fallback(Scripted("First."), Scripted(), LONG_S).ask(PROMPT)) == TextDelta("First.")


def test_the_banner_names_both() -> None:
    model = Fallback(Scripted("One."), Human(), 5)
    assert model.name == "scripted, else human"
    assert model.provenance() == "1 scripted; when that fails or is silent for 5 s: yours, at /v1/lab/seats"
    assert model.models == ["scripted", "human"]


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="stall_s=0 is no time to wait"):
        Fallback(Scripted(), Scripted(), 0)
