"""Putting things on threads, and files within reach of tools. What writes runs inside a transaction."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from . import wire
from .errors import ApiError, BadRequest, NotFound
from .files import vectors
from .files.file_objects import File
from .objects import ASSISTANT, FILE, THREAD, VECTOR_STORE, VECTOR_STORE_FILE, Message, Run, Thread
from .params.assistants import CreateMessage, CreateThread
from .params.fields import OwnToolResources, PartParam, ToolResources
from .params.files import CreateVectorStore, StoreExpiry
from .parts import ToolType
from .store import Store

DATA: Final = "/mnt/data/"
"""Where the code interpreter has its files, as code and models know it."""
_MAX_CODE_FILES: Final = 20
_FOR_CODE: Final = ("assistants", "assistants_output")
"""Purposes of files that code may read: what a client has uploaded for assistants, and what code has made."""
_MOST_FILES: Final = 10_000
_EXPIRY: Final[StoreExpiry] = {"anchor": "last_active_at", "days": 7}
"""Of vector stores that a thread gets in passing. Source: the file search guide, "Managing costs"."""


def create_thread(store: Store, body: CreateThread) -> Thread:
    """A new thread with the messages its body brings."""
    given = body.get("tool_resources", {})
    check_resources(store, given)
    id, at = store.new_id("thread"), store.now()
    thread = wire.thread(id, at, body, with_vector_stores(store, given, id))
    store.put(thread)
    if messages := body.get("messages"):
        for message in messages:
            add_message(store, id, message)
        thread = store.get(THREAD, id)  # attachments may have changed it
    return thread


def add_message(store: Store, thread_id: str, body: CreateMessage) -> Message:
    """Put a client's message on a thread, and its attachments within reach of the tools they name."""
    attachments = body.get("attachments", [])
    for attachment in attachments:
        vectors.file_of(store, attachment["file_id"])
    check_content(store, body["content"])
    id, at = store.new_id("thread.message", thread_id), store.now(thread_id)
    message = wire.message(id, at, thread_id, body["role"], body["content"], body=body)
    store.put(message)
    by_tool: dict[ToolType, dict[str, None]] = {}
    for attachment in attachments:
        for tool in attachment.get("tools", []):
            by_tool.setdefault(tool["type"], {})[attachment["file_id"]] = None
    _check_code_files(store, by_tool.get("code_interpreter", ()))
    for kind, file_ids in by_tool.items():
        _reach(store, thread_id, kind, list(file_ids), at)
    return message


def check_content(store: Store, content: str | Sequence[PartParam]) -> None:
    """Raise NotFound when a message shows a file that does not exist."""
    for part in [] if isinstance(content, str) else content:
        if part["type"] == "image_file":
            vectors.file_of(store, part["image_file"]["file_id"])


def check_resources(store: Store, given: OwnToolResources | ToolResources) -> None:
    """Raise NotFound when resources name a file or vector store that does not exist, BadRequest for a file that is
    not meant for assistants.
    """
    _check_code_files(store, file_ids(given))
    for id in store_ids(given):
        store.get(VECTOR_STORE, id)


def _check_code_files(store: Store, ids: Iterable[str]) -> None:
    for id in ids:
        if (purpose := vectors.file_of(store, id)["purpose"]) not in _FOR_CODE:
            raise BadRequest(
                f"The code interpreter cannot use file {id}: its purpose is '{purpose}'. Upload it again with"
                " purpose='assistants'.",
                param="file_ids",
            )


def file_ids(resources: OwnToolResources | ToolResources) -> list[str]:
    """The files that the code interpreter finds."""
    return resources.get("code_interpreter", {}).get("file_ids", [])


def store_ids(resources: OwnToolResources | ToolResources) -> list[str]:
    """The vector stores that file search looks into."""
    return resources.get("file_search", {}).get("vector_store_ids", [])


