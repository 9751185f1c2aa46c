"""Items of a conversation in the shapes of a thread: messages, and calls of tools with their outputs. Pure.

The page that draws a thread draws these, too. An item says neither when it was made nor by which response: so
`created_at` is 0, and no message names a run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from .page import Calls, Item, Known

if TYPE_CHECKING:
    from ...shapes import FunctionCall, Message, RunStep

RawItem = Mapping[str, Any]
"""An item as the API sends it."""
_TEXTS: Final = ("input_text", "output_text", "text", "summary_text")
_TO_ANSWER: Final = "function_call_output"
_LINK: Final = re.compile(r"sandbox:[^\s()<>\"']+")
_STATUSES: Final = ("completed", "in_progress")


def arrange(raw: Sequence[RawItem], known: Known) -> list[Item]:
    """Messages, and between them what was called. An output stands with its call. Items are given oldest first.

    What has to be named or drawn is put into `known`.
    """
    outputs = {one["call_id"]: one for one in raw if one["type"] == _TO_ANSWER}
    called = {one["call_id"] for one in raw if one["type"] == "function_call"}
    shown = (one for one in raw if not (one["type"] == _TO_ANSWER and one["call_id"] in called))
    found: list[Item] = []
    group: list[RunStep] = []
    searches: list[RunStep] = []

    def close() -> None:
        if group:
            found.append(Item(group[0]["id"], Calls(id=group[0]["id"], object="calls"), tuple(group)))
            group.clear()

    for one in shown:
        if one["type"] == "message":
            close()
            message = message_of(one, known)
            cites = any(part["type"] == "text" and part["text"]["annotations"] for part in message["content"])
            found.append(Item(one["id"], message, tuple(reversed(searches)) if cites else ()))
        else:
            step = step_of(one, outputs.get(one.get("call_id")), known)
            group.append(step)
            searches += [step] * (one["type"] == "file_search_call")
    close()
    return found


def unanswered(raw: Sequence[RawItem]) -> "list[FunctionCall]":
    """Return the calls of functions without an output: the next response carries it."""
    answered = {one["call_id"] for one in raw if one["type"] == _TO_ANSWER}
    calls = (one for one in raw if one["type"] == "function_call" and one["call_id"] not in answered)
    return [cast("FunctionCall", _function(one, None)) for one in calls]


def message_of(raw: RawItem, known: Known) -> "Message":
    """Return a message in the shape of a thread's."""
    content, files, pictures = list[Any](), list[str](), list[str]()
    for part in raw["content"]:
        if part["type"] in _TEXTS:
            text, drawn = _text(part, known)
            content.append(text)
            pictures += drawn
        elif part["type"] == "input_image":
            content.append(_picture(part, f"{raw['id']} {len(content)}", known))
        elif part["type"] == "input_file" and part.get("file_id"):
            files.append(part["file_id"])
        elif part["type"] == "input_file":
            content.append(_plain(f"[{part.get('filename') or part.get('file_url') or 'a file'}]"))
        else:
            content.append(part)
    drawn_parts = [{"type": "image_file", "image_file": {"file_id": id}} for id in pictures]
    made = {
        "id": raw["id"],
        "object": "thread.message",
        "created_at": 0,
        "role": raw["role"],
        "assistant_id": None,
        "run_id": None,
        "status": raw.get("status", "completed"),
        "content": [*drawn_parts, *content],
        "attachments": [{"file_id": id} for id in files],
    }
    return cast("Message", made)


def mark(number: int, annotation: Mapping[str, Any]) -> str:
    """Return the mark that stands in a text where an annotation cites a file: an item has none there."""
    return f"【{number}†{annotation.get('filename') or annotation['file_id']}】"


def step_of(raw: RawItem, output: RawItem | None, known: Known) -> "RunStep":
    """Return a call, or another item that is no message, as a step of a run."""
    status = raw.get("status") or "completed"
    step = {
        "id": raw["id"],
        "object": "thread.run.step",
        "created_at": 0,
        "status": status if status in _STATUSES else "failed",
        "step_details": {"type": "tool_calls", "tool_calls": [_call(raw, output, known)]},
    }
    return cast("RunStep", step)


