"""Putting things on threads, and files within reach of tools. What writes runs inside a transaction."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from . import wire
from .errors import ApiError, BadRequest, NotFound
from .files import vectors
from .store import Store
from .wire import Json

DATA: Final = "/mnt/data/"
"""Where the code interpreter has its files, as code and models know it."""
_MAX_CODE_FILES: Final = 20
_MOST_FILES: Final = 10_000
_EXPIRY: Final = {"expires_after": {"anchor": "last_active_at", "days": 7}}
"""Of vector stores that a thread gets in passing. Source: the file search guide, "Managing costs"."""


def create_thread(store: Store, body: Json) -> Json:
    """A new thread with the messages its body brings."""
    check_references(store, body)
    thread = wire.thread(store.new_id("thread"), store.now(), body)
    thread = with_vector_stores(store, thread, thread["id"])
    store.put(thread)
    if messages := body.get("messages"):
        for message in messages:
            add_message(store, thread["id"], message)
        thread = store.get("thread", thread["id"])  # attachments may have changed it
    return thread


def add_message(store: Store, thread_id: str, body: Json) -> Json:
    """Put a client's message on a thread, and its attachments within reach of the tools they name."""
    check_references(store, body)
    id, at = store.new_id("thread.message", thread_id), store.now(thread_id)
    message = wire.message(id, at, thread_id, body["role"], body["content"], body=body)
    store.put(message)
    by_tool: dict[str, dict[str, None]] = {}
    for attachment in body.get("attachments", []):
        for tool in attachment.get("tools", []):
            by_tool.setdefault(tool["type"], {})[attachment["file_id"]] = None
    for tool, file_ids in by_tool.items():
        _reach(store, thread_id, tool, list(file_ids), at)
    return message


def check_references(store: Store, body: Json) -> None:
    """Raise NotFound when a body names a file or vector store that does not exist."""
    resources = body.get("tool_resources", {})
    file_ids = list((resources.get("code_interpreter") or {}).get("file_ids") or [])
    file_ids += [attachment["file_id"] for attachment in body.get("attachments", [])]
    if isinstance(content := body.get("content"), list):
        file_ids += [part["image_file"]["file_id"] for part in content if part["type"] == "image_file"]
    for id in file_ids:
        vectors.file_of(store, id)
    for id in (resources.get("file_search") or {}).get("vector_store_ids") or []:
        store.get("vector_store", id)


def with_vector_stores(store: Store, owner: Json, thread_id: str = "") -> Json:
    """An assistant or thread whose `file_search.vector_stores` were made, and are now named by id."""
    search = owner["tool_resources"].get("file_search", {})
    if "vector_stores" not in search:
        return owner
    expiry = _EXPIRY if thread_id else {}
    made = [vectors.create(store, {**given, **expiry}, thread_id)["id"] for given in search["vector_stores"]]
    ids = {"vector_store_ids": made or search.get("vector_store_ids", [])}
    return {**owner, "tool_resources": {**owner["tool_resources"], "file_search": ids}}


def with_code_files(resources: Json, more: list[str]) -> Json:
    """Tool resources with more files for the code interpreter. Raises BadRequest when there are too many."""
    file_ids = list(dict.fromkeys([*resources.get("code_interpreter", {}).get("file_ids", []), *more]))
    if len(file_ids) > _MAX_CODE_FILES:
        raise BadRequest(f"The code interpreter takes {_MAX_CODE_FILES} files, and this would be {len(file_ids)}.")
    return {**resources, "code_interpreter": {"file_ids": file_ids}}


def resources(store: Store, run: Json, tool: str) -> Iterator[Json]:
    """What a run, its thread and its assistant have for a tool: `{"file_ids": […]}`, `{"vector_store_ids": […]}`."""
    yield run["tool_resources"].get(tool, {})
    for kind, id in (("thread", run["thread_id"]), ("assistant", run["assistant_id"])):
        with suppress(ApiError):  # an assistant may be deleted while its run goes on
            yield store.get(kind, id)["tool_resources"].get(tool, {})


def code_files(store: Store, run: Json) -> dict[str, Json]:
    """The files that a run's code finds, by path. Of two with one name the later gets a number: `points (2).csv`."""
    if not _runs_code(run):
        return {}
    files: dict[str, Json] = {}
    for id in dict.fromkeys(id for one in resources(store, run, "code_interpreter") for id in one.get("file_ids", [])):
        with suppress(ApiError):  # it was deleted, or its time has come
            file = vectors.file_of(store, id)
            files[_free(DATA + PurePosixPath(file["filename"]).name, files)] = file
    return files


def files_made(store: Store, run: Json) -> dict[str, str]:
    """The ids of the files that code has made on a run's thread, by path; of several with one path the latest."""
    if not _runs_code(run):
        return {}
    made, _ = store.page("file", where={"_thread_id": run["thread_id"]}, order="asc", limit=_MOST_FILES)
    return {file["filename"]: file["id"] for file in made}


def _runs_code(run: Json) -> bool:
    return any(tool["type"] == "code_interpreter" for tool in run["tools"])


def _free(path: str, taken: dict[str, Json]) -> str:
    stem, suffix = PurePosixPath(path).stem, PurePosixPath(path).suffix
    others = (f"{DATA}{stem} ({n}){suffix}" for n in itertools.count(2))
    return next(name for name in itertools.chain([path], others) if name not in taken)


def _reach(store: Store, thread_id: str, tool: str, file_ids: list[str], at: int) -> None:
    """Put attached files where a thread's tool looks for them."""
    thread = store.get("thread", thread_id)
    resources = thread["tool_resources"]
    if tool == "code_interpreter":
        resources = with_code_files(resources, file_ids)
    elif tool == "file_search":
        store_id = _vector_store_of(store, thread)
        there = {entry["id"] for entry in store.all("vector_store.file", store_id)}
        vectors.put_in(store, store_id, [{"file_id": id} for id in file_ids if id not in there], at)
        resources = {**resources, "file_search": {"vector_store_ids": [store_id]}}
    store.put({**thread, "tool_resources": resources})


def _vector_store_of(store: Store, thread: Json) -> str:
    """A thread's vector store; a new one, when it has none, or none that is of use any more."""
    for id in thread["tool_resources"].get("file_search", {}).get("vector_store_ids", []):
        try:
            vectors.usable(store, id)
        except (BadRequest, NotFound):
            continue
        return str(id)
    return str(vectors.create(store, _EXPIRY, thread["id"])["id"])
