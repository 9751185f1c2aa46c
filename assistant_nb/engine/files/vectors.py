"""Vector stores: putting files into them, reading those at the next look, searching.

Nothing happens in the background. A file put into a vector store waits as `in_progress`; whoever looks
at the store, its files or a batch next, first reads what waits, for a moment and one file at least. So
a poller sees progress, a batch cancelled at once is cancelled indeed, and no thread is needed.

Functions that put something in run inside a transaction. Source: API reference, "Vector stores".
"""

import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import Final

from ..errors import BadRequest, DiskError, NotFound
from ..objects import FILE, VECTOR_STORE, VECTOR_STORE_FILE
from ..params.files import Attributes, CreateVectorStore, FileSettings, Filter, PutFiles
from ..store import Store
from . import file_objects, readers, retrieval
from .blobs import Blobs
from .file_objects import (
    File,
    FileBatch,
    Hit,
    ReadError,
    VectorStore,
    VectorStoreFile,
    file_counts,
    touched,
)
from .readers import Unreadable

LOOK_S: Final = 0.1
"""How long a look reads what waits."""
_SLICE: Final = 32
"""How many chunks are kept in one transaction: about 20 ms."""


def create(store: Store, body: CreateVectorStore, thread_id: str = "") -> VectorStore:
    """A new vector store with the files its body names; one made for a thread has its id and time from there."""
    at = store.now(thread_id)
    made = file_objects.vector_store(store.new_id("vector_store", thread_id), at, body)
    store.put(made)
    settings: FileSettings = {"chunking_strategy": body["chunking_strategy"]} if "chunking_strategy" in body else {}
    put_in(store, made["id"], [(id, settings) for id in body.get("file_ids", [])], at)
    return made


def put_in(
    store: Store, store_id: str, entries: list[tuple[str, FileSettings]], at: int, batch_id: str | None = None
) -> None:
    """Put files in, by id: `[("file-…", {"attributes": …, "chunking_strategy": …})]`. Who is there is read anew.

    Raises NotFound for an unknown file or vector store, BadRequest for a kind of file that cannot be
    read and for a vector store that has expired.
    """
    vector_store = usable(store, store_id)
    names = {file_of(store, id)["filename"] for id, _ in entries}
    if unreadable := sorted({PurePath(name).suffix or "none" for name in names if not readers.can_read(name)}):
        raise BadRequest(
            f"Files with extensions [{', '.join(unreadable)}] are not supported for retrieval."
            " See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
            param="file_ids",
            code="unsupported_file",
        )
    store.put(touched(vector_store, at))
    for id, settings in entries:
        store.delete(id, store_id)
        store.put(file_objects.vector_store_file(id, at, store_id, settings, batch_id))


def create_batch(store: Store, store_id: str, body: PutFiles) -> FileBatch:
    """Put several files in together: those of `files`, each with its own settings, or of `file_ids`."""
    store.get(VECTOR_STORE, store_id)
    batch = file_objects.file_batch(store.new_id("vector_store.file_batch", store_id), store.now(), store_id)
    store.put(batch)
    entries: list[tuple[str, FileSettings]] = [(one["file_id"], one) for one in body.get("files", [])]
    entries += [(id, body) for id in body.get("file_ids", [])]
    put_in(store, store_id, entries, batch["created_at"], batch["id"])
    return batch


def cancel_batch(store: Store, batch: FileBatch) -> FileBatch:
    """Read no more of it. What was read stays; a batch that is done stays as it is."""
    waiting = [entry for entry in store.all(VECTOR_STORE_FILE, batch["vector_store_id"]) if _waits(entry, batch)]
    for entry in waiting:
        _end(store, {**entry, "status": "cancelled"})
    if waiting:
        batch = {**batch, "status": "cancelled"}
        store.put(batch)
    return batch


def file_of(store: Store, id: str) -> File:
    """A file that is there. Raises NotFound, also for one whose time has come and that nobody has looked for since."""
    file = store.get(FILE, id)
    if file["expires_at"] is not None and file["expires_at"] <= store.time():
        raise NotFound.of("file", id)
    return file


def usable(store: Store, store_id: str) -> VectorStore:
    """The vector store, unless it has expired."""
    vector_store = store.get(VECTOR_STORE, store_id)
    if _expired(store, vector_store):
        raise BadRequest(f"Vector store {store_id} has expired. Create another, and put the files into that one.")
    return vector_store


def show(store: Store, vector_store: VectorStore) -> VectorStore:
    """A vector store as it is now."""
    by_status, size = store.contents.tally(vector_store["id"])
    shown: VectorStore = {**vector_store, "usage_bytes": size, "file_counts": file_counts(by_status)}
    shown["status"] = "in_progress" if by_status.get("in_progress") else "completed"
    if _expired(store, vector_store):
        shown["status"] = "expired"
    return shown


def show_batch(store: Store, batch: FileBatch) -> FileBatch:
    """A batch as it is now: `failed` when all of it has failed."""
    counts = file_counts(store.contents.tally(batch["vector_store_id"], batch["id"])[0])
    status = batch["status"]
    if status != "cancelled" and not counts["in_progress"]:
        status = "failed" if counts["failed"] == counts["total"] > 0 else "completed"
    return {**batch, "status": status, "file_counts": counts}


