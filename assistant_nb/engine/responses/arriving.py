"""What a client sends as items: checked, read, and kept as rows under ids of the engine's own."""

import base64
import binascii
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import Any, Final

from .. import wire
from ..errors import BadRequest
from ..files import readers, vectors
from ..files.blobs import Blobs
from ..files.readers import Unreadable
from ..ids import item_id
from ..objects import Item, ItemBody, Message
from ..params.responses import ContentPart, Input, InputFile, InputImage, ItemMessage
from ..parts import Part
from ..runs.prompt import IMAGE
from ..store import Store
from .chains import Row
from .wire import PREFIXES, input_image, item, message_item, output_text

_BLANK: Final[dict[str, dict[str, Any]]] = {
    "function_call": {"arguments": "", "call_id": "", "name": ""},
    "file_search_call": {"queries": [], "results": []},
    "code_interpreter_call": {"code": "", "container_id": "", "outputs": []},
}
"""The keys of calls in their order, and what stands there when a client leaves one out."""

_NOT_SUPPORTED: Final = "The file type you uploaded is not supported. Please try again with a pdf"
_SUPPORTED: Final = (
    "Please see https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file types."
)


@dataclass(frozen=True)
class Arrived:
    """An item without its id. A model reads the `parts` of a message of the dialogue, and what others say in `read`."""

    body: ItemBody
    parts: list[Part] | None = None
    read: str = ""

    def row(self, owner_id: str, n: int, thread_id: str, at: int, run_id: str | None) -> Row:
        """The row of the `n`-th item of its response or conversation."""
        kind = self.body["type"]
        body = {**self.body, "id": (id := item_id(PREFIXES[kind], owner_id, f"given {n}"))}
        if self.parts is None:
            made: Item = {"id": id, "object": "thread.item", "thread_id": thread_id, "run_id": run_id, "item": body}
            return {**made, "read": self.read}
        row: Message = wire.message(id, at, thread_id, body["role"], "")
        return {**row, "content": self.parts, "run_id": run_id, "sent": body}


