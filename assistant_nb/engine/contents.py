"""What is in vector stores: files, their pieces, and the index that finds pieces by their words (SQLite's FTS5)."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence

from .files.file_objects import FileStatus, VectorStoreFile


class Contents:
    """The part of a store that holds them. It shares the store's connection, lock and transactions."""

    def __init__(self, db: sqlite3.Connection, lock: threading.RLock) -> None:
        self._db, self._lock = db, lock

    def waiting(self, store_id: str) -> VectorStoreFile | None:
        """The file that has waited longest to be read."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM object WHERE kind = 'vector_store.file' AND parent = ? AND active ORDER BY seq",
                (store_id,),
            ).fetchone()
        return json.loads(row[0]) if row else None

    def tally(self, store_id: str, batch_id: str | None = None) -> tuple[dict[FileStatus, int], int]:
        """How many files have which status, of a batch or of all, and the bytes they take together."""
        with self._lock:
            rows = self._db.execute(
                "SELECT json_extract(body, '$.status'), count(*), sum(json_extract(body, '$.usage_bytes')) FROM object"
                " WHERE kind = 'vector_store.file' AND parent = ?"
                " AND (? IS NULL OR json_extract(body, '$._batch_id') = ?) GROUP BY 1",
                (store_id, batch_id, batch_id),
            ).fetchall()
        return {status: count for status, count, _ in rows}, sum(size for _, _, size in rows)

    def add_chunks(self, store_id: str, file_id: str, chunks: Iterable[tuple[int, str, str | None]]) -> None:
        """Keep pieces of a file: where each starts, its text, what to index instead. Only inside a transaction."""
        key = row_id(store_id, file_id)
        self._db.executemany(
            "INSERT INTO chunk (object, start, text, words, length) VALUES (?, ?, ?, ?, ?)",
            ((key, start, text, words, len(text)) for start, text, words in chunks),
        )

    def drop_chunks(self, store_id: str, file_id: str) -> None:
        """Forget what was read from a file. Only inside a transaction."""
        self._db.execute("DELETE FROM chunk WHERE object = ?", (row_id(store_id, file_id),))

    def chunk_lengths(self, store_ids: Sequence[str]) -> dict[int, int]:
        """All chunks of these vector stores, by number, and how many characters each has."""
        with self._lock:
            rows = self._db.execute(
                "SELECT n, length FROM object JOIN chunk ON chunk.object = object.id"
                " WHERE object.parent IN (SELECT value FROM json_each(?)) AND object.kind = 'vector_store.file'",
                (json.dumps(store_ids),),
            ).fetchall()
        return dict(rows)

    def chunk(self, n: int) -> tuple[str, str, int, str]:
        """The ids of its vector store and its file, where it starts, and its text."""
        with self._lock:
            row: tuple[str, str, int, str] = self._db.execute(
                "SELECT parent, file_id, start, text FROM chunk JOIN object ON object.id = chunk.object WHERE n = ?",
                (n,),
            ).fetchone()
        return row

    def terms(self, words: Sequence[str]) -> list[str]:
        """What the index has for these words: `["pruning", "pruned"]` -> ["prune"]. Only inside a transaction."""
        self._db.execute("INSERT INTO query_words (rowid, words) VALUES (1, ?)", (" ".join(words),))
        rows = self._db.execute("SELECT term FROM query_terms").fetchall()
        self._db.execute("INSERT INTO query_words (query_words) VALUES ('delete-all')")
        return [row[0] for row in rows]

    def occurrences(self, term: str) -> dict[int, int]:
        """The chunks, of all vector stores, that have a term, and how often."""
        with self._lock:
            rows = self._db.execute("SELECT doc FROM chunk_terms WHERE term = ?", (term,)).fetchall()
        return Counter([row[0] for row in rows])  # GROUP BY would sort them


def row_id(store_id: str, file_id: str) -> str:
    """What the row of a file in a vector store is known by: it bears the id of the file, so its parent's is added."""
    return f"{store_id}/{file_id}"
