"""A call of the Assistants API as code for the Responses API. Pure.

    of_assistant({"model": "gpt-4o", "name": "Tutor"})
    '# Responses have no assistants: …\\nresponse = client.responses.create(…)'

Responses have no assistants: each request brings the settings. `settings` are those of the assistant or the run.
"""

from typing import Final

from .. import as_code
from ..as_code import Code, Params
from .settings import choice, lost, parameters

NAME: Final = "Responses"
_STATELESS: Final = "# Responses have no assistants: every request brings the settings."
_MOVED: Final = "# `conversation` holds what the thread holds. Make it with client.conversations.create(items=[…])."
_WAITS: Final = (
    "# Without stream or background, `create` comes back when the answer is there: nothing is polled.\n"
    "# A response in the background is looked at like this:"
)


def of_assistant(settings: Params) -> str:
    """Return the request that does what an assistant with these settings would do."""
    resources = [settings.get("tool_resources") or {}]
    made = {**parameters(settings, resources), "input": "Your question."}
    return "\n".join([_STATELESS, *lost(settings, resources), as_code.in_sdk("responses.create", made)])


def of_call(operation: str, params: Params, run: Params) -> str:
    """Return what a client of responses writes instead of a call about a run. `run` has the settings."""
    resources = [run.get("tool_resources") or {}]
    common = {**parameters(run, resources), "conversation": Code("conversation.id")}
    match operation:
        case "runs.create":
            made = {**common, **choice(run)}
            return "\n".join([_MOVED, *lost(run, resources), as_code.in_sdk("responses.create", made)])
        case "runs.submit_tool_outputs":
            given = [
                {"type": "function_call_output", "call_id": one["tool_call_id"], "output": one["output"]}
                for one in params["tool_outputs"]
            ]
            made = {**common, "input": given}
            return "# The outputs go into the next response.\n" + as_code.in_sdk("responses.create", made)
        case "runs.retrieve":
            return f"{_WAITS}\n{as_code.in_sdk('responses.retrieve', {'response_id': Code('response.id')})}"
        case "messages.list":
            return "print(response.output_text)"
        case "steps.list":
            return "for item in response.output:\n    print(item.type)"
    raise ValueError(f"Nothing is known of {operation} in Responses.")
