"""The objects of responses as they travel: how a run looks as a response, and a step or a message as an item.

Keys stand in the order in which the newest recordings have them. What a response repeats is made in `request`.
Source: recorded answers; the published description of `/responses` and `/conversations`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from .. import wire
from ..files.file_objects import SearchHit
from ..ids import container_file_id, container_id, item_id
from ..journal import RunState
from ..objects import Conversation, ItemBody, Message, Run, RunStep, Thread
from ..parts import Annotation, CitationAnnotation, CodeOutput, Part, ToolCall, Usage
from ..run_states import MOVING

Response = dict[str, Any]
PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fc",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "reasoning": "rs",
}
"""How the ids of items begin."""
SEARCH_RESULTS: Final = "file_search_call.results"
CODE_OUTPUTS: Final = "code_interpreter_call.outputs"
IMAGE_URLS: Final = "message.input_image.image_url"
_NO_TOKENS: Final = {"image_tokens": 0, "text_tokens": 0}
_ORDER: Final = (  # noqa: SIM905  it is read more easily so
    "id object created_at status background billing completed_at conversation error frequency_penalty"
    " incomplete_details instructions max_output_tokens max_tool_calls model moderation output parallel_tool_calls"
    " presence_penalty previous_response_id prompt_cache_key prompt_cache_retention reasoning safety_identifier"
    " service_tier store temperature text tool_choice tool_usage tools top_logprobs top_p truncation usage user"
    " metadata provenance"
).split()
"""The keys of a response. The last one is ours: where its answers came from."""
_TOOL_USAGE: Final = {
    "image_gen": {
        "input_tokens": 0,
        "input_tokens_details": _NO_TOKENS,
        "output_tokens": 0,
        "output_tokens_details": _NO_TOKENS,
        "total_tokens": 0,
    },
    "web_search": {"num_requests": 0},
}

# A run as a response


def response(run: Run, output: Sequence[ItemBody], *, billing: bool = True) -> Response:
    """A response as it stands. `billing` is left out of the snapshots in streams."""
    request, is_moving = run["request"], run["status"] in MOVING
    made: Response = {
        **request["echo"],
        "id": run["id"],
        "object": "response",
        "created_at": run["created_at"],
        "status": _status(run),
        "background": request["background"],
        "completed_at": run["completed_at"],
        "error": _error(run),
        "frequency_penalty": 0.0,
        "incomplete_details": run["incomplete_details"] and {"reason": "max_output_tokens"},
        "instructions": run["instructions"],
        "max_output_tokens": run["max_completion_tokens"],
        "model": run["model"],
        "moderation": None,
        "output": list(output),
        "parallel_tool_calls": run["parallel_tool_calls"],
        "presence_penalty": 0.0,
        "previous_response_id": request["previous_response_id"],
        "store": request["store"],
        "temperature": run["temperature"],
        "tool_usage": _TOOL_USAGE,
        "top_p": run["top_p"],
        "usage": run["usage"] and _usage(run["usage"]),
        "metadata": run["metadata"],
    }
    if made["service_tier"] == "auto" and not is_moving:
        made["service_tier"] = "default"
    if billing:
        made["billing"] = {"payer": "developer"}
    if request["conversation"]:
        made["conversation"] = {"id": request["conversation"]}
    if run["provenance"]:
        made["provenance"] = run["provenance"]
    return {key: made[key] for key in _ORDER if key in made}


def _status(run: Run) -> str:
    match run["status"]:
        case "queued" if not run["request"]["background"]:
            return "in_progress"
        case "cancelling":
            return "in_progress"
        case "expired":
            return "failed"
        case status:
            return status


def _error(run: Run) -> dict[str, str] | None:
    if run["status"] == "expired":
        return {"code": "server_error", "message": "The response expired: ten minutes had passed."}
    error = run["last_error"]
    return {"code": error["code"], "message": error["message"]} if error else None


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {"cache_write_tokens": 0, **usage["prompt_token_details"]},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": usage["completion_tokens_details"],
        "total_tokens": usage["total_tokens"],
    }


def conversation(thread: Thread) -> Conversation:
    at, metadata = thread["created_at"], thread["metadata"]
    return {"id": thread["id"], "object": "conversation", "created_at": at, "metadata": metadata}


# Messages and calls as items


def message_item(message: Message) -> ItemBody:
    """A message as an item: as it came, or as a run has written it."""
    if "sent" in message:
        return message["sent"]
    if message["role"] == "user":
        return item(message["id"], "message", content=[_input_part(part) for part in message["content"]], role="user")
    text = first_text(message)
    content = [said(message, *plain(text, message))] if "value" in text else []
    status = message.get("status", "completed")
    return item(message["id"], "message", status, content=content, role="assistant")


def item(id: str, kind: str, status: str = "completed", **fields: object) -> ItemBody:
    return {"id": id, "type": kind, "status": status, **fields}


def said(message: Message, text: str, annotations: Sequence[object] = ()) -> dict[str, Any]:
    """The content of a message that a run has written: a text, or a refusal."""
    return {"type": "refusal", "refusal": text} if message.get("refuses") else output_text(text, annotations)


def output_text(text: str, annotations: Sequence[object] = ()) -> dict[str, Any]:
    return {"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": text}


def _input_part(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "input_text", "text": part["text"]["value"]}
        case "image_file":
            return input_image(part["image_file"]["detail"], file_id=part["image_file"]["file_id"])
        case "image_url":
            return input_image(part["image_url"]["detail"], image_url=part["image_url"]["url"])


def input_image(detail: str, file_id: str | None = None, image_url: str | None = None) -> dict[str, Any]:
    return {"type": "input_image", "detail": detail, "file_id": file_id, "image_url": image_url}


def first_text(message: Message) -> Any:
    """The text of a message that a run has written; empty if there is none."""
    return next((part["text"] for part in message["content"] if part["type"] == "text"), {})


def cited(annotations: Sequence[Annotation]) -> list[CitationAnnotation]:
    """The annotations whose marks are not shown."""
    return [one for one in annotations if one["type"] == "file_citation"]


def plain(text: Any, message: Message) -> tuple[str, list[dict[str, Any]]]:
    """A text without the marks that cite hits, and its annotations: where the marks have been, then files of code."""
    shown, hits, links, at = "", list[dict[str, Any]](), list[dict[str, Any]](), 0
    pictures = [part["image_file"]["file_id"] for part in message["content"] if part["type"] == "image_file"]
    files = [_container_citation(id, f"{container_file_id(id)}.png", 0, 0, message) for id in pictures]
    for one in text.get("annotations", []):
        shown += text["value"][at : one["start_index"]]
        if one["type"] == "file_citation":
            hits.append(citation(one, len(shown)))
            at = one["end_index"]
        else:
            start, end, name = len(shown), len(shown) + len(one["text"]), one["text"].rpartition("/")[2]
            links.append(_container_citation(one["file_path"]["file_id"], name, start, end, message))
            at = one["start_index"]
    return shown + text["value"][at:], [*hits, *files, *links]


def citation(one: CitationAnnotation, at: int) -> dict[str, Any]:
    """What a mark cites that stood at this place."""
    name = one["text"].strip("【】").partition("†")[2]
    return {"type": "file_citation", "file_id": one["file_citation"]["file_id"], "filename": name, "index": at}


def _container_citation(file_id: str, name: str, start: int, end: int, message: Message) -> dict[str, Any]:
    return {
        "type": "container_file_citation",
        "container_id": container_id(message["thread_id"]),
        "end_index": end,
        "file_id": container_file_id(file_id),
        "filename": name,
        "start_index": start,
    }


def call_item(call: ToolCall, arguments: str, run: Run, status: str) -> ItemBody:
    """A call as an item, with all that came of it; `shown` cuts that to what a client asks for."""
    kind = call["type"] if call["type"] == "function" else f"{call['type']}_call"
    id = item_id(PREFIXES.get(kind, "fc"), run["id"], call["id"])
    match call["type"]:
        case "function":
            name = call["function"]["name"]
            return item(id, "function_call", status, arguments=arguments, call_id=call["id"], name=name)
        case "file_search":
            results = list(map(_found, call["file_search"]["results"]))
            queries = [arguments] if arguments else []
            return item(id, "file_search_call", status, queries=queries, results=results)
        case "code_interpreter":
            outputs = list(map(_output, call["code_interpreter"]["outputs"]))
            container = container_id(run["thread_id"])
            return item(id, "code_interpreter_call", status, code=arguments, container_id=container, outputs=outputs)


def _found(hit: SearchHit) -> dict[str, Any]:
    return {
        "attributes": hit["attributes"],
        "file_id": hit["file_id"],
        "filename": hit["file_name"],
        "score": hit["score"],
        "text": "".join(part["text"] for part in hit["content"]),
        "vector_store_id": hit.get("vector_store_id", ""),
    }


def _output(output: CodeOutput) -> dict[str, Any]:
    """A picture is named by its file until it is shown."""
    return {**output} if output["type"] == "logs" else {"type": "image", "url": output["image"]["file_id"]}


def call_items(step: RunStep, state: RunState) -> list[ItemBody]:
    """The items of a run step, once the model has made its calls."""
    calls = wire.tool_calls(step)
    answered = [call["id"] for call in calls if call["type"] != "function"][: state.used]
    items = []
    for call in calls:
        if step["status"] == "failed":
            status = "incomplete"
        elif call["type"] == "function" or step["status"] == "completed" or call["id"] in answered:
            status = "completed"
        else:
            status = "in_progress" if step["status"] == "in_progress" else "incomplete"
        items.append(call_item(call, state.arguments[call["id"]], state.run, status))
    return items


def shown(item: ItemBody, include: Collection[str], picture: Callable[[str], str]) -> ItemBody:
    """An item as a client sees it. `picture` gives the address of a file's bytes."""
    match item["type"]:
        case "file_search_call" if SEARCH_RESULTS not in include:
            return {**item, "results": None}
        case "code_interpreter_call" if CODE_OUTPUTS not in include:
            return {**item, "outputs": None}
        case "code_interpreter_call" if item["outputs"]:
            outputs = [
                {**one, "url": picture(one["url"])} if one["type"] == "image" else one for one in item["outputs"]
            ]
            return {**item, "outputs": outputs}
        case "message" if IMAGE_URLS not in include and any(part.get("image_url") for part in item["content"]):
            return {
                **item,
                "content": [part | ({"image_url": None} if "image_url" in part else {}) for part in item["content"]],
            }
        case _:
            return item