def _call(raw: RawItem, output: RawItem | None, known: Known) -> dict[str, Any]:
    id, kind = raw["id"], raw["type"]
    match kind:
        case "function_call":
            return _function(raw, output)
        case "function_call_output":  # its call is not at hand
            return _function({"call_id": raw["call_id"], "name": "", "arguments": ""}, raw)
        case "file_search_call":
            results = raw.get("results")
            found = {"queries": raw.get("queries") or [], "results": results and list(map(_hit, results))}
            known.files |= {hit["file_id"]: hit["filename"] for hit in results or () if hit.get("filename")}
            return {"id": id, "type": "file_search", "file_search": found}
        case "code_interpreter_call":
            outputs = [_output(out, f"{id} {n}", known) for n, out in enumerate(raw.get("outputs") or ())]
            ran = {"input": raw.get("code") or "", "outputs": outputs}
            return {"id": id, "type": "code_interpreter", "code_interpreter": ran}
        case _:
            return {**raw}


def _function(raw: RawItem, output: RawItem | None) -> dict[str, Any]:
    given = {"name": raw["name"], "arguments": raw["arguments"]}
    answer = {"output": _said(output["output"])} if output else {}
    return {"id": raw["call_id"], "type": "function", "function": {**given, **answer}}


def _said(output: Any) -> str:
    """Return an output as a text; it may come in parts."""
    if isinstance(output, str):
        return output
    return "\n".join(str(part.get("text") or f"[{part['type']}]") for part in output)


def _hit(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file_id": result["file_id"],
        "file_name": result.get("filename"),
        "score": result.get("score") or 0,
        "content": [{"type": "text", "text": result.get("text") or ""}],
    }


def _output(output: Mapping[str, Any], name: str, known: Known) -> dict[str, Any]:
    if output["type"] == "logs":
        return {"type": "logs", "logs": output["logs"]}
    known.pictures[name], known.files[name] = output["url"], "that the code has drawn"
    return {"type": "image", "image": {"file_id": name}}


def _picture(part: Mapping[str, Any], name: str, known: Known) -> dict[str, Any]:
    url = part.get("image_url") or ""
    if url.startswith("data:"):
        known.pictures[name], known.files[name] = url, ""
        return {"type": "image_file", "image_file": {"file_id": name}}
    if id := part.get("file_id"):
        return {"type": "image_file", "image_file": {"file_id": id}}
    return {"type": "image_url", "image_url": {"url": url}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"value": text, "annotations": []}}


def _text(part: Mapping[str, Any], known: Known) -> tuple[dict[str, Any], list[str]]:
    """Return a text with a mark for each citation, and the files of its pictures, which stand nowhere in it."""
    text, notes, pictures = part["text"], list[dict[str, Any]](), list[str]()
    value, at = "", 0
    for place, one in sorted(_places(part), key=lambda found: found[0]):
        value, at = value + text[at:place], max(at, place)
        id = one["file_id"]
        if one["type"] == "file_citation":
            cited = mark(1 + sum("file_citation" in note for note in notes), one)
            notes.append({"type": "file_citation", "text": cited, "file_citation": {"file_id": id}})
            value += cited
        elif linked := _linked(text, place, one):
            notes.append({"type": "file_path", "text": linked, "file_path": {"file_id": id}})
        else:
            pictures.append(id)
        if one.get("filename"):
            known.files[id] = one["filename"]
        if container := one.get("container_id"):
            known.containers[id] = container
    return {"type": "text", "text": {"value": value + text[at:], "annotations": notes}}, pictures


def _places(part: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the annotations that name a file, each with the place in the text where it belongs."""
    for one in part.get("annotations") or ():
        if one.get("file_id"):
            yield min(int(one.get("index") or one.get("start_index") or 0), len(part["text"])), one


def _linked(text: str, place: int, annotation: Mapping[str, Any]) -> str:
    """Return the link to a file that begins at a place; nothing for a picture, which has no place."""
    if end := annotation.get("end_index"):
        return text[place:end]
    found = _LINK.match(text, place)
    return found[0] if found else ""
