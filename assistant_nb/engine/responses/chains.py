"""The part of a store that knows which items belong together: in a conversation, or in a chain of responses.

A row belongs to a conversation as long as that is its parent, and to a response by its `run_id`. What a response was
given was written before the response's own row, what it has made after that.
"""

import json
import sqlite3
import threading
from collections.abc import Sequence
from typing import Final, Literal

from ..errors import NotFound
from ..objects import Item, Message, Run

Row = Message | Item
_ROWS: Final = "SELECT body FROM object WHERE kind IN ('thread.message', 'thread.item') AND "
_CHAIN: Final = """seq IN (
    WITH RECURSIVE chain (id) AS (
        SELECT ? UNION ALL
        SELECT json_extract(body, '$.request.previous_response_id') FROM chain JOIN object USING (id)
    )
    SELECT seq FROM object WHERE run_id IN (SELECT id FROM chain) AND parent IS NOT NULL
    UNION
    SELECT one.seq FROM chain JOIN object AS run USING (id)
    JOIN object AS one ON one.parent = json_extract(run.body, '$.request.conversation') AND one.seq < run.seq
)"""
"""What responses that follow each other were given and have made. The first one may have been in a conversation."""


class Chains:
    _db: sqlite3.Connection
    _lock: threading.RLock

    def context(self, run: Run) -> list[Row]:
        """What a response is asked to answer, oldest first: what came before it, and its own input."""
        rows, _ = self.input_items(run, limit=-1, order="asc")
        return rows

    def input_items(
        self, run: Run, *, limit: int = 20, order: Literal["asc", "desc"] = "desc", after: str | None = None
    ) -> tuple[list[Row], bool]:
        """A page of that, and whether more follow."""
        request = run.get("request")
        within, id = ("parent = ?", run["thread_id"]) if request and request["conversation"] else (_CHAIN, run["id"])
        before = "seq < (SELECT seq FROM object WHERE id = ?)"
        return self._page(f"{within} AND {before}", [id, run["id"]], limit, order, after)

    def conversation_items(
        self, thread_id: str, *, limit: int = 20, order: Literal["asc", "desc"] = "desc", after: str | None = None
    ) -> tuple[list[Row], bool]:
        """A page of the items of a conversation, and whether more follow."""
        return self._page("parent = ?", [thread_id], limit, order, after)

    def output_items(self, run_id: str) -> list[Row]:
        """What a response has made, in order, whether its conversation still has it or not."""
        rows, _ = self._page("run_id = ? AND seq > (SELECT seq FROM object WHERE id = ?)", [run_id] * 2, -1, "asc")
        return rows

    def given_items(self, run_id: str) -> list[Row]:
        """What a response was given as its own input, in order."""
        rows, _ = self._page("run_id = ? AND seq < (SELECT seq FROM object WHERE id = ?)", [run_id] * 2, -1, "asc")
        return rows

    def find_item(self, id: str, thread_id: str | None = None) -> Row | None:
        """The item of this id; with a thread, only if that still has it."""
        values = [id] if thread_id is None else [id, thread_id]
        rows, _ = self._page("id = ?" if thread_id is None else "id = ? AND parent = ?", values, 1, "asc")
        return rows[0] if rows else None

    def _page(
        self, where: str, values: list[str], limit: int, order: Literal["asc", "desc"], after: str | None = None
    ) -> tuple[list[Row], bool]:
        """With a `limit` of -1, all of them."""
        cursor: list[int] = []
        with self._lock:
            if after is not None:
                where += f" AND seq {'>' if order == 'asc' else '<'} ?"
                cursor = [self._seq_of(after)]
            found: Sequence[tuple[str]] = self._db.execute(
                f"{_ROWS}{where} ORDER BY seq {order} LIMIT ?", (*values, *cursor, limit if limit < 0 else limit + 1)
            ).fetchall()
        rows: list[Row] = json.loads(f"[{','.join([body for (body,) in found])}]")
        return (rows, False) if limit < 0 else (rows[:limit], len(rows) > limit)

    def responses(self) -> list[Run]:
        """All responses that are kept, oldest first."""
        with self._lock:
            found: Sequence[tuple[str]] = self._db.execute(
                "SELECT body FROM object WHERE kind = 'thread.run' AND json_extract(body, '$.request.deleted') = 0"
                " ORDER BY seq"
            ).fetchall()
        return [json.loads(body) for (body,) in found]

    def _seq_of(self, id: str) -> int:
        """The place of an item, also of one that was deleted. Raises NotFound."""
        row: Sequence[int] | None = self._db.execute(
            "SELECT seq FROM object WHERE id = ? UNION ALL SELECT seq FROM gone WHERE id = ?", (id, id)
        ).fetchone()
        if row is None:
            raise NotFound(f"Item with id '{id}' not found.")
        return row[0]

    def is_followed(self, run_id: str) -> bool:
        """Whether another response follows this one."""
        with self._lock:
            row = self._db.execute(
                "SELECT 1 FROM object JOIN object AS mine ON mine.id = ? WHERE object.kind = 'thread.run'"
                " AND object.parent = mine.parent AND json_extract(object.body, '$.request.previous_response_id') = ?",
                (run_id, run_id),
            ).fetchone()
        return row is not None

    def exists(self, thread_id: str) -> bool:
        """Whether there is such a thread, hidden or not."""
        with self._lock:
            row = self._db.execute(
                "SELECT 1 FROM object WHERE id = ? AND kind IN ('thread', 'chain')", (thread_id,)
            ).fetchone()
        return row is not None

    def has_runs(self, thread_id: str) -> bool:
        with self._lock:
            row = self._db.execute(
                "SELECT 1 FROM object WHERE parent = ? AND kind = 'thread.run'", (thread_id,)
            ).fetchone()
        return row is not None

    def take_out(self, id: str) -> None:
        """Take an item out of its conversation. The response that has made it keeps it. Only inside a transaction."""
        self._db.execute("DELETE FROM object WHERE id = ? AND run_id IS NULL", (id,))
        self._db.execute("UPDATE object SET parent = NULL WHERE id = ?", (id,))

    def take_out_all(self, run_id: str) -> None:
        """Take what a response was given and has made out of its conversation. Only inside a transaction."""
        self._db.execute(
            "UPDATE object SET parent = NULL WHERE run_id = ? AND kind IN ('thread.message', 'thread.item')", (run_id,)
        )

    def drop_items(self, run_id: str) -> None:
        """Forget what a response was given and has made, but what a conversation has. Only inside a transaction."""
        self._db.execute(
            "DELETE FROM object WHERE run_id = ? AND (parent IS NULL OR parent NOT LIKE 'conv~_%' ESCAPE '~')",
            (run_id,),
        )

    def hide(self, thread_id: str) -> None:
        """Let a conversation be one no more; its responses stay. Only inside a transaction."""
        self._db.execute(
            "UPDATE object SET kind = 'chain', body = json_set(body, '$.object', 'chain') WHERE id = ?", (thread_id,)
        )
