import threading
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.deltas import message_delta
from assistant_nb.engine.runs.answer import Event
from assistant_nb.engine.runs.live_run import Turns
from assistant_nb.engine.wire import text
from tests.until import PATIENCE_S


def events(count: int) -> Iterator[Event | None]:
    for n in range(count):
        yield "thread.message.delta", message_delta(str(n), text(""))
        yield None


def numbers(read: Iterator[Event]) -> list[int]:
    return [int(str(data.get("id"))) for _, data in read]


@given(count=st.integers(0, 8), taken=st.integers(0, 20), first=st.integers(0, 8))
def test_whoever_takes_the_turns_the_reader_reads_everything_in_order(count: int, taken: int, first: int) -> None:
    turns = Turns(events(count), keep=True)
    reader = turns.read()
    read = numbers(islice(reader, first))
    for _ in range(taken):
        turns.take()
    assert read + numbers(reader) == list(range(count))
    assert turns.over


def test_two_threads_and_a_reader_take_turns_of_one_run() -> None:
    turns = Turns(events(2_000), keep=True)
    threads = [threading.Thread(target=turns.take_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert numbers(turns.read()) == list(range(2_000))
    for thread in threads:
        thread.join(PATIENCE_S)


def test_what_nobody_will_read_is_not_kept() -> None:
    turns = Turns(events(3), keep=True)
    reader = turns.read()
    next(reader)
    reader.close()
    turns.take_all()
    assert list(turns.read()) == []


def test_turns_whose_generator_raised_say_so() -> None:
    def raising() -> Iterator[Event | None]:
        yield None
        raise KeyboardInterrupt

    turns = Turns(raising())
    with pytest.raises(KeyboardInterrupt):
        turns.take_all()
    assert (turns.broken, turns.over, turns.take()) == (True, False, False)
    assert turns.taken(60)
    assert not turns.taken(0)
