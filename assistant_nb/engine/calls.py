"""One tool call that the engine answers by itself, made and written down."""

from collections.abc import Iterator

from . import wire
from .answers import Event, told
from .draft import Draft, open_draft
from .errors import ModelError
from .journal import RunState
from .store import Store
from .tools.base import Tool
from .wire import Json


class Calling:
    """Makes a call, until it is answered or `stop`."""

    def __init__(self, store: Store, tool: Tool | None, state: RunState, call: Json) -> None:
        self._store, self._tool, self._run, self._call = store, tool, state.run, call
        self._given = state.arguments[call["id"]]

    def stop(self) -> str:
        """What comes of the call is not wanted any more. Nothing was said that could be kept."""
        if self._tool:
            self._tool.interrupt(self._run["thread_id"])
        return ""

    def go(self) -> Iterator[Event | None]:
        """Yields a delta for what is shown of the answer, and None when it is written down."""
        kind, answer = self._call["type"], self._answer()
        with open_draft(self._store, self._run["id"]) as draft:
            if draft.state.status != "in_progress":
                return
            if isinstance(answer, ModelError):
                draft.failed("", answer)
            else:
                step = self._write_down(draft, answer)
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

    def _write_down(self, draft: Draft, answer: Json) -> Json:
        """The step has the answer; it is done when it waits for no other, and for no function."""
        step = draft.state.open_step("tool_calls") or {}
        kind, calls = self._call["type"], step["step_details"]["tool_calls"]
        made = [{**call, kind: {**call[kind], **answer}} if call["id"] == self._call["id"] else call for call in calls]
        details = {**step["step_details"], "tool_calls": made}
        draft.note("tool.answered", step["id"], {"step_details": details})
        if draft.state.unused() is None and all(call["type"] != "function" for call in calls):
            draft.end_step(step, draft.state.usages[-1])
        return draft.state.objects[step["id"]]
