"""`/v1/vector_stores`, their files and file batches. Source: API reference, "Vector stores" and below.

Whoever looks reads what waits: see `vectors.look`.
"""

from .. import wire
from ..files import file_objects, vectors
from ..files.file_objects import touched
from ..wire import Json
from .base import Call, Route
from .file_params import (
    CreateVectorStore,
    ListStoreFilesQuery,
    ModifyAttributes,
    ModifyVectorStore,
    PutFile,
    PutFiles,
    SearchVectorStore,
)
from .params import ListQuery

# Vector stores


def create(call: Call) -> Json:
    with call.store.transaction():
        made = vectors.create(call.store, call.body)
        return vectors.show(call.store, made)


def list_(call: Call) -> Json:
    stores, more = call.store.page("vector_store", **call.query)
    for store in stores:
        vectors.look(call.store, call.blobs, store["id"], vectors.LOOK_S / len(stores))
    return wire.page([vectors.show(call.store, store) for store in stores], more)


def retrieve(call: Call) -> Json:
    return vectors.show(call.store, _looked_at(call))


def modify(call: Call) -> Json:
    _looked_at(call)  # reading may take its time, so not in the transaction
    with call.store.transaction():
        store = {**call.store.get("vector_store", call.ids["vector_store_id"]), **call.body}
        store = touched(store, store["last_active_at"])
        call.store.put(store)
        return vectors.show(call.store, store)


def delete(call: Call) -> Json:
    with call.store.transaction():
        store = call.store.get("vector_store", call.ids["vector_store_id"])
        call.store.delete(store["id"])
    return wire.deleted(store)


def search(call: Call) -> Json:
    store = call.store.get("vector_store", call.ids["vector_store_id"])
    return vectors.search(call.store, call.blobs, store["id"], call.body)


# Files


def put_file(call: Call) -> Json:
    store_id = call.ids["vector_store_id"]
    with call.store.transaction():
        call.store.get("vector_store", store_id)
        vectors.put_in(call.store, store_id, [call.body], call.store.now())
        return wire.rest(call.store.get("vector_store.file", call.body["file_id"], store_id))


def list_files(call: Call) -> Json:
    return _page_of_files(call, {})


def retrieve_file(call: Call) -> Json:
    return wire.rest(_file(call))


def modify_file(call: Call) -> Json:
    _looked_at(call)
    with call.store.transaction():
        entry = call.store.get("vector_store.file", call.ids["file_id"], call.ids["vector_store_id"])
        entry = {**entry, "attributes": {}, **call.body}
        call.store.put(entry)
    return wire.rest(entry)


def delete_file(call: Call) -> Json:
    with call.store.transaction():
        entry = call.store.get("vector_store.file", call.ids["file_id"], call.ids["vector_store_id"])
        call.store.delete(entry["id"], entry["vector_store_id"])
    return wire.deleted(entry)


def file_content(call: Call) -> Json:
    return file_objects.text_page(vectors.content(call.store, call.blobs, _file(call)))


# File batches


def create_batch(call: Call) -> Json:
    with call.store.transaction():
        batch = vectors.create_batch(call.store, call.ids["vector_store_id"], call.body)
        return vectors.show_batch(call.store, batch)


def retrieve_batch(call: Call) -> Json:
    _looked_at(call)
    return vectors.show_batch(call.store, _batch(call))


def cancel_batch(call: Call) -> Json:
    with call.store.transaction():
        batch = vectors.cancel_batch(call.store, _batch(call))
        return vectors.show_batch(call.store, batch)


def list_batch_files(call: Call) -> Json:
    return _page_of_files(call, {"_batch_id": _batch(call)["id"]})


def _looked_at(call: Call) -> Json:
    store = call.store.get("vector_store", call.ids["vector_store_id"])
    vectors.look(call.store, call.blobs, store["id"])
    return store


def _file(call: Call) -> Json:
    store = _looked_at(call)
    return call.store.get("vector_store.file", call.ids["file_id"], store["id"])


def _batch(call: Call) -> Json:
    return call.store.get("vector_store.file_batch", call.ids["batch_id"], call.ids["vector_store_id"])


def _page_of_files(call: Call, where: Json) -> Json:
    store, query = _looked_at(call), dict(call.query)
    if status := query.pop("filter", None):
        where["status"] = status
    return wire.page(*call.store.page("vector_store.file", store["id"], where=where, **query))


_STORE = "/v1/vector_stores/<vector_store_id>"
_BATCH = f"{_STORE}/file_batches/<batch_id>"

ROUTES = [
    Route("POST", "/v1/vector_stores", create, CreateVectorStore, beta=False),
    Route("GET", "/v1/vector_stores", list_, query=ListQuery, beta=False),
    Route("GET", _STORE, retrieve, beta=False),
    Route("POST", _STORE, modify, ModifyVectorStore, beta=False),
    Route("DELETE", _STORE, delete, beta=False),
    Route("POST", f"{_STORE}/search", search, SearchVectorStore, beta=False),
    Route("POST", f"{_STORE}/files", put_file, PutFile, beta=False),
    Route("GET", f"{_STORE}/files", list_files, query=ListStoreFilesQuery, beta=False),
    Route("GET", f"{_STORE}/files/<file_id>", retrieve_file, beta=False),
    Route("POST", f"{_STORE}/files/<file_id>", modify_file, ModifyAttributes, beta=False),
    Route("DELETE", f"{_STORE}/files/<file_id>", delete_file, beta=False),
    Route("GET", f"{_STORE}/files/<file_id>/content", file_content, beta=False),
    Route("POST", f"{_STORE}/file_batches", create_batch, PutFiles, beta=False),
    Route("GET", _BATCH, retrieve_batch, beta=False),
    Route("POST", f"{_BATCH}/cancel", cancel_batch, beta=False),
    Route("GET", f"{_BATCH}/files", list_batch_files, query=ListStoreFilesQuery, beta=False),
]
