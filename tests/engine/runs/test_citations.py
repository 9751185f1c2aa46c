from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from assistant_nb.engine.runs.citations import Cutter, Hits, mark, next_number, numbered

LINK = "sandbox:/mnt/data/a%20b.csv"
FOUND: Any = {"results": [{"file_id": "file-1", "file_name": "b.txt"}, {"file_id": "file-2", "file_name": "a.txt"}]}
HITS = Hits({4: FOUND}, {"【7:0†old.txt】": "file-4"}, {"/mnt/data/a b.csv": "file-3"})


@example(["s", LINK, "0"])
@example(["0", LINK])
@example(["is", LINK[1:]])
@example([LINK, "【)"])
@given(
    st.lists(
        st.text("as【】†:04). ", max_size=6) | st.sampled_from([mark(4, 1, "a.txt"), LINK, "sandbox:/"]), max_size=8
    )
)
def test_cutting_loses_nothing_and_keeps_places_whole(pieces: list[str]) -> None:
    cutter = Cutter(HITS)
    cut = [*(part for piece in pieces for part in cutter.cut(piece)), *cutter.rest()]
    text = "".join(pieces)
    assert "".join(part for part, _ in cut) == text
    notes = [(note["text"], part) for part, found in cut for note in found]
    assert notes == [(note["text"], note["text"]) for note in HITS.annotations(text)]


def test_a_mark_points_to_its_hit() -> None:
    (note,) = HITS.annotations(f"Yes {mark(4, 1, 'a.txt')}.")
    assert note["type"] == "file_citation"
    assert (note["file_citation"], note["start_index"], note["end_index"]) == ({"file_id": "file-2"}, 4, 15)


def test_a_mark_whose_name_disagrees_with_its_hit_is_not_cited() -> None:
    assert HITS.annotations("【4:1†b.txt】 【4:0†】 【5:0†b.txt】 【4:2†b.txt】") == []
    (note,) = HITS.annotations("【4:0†source】")
    assert note["type"] == "file_citation" and note["file_citation"]["file_id"] == "file-1"


def test_a_mark_of_an_earlier_answer_cites_what_it_cited() -> None:
    (note,) = HITS.annotations("As I said【7:0†old.txt】.")
    assert note["type"] == "file_citation" and note["file_citation"] == {"file_id": "file-4"}


def test_searches_are_numbered_after_all_that_is_seen() -> None:
    assert [next_number(texts) for texts in ([], ["No【x】."], ["【4:1†a】【12:0†b】", "【5:0†c】"])] == [4, 4, 13]
    searches: list[Any] = [{"n": 1}, {"n": 2}, {"n": 3}]
    assert numbered(["【6:0†a】\nx", "Nothing was found.", "【8:0†c】\nz"], searches) == {
        6: searches[0],
        8: searches[2],
    }


def test_a_link_points_to_the_file_that_code_has_made() -> None:
    (note,) = HITS.annotations(f"Here: [it]({LINK}). Not sandbox:/mnt/data/b.csv.")
    assert note == {
        "type": "file_path", "text": LINK, "start_index": 11, "end_index": 38, "file_path": {"file_id": "file-3"},
    }  # fmt: skip


def test_a_link_at_the_end_of_a_sentence_does_not_take_its_full_stop() -> None:
    (note,) = HITS.annotations(f"It is in {LINK}.")
    assert note["text"] == LINK


def test_a_word_that_ends_in_s_is_not_held_back() -> None:
    for word, passed in ((" is", " is"), ("It's", "It's"), (" thousand", " thousand"), (" a s", " a ")):
        assert list(Cutter(HITS).cut(word)) == [(passed, [])]


def test_a_place_that_never_ends_is_not_held_back_for_ever() -> None:
    for begun in ("【so many words", "sandbox:/mnt/data/so_many"):
        cutter = Cutter(HITS)
        assert any(list(cutter.cut(begun)) for _ in range(100))
