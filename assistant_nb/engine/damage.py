"""A store file that does not open or is damaged: what is wrong with it, and what can be read of it.

SQLite's own checks find damaged pages; a few queries find what is missing between them. Reading goes on around
the damage, from both ends of a table, as one broken page must not hide the rest.
"""

import json
import shlex
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from .errors import DamagedStore, StoreError

Value = str | int | None
Row = dict[str, Value]
Found = dict[tuple[Any, ...], Row]
"""Rows by their keys."""
DISK: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""How the codes of errors begin for which the disk is to blame, not the file."""
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
    " WHERE kind IN ('thread.message', 'thread.item') AND run_id = ?"
)
_MOST_ROWS: Final = 10**7
"""How far a damaged counter is believed."""
_JSON: Final = {"object": "body", "prompt_text": "text", "journal": "data", "fork": "edit"}


# What is wrong


def why_not(path: str, db: sqlite3.Connection | None, error: Exception) -> StoreError | None:
    """Why the file cannot be opened; None if that is no fault of the file."""
    match code_of(error):
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
        case code if code.startswith(DISK):
            return StoreError(
                f"'{path}' cannot be opened: its disk is full, or refuses ({error}). See how much is free with:"
                f" df -h {shlex.quote(str(Path(path).parent))}. Make room, then try again."
            )
    if db and (what := damage(db)):
        return damaged(path, what)
    return StoreError(f"'{path}' cannot be used as a store: {error}.") if isinstance(error, sqlite3.Error) else None


def damaged(path: str, what: str) -> DamagedStore:
    return DamagedStore(
        f"'{path}' is damaged ({what}). Nothing was changed. To save what can be read, stop the engine and run:"
        f" assistant-nb store check {shlex.quote(path)}"
    )


def code_of(error: BaseException) -> str:
    """The name of SQLite's error, empty for any other."""
    return getattr(error, "sqlite_errorname", None) or ""


def has_lost_all_but_its_log(path: str) -> bool:
    """SQLite would throw the write-ahead log of an empty file away."""
    file, log = Path(path), Path(f"{path}-wal")
    return file.is_file() and file.stat().st_size == 0 and log.is_file() and log.stat().st_size > 0


def damage(db: sqlite3.Connection) -> str:
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


# What can be read


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
        return damage(self._db)

    @property
    def is_store(self) -> bool:
        """Whether its tables can be found."""
        with suppress(sqlite3.Error):
            return bool(self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'object'").fetchone())
        return False

    def rows(self, table: str) -> Iterator[Row]:
        """Each row that can be read, once: from both ends up to the damage, then from place to place inside."""
        keys, found = _KEYS[table], Found()
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
        found: Found = {}
        self._scan("object", "INDEXED BY sqlite_autoindex_object_1", (), found, ("id",))
        return sorted(key[0] for key in found if key[0].isprintable())

    def chunks(self) -> set[int]:
        """The numbers of all chunks that were there."""
        found: Found = {}
        self._scan("chunk", "INDEXED BY chunk_by_object", (), found, ("object", "n"))
        return {key[1] for key in found}

    def _scan(self, table: str, where: str, values: tuple[Any, ...], found: Found, only: tuple[str, ...] = ()) -> bool:
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


def salvage(remains: Remains, new: sqlite3.Connection) -> list[str]:
    """Copy what can be read of a damaged store into a new one. Returns what is lost, a line each.

    Inside a transaction of the new one.
    """
    kept: dict[str, set[Value]] = {table: set() for table in _KEYS}
    for table, keys in _KEYS.items():
        for row in remains.rows(table):
            if _is_sound(table, row) and (table != "journal" or row["run_id"] in kept["object"]):
                statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
                with suppress(sqlite3.Error, UnicodeEncodeError):  # what it belongs to is lost
                    new.execute(statement, tuple(row.values()))
                    kept[table].add(row["id"] if table == "object" else row[keys[-1]])
    runs = [id for (id,) in new.execute(_BROKEN_JOURNALS).fetchall()]
    for id in runs:
        new.execute(_DISOWN, (id,))
        new.execute("DELETE FROM object WHERE id = ?", (id,))
    lost = [f"{id}: cannot be read, or what it belongs to cannot" for id in remains.ids() if id not in kept["object"]]
    lost += [f"{id}: entries of its journal cannot be read; what it wrote on its thread is kept" for id in runs]
    if pieces := len(remains.chunks() - kept["chunk"]):
        lost.append(f"{pieces} pieces of files in vector stores: add these files anew to find them again")
    return lost


def _is_sound(table: str, row: Row) -> bool:
    """Whether the JSON in a row is an object."""
    with suppress(ValueError, TypeError):
        return table not in _JSON or isinstance(json.loads(str(row[_JSON[table]])), dict)
    return False
