"""`/v1/vector_stores`, their files and file batches. Source: API reference, "Vector stores" and below.

Whoever looks reads what waits: see `vectors.look`.
"""

from typing import Any

from .. import wire
from ..files import file_objects, vectors
from ..files.file_objects import FileBatch, SearchPage, TextPage, VectorStore, VectorStoreFile, touched
from ..objects import FILE_BATCH, VECTOR_STORE, VECTOR_STORE_FILE
from ..params.assistants import ListQuery
from ..params.files import (
    CreateVectorStore,
    ListStoreFilesQuery,
    ModifyAttributes,
    ModifyVectorStore,
    PutFile,
    PutFiles,
    SearchVectorStore,
)
from ..wire import Deleted, Page
from .base import Call, Route

# Vector stores


def create(call: Call[CreateVectorStore]) -> VectorStore:
    with call.store.transaction():
        made = vectors.create(call.store, call.params)
        return vectors.show(call.store, made)


def list_(call: Call[ListQuery]) -> Page[VectorStore]:
    stores, more = call.store.page(VECTOR_STORE, **call.params)
    for store in stores:
        vectors.look(call.store, call.blobs, store["id"], vectors.LOOK_S / len(stores))
    return wire.page([vectors.show(call.store, store) for store in stores], more)


def retrieve(call: Call[object]) -> VectorStore:
    return vectors.show(call.store, _looked_at(call))


def modify(call: Call[ModifyVectorStore]) -> VectorStore:
    _looked_at(call)  # reading may take its time, so not in the transaction
    with call.store.transaction():
        blank = file_objects.vector_store("", 0, {})
        store: VectorStore = {**_store(call), **call.params}
        store = call.cleared(store, blank, "name", "expires_after", "metadata")
        store = touched(store, store["last_active_at"])
        call.store.put(store)
        return vectors.show(call.store, store)


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        store = _store(call)
        call.store.delete(store["id"])
    return wire.deleted(store)


def search(call: Call[SearchVectorStore]) -> SearchPage:
    body = call.params
    query = body["query"] if isinstance(body["query"], list) else [body["query"]]
    hits = vectors.find(
        call.store,
        call.blobs,
        [_store(call)["id"]],
        " ".join(query),
        at_most=body.get("max_num_results", 10),
        least_score=body.get("ranking_options", {}).get("score_threshold", 0),
        filters=body.get("filters"),
    )
    return file_objects.search_results(query, [hit.search_result() for hit in hits])


# Files


def put_file(call: Call[PutFile]) -> VectorStoreFile:
    with call.store.transaction():
        store, id = _store(call), call.params["file_id"]
        vectors.put_in(call.store, store["id"], [(id, call.params)], call.store.now())
        return wire.rest(call.store.get(VECTOR_STORE_FILE, id, store["id"]))


def list_files(call: Call[ListStoreFilesQuery]) -> Page[VectorStoreFile]:
    return _page_of_files(call, {})


def retrieve_file(call: Call[object]) -> VectorStoreFile:
    return wire.rest(_file(call))


def modify_file(call: Call[ModifyAttributes]) -> VectorStoreFile:
    _looked_at(call)
    with call.store.transaction():
        entry = call.store.get(VECTOR_STORE_FILE, call.ids["file_id"], call.ids["vector_store_id"])
        entry["attributes"] = call.params.get("attributes", {})
        call.store.put(entry)
    return wire.rest(entry)


def delete_file(call: Call[object]) -> Deleted:
    with call.store.transaction():
        entry = call.store.get(VECTOR_STORE_FILE, call.ids["file_id"], call.ids["vector_store_id"])
        call.store.delete(entry["id"], entry["vector_store_id"])
    return wire.deleted(entry)


def file_content(call: Call[object]) -> TextPage:
    return file_objects.text_page(vectors.content(call.store, call.blobs, _file(call)))


# File batches


def create_batch(call: Call[PutFiles]) -> FileBatch:
    with call.store.transaction():
        batch = vectors.create_batch(call.store, call.ids["vector_store_id"], call.params)
        return vectors.show_batch(call.store, batch)


def retrieve_batch(call: Call[object]) -> FileBatch:
    _looked_at(call)
    return vectors.show_batch(call.store, _batch(call))


def cancel_batch(call: Call[object]) -> FileBatch:
    with call.store.transaction():
        batch = vectors.cancel_batch(call.store, _batch(call))
        return vectors.show_batch(call.store, batch)


def list_batch_files(call: Call[ListStoreFilesQuery]) -> Page[VectorStoreFile]:
    return _page_of_files(call, {"_batch_id": _batch(call)["id"]})


def _store(call: Call[object]) -> VectorStore:
    return call.store.get(VECTOR_STORE, call.ids["vector_store_id"])


def _looked_at(call: Call[object]) -> VectorStore:
    store = _store(call)
    vectors.look(call.store, call.blobs, store["id"])
    return store


def _file(call: Call[object]) -> VectorStoreFile:
    store = _looked_at(call)
    return call.store.get(VECTOR_STORE_FILE, call.ids["file_id"], store["id"])


def _batch(call: Call[object]) -> FileBatch:
    return call.store.get(FILE_BATCH, call.ids["batch_id"], call.ids["vector_store_id"])


def _page_of_files(call: Call[ListStoreFilesQuery], where: dict[str, str]) -> Page[VectorStoreFile]:
    store, query = _looked_at(call), call.params.copy()
    if "filter" in query:
        where["status"] = query.pop("filter")
    place: ListQuery = query
    return wire.page(*call.store.page(VECTOR_STORE_FILE, store["id"], where=where, **place))


_STORE = "/v1/vector_stores/<vector_store_id>"
_BATCH = f"{_STORE}/file_batches/<batch_id>"

ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/vector_stores", create, CreateVectorStore, beta=False),
    Route("GET", "/v1/vector_stores", list_, ListQuery, beta=False),
    Route("GET", _STORE, retrieve, beta=False),
    Route("POST", _STORE, modify, ModifyVectorStore, beta=False),
    Route("DELETE", _STORE, delete, beta=False),
    Route("POST", f"{_STORE}/search", search, SearchVectorStore, beta=False),
    Route("POST", f"{_STORE}/files", put_file, PutFile, beta=False),
    Route("GET", f"{_STORE}/files", list_files, ListStoreFilesQuery, beta=False),
    Route("GET", f"{_STORE}/files/<file_id>", retrieve_file, beta=False),
    Route("POST", f"{_STORE}/files/<file_id>", modify_file, ModifyAttributes, beta=False),
    Route("DELETE", f"{_STORE}/files/<file_id>", delete_file, beta=False),
    Route("GET", f"{_STORE}/files/<file_id>/content", file_content, beta=False),
    Route("POST", f"{_STORE}/file_batches", create_batch, PutFiles, beta=False),
    Route("GET", _BATCH, retrieve_batch, beta=False),
    Route("POST", f"{_BATCH}/cancel", cancel_batch, beta=False),
    Route("GET", f"{_BATCH}/files", list_batch_files, ListStoreFilesQuery, beta=False),
]
