"""Messages and calls of a thread as items of a conversation, and a list of what no item can hold. Pure.

Items are written as the published description of conversations wants them. So a call of a tool and an answer have an id
and a status, though a server gives them ids of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..texts import count

if TYPE_CHECKING:
    from ..shapes import Annotation, CodeOutput, Message, ReadPart, Run, RunStep, SearchHit, ToolCall

Item = dict[str, Any]


class Items:
    """Makes the items of one thread. It asks for the names and the bytes of files only where an item needs them.

    `picture` gives a picture as a `data:` URL, and nothing for a file that is not there any more.
    """

    def __init__(self, container_id: str, name: Callable[[str], str], picture: Callable[[str], str | None]) -> None:
        self._container_id, self._name, self._picture = container_id, name, picture
        self._gone: list[str] = []
        self._unanswered: list[str] = []
        self._searches = 0
        self._noted = 0

    def of(self, messages: "Sequence[Message]", runs: "Sequence[tuple[Run, Sequence[RunStep]]]") -> Iterator[Item]:
        """Yield the items of a thread. All is given oldest first.

        What a run has done stands where its first message is. A run without a message stands behind the last message
        that was there when it began.
        """
        by_id = {message["id"]: message for message in messages}
        writers = {message["run_id"] for message in messages}
        waiting, written = list(runs), set[str]()
        for message in messages:
            due = [
                (run, steps)
                for run, steps in waiting
                if run["id"] == message["run_id"]
                or (run["id"] not in writers and run["created_at"] < message["created_at"])
            ]
            waiting = [one for one in waiting if one not in due]
            for _, steps in due:
                yield from self._steps(steps, by_id, written)
            if message["id"] not in written:
                yield self._message(message)
        for _, steps in waiting:
            yield from self._steps(steps, by_id, written)

    def left(self) -> Iterator[str]:
        """Yield what the items do not hold, a sentence each."""
        if self._noted:
            yield f"The metadata of {count(self._noted, 'message')}: an item has none."
        if self._unanswered:
            yield f"{count(len(self._unanswered), 'call')} without an output: {', '.join(self._unanswered)}."
        if self._searches:
            yield f"The query of {count(self._searches, 'call')} of file_search: assistants do not show it."
        if self._gone:
            yield f"{count(len(self._gone), 'picture')} that cannot be read any more: {', '.join(self._gone)}."

    def _steps(self, steps: "Sequence[RunStep]", messages: "dict[str, Message]", written: set[str]) -> Iterator[Item]:
        for step in steps:
            details = step["step_details"]
            if details["type"] == "tool_calls":
                yield from self._calls(details["tool_calls"])
            elif message := messages.get(id := details["message_creation"]["message_id"]):
                written.add(id)
                yield self._message(message)

    def _message(self, message: "Message") -> Item:
        self._noted += bool(message.get("metadata"))
        if message["role"] == "user":
            return {"type": "message", "role": "user", "content": [_input(part) for part in message["content"]]}
        content = [made for part in message["content"] if (made := self._output(part))]
        pictures = [part["image_file"]["file_id"] for part in message["content"] if part["type"] == "image_file"]
        if pictures:
            if not content:
                content.append(_output_text("", []))
            content[0]["annotations"] = [*(_path(id, 0) for id in pictures), *content[0].get("annotations", [])]
        status = message.get("status", "completed")
        return {"type": "message", "id": message["id"], "role": "assistant", "status": status, "content": content}

    def _output(self, part: "ReadPart") -> Item | None:
        match part["type"]:
            case "text":
                return self._text(part["text"]["value"], part["text"].get("annotations", []))
            case "refusal":
                return {"type": "refusal", "refusal": part["refusal"]}
        return None

    def _text(self, text: str, annotations: "Sequence[Annotation]") -> Item:
        """Return a text without the marks that cite hits. Each citation says where its mark was."""
        pieces, notes, at, length = list[str](), list[Item](), 0, 0
        for one in sorted(annotations, key=lambda one: one["start_index"]):
            pieces.append(text[at : one["start_index"]])
            length += len(pieces[-1])
            if one["type"] == "file_path":
                at = one["start_index"]
                notes.append(_path(one["file_path"]["file_id"], length))
            else:
                at = one["end_index"]
                id = one["file_citation"]["file_id"]
                notes.append({"type": "file_citation", "file_id": id, "filename": self._name(id), "index": length})
        return _output_text("".join([*pieces, text[at:]]), notes)

    def _calls(self, calls: "Sequence[ToolCall]") -> Iterator[Item]:
        """Yield the calls that were made together, then the outputs of the functions."""
        outputs = []
        for call in calls:
            match call["type"]:
                case "function" if (output := call["function"].get("output")) is not None:
                    name, arguments = call["function"]["name"], call["function"]["arguments"]
                    yield {"type": "function_call", "call_id": call["id"], "name": name, "arguments": arguments}
                    outputs.append({"type": "function_call_output", "call_id": call["id"], "output": output})
                case "function":
                    self._unanswered.append(call["function"]["name"])
                case "file_search":
                    self._searches += 1
                    results = [_result(hit) for hit in call["file_search"]["results"]]
                    yield {**_call("file_search_call", "fs", call), "queries": [], "results": results}
                case "code_interpreter":
                    yield {
                        **_call("code_interpreter_call", "ci", call),
                        "container_id": self._container_id,
                        "code": call["code_interpreter"]["input"],
                        "outputs": [
                            made for out in call["code_interpreter"]["outputs"] if (made := self._code_output(out))
                        ],
                    }
        yield from outputs

    def _code_output(self, output: "CodeOutput") -> Item | None:
        if output["type"] == "logs":
            return {"type": "logs", "logs": output["logs"]}
        if url := self._picture(id := output["image"]["file_id"]):
            return {"type": "image", "url": url}
        self._gone.append(self._name(id))
        return None


def _call(kind: str, prefix: str, call: "ToolCall") -> Item:
    return {"type": kind, "id": f"{prefix}_{call['id'].removeprefix('call_')}", "status": "completed"}


def _result(hit: "SearchHit") -> Item:
    return {
        "file_id": hit["file_id"],
        "filename": hit["file_name"],
        "score": hit["score"],
        "attributes": hit.get("attributes") or {},
        "text": "".join(part["text"] for part in hit.get("content") or []),
    }


def _output_text(text: str, annotations: list[Item]) -> Item:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def _path(file_id: str, index: int) -> Item:
    return {"type": "file_path", "file_id": file_id, "index": index}


def _input(part: "ReadPart") -> Item:
    match part["type"]:
        case "image_file":
            image = part["image_file"]
            return {"type": "input_image", "file_id": image["file_id"], "detail": image.get("detail") or "auto"}
        case "image_url":
            address = part["image_url"]
            return {"type": "input_image", "image_url": address["url"], "detail": address.get("detail") or "auto"}
        case "refusal":
            return {"type": "input_text", "text": part["refusal"]}
        case "text":
            return {"type": "input_text", "text": part["text"]["value"]}
