"""Multipart bodies: their fields as plain data, their files on disk before anybody asks for them."""

import re
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, Final, cast

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request

from ..errors import BadRequest, TooLarge
from ..files.blobs import MAX_FILE_BYTES, Blobs, Draft
from .base import Upload

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ROOM_FOR_FIELDS: Final = 2**20
Fields = dict[str, str | dict[str, str]]


class FormRequest(Request):
    """A request whose files go straight to disk, piece by piece. Use it in `with`: it cleans up after itself."""

    max_form_parts = 100

    def __init__(self, environ: "WSGIEnvironment", blobs: Blobs) -> None:
        super().__init__(environ)
        self._blobs = blobs
        self._drafts: list[Draft] = []

    def read(self) -> tuple[Fields, Upload | None]:
        """Fields and the first file named `file`: `({"purpose": "assistants"}, Upload("a.txt", "text/plain", …))`.

        A field `expires_after[seconds]` is `{"expires_after": {"seconds": …}}`. Raises BadRequest for a
        body that is no whole form, TooLarge and DiskError.
        """
        on_disk = MAX_FILE_BYTES if self.mimetype == "multipart/form-data" else 0  # other forms are read whole
        self.max_content_length = on_disk + _ROOM_FOR_FIELDS
        try:
            fields, files = self.form, self.files
        except RequestEntityTooLarge:
            raise TooLarge(
                f"The form is too large: it may have {self.max_form_parts} parts, and its file"
                f" {MAX_FILE_BYTES // 2**20} MB."
            ) from None
        except (ValueError, OSError, ClientDisconnected):
            raise BadRequest(
                "The multipart form in the request body is malformed, or broke off before its end."
            ) from None
        return _nested(fields.items()), _upload(files.get("file"))

    def make_form_data_parser(self) -> FormDataParser:
        parser = super().make_form_data_parser()
        parser.silent = False  # or a form that broke off would look like an empty one
        return parser

    def close(self) -> None:
        for draft in self._drafts:
            draft.close()

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        self._drafts.append(self._blobs.draft())
        return cast(IO[bytes], self._drafts[-1])


def _nested(fields: Iterable[tuple[str | None, str]]) -> Fields:
    """`[("expires_after[anchor]", "created_at")]` -> `{"expires_after": {"anchor": "created_at"}}`"""
    data: Fields = {}
    for given, value in fields:
        name = given or ""  # a part may have none
        if inner := re.fullmatch(r"(\w+)\[(\w+)\]", name):
            outer = data.setdefault(inner[1], {})
            if isinstance(outer, dict):
                outer[inner[2]] = value
                continue
        data[name] = value
    return data


def _upload(file: FileStorage | None) -> Upload | None:
    if file is None:
        return None
    return Upload(file.filename or "", file.content_type or "", cast(Draft, file.stream))
