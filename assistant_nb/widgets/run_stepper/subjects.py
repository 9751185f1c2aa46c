"""What a stepper steps through: a run of an assistant, or a response. Each is made, read and cancelled its own way."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from ... import sdk
from ..lab import Lab

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Assistant, Thread
    from openai.types.beta.threads import Run
    from openai.types.responses import Response

    from ...shapes import Breakpoint, LabRun
    from .calls import Params

Word = Literal["run", "response"]
_OF_RUN: Final = "RunStepper(client, thread.id, assistant.id)"
_OF_RESPONSE: Final = "RunStepper(client, response=response.id)"


class Subject(Protocol):
    """Makes and changes what is stepped through. Raises what the SDK raises."""

    word: Word
    about: str
    """The id of the thread or the model, before there is a run."""
    given: str
    """The id of the run or the response that there is already; empty for one still to be made."""
    thread_id: str

    def make(self, lab: Lab, breakpoints: "list[Breakpoint]") -> str:
        """Make it, held from the start; return its id."""

    def retrieve(self, client: "OpenAI", position: "LabRun") -> Any:
        """Return it as the server has it now."""

    def cancel(self, client: "OpenAI", position: "LabRun") -> None: ...

    def submit(self, client: "OpenAI", position: "LabRun", outputs: Mapping[str, str]) -> None:
        """Give the outputs of functions, by the ids of their calls."""

    def start(self, client: "OpenAI", position: "LabRun | None") -> "Params":
        """Return the call that makes it."""


class RunSubject:
    word: Word = "run"

    def __init__(self, thread_id: str, start: Mapping[str, Any], given: str) -> None:
        self.about = self.thread_id = thread_id
        self._start, self.given = start, given

    def make(self, lab: Lab, breakpoints: "list[Breakpoint]") -> str:
        return lab.create(self.about, self._start, breakpoints)["id"]

    def retrieve(self, client: "OpenAI", position: "LabRun") -> Any:
        return client.beta.threads.runs.retrieve(position["run"]["id"], thread_id=position["run"]["thread_id"])

    def cancel(self, client: "OpenAI", position: "LabRun") -> None:
        client.beta.threads.runs.cancel(position["run"]["id"], thread_id=position["run"]["thread_id"])

    def submit(self, client: "OpenAI", position: "LabRun", outputs: Mapping[str, str]) -> None:
        answers: Any = [{"tool_call_id": id, "output": output} for id, output in outputs.items()]
        run = position["run"]
        client.beta.threads.runs.submit_tool_outputs(run["id"], thread_id=run["thread_id"], tool_outputs=answers)

    def start(self, _: "OpenAI", position: "LabRun | None") -> "Params":
        return {"thread_id": position["run"]["thread_id"] if position else self.about, **self._start}


class ResponseSubject:
    word: Word = "response"

    thread_id = ""

    def __init__(self, start: Mapping[str, Any], given: str) -> None:
        self._start, self.given = start, given
        self.about = str(start.get("model", ""))

    def make(self, lab: Lab, breakpoints: "list[Breakpoint]") -> str:
        return lab.create_response(self._start, breakpoints)

    def retrieve(self, client: "OpenAI", position: "LabRun") -> Any:
        return client.responses.retrieve(position["run"]["id"])

    def cancel(self, client: "OpenAI", position: "LabRun") -> None:
        client.responses.cancel(position["run"]["id"])

    def submit(self, _: "OpenAI", position: "LabRun", outputs: Mapping[str, str]) -> None:
        given = [{"type": "function_call_output", "call_id": id, "output": out} for id, out in outputs.items()]
        raise sdk.Refused(
            "A response takes no outputs: the next one carries them. Make it: client.responses.create("
            f'model="{position["run"]["model"]}", previous_response_id="{position["run"]["id"]}", input={given})'
        )

    def start(self, client: "OpenAI", position: "LabRun | None") -> "Params":
        """Return the call that makes the response; of one that there was, as the engine keeps it."""
        if position is None:
            return self._start
        run = position["run"]
        request, echo = run["request"], run["request"]["echo"]
        made: dict[str, Any] = {"model": run["model"]}
        for name in ("conversation", "previous_response_id"):
            if value := request[name]:
                made[name] = value
        if own := _own_input(client, run):
            made["input"] = own
        if run["instructions"] is not None:
            made["instructions"] = run["instructions"]
        return {**made, **({"tools": echo["tools"]} if echo["tools"] else {})}


def subject_of(
    thread: "Thread | str | None",
    assistant: "Assistant | str | None",
    run: "Run | None",
    response: "Response | str | None",
    parameters: Mapping[str, Any],
) -> Subject:
    """Return what is stepped through. Raises TypeError where that is not clear."""
    given = run.id if run else sdk.id_of(response, "a response", _OF_RESPONSE) if response else ""
    kind = "run" if run else "response"
    if given and parameters:
        raise TypeError(f"{kind.title()} {given} is made already. Leave out {', '.join(parameters)}, or {kind}=….")
    if (response and not run) or (not (run or thread or assistant) and "model" in parameters):
        return ResponseSubject(parameters, given)
    if run is None and (thread is None or assistant is None):
        raise TypeError(
            "RunStepper needs a thread and an assistant, or run=… or response=… with one that there is,"
            " or the model=… and the input=… of a response."
        )
    thread_id = run.thread_id if run else sdk.id_of(thread, "a thread", _OF_RUN)
    assistant_id = run.assistant_id if run else sdk.id_of(assistant, "an assistant", _OF_RUN)
    return RunSubject(thread_id, {"assistant_id": assistant_id, **parameters}, given)


def _own_input(client: "OpenAI", run: Mapping[str, Any]) -> Any:
    """Return what the response was given itself: a text, or the items behind the last answer."""
    found = list(client.responses.input_items.list(run["id"], order="desc", limit=100))
    items = [item.to_dict(mode="json") for item in found]
    n = next((n for n, item in enumerate(items) if not _is_input(item)), len(items))
    own = [_sent(item) for item in reversed(items[:n])]
    match own:
        case [{"role": "user", "content": [{"type": "input_text", "text": str(text)}]}]:
            return text
    return own


def _is_input(item: Mapping[str, Any]) -> bool:
    """Return whether a client has written an item."""
    return item["type"] == "function_call_output" or bool(item["type"] == "message" and item["role"] != "assistant")


def _sent(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a request brings it."""
    return {name: value for name, value in item.items() if name not in ("id", "status") and value is not None}
