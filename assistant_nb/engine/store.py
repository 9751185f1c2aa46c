"""Where objects and journals are kept: SQLite, in memory or in a file. The only SQL of the package beside `schema`.

One connection, one lock. Every change happens inside `transaction()`: it is kept whole or not at
all, and once it is left the change survives a hard kill of the process (write-ahead log). A file
belongs to one engine at a time.

Objects are rows of JSON that know their parent; SQLite removes the children with it. What a run
made is kept twice: as its journal, which is the truth, and folded, so that reading is cheap.
"""

import json
import shlex
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, cast

from .errors import ApiError, DamagedStore, DiskError, NotFound, StoreError
from .ids import Clock, Ids
from .journal import Entry
from .prompt_texts import apart, together
from .run_states import ACTIVE
from .schema import APPLICATION_ID, MIGRATIONS, QUERY_TABLES
from .wire import Json, encode

_THINGS: Final = {
    "assistant": "assistant",
    "thread": "thread",
    "thread.message": "message",
    "thread.run": "run",
    "thread.run.step": "run step",
    "file": "file",
    "vector_store": "vector store",
    "vector_store.file": "file",
    "vector_store.file_batch": "file batch",
}
_PARENTS: Final = {
    "thread.message": "thread",
    "thread.run": "thread",
    "vector_store.file": "vector_store",
    "vector_store.file_batch": "vector_store",
}
"""What hangs on what, where a missing parent is told before the missing child."""
_ACCOUNT: Final = ""
"""The scope of what has no parent: assistants and threads."""
_COUNT: Final = "INSERT INTO counter VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
_TICK: Final = (
    "INSERT INTO counter VALUES (?, ?, 1 + coalesce((SELECT n FROM counter WHERE scope = '' AND name = 'tick'), 0))"
    " ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
)
_LATEST_TICK: Final = (
    "SELECT coalesce((SELECT n FROM counter WHERE scope IN (?, '') AND name = 'tick' ORDER BY scope DESC LIMIT 1), 0)"
)
_MOVE: Final = "INSERT INTO counter VALUES ('', 'moved_s', ?) ON CONFLICT DO UPDATE SET n = n + ?"
_FORKS: Final = (
    "WITH RECURSIVE line (id) AS (SELECT run_id FROM fork WHERE parent = ? UNION ALL"
    " SELECT run_id FROM fork JOIN line ON fork.parent = line.id)"
    " SELECT body FROM line JOIN object USING (id) ORDER BY seq"
)
_DISK: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""How the codes of errors begin for which the disk is to blame, not the file."""
_TEXTS: Final = """
    SELECT text FROM object JOIN prompt_text ON thread_id = parent WHERE object.id = ? AND n BETWEEN ? AND ? ORDER BY n
"""
_BROKEN_JOURNALS: Final = """
    SELECT run_id FROM journal GROUP BY 1 HAVING count(*) <= max(n) UNION
    SELECT id FROM object WHERE kind = 'thread.run' AND id NOT IN (SELECT run_id FROM journal) UNION
    SELECT journal.run_id FROM journal
    JOIN object ON object.id = journal.run_id JOIN json_each(data, '$.texts') span
    WHERE event = 'model.asked' AND json_extract(span.value, '$[1]') - json_extract(span.value, '$[0]') >= (
        SELECT count(*) FROM prompt_text WHERE thread_id = object.parent
        AND n BETWEEN json_extract(span.value, '$[0]') AND json_extract(span.value, '$[1]')
    )
