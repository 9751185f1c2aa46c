"""RunStepper: a debugger for runs.

    stepper = RunStepper(client, thread.id, assistant.id)   # the run is made with the first step
    stepper = RunStepper(client, run=run)                   # one that is under way, or long over
    stepper.step(); stepper.to_end(); stepper.back(); stepper.fork({"instructions": "Sing."})

What is clicked can be typed: each control is a method. Back is a view, which asks no model; a fork is a new run on a
new thread. It needs our engine, which keeps a journal of each run; on another server it says so in one sentence.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ... import sdk, trace
from ...functions import tool_outputs
from ...trace import Frame
from ..panel import Panel, work
from ..schema_text import misfit
from . import page
from .lab import Lab, To

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Assistant, Thread
    from openai.types.beta.threads import Run

Json = dict[str, Any]

_RESTING: Final = ("completed", "failed", "cancelled", "expired", "incomplete")
_ELSEWHERE: Final = (
    "This server keeps no journal of its runs, so RunStepper cannot show them: use a client of assistant_nb.connect(). "
    'A thread of any server can be read: assistant_nb.ThreadView(client, "{thread_id}") shows this one.'
)


@dataclass
class Branch:
    """A run with what is known of it."""

    run: Json
    entries: list[Json] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    position: Json = field(default_factory=dict)
    parent: Json | None = None
    label: str = "main"


class RunStepper(Panel):
    """`thread` and `assistant` are SDK objects or ids; `functions` may answer what the run asks of them; `predict=True`
    asks for a guess before each step. Other `parameters`, such as `max_completion_tokens=20`, are those of the run that
    the first step makes.

    Raises TypeError without a run, or a thread and an assistant, and for parameters of a run that there is already.
    """

    _stem = "run_stepper"

    def __init__(
        self,
        client: "OpenAI",
        thread: "Thread | str | None" = None,
        assistant: "Assistant | str | None" = None,
        *,
        run: "Run | None" = None,
        functions: Sequence[Callable[..., Any]] = (),
        breakpoints: Sequence[Json] = (),
        predict: bool = False,
        **parameters: Any,
    ) -> None:
        if run is None and (thread is None or assistant is None):
            raise TypeError("RunStepper needs a thread and an assistant, or run=… with a run that there is.")
        if run and parameters:
            raise TypeError(f"Run {run.id} is made already. Leave out {', '.join(parameters)}, or run=….")
        self.thread_id = run.thread_id if run else _id(thread)
        self._start = {"assistant_id": run.assistant_id if run else _id(assistant), **parameters}
        self._functions, self._breakpoints = tuple(functions), list(breakpoints)
        self._branches: dict[str, Branch] = {}
        self._current, self._place = "", -1
        self._moves: Json = {}
        self._turn = threading.Lock()
        self._guesses = page.Guesses() if predict else None
        super().__init__(client, run.id if run else self.thread_id)
        self._lab = Lab(self._client)
        self._engine: bool | None = None
        """Whether the server is our engine; None until it has answered."""
        self._given = run
        self._look()

    @property
    def run(self) -> "Run | None":
        """The SDK's object of the branch that is shown, as it is now; None before the first step."""
        if not self._current:
            return None
        return self._client.beta.threads.runs.retrieve(self._current, thread_id=self._branch.run["thread_id"])

    @property
    def frames(self) -> list[Frame]:
        """What has happened so far on the branch that is shown."""
        return list(self._branch.frames) if self._current else []

    @property
    def frame(self) -> Frame | None:
        """The one that is shown."""
        return self._branch.frames[self._place] if self._current and self._branch.frames else None

    @property
    def question(self) -> Json | None:
        """With `predict=True`, what is to be predicted before the next step: `{"text", "options", …}`."""
        return self._guesses.question if self._guesses else None

    @property
    def score(self) -> tuple[int, int]:
        """How many guesses were right, and of how many."""
        return (self._guesses.right, self._guesses.asked) if self._guesses else (0, 0)

    # Moving

    @work
    def step(self) -> None:
        """The next frame; at the last one, let the run make one transition."""
        self._move("transition")

    @work
    def over(self) -> None:
        """To the end of the run step that is under way."""
        self._move("step")

    @work
    def to_tool(self) -> None:
        """To the next call of a tool."""
        self._move("tool")

    @work
    def to_breakpoint(self) -> None:
        """To the next breakpoint, or where the run needs somebody."""
        self._move("breakpoint")

    @work
    def to_end(self) -> None:
        """As far as the run goes."""
        self._move("end")

    @work
    def back(self) -> None:
        """The frame before, as it was: a view, no model is asked."""
        self.go(self._place - 1)

    @work
    def go(self, place: int) -> None:
        """Show the frame at a place, counted from 0."""
        with self._state_lock:
            if self._current and self._branch.frames:
                self._place = min(max(place, 0), len(self._branch.frames) - 1)
            self._say()

    @work
    def hold(self) -> None:
        """From now on the run moves only by hand."""
        self._take(self._lab.hold(self._branch.run["id"], self._breakpoints))

    @work
    def release(self) -> None:
        """Let the run go on by itself."""
        self._take(self._lab.release(self._branch.run["id"]))

    @work
    def stop(self) -> None:
        """Cancel the run, as a client would."""
        run = self._branch.run
        self._client.beta.threads.runs.cancel(run["id"], thread_id=run["thread_id"])
        self._refresh()

    @work
    def break_at(self, breakpoint: Json, on: bool = True) -> None:
        """Set a breakpoint, or take it away: `{"status": …}`, `{"step": …}`, `{"tool": …}` or `{"function": …}`."""
        self._breakpoints = [one for one in self._breakpoints if one != breakpoint] + [breakpoint] * on
        if self._current and self._branch.position.get("held"):
            self._take(self._lab.hold(self._current, self._breakpoints))
        self._say()

    # What if

    @work
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

    @work
    def submit(self, outputs: dict[str, str] | None = None) -> None:
        """Give the outputs that the run waits for, by the ids of their calls; without them, your functions'."""
        run = self._branch.run
        if outputs is None and not self._functions:
            raise sdk.Refused(
                "This stepper has no functions to call. Give RunStepper functions=…, or the outputs here."
            )
        given = self.called() if outputs is None else outputs
        answers: Any = [{"tool_call_id": id, "output": output} for id, output in given.items()]
        submit = self._client.beta.threads.runs.submit_tool_outputs
        submit(run["id"], thread_id=run["thread_id"], tool_outputs=answers)
        self._refresh(go_on=True)

    @work
    def called(self) -> dict[str, str]:
        """What your functions answer to what the run asks, by the ids of the calls, before it is submitted."""
        run = self.run
        found = tool_outputs(run, *self._functions) if run else []
        return {one["tool_call_id"]: str(one.get("output")) for one in found}

    @work
    def answer(self, text: str = "", tool_calls: Sequence[Json] = ()) -> list[str]:
        """Answer in the model's place. Gives what a good model would have done otherwise."""
        said = {**({"text": text} if text else {}), **({"tool_calls": list(tool_calls)} if tool_calls else {})}
        remarks: list[str] = self._lab.answer(self._branch.run["id"], said)["remarks"]
        self._refresh(go_on=True)
        return remarks

    @work
    def check(self, function: str, arguments: str) -> str | None:
        """What is wrong with the arguments of a call, by the function's schema; None if nothing is."""
        offered = (tool["function"] for tool in self._branch.run["tools"] if tool["type"] == "function")
        schema = next(one.get("parameters") for one in offered if one["name"] == function)
        return misfit(arguments, schema or {})

    @work
    def fork(self, edit: Json | None = None) -> None:
        """Go on otherwise from the frame that is shown, on a new thread; shows the new branch, which is held.

        `edit` changes one thing: `{"instructions": …}`, `{"message": {"id", "content"}}`, `{"answer": {"text",
        "tool_calls"}}`, `{"arguments": {"tool_call_id", "arguments"}}` or `{"output": {"tool_call_id", "output"}}`.
        """
        frame = self._branch.frames[self._place]
        position = self._lab.fork(self._current, frame.n, edit or {})
        label = page.edit_label(edit or {}, len(self._branches))
        self._branches[position["run"]["id"]] = Branch(position["run"], parent=position["parent"], label=label)
        self._show(position["run"]["id"])

    @work
    def switch(self, run_id: str) -> None:
        """Show another branch."""
        self._show(run_id)

    @work
    def guess(self, answer: str) -> None:
        """What you think comes next."""
        if self._guesses:
            self._guesses.make(answer)
        self._say()

    # What the page asks for

    @work
    def detail(self, tab: str) -> str:
        """What a tab shows of the frame that is shown, as HTML."""
        if self.frame is None:
            return page.nothing_yet(self._start["assistant_id"])
        return page.detail(tab, self._branch.frames, self._place, self._objects(tab))

    @work
    def code(self) -> list[Json]:
        """The calls that a client would make here, as code, and what the server answers."""
        run = self._branch.run if self._current else None
        return page.calls_here(self.frames, self._place, run, self._first(), self._at)

    @work
    def edits(self) -> list[Json]:
        """What a fork at this frame can change."""
        if self.frame is None:
            return []
        view = self._lab.view(self._current, self.frame.n)
        return list(trace.edits(self._branch.frames[: self._place + 1], view["run"], view["messages"]))

    @work
    def compare(self, run_id: str) -> str:
        """The branch that is shown beside another one, as HTML."""
        other = self._branches[run_id]
        return page.comparison(self._branch.frames, other.frames, self._branch.label, other.label)

    def state(self) -> Json:
        with self._state_lock:
            return self._shown()

    def look(self) -> None:
        if not self._engine:
            self._begin()
        elif self._current and self._branch.run["status"] not in _RESTING:
            self._refresh()

    def copy_html(self) -> str:
        return page.copy_html(self._title(), self._branch.frames if self._current else [])

    def copy_text(self) -> str:
        lines = [f"{n:>3}  {frame.title}" for n, frame in enumerate(self.frames, 1)]
        return "\n".join([f"RunStepper({self._title()})", *lines])

    # Inside

    @property
    def _branch(self) -> Branch:
        """The one that is shown. Raises Refused before the first step."""
        if not self._current:
            raise sdk.Refused("There is no run yet. The first step makes it.")
        return self._branches[self._current]

    def _title(self) -> str:
        if not self._current:
            return f"{self.thread_id}: no run yet"
        return f"{self._current}: {self._branch.run['status']}, {len(self._branch.frames)} frames"

    def _begin(self) -> None:
        """Get to know the server, and the run that was given."""
        if self._engine is None:
            about = self._lab.about()
            self._engine, self._moves = about is not None, (about or {}).get("moves", {})
        if not self._engine:
            raise sdk.Refused(_ELSEWHERE.format(thread_id=self.thread_id))
        if run := self._given:
            self._branches[run.id] = Branch(run.to_dict(mode="json"))
            self._find_forks(run.id)
            self._show(run.id)
        self._say()

    def _find_forks(self, run_id: str) -> None:
        for n, fork in enumerate(self._lab.forks(run_id), 1):
            label = page.edit_label(fork["edit"] or {}, n)
            run = {"id": fork["run_id"], "thread_id": fork["thread_id"], "status": fork["status"]}
            self._branches[fork["run_id"]] = Branch(run, parent=fork["parent"], label=label)

    def _first(self) -> Json:
        """The call that makes the run."""
        return {"thread_id": self.thread_id, **self._start}

    def _move(self, to: To) -> None:
        with self._turn:  # two clicks are two moves, one after the other
            self._move_now(to)

    def _move_now(self, to: To) -> None:
        if not self._engine:
            self._begin()
        if self._guesses and self._guesses.open:
            raise sdk.Refused("Predict first: say what you think comes next.")
        if not self._current:
            self._create()
        elif self._place < len(self._branch.frames) - 1:
            self.go(self._known(to))
        else:
            self._take(self._lab.advance(self._current, to))

    def _known(self, to: To) -> int:
        """The place of the frame at which a move stops among those that there are: the engine knows where."""
        if to == "transition":
            return self._place + 1
        frames = self._branch.frames
        n = self._lab.seek(self._current, to, frames[self._place].n, self._breakpoints)
        return next((place for place, frame in enumerate(frames) if frame.n >= n), len(frames) - 1)

    def _create(self) -> None:
        run = self._lab.create(self.thread_id, {**self._start, "breakpoints": self._breakpoints})
        self._branches[run["id"]] = Branch(run)
        self._show(run["id"])

    def _show(self, run_id: str) -> None:
        with self._state_lock:
            self._current, self._place = run_id, 10**9
            self._refresh(go_on=True)

    def _refresh(self, *, go_on: bool = False) -> None:
        """Ask where the run stands. With `go_on`, or at its last frame, the newest one is shown."""
        self._take(self._lab.position(self._current), go_on=go_on)

    def _take(self, position: Json, *, go_on: bool = True) -> None:
        with self._state_lock:
            branch = self._branch
            at_end = go_on or self._place >= len(branch.frames) - 1
            known = len(branch.entries)
            new = [entry for entry in position["entries"] if entry["n"] >= known]
            if known + len(new) <= position["n"]:  # somebody else has moved it, too
                new = self._lab.journal(self._current, known - 1)
            if not new and position == branch.position and not go_on:
                return
            branch.position, branch.run, branch.parent = position, position["run"], position["parent"]
            self._add(new, at_end=at_end)

    def _add(self, new: list[Json], *, at_end: bool) -> None:
        branch = self._branch
        branch.entries += new
        branch.frames = trace.frames(branch.entries)
        if at_end:
            self._place = len(branch.frames) - 1
        if self._guesses:
            self._guesses.look(branch.position, branch.frames)
        self._say()
        if branch.run["status"] not in ("queued", "in_progress", "cancelling"):
            self.refresh_copy()

    def _say(self) -> None:
        if self._views:
            self.tell("state", **self._shown())

    def _shown(self) -> Json:
        """All that the page draws, but the tabs."""
        branch = self._branches.get(self._current)
        frames = branch.frames if branch else []
        return {
            "engine": self._engine,
            "moves": self._moves,
            "run": branch.run if branch else None,
            "position": branch.position if branch else {},
            "frames": [page.row(frame) for frame in frames],
            "place": self._place,
            "passed": trace.statuses(frames[: self._place + 1]),
            "summary": page.summary(frames[: self._place + 1]),
            "breakpoints": self._breakpoints,
            "branches": [self._branch_row(id, one) for id, one in self._branches.items()],
            "functions": [getattr(one, "__name__", "") for one in self._functions],
            "guess": self._guesses.state() if self._guesses else None,
            "thread": branch.run["thread_id"] if branch else self.thread_id,
        }

    def _branch_row(self, id: str, branch: Branch) -> Json:
        head = {"id": id, "label": branch.label, "status": branch.run["status"], "shown": id == self._current}
        return {**head, "parent": branch.parent, "from": self._parting(branch)}

    def _parting(self, branch: Branch) -> int | None:
        """The frame of its parent, counted from 1, at which a branch begins."""
        if branch.parent is None or branch.parent["run_id"] not in self._branches:
            return None
        frames, n = self._branches[branch.parent["run_id"]].frames, branch.parent["n"]
        return next((place for place, frame in enumerate(frames, 1) if frame.n >= n), None)

    def _objects(self, tab: str) -> tuple[Json, Json]:
        """The public objects before this frame and after it."""
        if tab != "objects" or self.frame is None:
            return {}, {}
        old = self._at(self._branch.frames[self._place - 1].n) if self._place > 0 else {}
        return old, self._at(self.frame.n)

    def _at(self, n: int) -> Json:
        """Run, steps and messages as they were at an entry."""
        return self._lab.view(self._current, n)


def _id(thing: Any) -> str:
    return str(thing if isinstance(thing, str) else thing.id)
