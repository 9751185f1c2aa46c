"""Tool calls, answered and written down: by the engine itself, or with the outputs of a client."""

from collections.abc import Iterator

from .. import deltas, wire
from ..errors import BadRequest, ModelError
from ..journal import RunState
from ..objects import RunStep
from ..params.assistants import ToolOutput
from ..parts import ToolAnswer, ToolCall, ToolCallsDetails
from ..tools.base import Tool
from .answer import Event, told
from .writer import Writer, Writing


class Calling:
    """Makes a call, until it is answered or `stop`."""

    def __init__(self, tool: Tool | None, state: RunState, call: ToolCall, writing: Writing) -> None:
        self._tool, self._run, self._call, self._writing = tool, state.run, call, writing
        self._given = state.arguments[call["id"]]

    def stop(self) -> str:
        """What comes of the call is not wanted any more. Nothing was said that could be kept."""
        if self._tool:
            self._tool.interrupt(self._run["thread_id"])
        return ""

    def events(self) -> Iterator[Event | None]:
        """Yields a delta for what is shown of the answer, and None when it is written down."""
        answer = self._answer()
        with self._writing() as writer:
            if writer.state.status != "in_progress":
                return
            if isinstance(answer, ModelError):
                writer.failed("", answer)
            else:
                step = answered(writer, self._call["id"], answer)
        if not isinstance(answer, ModelError) and "outputs" in answer and answer["outputs"]:
            index = [call["id"] for call in wire.tool_calls(step)].index(self._call["id"])
            yield "thread.run.step.delta", deltas.outputs_delta(step["id"], index, answer["outputs"])
        yield None

    def _answer(self) -> ToolAnswer | ModelError:
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


def answered(writer: Writer, call_id: str, answer: ToolAnswer) -> RunStep:
    """The call's step has the answer; it is done when it waits for no other, and for no function."""
    step = writer.state.calling
    calls = [_with_answer(call, answer) if call["id"] == call_id else call for call in wire.tool_calls(step)]
    writer.note("tool.answered", step["id"], {"step_details": {**step["step_details"], "tool_calls": calls}})
    if writer.state.unused() is None and all(call["type"] != "function" for call in calls):
        writer.end_step(step, writer.state.usages[-1])
    return next(one for one in writer.state.steps if one["id"] == step["id"])


def _with_answer(call: ToolCall, answer: ToolAnswer) -> ToolCall:
    if call["type"] == "code_interpreter" and "outputs" in answer:
        return {**call, "code_interpreter": {**call["code_interpreter"], **answer}}
    if call["type"] == "file_search" and "results" in answer:
        return {**call, "file_search": {**call["file_search"], **answer}}
    raise TypeError(f"a call of {call['type']} was answered with {answer!r}")


def take_outputs(writer: Writer, outputs: list[ToolOutput]) -> None:
    """The outputs of the functions that a run waits for; it is queued again. Raises BadRequest unless all are there."""
    step = writer.state.calling
    calls = _with_outputs(wire.tool_calls(step), outputs)
    details: ToolCallsDetails = {"type": "tool_calls", "tool_calls": calls}
    writer.end_step(step, writer.state.usages[-1], step_details=details)
    writer.become("queued", required_action=None)


def _with_outputs(calls: list[ToolCall], outputs: list[ToolOutput]) -> list[ToolCall]:
    """Tool calls with what their functions answered. Raises BadRequest unless each got one answer."""
    by_id = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    expected = [call["id"] for call in calls if call["type"] == "function"]
    got = [output["tool_call_id"] for output in outputs]
    if sorted(expected) != sorted(got):
        raise BadRequest(f"Expected tool outputs for call_ids {expected}, got {got}")
    return [
        {**call, "function": {**call["function"], "output": by_id[call["id"]]}} if call["type"] == "function" else call
        for call in calls
    ]
