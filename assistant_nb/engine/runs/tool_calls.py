"""Tool calls, answered and written down: by the engine itself, or with the outputs of a client."""

from collections.abc import Iterator

from .. import wire
from ..errors import BadRequest, ModelError
from ..journal import RunState
from ..tools.base import Tool
from ..wire import Json
from .answer import Event, told
from .writer import Writer, Writing


class Calling:
    """Makes a call, until it is answered or `stop`."""

    def __init__(self, tool: Tool | None, state: RunState, call: Json, writing: Writing) -> None:
        self._tool, self._run, self._call, self._writing = tool, state.run, call, writing
        self._given = state.arguments[call["id"]]

    def stop(self) -> str:
        """What comes of the call is not wanted any more. Nothing was said that could be kept."""
        if self._tool:
            self._tool.interrupt(self._run["thread_id"])
        return ""

    def events(self) -> Iterator[Event | None]:
        """Yields a delta for what is shown of the answer, and None when it is written down."""
        kind, answer = self._call["type"], self._answer()
        with self._writing() as writer:
            if writer.state.status != "in_progress":
                return
            if isinstance(answer, ModelError):
                writer.failed("", answer)
            else:
                step = answered(writer, self._call, answer)
        if not isinstance(answer, ModelError) and answer.get("outputs"):
            index = [call["id"] for call in step["step_details"]["tool_calls"]].index(self._call["id"])
            outputs = [{"index": n, **output} for n, output in enumerate(answer["outputs"])]
            yield "thread.run.step.delta", wire.call_delta(step["id"], index, kind, outputs=outputs)
        yield None

    def _answer(self) -> Json | ModelError:
        kind = self._call["type"]
        if self._tool is None:
            return ModelError(
                f"The model called the tool '{kind}', which this engine cannot run yet. Ways on: take the tool off the"
                " assistant, or run with tool_choice='none'."
            )
        try:
            return self._tool.use(self._run, self._given)
        except Exception as error:  # noqa: BLE001  a tool must not leave the run hanging
            return ModelError(f"The tool '{kind}' broke: {told(error)}.")


def answered(writer: Writer, call: Json, answer: Json) -> Json:
    """The call's step has the answer; it is done when it waits for no other, and for no function."""
    step = writer.state.open_step("tool_calls") or {}
    kind, calls = call["type"], step["step_details"]["tool_calls"]
    made = [{**one, kind: {**one[kind], **answer}} if one["id"] == call["id"] else one for one in calls]
    details = {**step["step_details"], "tool_calls": made}
    writer.note("tool.answered", step["id"], {"step_details": details})
    if writer.state.unused() is None and all(one["type"] != "function" for one in calls):
        writer.end_step(step, writer.state.usages[-1])
    return writer.state.objects[step["id"]]


def take_outputs(writer: Writer, outputs: list[Json]) -> None:
    """The outputs of the functions that a run waits for; it is queued again. Raises BadRequest unless all are there."""
    step = writer.state.open_step("tool_calls") or {}
    writer.end_step(step, writer.state.usages[-1], step_details=_with_outputs(step["step_details"], outputs))
    writer.become("queued", required_action=None)


def _with_outputs(details: Json, outputs: list[Json]) -> Json:
    """A step's tool calls with what their functions answered. Raises BadRequest unless each got one answer."""
    by_id = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    expected = [call["id"] for call in details["tool_calls"] if call["type"] == "function"]
    got = [output["tool_call_id"] for output in outputs]
    if sorted(expected) != sorted(got):
        raise BadRequest(f"Expected tool outputs for call_ids {expected}, got {got}")
    calls = [
        {**call, "function": {**call["function"], "output": by_id[call["id"]]}} if call["id"] in by_id else call
        for call in details["tool_calls"]
    ]
    return {**details, "tool_calls": calls}