def with_vector_stores(store: Store, given: OwnToolResources, thread_id: str = "") -> ToolResources:
    """Resources of an assistant or thread whose `file_search.vector_stores` were made, and are now named by id."""
    resources: ToolResources = {**given}
    search = given.get("file_search", {})
    if "vector_stores" in search:
        expiry: CreateVectorStore = {"expires_after": _EXPIRY} if thread_id else {}
        made = [vectors.create(store, {**one, **expiry}, thread_id)["id"] for one in search["vector_stores"]]
        resources["file_search"] = {"vector_store_ids": made or store_ids(given)}
    return resources


def with_code_files(resources: ToolResources, more: list[str]) -> ToolResources:
    """Tool resources with more files for the code interpreter. Raises BadRequest when there are too many."""
    ids = list(dict.fromkeys([*file_ids(resources), *more]))
    if len(ids) > _MAX_CODE_FILES:
        raise BadRequest(f"The code interpreter takes {_MAX_CODE_FILES} files, and this would be {len(ids)}.")
    return {**resources, "code_interpreter": {"file_ids": ids}}


def resources(store: Store, run: Run) -> Iterator[ToolResources]:
    """What a run, its thread and its assistant have for tools."""
    yield run["tool_resources"]
    with suppress(ApiError):
        yield store.get(THREAD, run["thread_id"])["tool_resources"]
    with suppress(ApiError):  # an assistant may be deleted while its run goes on
        yield store.get(ASSISTANT, run["assistant_id"])["tool_resources"]


def code_files(store: Store, run: Run) -> dict[str, File]:
    """The files that a run's code finds, by path. Of two with one name the later gets a number: `points (2).csv`."""
    if not _runs_code(run):
        return {}
    files: dict[str, File] = {}
    for id in dict.fromkeys(id for one in resources(store, run) for id in file_ids(one)):
        with suppress(ApiError):  # it was deleted, or its time has come
            file = vectors.file_of(store, id)
            files[_free(DATA + PurePosixPath(file["filename"]).name, files)] = file
    return files


def files_made(store: Store, run: Run) -> dict[str, str]:
    """The ids of the files that code has made on a run's thread, by path; of several with one path the latest."""
    if not _runs_code(run):
        return {}
    made, _ = store.page(FILE, where={"_thread_id": run["thread_id"]}, order="asc", limit=_MOST_FILES)
    return {file["filename"]: file["id"] for file in made}


def _runs_code(run: Run) -> bool:
    return any(tool["type"] == "code_interpreter" for tool in run["tools"])


def _free(path: str, taken: Collection[str]) -> str:
    stem, suffix = PurePosixPath(path).stem, PurePosixPath(path).suffix
    others = (f"{DATA}{stem} ({n}){suffix}" for n in itertools.count(2))
    return next(name for name in itertools.chain([path], others) if name not in taken)


def _reach(store: Store, thread_id: str, tool: ToolType, new: list[str], at: int) -> None:
    """Put attached files where a thread's tool looks for them."""
    thread = store.get(THREAD, thread_id)
    resources = thread["tool_resources"]
    if tool == "code_interpreter":
        resources = with_code_files(resources, new)
    elif tool == "file_search":
        store_id = _vector_store_of(store, thread)
        there = {entry["id"] for entry in store.all(VECTOR_STORE_FILE, store_id)}
        vectors.put_in(store, store_id, [(id, {}) for id in new if id not in there], at)
        resources = {**resources, "file_search": {"vector_store_ids": [store_id]}}
    store.put({**thread, "tool_resources": resources})


def _vector_store_of(store: Store, thread: Thread) -> str:
    """A thread's vector store; a new one, when it has none, or none that is of use any more."""
    for id in store_ids(thread["tool_resources"]):
        with suppress(BadRequest, NotFound):
            return vectors.usable(store, id)["id"]
    return vectors.create(store, {"expires_after": _EXPIRY}, thread["id"])["id"]
