"""`as_responses` writes the program that makes the answer of a run by the Responses API.

    print(anb.as_responses(run))

The journal holds what the run's model was asked: so the program sends the same words.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .. import as_code
from ..answers import asked
from ..as_code import Code, literal
from ..sdk import Refused
from ..widgets.lab import Lab
from .settings import choice, lost, parameters

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta.threads import Run

    from ..shapes import Asked, PromptTurn

_BEGIN: Final = "from openai import OpenAI\n\nclient = OpenAI()"
_LOOP: Final = """\
while calls := [item for item in response.output if item.type == "function_call"]:
    given = [
        {"type": "function_call_output", "call_id": call.call_id, "output": outputs.pop(0)}
        for call in calls
    ]
"""
_OWN: Final = ("file_search", "code_interpreter")
"""Tools that the server uses by itself."""


def as_responses(run: "Run", client: "OpenAI | None" = None) -> str:
    """Return a Python program that asks for the same answer by the Responses API. A comment names what is left out.

    Functions are not called: their outputs are those of the run. Code runs in a container of its own, which knows
    nothing of earlier code. Files, pictures and vector stores are named by their ids. Marks in earlier answers stay,
    but cite nothing.
    Asks the engines of this process, the newest first, or only that of `client`. Raises NotAnswered if none has the
    run, Refused for a run that has asked no model yet, TypeError for what is no run.
    """
    given: Any = run
    if getattr(given, "object", None) != "thread.run":
        raise TypeError(f"as_responses takes a run, not {given!r:.60}. Write: anb.as_responses(run)")
    journal, resources = asked(run.id, client, lambda one: (Lab(one).journal(run.id, -1), _resources(one, run)))
    prompts: list[Any] = [entry["data"] for entry in journal if entry["event"] == "model.asked"]
    if not prompts:
        raise Refused(f"The run is {run.status}, and has asked its model nothing yet. Wait until it has.")
    return _Program(run.to_dict(), prompts[0], resources).text(_outputs(prompts[-1]["messages"]))


class _Program:
    def __init__(self, run: Mapping[str, Any], prompt: "Asked", resources: Sequence[Mapping[str, Any]]) -> None:
        self._prompt = prompt
        asked_with = {**run, **prompt}
        self._lost = "".join(f"{line}\n" for line in lost(asked_with, resources))
        self._settings = parameters(asked_with, resources)

    def text(self, outputs: Sequence[str]) -> str:
        """Return the program of a run whose functions had these outputs, in order."""
        first = {"input": _input(self._prompt["messages"]), **choice({**self._prompt})}
        if not outputs:
            return f"{_BEGIN}\n\n{self._lost}{self._call(self._settings, first)}\nprint(response.output_text)\n"
        named: dict[str, Any] = {
            name: self._settings[name] for name in ("instructions", "tools") if name in self._settings
        }
        variables: dict[str, Any] = {**named, "outputs": list(outputs)}
        lines = "".join(f"{name} = {literal(value, 0, len(name) + 3)}\n" for name, value in variables.items())
        settings = {**self._settings, **{name: Code(name) for name in named}}
        again = self._call(settings, {"previous_response_id": Code("response.id"), "input": Code("given")})
        again = "".join(f"    {line}\n" for line in again.splitlines())
        call = self._call(settings, first)
        return f"{_BEGIN}\n\n{self._lost}{lines}\n{call}\n{_LOOP}{again}print(response.output_text)\n"

    @staticmethod
    def _call(settings: Mapping[str, Any], more: Mapping[str, Any]) -> str:
        return as_code.in_sdk("responses.create", {**settings, **more})


def _resources(client: "OpenAI", run: "Run") -> list[dict[str, Any]]:
    """Return what a run, its thread and its assistant have for tools now; nothing of those that were deleted."""
    import openai

    found: list[Any] = [run]
    with suppress(openai.NotFoundError):
        found.append(client.beta.threads.retrieve(run.thread_id))
    with suppress(openai.NotFoundError):
        found.append(client.beta.assistants.retrieve(run.assistant_id))
    return [one.to_dict().get("tool_resources") or {} for one in found]


def _outputs(messages: "Sequence[PromptTurn]") -> list[str]:
    """Return what functions answered a run. Only its own calls stand in its prompt."""
    calls = (call for turn in messages for call in turn.get("tool_calls", ()))
    return [call.get("output", "") for call in calls if call["name"] not in _OWN]


def _input(messages: "Sequence[PromptTurn]") -> Any:
    """Return the dialogue as items; one question of the user as a text."""
    items = [{"role": turn["role"], "content": _content(turn)} for turn in messages]
    match items:
        case [{"role": "user", "content": str(text)}]:
            return text
    return items


def _content(turn: "PromptTurn") -> Any:
    if isinstance(turn["content"], str):
        return turn["content"]
    return [_part(part) for part in turn["content"]]


def _part(part: Any) -> dict[str, Any]:
    match part["type"]:
        case "image_file":
            image = part["image_file"]
            return {"type": "input_image", "file_id": image["file_id"], "detail": image.get("detail", "auto")}
        case "image_url":
            address = part["image_url"]
            return {"type": "input_image", "image_url": address["url"], "detail": address.get("detail", "auto")}
        case _:
            return {"type": "input_text", "text": part["text"]}