def arrive(store: Store, blobs: Blobs, given: Input, name: str = "input") -> list[Arrived]:
    """Items as they will be kept; files are read. Not in a transaction. Raises NotFound and BadRequest."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_arrived(store, blobs, one, f"{name}[{n}]") for n, one in enumerate(given)]


def _arrived(store: Store, blobs: Blobs, given: Any, place: str) -> Arrived:
    match given.get("type"):
        case "function_call" | "file_search_call" | "code_interpreter_call" as kind:
            return Arrived(item("", kind, **{**_BLANK[kind], **_without(given, "type", "id", "status")}))
        case "function_call_output":
            output = read = given["output"]
            if not isinstance(output, str):
                both = [_part(store, blobs, part, "", f"{place}.output[{n}]") for n, part in enumerate(output)]
                output, read = [one for one, _ in both], _read_all([part for _, part in both])
            return Arrived(item("", "function_call_output", call_id=given["call_id"], output=output), read=read)
        case "reasoning":
            return Arrived({"id": "", "type": "reasoning", "summary": [], **_without(given, "type", "id", "status")})
        case _ if "role" in given:
            return _message(store, blobs, given, place)
        case _:
            return _referred(store, given["id"], place)


def _without(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in names}


def _referred(store: Store, id: str, place: str) -> Arrived:
    """A copy of an item that is there already."""
    row = store.find_item(id)
    if row is None:
        raise BadRequest(f"Item with id '{id}' not found.", param=place)
    if row["object"] == "thread.message":
        return Arrived(message_item(row), row["content"])
    return Arrived(row["item"], read=row.get("read", ""))


def _message(store: Store, blobs: Blobs, given: ItemMessage, place: str) -> Arrived:
    role, content = given["role"], given["content"]
    if isinstance(content, str):
        shown: list[Any] = [output_text(content) if role == "assistant" else {"type": "input_text", "text": content}]
        parts: list[Part] = [wire.text(content)]
    else:
        both = [_part(store, blobs, part, role, f"{place}.content[{n}]") for n, part in enumerate(content)]
        shown, parts = [one for one, _ in both], [part for _, part in both]
    body = item("", "message", content=shown, role=role)
    if role in ("user", "assistant"):
        return Arrived(body, parts)
    return Arrived(body, read=_read_all(parts))


def _read_all(parts: list[Part]) -> str:
    return "\n".join(part["text"]["value"] if part["type"] == "text" else IMAGE for part in parts)


def _part(store: Store, blobs: Blobs, part: ContentPart, role: str, place: str) -> tuple[dict[str, Any], Part]:
    """A part as it is shown, and as a model reads it. Raises BadRequest for one that this role does not say."""
    kind = part["type"]
    if role and (kind in ("output_text", "refusal")) != (role == "assistant"):
        known = (
            "'output_text' and 'refusal'" if role == "assistant" else "'input_text', 'input_image', and 'input_file'"
        )
        raise BadRequest(
            f"Invalid value: '{kind}'. Supported values are: {known}.", param=f"{place}.type", code="invalid_value"
        )
    match part["type"]:
        case "input_text":
            return {"type": "input_text", "text": part["text"]}, wire.text(part["text"])
        case "output_text":
            return output_text(part["text"], part.get("annotations", [])), wire.text(part["text"])
        case "refusal":
            return {"type": "refusal", "refusal": part["refusal"]}, wire.text(part["refusal"])
        case "input_image":
            return _image(store, part)
        case "input_file":
            return _file(store, blobs, part, place)


def _image(store: Store, part: InputImage) -> tuple[dict[str, Any], Part]:
    detail = part.get("detail", "auto")
    if "file_id" in part:
        vectors.file_of(store, part["file_id"])
        return input_image(detail, file_id=part["file_id"]), wire.image(part["file_id"], detail)
    url = part["image_url"]
    return input_image(detail, image_url=url), {"type": "image_url", "image_url": {"url": url, "detail": detail}}


def _file(store: Store, blobs: Blobs, part: InputFile, place: str) -> tuple[dict[str, Any], Part]:
    """A file is read when it arrives: the model gets its name and its text."""
    try:
        if "file_id" in part:
            name = vectors.file_of(store, part["file_id"])["filename"]
            if not readers.can_read(name):
                raise BadRequest(_NOT_SUPPORTED, param="input", code="unsupported_file")
            text = blobs.text(part["file_id"], partial(readers.read, name))
        else:
            name, text = _read(part, place)
    except Unreadable as error:
        raise BadRequest(f"'{place}' cannot be read. {error}", param=place, code="unsupported_file") from None
    shown = {"type": "input_file", "file_id": part.get("file_id"), "filename": name}
    return shown, wire.text(f"{name}\n{text.decode()}")


def _read(part: InputFile, place: str) -> tuple[str, bytes]:
    """The name and the text of a file that came as a `data:` address, or in base64 alone."""
    head, _, data = part["file_data"].rpartition(";base64,")
    kind = head.removeprefix("data:")
    name = part.get("filename", f"file{mimetypes.guess_extension(kind) or ''}")
    wrong = f"unsupported MIME type '{kind}'" if kind else f"a file named '{name}'"
    try:
        bytes = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        bytes, wrong = None, "a value that is none"
    if bytes is None or not readers.can_read(name):
        raise BadRequest(
            f"Invalid file data: '{place}.file_data'. Expected a base64-encoded data URL with a valid file MIME type"
            f" (e.g. 'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got {wrong}. {_SUPPORTED}",
            param=f"{place}.file_data",
            code="invalid_value",
        )
    with TemporaryFile() as file:  # some are read by another process
        file.write(bytes)
        file.seek(0)
        return name, readers.read(name, file)


def shown_items(rows: Iterable[Row]) -> Iterator[ItemBody]:
    """Rows as items, with all that is known of them."""
    for row in rows:
        yield message_item(row) if row["object"] == "thread.message" else row["item"]
