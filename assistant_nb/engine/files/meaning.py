"""Searching by meaning: chunks and queries as vectors, made by an endpoint, kept in the store. The home of numpy.

A search first has vectors made for the chunks that have none, for a while; what is left until the next search is found
by its words alone, and so is everything while the endpoint fails.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from ..errors import ModelError
from ..store import Store

Embed = Callable[[Sequence[str]], list[list[float]]]
"""One vector for each text, all of one length. Raises ModelError."""

_BATCH: Final = 64
_MAKING_S: Final = 30
_REST_S: Final = 60
"""How long an endpoint that has failed is left alone."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class _Known(NamedTuple):
    """The vectors of the latest search stay in memory: reading 12,000 takes longer than comparing them."""

    state: object
    """Of which chunks; None while some have none."""
    numbers: list[int]
    matrix: Matrix


class Meaning:
    """Knows how near chunks are to a query. `name` tells the vectors of one model from those of another."""

    def __init__(self, store: Store, name: str, embed: Embed) -> None:
        self._store, self._name, self._embed = store, name, embed
        self._resting_until = -math.inf
        self._known: _Known | None = None

    def near(self, store_ids: Sequence[str], query: str) -> dict[int, float]:
        """The cosine of each chunk that has a vector, at least 0; nothing where the endpoint fails.

        Not in a transaction: it may take its time.
        """
        if time.monotonic() < self._resting_until:
            return {}
        try:
            _, numbers, matrix = self._vectors(store_ids)
            (asked,) = _unit(self._embed([query]))
            return dict(zip(numbers, np.maximum(matrix @ asked, 0).tolist(), strict=True))
        except (ModelError, ValueError):  # ValueError: vectors of another length than before
            self._resting_until = time.monotonic() + _REST_S
            return {}

    def _vectors(self, store_ids: Sequence[str]) -> _Known:
        state = (*store_ids, self._store.chunk_state(store_ids))
        known = self._known
        if known is None or known.state != state:
            all_made = self._make(store_ids)
            rows = self._store.vectors(store_ids, self._name)
            flat = np.frombuffer(b"".join(vector for _, vector in rows), dtype=np.float32)
            known = _Known(
                state if all_made else None, [n for n, _ in rows], flat.reshape(len(rows) or 1, -1)[: len(rows)]
            )
            self._known = known
        return known

    def _make(self, store_ids: Sequence[str]) -> bool:
        """Vectors for chunks that have none; whether all have one now."""
        end = time.monotonic() + _MAKING_S
        waiting = self._store.without_vector(store_ids, self._name)
        for start in range(0, len(waiting), _BATCH):
            if start and time.monotonic() > end:
                return False
            batch = waiting[start : start + _BATCH]
            made = _unit(self._embed([text for _, text in batch]))
            rows = [(n, vector.tobytes()) for (n, _), vector in zip(batch, made, strict=True)]
            with self._store.transaction():
                self._store.add_vectors(self._name, rows)
        return True


def _unit(vectors: list[list[float]]) -> Matrix:
    """Of length 1, so that a product is a cosine. Raises ValueError for what are no vectors of one length."""
    matrix: Matrix = np.array(vectors, dtype=np.float32, ndmin=2)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise ValueError("these are no vectors")
    unit: Matrix = matrix / lengths
    return unit
