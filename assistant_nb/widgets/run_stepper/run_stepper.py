"""RunStepper: a debugger for runs, and for responses.

    stepper = RunStepper(client, thread.id, assistant.id)   # the run is made with the first step
    stepper = RunStepper(client, run=run)                   # one that is under way, or long over
    stepper = RunStepper(client, response=response)         # or its id; or input=…, model=… for one still to be made
    stepper.step(); stepper.to_end(); stepper.back(); stepper.fork({"instructions": "Sing."})

Each control is a method, too, so clicks and code do the same. A move that code makes prints the frame that it leads to.
Going back asks no model. A fork is a new run on a new thread, or a new response. The stepper needs our engine, which
keeps journals; on another server it says so in one sentence.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ... import sdk
from ...functions import tool_outputs
from .. import statuses
from ..lab import ELSEWHERE, RESPONSES_ELSEWHERE
from ..panel import quick, work
from ..schema_text import misfit
from .branches import Branch
from .guesses import Guesses
from .moves import go, move, reach
from .showing import Showing
from .subjects import subject_of

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Assistant, Thread
    from openai.types.beta.threads import Run
    from openai.types.responses import Response

    from ...shapes import Breakpoint, Edit, LabRun, SaidCall, To


class RunStepper(Showing):
    """A stepper for one run, or one response. `thread`, `assistant` and `response` are SDK objects or ids. `functions`
    can answer the run's calls; `predict=True` asks for a guess before each step. Other `parameters`, such as
    `max_completion_tokens=20`, are those of the run that the first step makes. A `model` and no thread make a response.
    Raises TypeError without a run, a response, a model, or a thread and an assistant, and for parameters of what is
    made already.
    """

    _stem = "run_stepper"

    def __init__(
        self,
        client: "OpenAI",
        thread: "Thread | str | None" = None,
        assistant: "Assistant | str | None" = None,
        *,
        run: "Run | None" = None,
        response: "Response | str | None" = None,
        functions: Sequence[Callable[..., Any]] = (),
        breakpoints: "Sequence[Breakpoint]" = (),
        predict: bool = False,
        **parameters: Any,
    ) -> None:
        subject = subject_of(thread, assistant, run, response, parameters)
        super().__init__(client, subject, list(breakpoints), tuple(functions), Guesses() if predict else None)
        self._turn = threading.Lock()
        self._look()

    # Moving

    @move
    def step(self) -> None:
        """Go to the next frame; from the last one, let the run make one transition."""
        self._move("transition")

    @move
    def over(self) -> None:
        """Go to the end of the current run step."""
        self._move("step")

    @move
    def to_tool(self) -> None:
        """Go to the next call of a tool."""
        self._move("tool")

    @move
    def to_breakpoint(self) -> None:
        """Go to the next breakpoint, or to where the run waits for outputs or a person."""
        self._move("breakpoint")

    @move
    def to_end(self) -> None:
        """Go as far as the run goes."""
        self._move("end")

    @move
    def reach(self, place: str) -> None:
        """Go to the first frame with a status ("completed") or an event ("model.asked"). A run that was there stays."""
        reach(self, place, lambda: self._move("transition"))

    @move
    def back(self) -> None:
        """Go to the frame before. No model is asked."""
        self.look_at(self.number - 1)

    @move
    def go(self, frame: int) -> None:
        """Show a frame by its number in the list, from 1. Raises Refused if there is none."""
        go(self, frame)

    @quick
    def look_at(self, frame: int) -> int:
        """Show a frame by its number; return the number of the one that is shown. It is `go` without a word."""
        with self._state_lock:
            if self.frames:
                self._place = min(max(frame, 1), len(self.frames)) - 1
            self.tell("state", place=self._place)
            return self.number

    @work
    def hold(self) -> None:
        """Hold the run: from now on it moves only by hand."""
        self._take(self._lab.hold(self._branch.run_id, self._breakpoints))

    @work
    def release(self) -> None:
        """Let the run go on by itself."""
        self._take(self._lab.release(self._branch.run_id))

    @move
    def stop(self) -> None:
        """Cancel the run, as a client would."""
        self._subject.cancel(self._client, self._standing)
        self._refresh()

    @work
    def break_at(self, breakpoint: "Breakpoint", on: bool = True) -> None:
        """Set a breakpoint, or take it away: `{"status": …}`, `{"step": …}`, `{"tool": …}` or `{"function": …}`."""
        self._breakpoints = [one for one in self._breakpoints if one != breakpoint] + [breakpoint] * on
        if self._current and (position := self._branch.position) and position["held"]:
            self._take(self._lab.hold(self._current, self._breakpoints))
        self._say()

    # What if

    @move
    def pass_time(self, advance_s: int = 600) -> None:
        """Let time pass for all that the engine holds; a run expires ten minutes after it was made."""
        self._lab.clock(advance_s)
        if self._current:
            self._refresh(go_on=True)

    @work
    def fault(self, kind: str) -> None:
        """Let the next call of the model go wrong, once.

        `kind` is `rate_limit`, `server_error`, `slow`, `cut_off` or `malformed_arguments`.
        """
        self._lab.fault(kind)

    # Taking part

    @move
    def submit(self, outputs: dict[str, str] | None = None) -> None:
        """Give the outputs that the run waits for, by the ids of their calls; without them, your functions'."""
        position = self._standing
        if outputs is None and not self._functions:
            raise sdk.Refused("This stepper has no functions. Give RunStepper functions=…, or the outputs here.")
        given = self.called() if outputs is None else outputs
        self._subject.submit(self._client, position, given)
        self._refresh(go_on=True)

    @work
    def called(self) -> dict[str, str]:
        """Call your functions for the run; return their outputs by call id. Nothing is submitted."""
        run = self.run
        found = tool_outputs(run, *self._functions) if run else []
        return {one["tool_call_id"]: str(one.get("output")) for one in found}

    @move
    def answer(self, text: str = "", tool_calls: "Sequence[SaidCall]" = ()) -> list[str]:
        """Answer in the model's place. Return remarks: what a good model would do differently."""
        remarks = self._lab.answer(self._branch.run_id, text, tool_calls)
        self._refresh(go_on=True)
        return remarks

    @work
    def check(self, function: str, arguments: str) -> str | None:
        """Check arguments against the function's schema; return the first mistake, or None."""
        position = self._branch.position
        return misfit(position["run"]["tools"] if position else [], function, arguments)

    @move
    def fork(self, edit: "Edit | None" = None) -> None:
        """Go on otherwise from the frame that is shown, on a new thread; shows the new branch, which is held.

        `edit` changes one thing: `{"instructions": …}`, `{"message": {"id", "content"}}`, `{"answer": {"text",
        "tool_calls"}}`, `{"arguments": {"tool_call_id", "arguments"}}` or `{"output": {"tool_call_id", "output"}}`.
        """
        position = self._lab.fork(self._current, self._branch.frames[self._place].n, edit or {})
        run = position["run"]
        self._branches[run["id"]] = Branch(run["id"], run["thread_id"], run["status"], position["parent"], edit or {})
        self._show(run["id"])

    @move
    def switch(self, run_id: str) -> None:
        """Show another branch, at its last frame."""
        self._show(run_id)

    @work
    def guess(self, answer: str) -> None:
        """Answer the question: what comes next?"""
        if self._guesses:
            self._guesses.make(answer)
        self._say()

    def look(self) -> None:
        if not self._engine:
            self._begin()
        elif self._current and not statuses.is_final(self._branch.status):
            self._refresh()

    # Inside

    def _begin(self) -> None:
        """Ask the server for its table of moves, and show the run that was given."""
        if self._engine is None:
            moves = self._lab.moves()
            self._engine, self._moves = moves is not None, moves or {}
        if not self._engine:
            told = ELSEWHERE if self._subject.word == "run" else RESPONSES_ELSEWHERE
            raise sdk.Refused(told.format(thread_id=self.thread_id))
        if given := self._subject.given:
            self._add(given)
            for one in self._lab.forks(given):
                id, edit = one["run_id"], one["edit"] or {}
                self._branches[id] = Branch(id, one["thread_id"], one["status"], one["parent"], edit)
            self._show(given)
        self._say()

    def _add(self, id: str) -> None:
        run = self._lab.position(id)["run"]
        self._branches[id] = Branch(id, run["thread_id"], run["status"])

    def _move(self, to: "To") -> None:
        with self._turn:  # two clicks are two moves, one after the other
            if not self._engine:
                self._begin()
            if not self._current:
                self._add(id := self._subject.make(self._lab, self._breakpoints))
                self._show(id)
                if to == "transition" or (self._guesses and self._guesses.open):
                    return
            branch, frames = self._branch, self.frames
            if self.number < len(frames) and to == "transition":
                self.look_at(self.number + 1)
            elif self.number < len(frames):  # known frames, and the engine knows where a run would stop among them
                n = self._lab.seek(branch.run_id, to, frames[self._place].n, self._breakpoints)
                self.look_at(branch.place_of(n) + 1)
            elif self._guesses and self._guesses.open:
                raise sdk.Refused("Predict first: say what you think comes next.")
            else:
                self._take(self._lab.advance(self._current, to))

    def _show(self, run_id: str) -> None:
        """Show a branch at its last frame."""
        with self._state_lock:
            self._current, self._place = run_id, 10**9
            self._refresh(go_on=True)

    def _refresh(self, *, go_on: bool = False) -> None:
        """Ask where the run stands. With `go_on`, or from the last frame, go to the newest frame."""
        self._take(self._lab.position(self._current), go_on=go_on)

    def _take(self, position: "LabRun", *, go_on: bool = True) -> None:
        with self._state_lock:
            branch = self._branch
            at_end = go_on or self._place >= len(branch.frames) - 1
            if not branch.take(position, lambda n: self._lab.journal(self._current, n)) and not go_on:
                return
            if at_end:
                self._place = len(branch.frames) - 1
            if self._guesses:
                self._guesses.look(position, branch.frames)
            self._say()
            if not statuses.is_moving(branch.status):
                self.refresh_copy()
