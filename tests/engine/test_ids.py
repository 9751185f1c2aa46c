import re
import time

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.ids import PREFIXES, IdKind, Ids, LessonClock, SystemClock, item_id

kinds = st.sampled_from(sorted(PREFIXES))


SHAPES = {
    "file": "-[A-Za-z0-9]{22}",
    "chat.completion": "-[A-Za-z0-9]{29}",
    "vector_store": "_[0-9a-f]{32}",
    "vector_store.file_batch": "_[0-9a-f]{32}",
    "conversation": "_[0-9a-f]{48}",
    "chain": "_[0-9a-f]{48}",
}


@given(kinds.filter(lambda kind: kind != "response"), st.text(max_size=40), st.integers(1, 10**6))
def test_an_id_looks_as_the_recorded_ones_do(kind: IdKind, parent: str, ordinal: int) -> None:
    shape = PREFIXES[kind] + SHAPES.get(kind, "_[A-Za-z0-9]{24}")
    assert re.fullmatch(shape, Ids("seed").make(kind, parent, ordinal))


@given(st.integers(1, 99), st.text(max_size=40))
def test_responses_and_items_share_what_tells_their_chain_or_conversation(ordinal: int, of: str) -> None:
    ids = Ids("seed")
    for kind in ("chain", "conversation"):
        thread_id = ids.make(kind, "", ordinal)
        response_id = ids.make("response", thread_id, ordinal)
        for id in (response_id, item_id("msg", response_id, of)):
            assert re.fullmatch(f"(resp|msg)_{thread_id[-16:]}[0-9a-f]{{34}}", id)
        assert re.fullmatch(f"fc_[0-9a-f]{{32}}{thread_id[-16:]}", item_id("fc", thread_id, of))


@given(st.sets(st.tuples(kinds, st.sampled_from(["", "thread_1", "thread_2"]), st.integers(1, 99))))
def test_different_things_have_different_ids(things: set[tuple[IdKind, str, int]]) -> None:
    ids = Ids("seed")
    assert len({ids.make(*thing) for thing in things}) == len(things)


def test_an_id_depends_on_seed_parent_kind_and_ordinal_only() -> None:
    assert Ids("a").make("thread", "", 1) == Ids("a").make("thread", "", 1)
    assert Ids("a").make("thread", "", 1) != Ids("b").make("thread", "", 1)


def test_the_lesson_clock_begins_on_the_day_of_the_source_and_ticks_seconds() -> None:
    clock = LessonClock()
    assert time.strftime("%Y-%m-%d", time.gmtime(clock.now(0))) == "2024-02-24"
    assert clock.now(5) - clock.now(2) == 3


def test_the_system_clock_ignores_ticks() -> None:
    before = int(time.time())
    assert before <= SystemClock().now(7) <= time.time()
