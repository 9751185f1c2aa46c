"""File search: searches the vector stores of the run, its thread and its assistant.

Source: the file search guide; the `results` of recorded run steps.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ..errors import ApiError
from ..files import vectors
from ..files.blobs import Blobs
from ..store import Store
from ..threads import resources
from ..wire import Json
from .base import Tool

_MOST_RESULTS: Final = 20


class FileSearch(Tool):
    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store, self._blobs = store, blobs

    def use(self, run: Json, given: str) -> Json:
        tool = next(tool["file_search"] for tool in run["tools"] if tool["type"] == "file_search")
        settings = {"max_num_results": _MOST_RESULTS, **tool}
        ids = list(dict.fromkeys(self._usable_ids(run)))
        if not ids:
            return {"results": []}
        hits = vectors.find(self._store, self._blobs, ids, given, settings, run["thread_id"])
        return {"results": [hit.step_result() for hit in hits]}

    def _usable_ids(self, run: Json) -> Iterator[str]:
        """Yield the ids of existing, unexpired vector stores: the run's, the thread's and the assistant's."""
        for one in resources(self._store, run, "file_search"):
            for id in one.get("vector_store_ids", []):
                with suppress(ApiError):
                    yield str(vectors.usable(self._store, id)["id"])
