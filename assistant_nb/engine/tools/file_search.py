"""File search: searches the vector stores of the run, its thread and its assistant.

Source: the file search guide; the `results` of recorded run steps.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ..errors import ApiError, BadRequest, ModelError, NotFound
from ..files import vectors
from ..files.blobs import Blobs
from ..files.file_objects import touched
from ..objects import Run
from ..parts import SearchAnswer
from ..store import Store
from ..threads import resources, store_ids
from ..wire import search_settings
from .base import Tool

_MOST_RESULTS: Final = 20


class FileSearch(Tool):
    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store, self._blobs = store, blobs

    def begin(self, run: Run, at: int) -> None:
        """A run uses its vector stores, whether the model searches them or not. One that has expired fails the run."""
        if not any(tool["type"] == "file_search" for tool in run["tools"]):
            return
        for id in dict.fromkeys(id for one in resources(self._store, run) for id in store_ids(one)):
            with suppress(NotFound):
                try:
                    self._store.put(touched(vectors.usable(self._store, id), at))
                except BadRequest as error:
                    raise ModelError(f"{error} Then name that one in the tool_resources.") from None

    def use(self, run: Run, given: str) -> SearchAnswer:
        settings = search_settings(run)
        ids = list(dict.fromkeys(self._usable_ids(run)))
        if not ids:
            return {"results": []}
        hits = vectors.find(
            self._store,
            self._blobs,
            ids,
            given,
            at_most=settings.get("max_num_results", _MOST_RESULTS),
            least_score=settings["ranking_options"]["score_threshold"],
            filters=settings.get("filters"),
            thread_id=run["thread_id"],
        )
        if "request" in run:
            return {"results": [{**hit.step_result(), "vector_store_id": hit.store_id} for hit in hits]}
        return {"results": [hit.step_result() for hit in hits]}

    def _usable_ids(self, run: Run) -> Iterator[str]:
        """Yield the ids of existing, unexpired vector stores: the run's, the thread's and the assistant's."""
        for one in resources(self._store, run):
            for id in store_ids(one):
                with suppress(ApiError):
                    yield vectors.usable(self._store, id)["id"]