"""
_FAULTS: Final = {
    "SELECT id FROM object WHERE CASE WHEN json_valid(body) THEN json_type(body) END IS NOT 'object'": (
        "the row of {} is not JSON"
    ),
    "SELECT n, run_id FROM journal WHERE CASE WHEN json_valid(data) THEN json_type(data) END IS NOT 'object'": (
        "entry {} in the journal of {} is not JSON"
    ),
    "SELECT n, thread_id FROM prompt_text WHERE CASE WHEN json_valid(text) THEN json_type(text) END IS NOT 'object'": (
        "text {} of the prompts on {} is not JSON"
    ),
    _BROKEN_JOURNALS: "entries in the journal of {} are missing",
    "SELECT id FROM object WHERE parent NOT IN (SELECT id FROM object)": "what {} belongs to is missing",
}
"""What can be wrong in a file whose pages are well, and the sentence for the first that is found."""
_KEYS: Final = {
    "object": ("seq",),
    "prompt_text": ("thread_id", "n"),
    "journal": ("run_id", "n"),
    "counter": ("scope", "name"),
    "chunk": ("n",),
    "gone": ("id",),
    "fork": ("run_id",),
}
"""The tables that hold everything, in the order in which one refers to the other, and how their rows are sorted."""
_DISOWN: Final = (
    "UPDATE object SET run_id = NULL, active = 0, body = json_set(body, '$.run_id', NULL)"
    " WHERE kind = 'thread.message' AND run_id = ?"
)
_MOST_ROWS: Final = 10**7
"""How far a damaged counter is believed."""
_JSON: Final = {"object": "body", "prompt_text": "text", "journal": "data", "fork": "edit"}
_CHUNKS: Final = "object JOIN chunk ON chunk.object = object.id"
_IN_STORES: Final = "WHERE object.parent IN (SELECT value FROM json_each(?)) AND object.kind = 'vector_store.file'"


class Store:
    """Keeps what the engine must remember.

    `path` is a file or ":memory:". Raises StoreError when the file is in use by another engine, is
    not one of ours, or comes from a newer version.
    """

    def __init__(self, path: str | Path, ids: Ids, clock: Clock) -> None:
        self.path = str(path)
        self._ids, self._clock = ids, clock
        self._lock = threading.RLock()
        if _has_lost_all_but_its_log(self.path):
            raise _damaged(self.path, "it is empty, but what was written last still stands in its '-wal' file")
        try:
            self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._why_not(error) or error from error
        self._let_go = weakref.finalize(self, self._db.close)
        self._let_go.atexit = False  # threads of ours may still be in there then
        with self.opening():
            self._open()

    @contextmanager
    def opening(self) -> Iterator[None]:
        """What is wrong with the file is a StoreError, and lets go of the file."""
        try:
            yield
        except Exception as error:
            why = error if isinstance(error, StoreError) else self._why_not(error)
            self._let_go()
            raise why or error from error

    def explain(self, error: Exception) -> ApiError | None:
        """What an error that nobody foresaw says of the file: DiskError or DamagedStore; None when all is well."""
        if _code(error).startswith(_DISK):
            return DiskError(error)
        with self._lock:
            what = _damage(self._db)
        return _damaged(self.path, what) if what else None

    def close(self) -> None:
        """Let go of the file. A store that nobody holds any more does so by itself."""
        with self._lock:
            self._let_go()

    # Objects

    def put(self, body: Json) -> None:
        """Keep an object, new or changed, under its id. Only inside a transaction."""
        self._db.execute(
            "INSERT INTO object (id, kind, parent, run_id, file_id, active, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET active = excluded.active, body = excluded.body",
            (
                _key(body["object"], body["id"], _parent(body)),
                body["object"],
                _parent(body),
                body["run_id"] if body["object"] == "thread.message" else None,
                body["id"] if body["object"] == "vector_store.file" else None,
                _is_active(body),
                encode(body),
            ),
        )

    def get(self, kind: str, id: str, parent: str | None = None) -> Json:
        """The object with this id. Raises NotFound, in the API's words, for the first id that leads nowhere."""
        with self._lock:
            row = self._db.execute(
                "SELECT body, parent FROM object WHERE id = ? AND kind = ?", (_key(kind, id, parent), kind)
            ).fetchone()
            if row and parent in (None, row[1]):
                body: Json = json.loads(row[0])
                return body
            if parent and (above := _PARENTS.get(kind)):
                self.get(above, parent)
            raise _missing(kind, id, parent)

    def delete(self, id: str, store_id: str | None = None) -> None:
        """Forget an object, all below it, a file in all vector stores, or in one alone. Only in a transaction."""
        self._db.execute("DELETE FROM object WHERE id = ?", (f"{store_id}/{id}" if store_id else id,))

    def page(
        self,
        kind: str,
        parent: str | None = None,
        *,
        limit: int = 20,
        order: Literal["asc", "desc"] = "desc",
        after: str | None = None,
        before: str | None = None,
        run_id: str | None = None,
        finished: bool = False,
        where: Json | None = None,
    ) -> tuple[list[Json], bool]:
        """A page of children in order of creation, and whether more follow.

        `after` and `before` are ids in the list; with `before` alone the page ends just before it,
        and "more" means more of the same on that side. `run_id` keeps to what one run wrote,
        `finished` to what is complete, `where` to what has these values under these keys. Raises NotFound
        for an id not in the list.
        """
        limits = ["parent IS ?", "kind = ?"]
        values: list[str | int | None] = [parent, kind]
        if run_id is not None:
            limits.append("run_id = ?")
            values.append(run_id)
        if finished:
            limits.append("NOT active")
        for key, value in (where or {}).items():
            limits.append("json_extract(body, ?) = ?")
            values += [f"$.{key}", value]
        backwards = before is not None and after is None
        with self._lock:
            for cursor, later in ((after, order == "asc"), (before, order == "desc")):
                if cursor is not None:
                    limits.append(f"seq {'>' if later else '<'} ?")
                    values.append(self._seq(kind, parent, cursor))
            direction = "ASC" if (order == "asc") != backwards else "DESC"
            rows = self._db.execute(
                f"SELECT body FROM object WHERE {' AND '.join(limits)} ORDER BY seq {direction} LIMIT ?",  # noqa: S608
                (*values, limit + 1),
            ).fetchall()
        bodies = [json.loads(row[0]) for row in rows[:limit]]
        return (bodies[::-1] if backwards else bodies), len(rows) > limit

    def all(self, kind: str, parent: str | None = None, *, before: str | None = None) -> list[Json]:
        """Every child, oldest first; with `before` those alone that are older than this object, of whatever kind."""
        older = "" if before is None else " AND seq < (SELECT seq FROM object WHERE id = ?)"
        with self._lock:
            rows = self._db.execute(
                f"SELECT body FROM object WHERE parent IS ? AND kind = ?{older} ORDER BY seq",  # noqa: S608
                (parent, kind) if before is None else (parent, kind, before),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def expired(self, kind: str, at: int) -> list[str]:
        """The ids of those whose `expires_at` has come."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id FROM object WHERE kind = ? AND parent IS NULL AND json_extract(body, '$.expires_at') <= ?",
                (kind, at),
            ).fetchall()
        return [row[0] for row in rows]

    def active_run(self, thread_id: str) -> Json | None:
        """The run that holds the thread, if there is one."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM object WHERE kind = 'thread.run' AND parent = ? AND active", (thread_id,)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def active_runs(self) -> list[Json]:
        """All runs that have not ended, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM object WHERE kind = 'thread.run' AND active ORDER BY seq"
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    # Journals

    def append(self, run_id: str, entry: Entry) -> None:
        """Add a journal's next entry. Only inside a transaction, and a prompt only when the run is kept."""
        data = self._apart(run_id, entry.data) if entry.event == "model.asked" else entry.data
        self._db.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run_id, entry.n, entry.at, entry.event, entry.id, encode(data), entry.follows),
        )

    def journal(self, run_id: str, start: int = 0) -> list[Entry]:
        """The entries of a run from number `start` on, in order; none for a run that is gone."""
        with self._lock:
            rows = self._db.execute(
                "SELECT n, at, event, id, data, follows FROM journal WHERE run_id = ? AND n >= ? ORDER BY n",
                (run_id, start),
            ).fetchall()
            return [
                Entry(n, at, event, id, self._together(run_id, json.loads(data)), bool(follows))
                for n, at, event, id, data, follows in rows
            ]

    def journal_length(self, run_id: str) -> int:
        """How many entries a run's journal has; 0 for a run that is gone."""
        with self._lock:
            row = self._db.execute("SELECT max(n) + 1 FROM journal WHERE run_id = ?", (run_id,)).fetchone()
        return row[0] or 0

    def _apart(self, run_id: str, prompt: Json) -> Json:
        """What an entry holds of a prompt, whose texts are kept for the thread."""
        (thread_id,) = self._db.execute("SELECT parent FROM object WHERE id = ?", (run_id,)).fetchone()
        known = self._db.execute("SELECT n, text FROM prompt_text WHERE thread_id = ? ORDER BY n", (thread_id,))
        places, added = apart(prompt, known.fetchall())
        self._db.executemany("INSERT INTO prompt_text VALUES (?, ?, ?)", [(thread_id, *one) for one in added])
        return {"texts": places}

    def _together(self, run_id: str, data: Json) -> Json:
        """What an entry says. The prompts of older versions are whole."""
        if "texts" not in data:
            return data
        texts: list[str] = []
        for first, last in data["texts"]:
            rows = self._db.execute(_TEXTS, (run_id, first, last)).fetchall()
            if len(rows) <= last - first:
                raise ValueError(f"texts {first} to {last} of a prompt of {run_id} are missing")
            texts += [text for (text,) in rows]
        return together(texts)

    def add_fork(self, run_id: str, parent: str, n: int, edit: Json) -> None:
        """Note that a run shares its journal up to entry `n` with another one. Only inside a transaction."""
        self._db.execute("INSERT INTO fork VALUES (?, ?, ?, ?)", (run_id, parent, n, encode(edit)))

    def origin(self, run_id: str) -> tuple[str, int, Json] | None:
        """The run that a run was forked from, the last entry they share, and the edit; None for any other run."""
        with self._lock:
            row = self._db.execute("SELECT parent, n, edit FROM fork WHERE run_id = ?", (run_id,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def forks(self, run_id: str) -> list[Json]:
        """The runs that were forked from a run, and from these, in order of creation."""
        with self._lock:
            rows = self._db.execute(_FORKS, (run_id,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    # What is in vector stores

    def waiting(self, store_id: str) -> Json | None:
        """The file that has waited longest to be read."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM object WHERE kind = 'vector_store.file' AND parent = ? AND active ORDER BY seq",
                (store_id,),
            ).fetchone()
        return json.loads(row[0]) if row else None

    def tally(self, store_id: str, batch_id: str | None = None) -> tuple[dict[str, int], int]:
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
        key = _key("vector_store.file", file_id, store_id)
        self._db.executemany(
            "INSERT INTO chunk (object, start, text, words, length) VALUES (?, ?, ?, ?, ?)",
            ((key, start, text, words, len(text)) for start, text, words in chunks),
        )

    def drop_chunks(self, store_id: str, file_id: str) -> None:
        """Forget what was read from a file. Only inside a transaction."""
        self._db.execute("DELETE FROM chunk WHERE object = ?", (_key("vector_store.file", file_id, store_id),))

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

    # Ids and time

    def new_id(self, kind: str, parent: str = _ACCOUNT) -> str:
        """The next id of its kind below this parent. Only inside a transaction."""
        return self._ids.make(kind, parent, self._next(_COUNT, parent, kind))

    def derive_id(self, kind: str, parent: str, ordinal: int) -> str:
        """The id of what comes at place `ordinal` in its parent, however often it is made."""
        return self._ids.make(kind, parent, ordinal)

    def now(self, thread_id: str = _ACCOUNT) -> int:
        """The time of the next event on this thread, or of the account. Only inside a transaction.

        A thread's own time begins where the account's is when something first happens on the thread.
        """
        return self._moved_s + self._clock.now(self._next(_TICK, thread_id, "tick"))

    def time(self, thread_id: str = _ACCOUNT) -> int:
        """What time it is on this thread, or for the account. Asking does not make it pass."""
        with self._lock:
            (tick,) = self._db.execute(_LATEST_TICK, (thread_id,)).fetchone()
        return self._moved_s + self._clock.now(tick)

    def branch_time(self, thread_id: str, new_id: str, at: int) -> None:
        """Let time on a new thread go on where it was `at` on another one; the wall's clock takes no notice.

        Only inside a transaction.
        """
        (tick,) = self._db.execute(_LATEST_TICK, (thread_id,)).fetchone()
        past_s = self.time(thread_id) - at
        self._db.execute("INSERT INTO counter VALUES (?, 'tick', ?)", (new_id, tick - past_s))

    def move_clock(self, seconds: int) -> None:
        """Let time pass, for everything in this store and for good."""
        with self.transaction():
            self._db.execute(_MOVE, (seconds, seconds))
            self._moved_s = self._read_moved()

    # Recovery

    def take(self, remains: "Remains") -> list[str]:
        """Keep what can be read of a damaged store in this new one. Returns what is lost, a line each."""
        kept: dict[str, set[Any]] = {table: set() for table in _KEYS}
        with self.transaction():
            for table, keys in _KEYS.items():
                for row in remains.rows(table):
                    if _is_sound(table, row) and (table != "journal" or row["run_id"] in kept["object"]):
                        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
                        with suppress(sqlite3.Error, UnicodeEncodeError):  # what it belongs to is lost
                            self._db.execute(statement, tuple(row.values()))
                            kept[table].add(row["id"] if table == "object" else row[keys[-1]])
            runs = [id for (id,) in self._db.execute(_BROKEN_JOURNALS).fetchall()]
            for id in runs:
                self._db.execute(_DISOWN, (id,))
                self.delete(id)
        lost = [
            f"{id}: cannot be read, or what it belongs to cannot" for id in remains.ids() if id not in kept["object"]
        ]
        lost += [f"{id}: entries of its journal cannot be read; what it wrote on its thread is kept" for id in runs]
        if pieces := len(remains.chunks() - kept["chunk"]):
            lost.append(f"{pieces} pieces of files in vector stores: add these files anew to find them again")
        return lost

    def counts(self) -> dict[str, int]:
        """How many objects there are of each kind: {"thread": 2}"""
        with self._lock:
            return dict(self._db.execute("SELECT kind, count(*) FROM object GROUP BY 1 ORDER BY min(seq)").fetchall())

    # Inside

    @contextmanager
    def transaction(self) -> Iterator[bool]:
        """All changes made inside are kept together when it is left, or none. An inner one joins the outer.

        Gives whether this is the outermost one.

        Raises DiskError when the disk takes no more.
        """
        with self._lock:
            if self._db.in_transaction:
                yield False
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield True
                self._db.execute("COMMIT")
            except BaseException as error:
                self._db.rollback()
                if _code(error).startswith(_DISK):
                    raise DiskError(cast(sqlite3.Error, error)) from error
                raise

    def _open(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables and application != APPLICATION_ID:
            raise StoreError(f"'{self.path}' is a database, but not one of assistant_nb's. Name another file.")
        if version > len(MIGRATIONS):
            raise StoreError(
                f"'{self.path}' was written by a newer assistant_nb (schema {version}, this one knows"
                f" {len(MIGRATIONS)}). Upgrade the package, or name another file."
            )
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")  # the first write takes the file for us; an idle owner must hold it, too
        self._db.execute("COMMIT")
        for number, migration in enumerate(MIGRATIONS[version:], version + 1):
            self._db.executescript(
                f"BEGIN IMMEDIATE; {migration}; PRAGMA application_id = {APPLICATION_ID};"
                f" PRAGMA user_version = {number}; COMMIT;"
            )
        self._db.executescript(QUERY_TABLES)
        self._moved_s = self._read_moved()

    def _why_not(self, error: Exception) -> StoreError | None:
        """Why the file cannot be opened; None if that is no fault of the file."""
        path = self.path
        match _code(error):
            case code if code.startswith("SQLITE_BUSY"):  # as it is, and while a log is read in after a kill
                return StoreError(f"'{path}' is in use by another engine. Stop that one, or name another file.")
            case "SQLITE_NOTADB":
                return StoreError(
                    f"'{path}' is not a database. Name another file; this one was not touched."
                    f" If it was a store once, run: assistant-nb store check {shlex.quote(path)}"
                )
            case "SQLITE_CANTOPEN" if Path(path).is_dir():
                return StoreError(f"'{path}' is a folder. Name a file in it.")
            case "SQLITE_CANTOPEN":
                return StoreError(f"'{path}' cannot be opened: does its folder exist, and may you write there?")
            case "SQLITE_PERM" | "SQLITE_READONLY" | "SQLITE_READONLY_DIRECTORY" | "SQLITE_READONLY_CANTINIT":
                return StoreError(
                    f"'{path}' may be read, but not written ({error}). Run: chmod u+w {shlex.quote(path)},"
                    " or name another file."
                )
            case code if code.startswith(_DISK):
                return StoreError(
                    f"'{path}' cannot be opened: its disk is full, or refuses ({error}). See how much is free with:"
                    f" df -h {shlex.quote(str(Path(path).parent))}. Make room, then try again."
                )
        if what := _damage(self._db):
            return _damaged(path, what)
        return StoreError(f"'{path}' cannot be used as a store: {error}.") if isinstance(error, sqlite3.Error) else None

    def _read_moved(self) -> int:
        (seconds,) = self._db.execute("SELECT coalesce(max(n), 0) FROM counter WHERE name = 'moved_s'").fetchone()
        return int(seconds)

    def _seq(self, kind: str, parent: str | None, id: str) -> int:
        """A place in a list. That of a deleted object still counts, for a client that deletes what it lists."""
        row: Sequence[int] | None = self._db.execute(
            "SELECT seq FROM object WHERE id = ? AND kind = ? AND parent IS ?"
            " UNION ALL SELECT seq FROM gone WHERE id = ? AND kind = ? AND parent IS ?",
            (_key(kind, id, parent), kind, parent) * 2,
        ).fetchone()
        if row is None:
            raise _missing(kind, id, parent)
        return row[0]

    def _next(self, statement: str, scope: str, name: str) -> int:
        row: Sequence[int] = self._db.execute(statement, (scope, name)).fetchone()
        return row[0]


class Remains:
    """What can be read of a store that may be damaged. `path` is a copy of it: looking can change a file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.text_factory = lambda data: data.decode(errors="surrogateescape")  # one row must not hide the rest

    def close(self) -> None:
        self._db.close()

    @property
    def damage(self) -> str:
        """What is damaged, empty if nothing is."""
        return _damage(self._db)

    @property
    def is_store(self) -> bool:
        """Whether its tables can be found."""
        with suppress(sqlite3.Error):
            return bool(self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'object'").fetchone())
        return False

    def rows(self, table: str) -> Iterator[Json]:
        """Each row that can be read, once: from both ends up to the damage, then from place to place inside."""
        keys, found = _KEYS[table], dict[Any, Json]()
        if not self._scan(table, "", (), found):
            if table in ("journal", "prompt_text"):
                for id in self.ids():
                    self._scan(table, f"WHERE {keys[0]} = ?", (id,), found)
            elif table in ("object", "chunk"):
                for number in range(1, self._last(table, found) + 1):
                    if (number,) not in found:
                        self._scan(table, f"WHERE {keys[0]} = ?", (number,), found)
        yield from (found[key] for key in sorted(found))

    def ids(self) -> list[str]:
        """Of all objects that were there, as the index has them; it lies elsewhere in the file than the objects."""
        found: dict[Any, Json] = {}
        self._scan("object", "INDEXED BY sqlite_autoindex_object_1", (), found, ("id",))
        return sorted(key[0] for key in found if key[0].isprintable())

    def chunks(self) -> set[int]:
        """The numbers of all chunks that were there."""
        found: dict[Any, Json] = {}
        self._scan("chunk", "INDEXED BY chunk_by_object", (), found, ("object", "n"))
        return {key[1] for key in found}

    def _scan(
        self, table: str, where: str, values: tuple[Any, ...], found: dict[Any, Json], only: tuple[str, ...] = ()
    ) -> bool:
        """Read from the beginning, and where that fails from the end. Whether all was read."""
        keys = only or _KEYS[table]
        for order in ("ASC", "DESC"):
            by = ", ".join(f"{key} {order}" for key in keys)
            with suppress(sqlite3.Error):
                statement = f"SELECT {', '.join(only) or '*'} FROM {table} {where} ORDER BY {by}"  # noqa: S608
                cursor = self._db.execute(statement, values)
                names = [column[0] for column in cursor.description]
                for row in cursor:
                    made = dict(zip(names, row, strict=True))
                    found[tuple(made[key] for key in keys)] = made
                return True
        return False

    def _last(self, table: str, found: Collection[Any]) -> int:
        with suppress(sqlite3.Error, TypeError):
            (last,) = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
            return min(int(last), _MOST_ROWS)
        return max((key[0] for key in found), default=0)


def _is_sound(table: str, row: Json) -> bool:
    """Whether the JSON in a row is an object."""
    with suppress(ValueError, TypeError):
        return table not in _JSON or isinstance(json.loads(row[_JSON[table]]), dict)
    return False


def _damaged(path: str, what: str) -> DamagedStore:
    return DamagedStore(
        f"'{path}' is damaged ({what}). Nothing was changed. To save what can be read, stop the engine and run:"
        f" assistant-nb store check {shlex.quote(path)}"
    )


def _parent(body: Json) -> str | None:
    """A step belongs to its run, a message or run to its thread, what is in a vector store to that one."""
    key = {"thread.run.step": "run_id", "thread.message": "thread_id", "thread.run": "thread_id"}
    parent: str | None = body.get(key.get(body["object"], "vector_store_id"))
    return parent


def _key(kind: str, id: str, parent: str | None) -> str:
    """What a row is known by: a file in a vector store bears the id of the file itself, so its parent's is added."""
    return f"{parent}/{id}" if kind == "vector_store.file" else id


def _missing(kind: str, id: str, parent: str | None) -> NotFound:
    if kind == "vector_store.file":
        return NotFound(f"No file found with id '{id}' in vector store '{parent}'.")
    return NotFound.of(_THINGS[kind], id)


def _is_active(body: Json) -> bool:
    """Whether a run has not ended, a message is being written, or a file waits to be read."""
    match body["object"]:
        case "thread.run":
            return body["status"] in ACTIVE
        case "thread.message" | "vector_store.file":
            return bool(body["status"] == "in_progress")
        case _:
            return False


def _code(error: BaseException) -> str:
    """The name of SQLite's error, empty for any other."""
    return getattr(error, "sqlite_errorname", None) or ""


def _has_lost_all_but_its_log(path: str) -> bool:
    """SQLite would throw the write-ahead log of an empty file away."""
    file, log = Path(path), Path(f"{path}-wal")
    return file.is_file() and file.stat().st_size == 0 and log.is_file() and log.stat().st_size > 0


def _damage(db: sqlite3.Connection) -> str:
    """What is damaged in a file, empty if nothing is. Looks at all of it, so it takes a while."""
    try:
        (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            return str(state).replace("\n", " ")
        for statement, sentence in _FAULTS.items():
            if row := db.execute(statement).fetchone():
                return sentence.format(*row)
    except sqlite3.DatabaseError as error:
        return str(error)
    return ""
