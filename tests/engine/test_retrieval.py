"""Cutting, weighing and filtering, without a store."""

import itertools
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.retrieval import MAX_TOKENS, Unreadable, chunks, holds, scores, text_of, words

texts = st.text(st.sampled_from("ab é😀\n\t"), max_size=3000)


@given(texts, st.integers(100, 200), st.integers(0, 100))
def test_chunks_are_small_and_begin_and_end_with_the_text(text: str, size: int, overlap: int) -> None:
    pieces = chunks(text, size, min(overlap, size // 2))
    assert all(0 < len(piece.encode()) <= 4 * size for piece in pieces[:-1])
    assert text.startswith(pieces[0]) and text.endswith(pieces[-1])


@given(texts, st.integers(100, 200))
def test_without_overlap_chunks_make_up_the_text(text: str, size: int) -> None:
    assert "".join(chunks(text, size, 0)) == text


def test_chunks_are_cut_between_words_and_overlap() -> None:
    text = " ".join(f"word{n}" for n in range(1000))
    pieces = chunks(text, 100, 50)
    assert all(piece.startswith("word") for piece in pieces)
    for before, after in itertools.pairwise(pieces):
        shared = before[before.index(after.split()[0] + " ") :]
        assert after.startswith(shared)
        assert 180 <= len(shared) <= 200


def test_a_short_text_is_one_chunk() -> None:
    assert chunks("Hello", 800, 400) == ["Hello"]


def test_text_is_utf8_or_says_that_it_is_utf16() -> None:
    assert text_of("\ufeffé".encode()) == text_of("é".encode("utf-16")) == "é"


@pytest.mark.parametrize(
    ("data", "message", "code"),
    [
        (b"", "it is empty.", "invalid_file"),
        (b" \n", "it is empty.", "invalid_file"),
        (b"\x89PNG\r\n", "it is not UTF-8 text.", "unsupported_file"),
        (b"a\0b", "it is binary.", "unsupported_file"),
        (b"x" * (4 * MAX_TOKENS + 1), "it is too large.", "invalid_file"),
    ],
    ids=lambda value: "",
)
def test_what_cannot_be_read_says_why(data: bytes, message: str, code: str) -> None:
    with pytest.raises(Unreadable, match=message) as unreadable:
        text_of(data)
    assert unreadable.value.code == code


def test_words_are_looked_for_once_and_never_as_syntax() -> None:
    assert words('The cat, THE "hat" NEAR(x) col:y* -z _ é') == ["THE", "cat", "hat", "NEAR", "x", "col", "y", "z", "é"]


@given(
    st.integers(1, 20).flatmap(
        lambda total: st.tuples(
            st.just(total),
            st.lists(st.dictionaries(st.integers(1, total), st.floats(1e-6, 10)), min_size=1, max_size=5),
        )
    )
)
def test_a_score_is_between_0_and_1_and_grows_with_strength(case: tuple[int, list[dict[int, float]]]) -> None:
    total, found = case
    score = scores(total, found)
    assert all(0 < value <= 1 for value in score.values())
    assert set(score) == {chunk for hits in found for chunk in hits}
    for hits in found[:1]:
        alone = scores(total, [hits])
        assert all(alone[a] >= alone[b] for a in hits for b in hits if hits[a] >= hits[b])


def test_a_rare_word_says_more_than_a_common_one() -> None:
    score = scores(3, [{1: 1.0, 2: 1.0, 3: 1.0}, {2: 1.0}])
    assert score[2] == 1 and score[1] == score[3] < 0.3


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
    assert holds({"type": "and", "filters": [one, two]}, given) == both
    assert holds({"type": "or", "filters": [one, two]}, given) == either
    assert holds({**one, "type": "eq"}, given) != holds({**one, "type": "ne"}, given)
    assert holds({**one, "type": "in", "value": [one["value"]]}, given) == holds({**one, "type": "eq"}, given)
    assert holds({**one, "type": "nin", "value": [one["value"]]}, given) == holds({**one, "type": "ne"}, given)


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.integers(), st.integers() | st.floats(allow_nan=False))
def test_numbers_are_in_order(kind: str, left: int, right: float) -> None:
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}[kind]
    assert holds({"type": kind, "key": "n", "value": right}, {"n": left}) == compare(left, right)


def test_values_of_different_kinds_have_nothing_to_do_with_each_other() -> None:
    assert not holds({"type": "eq", "key": "x", "value": 1}, {"x": True})
    assert not holds({"type": "lt", "key": "x", "value": "2"}, {"x": 1})
    assert not holds({"type": "lt", "key": "x", "value": 2}, {})
    assert holds({"type": "eq", "key": "x", "value": 1.0}, {"x": 1})
