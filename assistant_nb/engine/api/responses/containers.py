"""`/v1/containers/{container_id}/files`: what code has made. A container is the kernel of a thread, and its files.

Source: API reference, "Container files"; recorded answers.
"""

from typing import Any

from ...errors import NotFound
from ...files.file_objects import File
from ...ids import PREFIXES, container_file_id
from ...objects import FILE
from ...params.responses import ItemsQuery
from ...wire import Page
from ..base import Call, Content, Route

ContainerFile = dict[str, Any]


def list_(call: Call[ItemsQuery]) -> Page[ContainerFile]:
    query: ItemsQuery = {**call.params}
    if "after" in query:
        query["after"] = _file_id(query["after"])
    files, has_more = call.store.page(FILE, where={"_thread_id": _thread_id(call)}, **query)
    shown = [_shown(call, file) for file in files]
    first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
    return {"object": "list", "data": shown, "first_id": first, "has_more": has_more, "last_id": last}


def retrieve(call: Call[object]) -> ContainerFile:
    return _shown(call, _file(call))


def content(call: Call[object]) -> Content:
    file = _file(call)
    return Content(call.blobs.open(file["id"]), file["bytes"], file["_content_type"], file["filename"])


def _shown(call: Call[object], file: File) -> ContainerFile:
    return {
        "id": container_file_id(file["id"]),
        "object": "container.file",
        "created_at": file["created_at"],
        "bytes": file["bytes"],
        "container_id": call.ids["container_id"],
        "path": file["filename"],
        "source": "assistant",
    }


def _file(call: Call[object]) -> File:
    id, thread_id = call.ids["file_id"], _thread_id(call)
    try:
        file = call.store.get(FILE, _file_id(id))
    except NotFound:
        file = None
    if file is None or file.get("_thread_id") != thread_id:
        raise NotFound(f"Container file with id '{id}' not found.")
    return file


def _file_id(id: str) -> str:
    return f"file-{id.partition('_')[2]}"


def _thread_id(call: Call[object]) -> str:
    """The thread of a container: its id has what follows the prefix."""
    id = call.ids["container_id"]
    for kind in ("conversation", "chain"):
        if call.store.exists(thread_id := f"{PREFIXES[kind]}_{id.removeprefix('cntr_')}"):
            return thread_id
    raise NotFound(f"Container with id '{id}' not found.")


_FILES = "/v1/containers/<container_id>/files"

ROUTES: list[Route[Any]] = [
    Route("GET", _FILES, list_, ItemsQuery, beta=False),
    Route("GET", f"{_FILES}/<file_id>", retrieve, beta=False),
    Route("GET", f"{_FILES}/<file_id>/content", content, beta=False),
]
