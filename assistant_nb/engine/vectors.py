"""Vector stores: putting files into them, reading those at the next look, searching.

Nothing happens in the background. A file put into a vector store waits as `in_progress`; whoever looks
at the store, its files or a batch next, first reads what waits, for a moment and one file at least. So
a poller sees progress, a batch cancelled at once is cancelled indeed, and no thread is needed.

Functions that put something in run inside a transaction. Source: API reference, "Vector stores".
"""

import math
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import PurePath
from typing import Final

from . import file_objects, retrieval
from .blobs import Blobs
from .errors import BadRequest, DiskError, NotFound
from .file_objects import file_counts, touched
from .retrieval import Unreadable
from .store import Store
from .wire import Json

LOOK_S: Final = 0.1
"""How long a look reads what waits."""
_READABLE: Final = re.compile(
    r"\.(c|cpp|cs|css|docx?|go|html|java|js|json|md|pdf|php|pptx|py|rb|sh|tex|ts|txt)", re.IGNORECASE
)


def create(store: Store, body: Json, thread_id: str = "") -> Json:
    """A new vector store with the files its body names; one made for a thread has its id and time from there."""
    at = store.now(thread_id)
    made = file_objects.vector_store(store.new_id("vector_store", thread_id), at, body)
    store.put(made)
    put_in(store, made["id"], [{**body, "file_id": id} for id in body.get("file_ids", [])], at)
    return made


def put_in(store: Store, store_id: str, entries: list[Json], at: int, batch_id: str | None = None) -> None:
    """Put files in: `[{"file_id": …, "attributes": …, "chunking_strategy": …}]`. Who is there already is read anew.

    Raises NotFound for an unknown file or vector store, BadRequest for a kind of file that cannot be
    read and for a vector store that has expired.
    """
    vector_store = usable(store, store_id)
    suffixes = {PurePath(file_of(store, entry["file_id"])["filename"]).suffix or "none" for entry in entries}
    if unreadable := sorted(suffix for suffix in suffixes if not _READABLE.fullmatch(suffix)):
        raise BadRequest(
            f"Files with extensions [{', '.join(unreadable)}] are not supported for retrieval."
            " See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
            param="file_ids",
            code="unsupported_file",
        )
    store.put(touched(vector_store, at))
    for entry in entries:
        store.delete(entry["file_id"], store_id)
        store.put(file_objects.vector_store_file(entry["file_id"], at, store_id, entry, batch_id))


def create_batch(store: Store, store_id: str, body: Json) -> Json:
    """Put several files in together: those of `files`, each with its own settings, or of `file_ids`."""
    store.get("vector_store", store_id)
    batch = file_objects.file_batch(store.new_id("vector_store.file_batch", store_id), store.now(), store_id)
    store.put(batch)
    entries = body.get("files") or [{**body, "file_id": id} for id in body["file_ids"]]
    put_in(store, store_id, entries, batch["created_at"], batch["id"])
    return batch


def cancel_batch(store: Store, batch: Json) -> Json:
    """Read no more of it. What was read stays; a batch that is done stays as it is."""
    waiting = [entry for entry in store.all("vector_store.file", batch["vector_store_id"]) if _waits(entry, batch)]
    for entry in waiting:
        store.put({**entry, "status": "cancelled"})
    if waiting:
        batch = {**batch, "status": "cancelled"}
        store.put(batch)
    return batch


def file_of(store: Store, id: str) -> Json:
    """A file that is there. Raises NotFound, also for one whose time has come and that nobody has looked for since."""
    file = store.get("file", id)
    if file["expires_at"] is not None and file["expires_at"] <= store.time():
        raise NotFound.of("file", id)
    return file


def usable(store: Store, store_id: str) -> Json:
    """The vector store, unless it has expired."""
    vector_store = store.get("vector_store", store_id)
    if _expired(store, vector_store):
        raise BadRequest(f"Vector store {store_id} has expired. Create another, and put the files into that one.")
    return vector_store


def show(store: Store, vector_store: Json) -> Json:
    """A vector store as it is now."""
    by_status, size = store.tally(vector_store["id"])
    status = "in_progress" if by_status.get("in_progress") else "completed"
    if _expired(store, vector_store):
        status = "expired"
    return {**vector_store, "usage_bytes": size, "file_counts": file_counts(by_status), "status": status}


