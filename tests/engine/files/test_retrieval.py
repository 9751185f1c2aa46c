"""Cutting, weighing and filtering, without a store."""

import itertools
import operator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.files.retrieval import chunks, holds, indexed, scores, words

texts = st.text(st.sampled_from("ab é😀\n\t"), max_size=3000)


def cut(text: str, size: int, overlap: int) -> list[str]:
    return [chunk.text for chunk in chunks(text.encode(), size, overlap)]


@given(texts, st.integers(100, 200), st.integers(0, 100))
def test_chunks_are_small_and_begin_and_end_with_the_text(text: str, size: int, overlap: int) -> None:
    pieces = cut(text, size, min(overlap, size // 2))
    assert all(0 < len(piece.encode()) <= 4 * size for piece in pieces[:-1])
    assert text.startswith(pieces[0]) and text.endswith(pieces[-1])


@given(texts, st.integers(100, 200))
def test_without_overlap_chunks_make_up_the_text(text: str, size: int) -> None:
    assert "".join(cut(text, size, 0)) == text


@given(texts, st.integers(100, 200), st.integers(0, 100))
def test_cutting_can_go_on_behind_any_chunk(text: str, size: int, overlap: int) -> None:
    data, overlap = text.encode(), min(overlap, size // 2)
    pieces = list(chunks(data, size, overlap))
    for n, piece in enumerate(pieces):
        assert data[piece.start :].startswith(piece.text.encode())
        assert piece.next is None or list(chunks(data, size, overlap, piece.next)) == pieces[n + 1 :]


def test_chunks_are_cut_between_words_and_overlap() -> None:
    text = " ".join(f"word{n}" for n in range(1000))
    pieces = cut(text, 100, 50)
    assert all(piece.startswith("word") for piece in pieces)
    for before, after in itertools.pairwise(pieces):
        shared = before[before.index(after.split()[0] + " ") :]
        assert after.startswith(shared)
        assert 180 <= len(shared) <= 200


def test_a_short_text_is_one_chunk() -> None:
    assert cut("Hello", 800, 400) == ["Hello"]


def test_where_nobody_writes_spaces_each_pair_of_letters_is_a_word() -> None:
    assert indexed("Plain words, größer") is None
    assert indexed("AIの本。") == "AI の本 の 本 。"
    assert words("AIの本を、猫") == ["AI", "の本", "本を", "猫"]


def test_words_are_looked_for_once_and_never_as_syntax() -> None:
    assert words('The cat, THE "hat" NEAR(x) col:y* -z _ é') == ["cat", "hat", "NEAR", "x", "col", "y", "z", "é"]


def test_words_that_are_everywhere_count_only_where_there_are_no_others() -> None:
    assert words("Where is the cat?") == ["cat"]
    assert words("To be or not to be") == ["to", "be", "or", "not"]


@st.composite
def searches(draw: st.DrawFn) -> tuple[dict[int, int], list[dict[int, int]]]:
    """The lengths of some chunks, and for a few terms how often which of them have it."""
    lengths = draw(st.dictionaries(st.integers(), st.integers(1, 5000), min_size=1, max_size=20))
    counts = st.dictionaries(st.sampled_from(sorted(lengths)), st.integers(1, 50))
    return lengths, draw(st.lists(counts, max_size=5))


@given(searches())
def test_a_score_is_between_0_and_1_and_grows_with_count_and_brevity(search: Any) -> None:
    lengths, found = search
    score = scores(lengths, found)
    assert all(0 < value <= 1 for value in score.values())
    assert set(score) == {chunk for counts in found for chunk in counts}
    for counts in found[:1]:
        alone = scores(lengths, [counts])
        assert not counts or max(alone.values()) == 1
        for a, b in itertools.product(counts, repeat=2):
            assert alone[a] >= alone[b] or counts[a] < counts[b] or lengths[a] > lengths[b]


def test_a_rare_word_says_more_than_a_common_one() -> None:
    score = scores({1: 9, 2: 9, 3: 9}, [{1: 1, 2: 1, 3: 1}, {2: 1}])
    assert score[2] == 1 and score[1] == score[3] < 0.3


def test_a_word_that_is_nowhere_counts_against_all() -> None:
    assert scores({1: 9, 2: 9}, [{1: 1}, {}])[1] < 0.5


scalars = st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0]) | st.sampled_from(["a", "b", "1"])
attributes = st.dictionaries(st.sampled_from("xyz"), scalars)
comparisons = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]),
        "key": st.sampled_from("xyz"),
        "value": scalars,
    }
)


@given(comparisons, comparisons, attributes)
def test_filters_obey_logic(one: Any, two: Any, given: Any) -> None:
    both, either = holds(one, given) and holds(two, given), holds(one, given) or holds(two, given)
    key, value = one["key"], one["value"]
    equal = holds({"type": "eq", "key": key, "value": value}, given)
    assert holds({"type": "and", "filters": [one, two]}, given) == both
    assert holds({"type": "or", "filters": [one, two]}, given) == either
    assert holds({"type": "ne", "key": key, "value": value}, given) != equal
    assert holds({"type": "in", "key": key, "value": [value]}, given) == equal
    assert holds({"type": "nin", "key": key, "value": [value]}, given) != equal


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.integers(), st.integers() | st.floats(allow_nan=False))
def test_numbers_are_in_order(kind: Any, left: int, right: float) -> None:
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}[kind]
    assert holds({"type": kind, "key": "n", "value": right}, {"n": left}) == compare(left, right)


def test_values_of_different_kinds_have_nothing_to_do_with_each_other() -> None:
    assert not holds({"type": "eq", "key": "x", "value": 1}, {"x": True})
    assert not holds({"type": "lt", "key": "x", "value": "2"}, {"x": 1})
    assert not holds({"type": "lt", "key": "x", "value": 2}, {})
    assert holds({"type": "eq", "key": "x", "value": 1.0}, {"x": 1})
