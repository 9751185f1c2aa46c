"""Where objects and journals are kept: SQLite, in memory or in a file.

One connection, one lock. Every change happens inside `transaction()`: it is kept whole or not at
all, and once it is left the change survives a hard kill of the process (write-ahead log). A file
belongs to one engine at a time.

Objects are rows of JSON that know their parent; SQLite removes the children with it. What a run
made is kept twice: as its journal, which is the truth, and folded, so that reading is cheap.

`schema` has the tables; `journals`, `contents` and `responses.chains` are parts of the store; `damage` looks into a
file that is not well.
SQL stands nowhere else.
"""

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast

from .contents import Contents, row_id
from .damage import DISK, Remains, code_of, damage, damaged, has_lost_all_but_its_log, salvage, why_not
from .errors import ApiError, DiskError, NotFound, StoreError
from .ids import Clock, IdKind, Ids
from .journals import Journals
from .objects import KINDS, VECTOR_STORE_FILE, Kind, Run, Stored, T
from .responses.chains import Chains
from .run_states import ACTIVE
from .schema import APPLICATION_ID, MIGRATIONS, QUERY_TABLES
from .wire import encode

_ACCOUNT: Final = ""
"""The scope of what has no parent: assistants and threads."""
_COUNT: Final = "INSERT INTO counter VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
_TICK: Final = (
    "INSERT INTO counter VALUES (?, ?, 1 + coalesce((SELECT n FROM counter WHERE scope = '' AND name = 'tick'), 0))"
    " ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
)
_LATEST_TICK: Final = (
    "SELECT n FROM counter WHERE scope = ? AND name = 'tick'"
    " UNION ALL SELECT n FROM counter WHERE scope = '' AND name = 'tick' UNION ALL SELECT 0 LIMIT 1"
)
_MOVE: Final = "INSERT INTO counter VALUES ('', 'moved_s', ?) ON CONFLICT DO UPDATE SET n = n + ?"