def show_batch(store: Store, batch: Json) -> Json:
    """A batch as it is now: `failed` when all of it has failed."""
    counts = file_counts(store.tally(batch["vector_store_id"], batch["id"])[0])
    status = batch["status"]
    if status != "cancelled" and not counts["in_progress"]:
        status = "failed" if counts["failed"] == counts["total"] > 0 else "completed"
    return {**batch, "status": status, "file_counts": counts}


def forget_expired(store: Store, blobs: Blobs) -> None:
    """Delete the files whose time has come, as whoever looks for one would find them gone."""
    with store.transaction():
        gone = store.expired("file", store.time())
        for id in gone:
            store.delete(id)
    for id in gone:
        blobs.delete(id)


def look(store: Store, blobs: Blobs, store_id: str, seconds: float = LOOK_S) -> None:
    """Read files that wait, for so long, and one at least."""
    forget_expired(store, blobs)
    end = time.monotonic() + seconds
    while entry := store.waiting(store_id):
        _ingest(store, blobs, entry)
        if time.monotonic() > end:
            return


def search(store: Store, blobs: Blobs, store_id: str, body: Json) -> Json:
    """The chunks that answer a query best, as a page of results. All files are read first."""
    look(store, blobs, store_id, math.inf)
    query = body["query"] if isinstance(body["query"], list) else [body["query"]]
    with store.transaction():
        store.put(touched(usable(store, store_id), store.now()))
        found = [store.occurrences(store_id, word) for word in retrieval.words(" ".join(query))]
        scores = retrieval.scores(store.count_chunks(store_id), found)
        hits = islice(_hits(store, store_id, scores, body), body.get("max_num_results", 10))
        return file_objects.search_results(query, list(hits))


def content(blobs: Blobs, entry: Json) -> list[str]:
    """What was read from a file; nothing, as long as it was not."""
    return [_read(blobs, entry["id"])] if entry["status"] == "completed" else []


def _hits(store: Store, store_id: str, scores: dict[int, float], body: Json) -> Iterator[Json]:
    """The chunks that a search may show, best first."""
    least = body.get("ranking_options", {}).get("score_threshold", 0)
    passing: dict[str, Json | None] = {}  # a file's attributes, if the filters let it pass
    for n, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if score < least:
            return
        file_id, text = store.chunk(n)
        if file_id not in passing:
            attributes = store.get("vector_store.file", file_id, store_id)["attributes"]
            passes = "filters" not in body or retrieval.holds(body["filters"], attributes)
            passing[file_id] = attributes if passes else None
        if (attributes := passing[file_id]) is not None:
            yield file_objects.search_result(store.get("file", file_id), score, attributes, text)


def _ingest(store: Store, blobs: Blobs, entry: Json) -> None:
    """Read one file; meanwhile others may look, too, and somebody may take it away."""
    settings, pieces = entry["chunking_strategy"]["static"], []
    try:
        text = _read(blobs, entry["id"])
        pieces = retrieval.chunks(text, settings["max_chunk_size_tokens"], settings["chunk_overlap_tokens"])
        change: Json = {"status": "completed", "usage_bytes": sum(len(piece.encode()) for piece in pieces)}
    except Unreadable as error:
        change = {"status": "failed", "last_error": {"code": error.code, "message": str(error)}}
    except DiskError as error:
        change = {"status": "failed", "last_error": {"code": "server_error", "message": str(error)}}
    with store.transaction(), suppress(NotFound):
        if store.get("vector_store.file", entry["id"], entry["vector_store_id"]) == entry:
            store.add_chunks(entry["vector_store_id"], entry["id"], pieces)
            store.put({**entry, **change})


def _read(blobs: Blobs, file_id: str) -> str:
    return retrieval.text_of(blobs.read(file_id, retrieval.MAX_TOKENS * retrieval.BYTES_PER_TOKEN + 1))


def _waits(entry: Json, batch: Json) -> bool:
    return bool(entry["_batch_id"] == batch["id"] and entry["status"] == "in_progress")


def _expired(store: Store, vector_store: Json) -> bool:
    return vector_store["expires_at"] is not None and store.time() >= vector_store["expires_at"]