def forget_expired(store: Store, blobs: Blobs) -> None:
    """Delete the files whose time has come, as whoever looks for one would find them gone."""
    with store.transaction():
        gone = store.expired(FILE, store.time())
        for id in gone:
            store.delete(id)
    for id in gone:
        blobs.delete(id)


def look(store: Store, blobs: Blobs, store_id: str, seconds: float = LOOK_S) -> None:
    """Read files that wait, for so long: one slice of one file at least.

    The first look at a file gets all its text out of it: at once for most, for a long PDF seconds.
    """
    forget_expired(store, blobs)
    end = time.monotonic() + seconds
    while entry := store.contents.waiting(store_id):
        for _ in _ingest(store, blobs, entry):
            if time.monotonic() > end:
                return


def find(
    store: Store,
    blobs: Blobs,
    store_ids: Sequence[str],
    query: str,
    *,
    at_most: int = 10,
    least_score: float = 0,
    filters: Filter | None = None,
    thread_id: str = "",
) -> list[Hit]:
    """The chunks of several vector stores that answer a query best, best first. All files are read before.

    A file in two vector stores is found twice, as it was by the hosted API. Searching is a use, at the time
    of the thread or of the account. Not in a transaction. Raises NotFound for a
    vector store that is gone, BadRequest for one that has expired.
    """
    for store_id in store_ids:
        look(store, blobs, store_id, math.inf)
    words, contents = retrieval.words(query), store.contents
    with store.transaction():
        at = store.now(thread_id)
        for store_id in store_ids:
            store.put(touched(usable(store, store_id), at))
        lengths = contents.chunk_lengths(store_ids)
        found = [
            {n: count for n, count in contents.occurrences(term).items() if n in lengths}
            for term in contents.terms(words)
        ]
        scores = retrieval.scores(lengths, found)
        return list(islice(_hits(store, scores, least_score, filters), at_most))


def content(store: Store, blobs: Blobs, entry: VectorStoreFile) -> list[str]:
    """What was read from a file; nothing, as long as it was not."""
    return [_text(store, blobs, entry["id"]).decode()] if entry["status"] == "completed" else []


def _hits(store: Store, scores: dict[int, float], least: float, filters: Filter | None) -> Iterator[Hit]:
    """The chunks that a search may show, best first."""
    passing: dict[tuple[str, str], Attributes | None] = {}  # a file's attributes, if the filters let it pass
    for n in sorted(sorted(scores), key=scores.__getitem__, reverse=True):  # of equals, who came first
        if scores[n] < least:
            return
        store_id, file_id, start, text = store.contents.chunk(n)
        if (store_id, file_id) not in passing:
            has = store.get(VECTOR_STORE_FILE, file_id, store_id)["attributes"]
            passing[store_id, file_id] = has if filters is None or retrieval.holds(filters, has) else None
        if (attributes := passing[store_id, file_id]) is not None:
            yield Hit(store_id, file_id, store.get(FILE, file_id)["filename"], scores[n], attributes, text, start)


def _ingest(store: Store, blobs: Blobs, entry: VectorStoreFile) -> Iterator[None]:
    """Read one file, a slice at a time.

    What was kept and where to go on are one transaction, so whoever looks next goes on there, after a
    crash as well. Others may look meanwhile, or take the file away: the slice of who comes second is lost.
    """
    settings, start = entry["chunking_strategy"]["static"], entry.get("_read") or 0
    try:
        text = _text(store, blobs, entry["id"])
    except (Unreadable, DiskError) as error:
        last_error: ReadError = {"code": error.code or "server_error", "message": str(error)}
        with store.transaction():
            if _unchanged(store, entry):
                _end(store, {**entry, "status": "failed", "last_error": last_error})
        return
    pieces = retrieval.chunks(text, settings["max_chunk_size_tokens"], settings["chunk_overlap_tokens"], start)
    while entry["status"] == "in_progress":
        slice = list(islice(pieces, _SLICE))
        taken, goes_on = sum(len(piece.text.encode()) for piece in slice), slice[-1].next
        with store.transaction():
            if not _unchanged(store, entry):
                return
            rows = [(piece.start, piece.text, retrieval.indexed(piece.text)) for piece in slice]
            store.contents.add_chunks(entry["vector_store_id"], entry["id"], rows)
            entry = {**entry, "usage_bytes": entry["usage_bytes"] + taken, "_read": goes_on}
            if goes_on is None:
                entry["status"] = "completed"
            store.put(entry)
        yield


def _unchanged(store: Store, entry: VectorStoreFile) -> bool:
    try:
        return store.get(VECTOR_STORE_FILE, entry["id"], entry["vector_store_id"]) == entry
    except NotFound:
        return False


def _end(store: Store, entry: VectorStoreFile) -> None:
    """Read no more of a file, and forget what was read of it."""
    store.contents.drop_chunks(entry["vector_store_id"], entry["id"])
    store.put({**entry, "usage_bytes": 0})


def _text(store: Store, blobs: Blobs, file_id: str) -> bytes:
    try:
        name = store.get(FILE, file_id)["filename"]
    except NotFound:
        raise Unreadable("gone") from None
    return blobs.text(file_id, partial(readers.read, name))


def _waits(entry: VectorStoreFile, batch: FileBatch) -> bool:
    return entry.get("_batch_id") == batch["id"] and entry["status"] == "in_progress"


def _expired(store: Store, vector_store: VectorStore) -> bool:
    return vector_store["expires_at"] is not None and store.time() >= vector_store["expires_at"]
