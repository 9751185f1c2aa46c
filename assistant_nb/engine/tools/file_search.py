"""File search: looks a query up in the vector stores of the run, its thread and its assistant.

Source: the file search guide; the `results` of recorded run steps.
"""

from contextlib import suppress
from typing import Final

from .. import vectors
from ..blobs import Blobs
from ..errors import ApiError
from ..store import Store
from ..wire import Json

_MOST_RESULTS: Final = 20


class FileSearch:
    """A `Tool`."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store, self._blobs = store, blobs

    def use(self, run: Json, given: str) -> Json:
        settings = next(tool["file_search"] for tool in run["tools"] if tool["type"] == "file_search")
        most = settings.get("max_num_results", _MOST_RESULTS)
        body = {"query": given, "max_num_results": most, "ranking_options": settings["ranking_options"]}
        hits: list[Json] = []
        for id in self._vector_store_ids(run):
            with suppress(ApiError):  # it has expired, or was deleted meanwhile
                hits += vectors.search(self._store, self._blobs, id, body)["data"]
        hits.sort(key=lambda hit: -hit["score"])
        return {
            "results": [{"file_name" if key == "filename" else key: hit[key] for key in hit} for hit in hits[:most]]
        }

    def _vector_store_ids(self, run: Json) -> list[str]:
        """Those of the run go first, then the thread's and the assistant's; each once."""
        owners = [run]
        for kind, id in (("thread", run["thread_id"]), ("assistant", run["assistant_id"])):
            with suppress(ApiError):  # an assistant may be deleted while its run goes on
                owners.append(self._store.get(kind, id))
        named = [owner["tool_resources"].get("file_search", {}).get("vector_store_ids", []) for owner in owners]
        return list(dict.fromkeys(id for ids in named for id in ids))


def _as_in_a_step(hit: Json) -> Json:
    """There the key is `file_name`; in the results of a search, `filename`."""
    return {"file_name" if key == "filename" else key: value for key, value in hit.items()}
