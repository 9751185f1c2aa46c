"""Files that a page sends in pieces."""

import secrets
from tempfile import SpooledTemporaryFile
from typing import IO, Final

_IN_MEMORY: Final = 8 * 2**20
"""Bytes of a file that are kept in memory; a larger file is kept on disk."""


class Uploads:
    """The uploads under way, by id."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, IO[bytes]]] = {}

    def begin(self, name: str) -> str:
        id = secrets.token_hex(8)
        self._files[id] = (name, SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  closed by whoever takes it
        return id

    def add(self, id: str, data: bytes) -> int:
        """Take the next piece; return the number of bytes so far."""
        _, file = self._files[id]
        file.write(data)
        return file.tell()

    def take(self, id: str) -> tuple[str, IO[bytes]]:
        """Return an upload's name and content, and forget it. The caller closes the content."""
        name, file = self._files.pop(id)
        file.seek(0)
        return name, file
