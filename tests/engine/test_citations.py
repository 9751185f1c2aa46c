from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.citations import Cutter, annotations, mark

SEARCHES = [{"results": [{"file_id": "file-1"}, {"file_id": "file-2"}]}]


@given(st.lists(st.text("a【】†:04", max_size=6) | st.just(mark(0, 1, "a.txt")), max_size=8))
def test_cutting_loses_nothing_and_keeps_marks_whole(pieces: list[str]) -> None:
    cutter = Cutter()
    cut = [part for piece in pieces for part in cutter.cut(piece)] + [cutter.rest()]
    text = "".join(pieces)
    assert "".join(cut) == text
    assert [note["text"] for part in cut for note in annotations(part, SEARCHES)] == [
        note["text"] for note in annotations(text, SEARCHES)
    ]


def test_a_mark_points_to_its_hit() -> None:
    (note,) = annotations(f"Yes {mark(0, 1, 'a.txt')}.", SEARCHES)
    assert (note["file_citation"], note["start_index"], note["end_index"]) == ({"file_id": "file-2"}, 4, 15)


def test_a_mark_that_never_ends_is_not_held_back_for_ever() -> None:
    cutter = Cutter()
    assert "".join(part for _ in range(100) for part in cutter.cut("【so many words"))
