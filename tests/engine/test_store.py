import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine import wire
from assistant_nb.engine.errors import NotFound, StoreError
from assistant_nb.engine.ids import Ids, LessonClock
from assistant_nb.engine.objects import MESSAGE, THREAD
from assistant_nb.engine.schema import APPLICATION_ID, MIGRATIONS
from assistant_nb.engine.store import Store


def open_store(path: str | Path = ":memory:") -> Store:
    return Store(path, Ids("seed"), LessonClock())


def add_thread(store: Store) -> str:
    with store.transaction():
        thread = wire.thread(store.new_id("thread"), store.now(), {})
        store.put(thread)
    return str(thread["id"])


def test_a_transaction_that_fails_leaves_no_trace() -> None:
    store = open_store()
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put(wire.thread("thread_1", 0, {}))
        _ = 1 / 0
    with pytest.raises(NotFound):
        store.get(THREAD, "thread_1")
    assert add_thread(store) == add_thread(open_store()), "ids are not used up either"


def test_deleting_a_thread_deletes_what_is_on_it() -> None:
    store = open_store()
    thread_id = add_thread(store)
    with store.transaction():
        store.put(wire.message("msg_1", 0, thread_id, "user", "Hello"))
        store.delete(thread_id)
    with pytest.raises(NotFound, match="No message found with id 'msg_1'"):
        store.get(MESSAGE, "msg_1")


def test_the_id_of_a_deleted_message_is_not_given_again() -> None:
    store = open_store()
    thread_id = add_thread(store)
    with store.transaction():
        first = store.new_id("thread.message", thread_id)
        store.put(wire.message(first, 0, thread_id, "user", "Hello"))
        store.delete(first)
        assert store.new_id("thread.message", thread_id) != first


@given(
    count=st.integers(0, 12),
    limit=st.integers(1, 5),
    order=st.sampled_from(["asc", "desc"]),
    after=st.none() | st.integers(0, 11),
    before=st.none() | st.integers(0, 11),
)
def test_a_page_is_a_slice_of_the_list(
    count: int, limit: int, order: str, after: int | None, before: int | None
) -> None:
    store = open_store()
    thread_id = add_thread(store)
    ids = [f"msg_{n}" for n in range(count)]
    with store.transaction():
        for id in ids:
            store.put(wire.message(id, 0, thread_id, "user", id))
    ordered = ids if order == "asc" else ids[::-1]
    start = None if after is None or after >= count else f"msg_{after}"
    end = None if before is None or before >= count else f"msg_{before}"
    rest = ordered[ordered.index(start) + 1 if start else 0 : ordered.index(end) if end else None]
    expected = rest[-limit:] if end and not start else rest[:limit]

    bodies, more = store.page(MESSAGE, thread_id, limit=limit, order=order, after=start, before=end)  # type: ignore[arg-type]

    assert [body["id"] for body in bodies] == expected
    assert more == (len(rest) > limit)


def test_a_file_keeps_objects_and_goes_on_counting(tmp_path: Path) -> None:
    first = open_store(tmp_path / "class.db")
    thread_id = add_thread(first)
    first.close()
    second = open_store(tmp_path / "class.db")
    assert second.get(THREAD, thread_id)["id"] == thread_id
    assert add_thread(second) != thread_id
    second.close()


def test_a_file_belongs_to_one_engine_at_a_time(tmp_path: Path) -> None:
    open_store(tmp_path / "class.db").close()
    first = open_store(tmp_path / "class.db")  # a file that was there before, and nobody has written to it yet
    with pytest.raises(StoreError, match="in use by another engine"):
        open_store(tmp_path / "class.db")
    first.close()
    open_store(tmp_path / "class.db").close()


def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("My notes, long enough to be taken for a header of a database file, but none.\n" * 20)
    before = notes.read_bytes()
    with pytest.raises(StoreError, match="is not a database"):
        open_store(notes)
    assert notes.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not one of assistant_nb's"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path / "class.db").close()
    newer = sqlite3.connect(tmp_path / "class.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreError, match="newer assistant_nb"):
        open_store(tmp_path / "class.db")


def test_a_file_of_an_older_version_takes_the_steps_that_it_lacks(tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "class.db")
    older.executescript(f"{MIGRATIONS[0]}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1")
    older.execute("INSERT INTO object (id, kind, active, body) VALUES ('thread_1', 'thread', 0, '{}')")
    older.commit()
    older.close()
    store = open_store(tmp_path / "class.db")
    assert dict(store.get(THREAD, "thread_1")) == {}
    assert store.contents.occurrences("cat") == {}
    with store.transaction():
        assert store.contents.terms(["pruning", "pruned", "Éclair", "猫"]) == ["eclair", "prune", "猫"]
    store.close()


def test_chunks_of_an_older_version_are_indexed_anew(tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "class.db")
    older.executescript(f"{''.join(MIGRATIONS[:2])}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2")
    older.execute("INSERT INTO object VALUES (1, 'vs_1', 'vector_store', NULL, NULL, 0, '{}', NULL)")
    older.execute("INSERT INTO object VALUES (2, 'vs_1/f', 'vector_store.file', 'vs_1', NULL, 0, '{}', NULL)")
    older.execute("INSERT INTO chunk (object, text) VALUES ('vs_1/f', 'The cat')")
    older.commit()
    older.close()
    store = open_store(tmp_path / "class.db")
    assert (store.contents.chunk_lengths(["vs_1"]), store.contents.occurrences("cat")) == ({1: 7}, {1: 1})
    with store.transaction():
        store.delete("vs_1")
    assert store.contents.occurrences("cat") == {}
    store.close()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does its folder exist"):
        open_store(tmp_path / "nowhere" / "class.db")
