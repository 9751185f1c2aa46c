"""Names and pictures behind the ids of files and assistants, asked for once each."""

import base64
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ..html import inner_of
from .page import Known, annotations, attached_to, calls, found_by

if TYPE_CHECKING:
    from openai import OpenAI

    from ...shapes import Message, ReadPart, Run, RunStep

_PICTURES: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}
"""The first bytes of pictures that are shown. SVG is not shown: it may hold scripts."""
_LARGEST_PICTURE: Final = 4 * 2**20


class Names:
    """What is known of the files and assistants that a page names. Raises what the SDK raises."""

    def __init__(self, client: "OpenAI") -> None:
        self._client = client
        self.known = Known()

    def learn(self, messages: "Iterable[Message]", runs: "Iterable[Run]", steps: "list[RunStep]") -> None:
        """Ask for the names and pictures behind the ids in these objects. What is deleted keeps its id as its name."""
        messages = list(messages)
        for id in {id for one in [*messages, *runs] if (id := one.get("assistant_id"))}:
            self._name(self.known.assistants, id, lambda id: self._client.beta.assistants.retrieve(id).name or id)
        for hit in [hit for call in calls(steps) for hit in found_by(call)]:
            if hit.get("file_name"):
                self.known.files.setdefault(hit["file_id"], hit["file_name"])
        parts: list[ReadPart] = [part for message in messages for part in message["content"]]
        outputs = [out for call in calls(steps) for out in inner_of(call).get("outputs") or []]
        shown = {part["image_file"]["file_id"] for part in parts if part["type"] == "image_file"}
        shown |= {out["image"]["file_id"] for out in outputs if out["type"] == "image"}
        notes = annotations(parts)
        linked = {id for note in notes if (id := inner_of(note).get("file_id"))}
        shown |= {
            note["file_path"]["file_id"] for note in notes if note["type"] == "file_path" and _is_picture(note["text"])
        }
        attached = {id for message in messages for id in attached_to(message)}
        for id in shown | linked | attached:
            self._name(self.known.files, id, lambda id: self.about(id)[0])
        for id in shown - self.known.pictures.keys():
            self._name(self.known.pictures, id, self._picture)

    def about(self, file_id: str) -> tuple[str, int]:
        """Return the name of a file and its size in bytes."""
        if container_id := self.known.containers.get(file_id):
            made = self._client.containers.files.retrieve(file_id, container_id=container_id)
            return made.path.rpartition("/")[2], made.bytes or 0
        file = self._client.files.retrieve(file_id)
        return file.filename.rpartition("/")[2], file.bytes

    def file(self, file_id: str) -> bytes:
        if container_id := self.known.containers.get(file_id):
            return self._client.containers.files.content.retrieve(file_id, container_id=container_id).content
        return self._client.files.content(file_id).content

    def _picture(self, file_id: str) -> str:
        """Return a picture as a `data:` URL; empty if it is no picture or too large for a page."""
        if self.about(file_id)[1] > _LARGEST_PICTURE:
            return ""
        data = self.file(file_id)
        kind = next((kind for begin, kind in _PICTURES.items() if data.startswith(begin)), None)
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind else ""

    def _name(self, names: dict[str, str], id: str, ask: Callable[[str], str]) -> None:
        import openai

        if id not in names:
            try:
                names[id] = ask(id)
            except openai.APIStatusError:  # deleted, or not for everybody
                names[id] = "" if names is self.known.pictures else id


def _is_picture(path: str) -> bool:
    return path.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))
