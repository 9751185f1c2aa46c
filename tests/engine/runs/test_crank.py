import threading
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.runs.answers import Event
from assistant_nb.engine.runs.crank import Crank
from tests.until import PATIENCE_S


def events(count: int) -> Iterator[Event | None]:
    for n in range(count):
        yield ("thread.message.delta", {"n": n})
        yield None


def numbers(read: Iterator[Event]) -> list[int]:
    return [data["n"] for _, data in read]


@given(count=st.integers(0, 8), turns=st.integers(0, 20), first=st.integers(0, 8))
def test_whoever_turns_the_reader_reads_everything_in_order(count: int, turns: int, first: int) -> None:
    crank = Crank(events(count), keep=True)
    reader = crank.read()
    read = numbers(islice(reader, first))
    for _ in range(turns):
        crank.turn()
    assert read + numbers(reader) == list(range(count))
    assert crank.over


def test_two_threads_and_a_reader_turn_one_crank() -> None:
    crank = Crank(events(2_000), keep=True)
    threads = [threading.Thread(target=crank.run_down) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert numbers(crank.read()) == list(range(2_000))
    for thread in threads:
        thread.join(PATIENCE_S)


def test_what_nobody_will_read_is_not_kept() -> None:
    crank = Crank(events(3), keep=True)
    reader = crank.read()
    next(reader)
    reader.close()
    crank.run_down()
    assert list(crank.read()) == []


def test_a_torn_crank_says_so() -> None:
    def torn() -> Iterator[Event | None]:
        yield None
        raise KeyboardInterrupt

    crank = Crank(torn())
    with pytest.raises(KeyboardInterrupt):
        crank.run_down()
    assert (crank.broken, crank.over, crank.turn()) == (True, False, False)
    assert crank.turning(60)
    assert not crank.turning(0)
