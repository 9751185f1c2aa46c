"""Responses: their function loop, and the form of their tools."""

from typing import Final

from ..row import Lesson, Mistake

_LOOP: Final = Lesson("11", "The function loop is yours")

ROWS: Final = (
    Mistake(
        "messages of chat completions",
        r"TypeError",
        r"^(Async)?Responses\.\w+\(\) got an unexpected keyword argument 'messages'",
        "A response takes the messages as `input`.",
        ('input=[{{"role": "user", "content": "…"}}]',),
        Lesson("11", "One: your own list"),
        None,
    ),
    Mistake(
        "output forgotten",
        r"BadRequestError",
        r"^No tool output found for function call (?P<call_id>\S+?)\.?$",
        "A call waits for its output. Run the function, and send what it returns. Then go on.",
        ('input=[{{"type": "function_call_output", "call_id": "{call_id}", "output": "…"}}]',),
        _LOOP,
    ),
    Mistake(
        "wrong call_id",
        r"BadRequestError",
        r"^No tool call found for function call output",
        "No call before this request has this id. Take the `call_id` of the call, not its `id`, and name the response"
        " with the call in `previous_response_id`.",
        ('input=[{{"type": "function_call_output", "call_id": call.call_id, "output": "…"}}]',),
        _LOOP,
    ),
    Mistake(
        "tool of an assistant",
        r"BadRequestError",
        r"^Missing required parameter: 'tools\[\d+\]\.name'",
        "This is the tool of an assistant. A response wants the name of a function beside its `type`.",
        ('tools=[{{"type": "function", **tool["function"]}}]',),
        _LOOP,
    ),
)
