"""The part of a store that holds journals, and which run is a fork of which. The texts of prompts are kept once."""

import json
import sqlite3
import threading
from typing import Any, Final

from .entries import Asked
from .journal import Entry
from .objects import Run
from .params.lab import Edit
from .prompt_texts import Span, apart, together
from .wire import encode

_FORKS: Final = (
    "WITH RECURSIVE line (id) AS (SELECT run_id FROM fork WHERE parent = ? UNION ALL"
    " SELECT run_id FROM fork JOIN line ON fork.parent = line.id)"
    " SELECT body FROM line JOIN object USING (id) ORDER BY seq"
)
_TEXTS: Final = """
    SELECT text FROM object JOIN prompt_text ON thread_id = parent WHERE object.id = ? AND n BETWEEN ? AND ? ORDER BY n
"""


class Journals:
    _db: sqlite3.Connection
    _lock: threading.RLock

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

    def _apart(self, run_id: str, prompt: Asked) -> dict[str, list[Span]]:
        """What an entry holds of a prompt, whose texts are kept for the thread."""
        (thread_id,) = self._db.execute("SELECT parent FROM object WHERE id = ?", (run_id,)).fetchone()
        known = self._db.execute("SELECT n, text FROM prompt_text WHERE thread_id = ? ORDER BY n", (thread_id,))
        places, added = apart(prompt, known.fetchall())
        self._db.executemany("INSERT INTO prompt_text VALUES (?, ?, ?)", [(thread_id, *one) for one in added])
        return {"texts": places}

    def _together(self, run_id: str, data: Any) -> Any:
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

    def add_fork(self, run_id: str, parent: str, n: int, edit: Edit) -> None:
        """Note that a run shares its journal up to entry `n` with another one. Only inside a transaction."""
        self._db.execute("INSERT INTO fork VALUES (?, ?, ?, ?)", (run_id, parent, n, encode(edit)))

    def origin(self, run_id: str) -> tuple[str, int, Edit] | None:
        """The run that a run was forked from, the last entry they share, and the edit; None for any other run."""
        with self._lock:
            row = self._db.execute("SELECT parent, n, edit FROM fork WHERE run_id = ?", (run_id,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def forks(self, run_id: str) -> list[Run]:
        """The runs that were forked from a run, and from these, in order of creation."""
        with self._lock:
            rows = self._db.execute(_FORKS, (run_id,)).fetchall()
        return [json.loads(row[0]) for row in rows]
