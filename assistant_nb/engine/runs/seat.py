"""The model's seat: which runs wait for a person there, and what the person may answer. Pure."""

import json
from collections.abc import Iterator

from ..entries import Asked
from ..errors import BadRequest
from ..journal import RunState
from ..model.base import tool_name
from ..params.lab import Said


def waits(state: RunState, *, seated: bool) -> bool:
    """Whether a run waits for a person. `seated`: its model has left the answer to one."""
    return seated and state.status == "in_progress" and state.asked is not None and state.said is None


def check_answer(state: RunState, said: Said, *, seated: bool) -> None:
    """Raise BadRequest unless the run waits for this answer, and offers each tool that it calls."""
    id = state.run["id"]
    if state.said is not None:
        raise BadRequest(f"Run {id} has its answer already, and goes on with it.", code="already_answered")
    if state.status != "in_progress":
        raise BadRequest(
            f"Run {id} waits for no answer: it is '{state.status}'. GET /v1/lab/seats lists those that do."
        )
    if not seated and state.held is not None:
        raise BadRequest(f"Run {id} is held and has not come to a person. POST /v1/lab/runs/{id}/advance first.")
    if not waits(state, seated=seated):
        raise BadRequest(
            f"Run {id} does not wait for a person: its model answers. For a seat in the next run:\n"
            'client.post("/lab/model", cast_to=object, body={"model": "human"})'
        )
    check_calls(state, said)


def check_calls(state: RunState, said: Said) -> None:
    """Raise BadRequest unless the prompt that waits offers each tool that is called."""
    id, names = state.run["id"], [tool_name(tool) for tool in (state.asked["tools"] if state.asked else [])]
    for n, call in enumerate(said.get("tool_calls", [])):
        if call["name"] not in names:
            raise BadRequest(
                f"Run {id} offers no tool '{call['name']}'. It offers: {', '.join(names) or 'none'}.",
                param=f"tool_calls[{n}].name",
                code="unknown_tool",
            )


def remarks(prompt: Asked, said: Said) -> Iterator[str]:
    """What a good model would have done otherwise; models err, so it is told and passed on."""
    calls, kinds = said.get("tool_calls", []), {tool["type"] for tool in prompt["tools"]}
    for n, call in enumerate(calls):
        if call["name"] not in kinds and (fault := _no_json(call["arguments"])):
            yield f"tool_calls[{n}].arguments is no JSON object ({fault}); it was passed on as it is."
    if len(calls) > 1 and not prompt["parallel_tool_calls"]:
        yield "The run asked for one tool call at a time (parallel_tool_calls is false)."
    shape = prompt["response_format"]
    if isinstance(shape, dict) and shape["type"] != "text" and "text" in said and (fault := _no_json(said["text"])):
        yield f"The run asked for a {shape['type']}, and the text is no JSON object ({fault})."


def _no_json(text: str) -> str | None:
    """Why a text is no JSON object, if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return str(error)
    return None if isinstance(value, dict) else f"it is {json.dumps(value)[:40]}"