class Store(Journals, Chains):
    """Keeps what the engine must remember.

    `path` is a file or ":memory:". Raises StoreError when the file is in use by another engine, is
    not one of ours, or comes from a newer version.
    """

    def __init__(self, path: str | Path, ids: Ids, clock: Clock) -> None:
        self.path = str(path)
        self._ids, self._clock = ids, clock
        self.transactions = 0
        """How many have ended. As long as there are no more, nothing has changed."""
        self._lock = threading.RLock()
        if has_lost_all_but_its_log(self.path):
            raise damaged(self.path, "it is empty, but what was written last still stands in its '-wal' file")
        try:
            self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise why_not(self.path, None, error) or error from error
        self.contents = Contents(self._db, self._lock)
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
            why = error if isinstance(error, StoreError) else why_not(self.path, self._db, error)
            self._let_go()
            raise why or error from error

    def explain(self, error: Exception) -> ApiError | None:
        """What an error that nobody foresaw says of the file: DiskError or DamagedStore; None when all is well."""
        if code_of(error).startswith(DISK):
            return DiskError(error)
        with self._lock:
            what = damage(self._db)
        return damaged(self.path, what) if what else None

    def close(self) -> None:
        """Let go of the file. A store that nobody holds any more does so by itself."""
        with self._lock:
            self._let_go()

    # Objects

    def put(self, body: Stored) -> None:
        """Keep an object, new or changed, under its id. Only inside a transaction."""
        kind = KINDS[body["object"]]
        parent: Any = body.get(kind.parent_key)
        key, state = _key(kind, body["id"], parent), (_is_active(body), encode(body))
        if self._db.execute("UPDATE object SET active = ?, body = ? WHERE id = ?", (*state, key)).rowcount:
            return
        self._db.execute(
            "INSERT INTO object (id, kind, parent, run_id, file_id, active, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                kind.name,
                parent,
                body["run_id"] if body["object"] in ("thread.message", "thread.item") else None,
                body["id"] if body["object"] == "vector_store.file" else None,
                *state,
            ),
        )

    def get(self, kind: Kind[T], id: str, parent: str | None = None) -> T:
        """The object with this id. Raises NotFound, in the API's words, for the first id that leads nowhere."""
        with self._lock:
            row = self._db.execute(
                "SELECT body, parent FROM object WHERE id = ? AND kind = ?", (_key(kind, id, parent), kind.name)
            ).fetchone()
            if row and parent in (None, row[1]):
                body: T = json.loads(row[0])
                return body
            self._check_parent(kind, parent)
            raise _missing(kind, id, parent)

    def _check_parent(self, kind: Kind[T], parent: str | None) -> None:
        if parent and kind.parent:
            self.get(kind.parent, parent)

    def delete(self, id: str, store_id: str | None = None) -> None:
        """Forget an object, all below it, a file in all vector stores, or in one alone. Only in a transaction."""
        self._db.execute("DELETE FROM object WHERE id = ?", (row_id(store_id, id) if store_id else id,))

    def page(
        self,
        kind: Kind[T],
        parent: str | None = None,
        *,
        limit: int = 20,
        order: Literal["asc", "desc"] = "desc",
        after: str | None = None,
        before: str | None = None,
        run_id: str | None = None,
        finished: bool = False,
        where: Mapping[str, str] | None = None,
    ) -> tuple[list[T], bool]:
        """A page of children in order of creation, and whether more follow.

        `after` and `before` are ids in the list; with `before` alone the page ends just before it,
        and "more" means more of the same on that side. `run_id` keeps to what one run wrote,
        `finished` to what is complete, `where` to what has these values under these keys. Raises NotFound
        for an id not in the list, and for a parent that does not exist.
        """
        limits = ["parent IS ?", "kind = ?"]
        values: list[str | int | None] = [parent, kind.name]
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
            if not rows:
                self._check_parent(kind, parent)
        bodies = _read(rows[:limit])
        return (bodies[::-1] if backwards else bodies), len(rows) > limit

    def all(self, kind: Kind[T], parent: str | None = None, *, before: str | None = None) -> list[T]:
        """Every child, oldest first; with `before` those alone that are older than this object, of whatever kind."""
        older = "" if before is None else " AND seq < (SELECT seq FROM object WHERE id = ?)"
        with self._lock:
            rows = self._db.execute(
                f"SELECT body FROM object WHERE parent IS ? AND kind = ?{older} ORDER BY seq",  # noqa: S608
                (parent, kind.name) if before is None else (parent, kind.name, before),
            ).fetchall()
        return _read(rows)

    def expired(self, kind: Kind[T], at: int) -> list[str]:
        """The ids of those whose `expires_at` has come."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id FROM object WHERE kind = ? AND parent IS NULL AND json_extract(body, '$.expires_at') <= ?",
                (kind.name, at),
            ).fetchall()
        return [row[0] for row in rows]

    def active_run(self, thread_id: str) -> Run | None:
        """The run that holds the thread, if there is one."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM object WHERE kind = 'thread.run' AND parent = ? AND active", (thread_id,)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def active_runs(self) -> list[Run]:
        """All runs that have not ended, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM object WHERE kind = 'thread.run' AND active ORDER BY seq"
            ).fetchall()
        return _read(rows)

    # Ids and time

    def new_id(self, kind: IdKind, parent: str = _ACCOUNT) -> str:
        """The next id of its kind below this parent. Only inside a transaction."""
        return self._ids.make(kind, parent, self._next(_COUNT, parent, kind))

    def number(self, run_id: str) -> int | None:
        """Which run it is, of those that began with the same prompt; None for one that has not been asked."""
        with self._lock:
            row = self._db.execute("SELECT n FROM counter WHERE scope = ? AND name = 'number'", (run_id,)).fetchone()
        return row[0] if row else None

    def put_number(self, run_id: str, number: int) -> None:
        """Keep a run's number. Only inside a transaction."""
        self._db.execute("INSERT INTO counter VALUES (?, 'number', ?)", (run_id, number))

    def count(self, name: str) -> int:
        """How often this name has been counted, this time included. Only inside a transaction."""
        return self._next(_COUNT, _ACCOUNT, name)

    def count_apart(self, thread_id: str) -> None:
        """Let the runs of a thread count for no other thread's. Only inside a transaction."""
        self._db.execute("INSERT INTO counter VALUES (?, 'apart', 1)", (thread_id,))

    def counts_apart(self, thread_id: str) -> bool:
        """Whether the runs of a thread count for no other thread's."""
        with self._lock:
            found = self._db.execute(
                "SELECT 1 FROM counter WHERE scope = ? AND name = 'apart'", (thread_id,)
            ).fetchone()
        return found is not None

    def derive_id(self, kind: IdKind, parent: str, ordinal: int) -> str:
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

    def take(self, remains: Remains) -> list[str]:
        """Keep what can be read of a damaged store in this new one. Returns what is lost, a line each."""
        with self.transaction():
            return salvage(remains, self._db)

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
                if code_of(error).startswith(DISK):
                    raise DiskError(cast(sqlite3.Error, error)) from error
                raise
            finally:
                self.transactions += 1

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

    def _read_moved(self) -> int:
        (seconds,) = self._db.execute("SELECT coalesce(max(n), 0) FROM counter WHERE name = 'moved_s'").fetchone()
        return int(seconds)

    def _seq(self, kind: Kind[T], parent: str | None, id: str) -> int:
        """A place in a list. That of a deleted object still counts, for a client that deletes what it lists."""
        row: Sequence[int] | None = self._db.execute(
            "SELECT seq FROM object WHERE id = ? AND kind = ? AND parent IS ?"
            " UNION ALL SELECT seq FROM gone WHERE id = ? AND kind = ? AND parent IS ?",
            (_key(kind, id, parent), kind.name, parent) * 2,
        ).fetchone()
        if row is None:
            self._check_parent(kind, parent)
            raise _missing(kind, id, parent)
        return row[0]

    def _next(self, statement: str, scope: str, name: str) -> int:
        row: Sequence[int] = self._db.execute(statement, (scope, name)).fetchone()
        return row[0]


def _read(rows: Sequence[tuple[str]]) -> list[Any]:
    """Objects from their JSON, all at once: that is faster than one by one."""
    read: list[Any] = json.loads(f"[{','.join([body for (body,) in rows])}]")
    return read


def _key(kind: Kind[T], id: str, parent: str | None) -> str:
    return row_id(parent, id) if kind is VECTOR_STORE_FILE and parent else id


def _missing(kind: Kind[T], id: str, parent: str | None) -> NotFound:
    if kind is VECTOR_STORE_FILE:
        return NotFound(f"No file found with id '{id}' in vector store '{parent}'.")
    return NotFound.of(kind.noun, id)


def _is_active(body: Stored) -> bool:
    """Whether a run has not ended, a message is being written, or a file waits to be read."""
    match body["object"]:
        case "thread.run":
            return body["status"] in ACTIVE
        case "thread.message" | "vector_store.file":
            return body["status"] == "in_progress"
        case _:
            return False
