"""`/v1/files`. Source: API reference, "Files"; recorded and quoted errors."""

import re
from typing import Any, Final

from .. import wire
from ..errors import DiskError, FileError, NoSuchFile, NotFound
from ..files import file_objects, vectors
from ..files.file_objects import File
from ..objects import FILE
from ..params.files import ListFilesQuery, UploadForm
from ..wire import Deleted
from .base import Answer, Call, Content, Route

_PURPOSES: Final = ["fine-tune", "assistants", "batch", "user_data", "vision", "evals"]
"""In the order in which the API named them."""
_NOT_GIVEN_BACK: Final = ("assistants", "user_data")
_PLAIN_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)


def create(call: Call[UploadForm]) -> File:
    purpose, upload = call.params.get("purpose"), call.upload
    if upload is None:
        raise FileError("'file' is a required property", param="file")
    if purpose is None:
        raise FileError("'purpose' is a required property", param="purpose")
    if purpose not in _PURPOSES:
        raise FileError(f"'{purpose}' is not one of {_PURPOSES} - 'purpose'", param="purpose")
    id = ""
    try:
        with call.store.transaction():
            name, kind = plain_name(upload.name), plain_type(upload.content_type)
            id, at = call.store.new_id("file"), call.store.now()
            lifetime_s = call.params["expires_after"]["seconds"] if "expires_after" in call.params else None
            file = file_objects.file(id, at, name, kind, upload.draft.size, purpose, lifetime_s)
            call.store.put(file)
            call.blobs.keep(id, upload.draft)
    except DiskError:
        call.blobs.delete(id)  # its bytes may be there already, and its row is not
        raise
    return wire.rest(file)


def list_(call: Call[ListFilesQuery]) -> Answer:
    vectors.forget_expired(call.store, call.blobs)
    query = call.params
    page = wire.page(
        *call.store.page(
            FILE,
            where={"purpose": query["purpose"]} if query.get("purpose") else None,
            limit=query.get("limit", 10_000),
            order=query.get("order", "desc"),
            after=query.get("after"),
        )
    )
    return {key: page[key] for key in ("object", "data", "has_more", "first_id", "last_id")}


def retrieve(call: Call[object]) -> File:
    return wire.rest(_file(call))


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        file = _file(call)
        call.store.delete(file["id"])
    call.blobs.delete(file["id"])
    return {"object": "file", "deleted": True, "id": file["id"]}


def content(call: Call[object]) -> Content:
    file = _file(call)
    if file["purpose"] in _NOT_GIVEN_BACK:
        raise FileError(f"Not allowed to download files of purpose: {file['purpose']}")
    return Content(call.blobs.open(file["id"]), file["bytes"], file["_content_type"], file["filename"])


def plain_name(given: str) -> str:
    r"""What is left of a client's name: its last part, no control characters. `"C:\\a\\b.txt"` -> "b.txt"."""
    last = re.split(r"[/\\]", given)[-1]
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "_", last)[-255:]
    return "upload" if name in ("", ".", "..") else name


def plain_type(given: str) -> str:
    """A media type as it may stand in a header, or the one for bytes that could be anything."""
    return given if _PLAIN_TYPE.fullmatch(given) else "application/octet-stream"


def _file(call: Call[object]) -> File:
    vectors.forget_expired(call.store, call.blobs)
    try:
        return call.store.get(FILE, call.ids["file_id"])
    except NotFound:
        raise NoSuchFile(call.ids["file_id"]) from None


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/files", create, UploadForm, beta=False, form=True),
    Route("GET", "/v1/files", list_, ListFilesQuery, beta=False),
    Route("GET", "/v1/files/<file_id>", retrieve, beta=False),
    Route("DELETE", "/v1/files/<file_id>", delete, beta=False),
    Route("GET", "/v1/files/<file_id>/content", content, beta=False),
]
