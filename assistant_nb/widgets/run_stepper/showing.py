"""What a stepper shows: the branches, the frame where it stands, and what the page asks about them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ... import sdk, trace
from ...render import Html
from ...trace import Frame
from .. import statuses
from ..lab import FAULTS, Lab
from ..messages import CodedCall, Question, StepperState
from ..panel import Panel, work
from . import page, tabs
from .branches import Branch, labels, rows
from .guesses import Guesses
from .subjects import Subject, Word

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta.threads import Run
    from openai.types.responses import Response

    from ...shapes import Breakpoint, LabRun


class Showing(Panel):
    """A stepper without its moves."""

    def __init__(
        self,
        client: "OpenAI",
        subject: Subject,
        breakpoints: "list[Breakpoint]",
        functions: tuple[Callable[..., Any], ...],
        guesses: Guesses | None,
    ) -> None:
        self._subject, self._breakpoints, self._functions, self._guesses = subject, breakpoints, functions, guesses
        self.thread_id = subject.thread_id
        """The thread of the run; empty for a response."""
        self._branches: dict[str, Branch] = {}
        self._current, self._place = "", -1
        self._moves: dict[str, dict[str, str]] = {}
        self._engine: bool | None = None
        """Whether the server is our engine; None until it has answered."""
        super().__init__(client, subject.given or subject.about)
        self._lab = Lab(self._client)

    @property
    def run(self) -> "Run | None":
        """The run that is shown, as the server has it now; None before the first step."""
        run: Run | None = self._now("run")
        return run

    @property
    def response(self) -> "Response | None":
        """The response that is shown, as the server has it now; None before the first step."""
        response: Response | None = self._now("response")
        return response

    @property
    def frames(self) -> list[Frame]:
        """The frames of the branch that is shown."""
        return list(self._branch.frames) if self._current else []

    @property
    def frame(self) -> Frame | None:
        """The one that is shown."""
        return self._branch.frames[self._place] if self._current and self._branch.frames else None

    @property
    def number(self) -> int:
        """The number of the frame that is shown, from 1; 0 before the first step."""
        return self._place + 1

    @property
    def question(self) -> Question | None:
        """With `predict=True`, what is to be predicted before the next step: `{"text", "options", …}`."""
        return self._guesses.question if self._guesses else None

    @property
    def score(self) -> tuple[int, int]:
        """How many guesses were right, and of how many."""
        return (self._guesses.right, self._guesses.asked) if self._guesses else (0, 0)

    # What the page asks for

    @work
    def details(self, tab: str, places: Sequence[int], run_id: str | None = None) -> list[str | list[CodedCall]]:
        """Return what a tab shows of the frames at these places, counted from 0: HTML, or the calls of a client."""
        branch = self._branches.get(run_id or "", Branch("", self.thread_id, ""))
        run = branch.position["run"] if branch.position else None
        start = self._subject.start(self._client, branch.position) if tab == "calls" or not run else {}
        return tabs.details(tab, places, branch.frames, run, start, lambda n: self._lab.view(branch.run_id, n))

    @work
    def edits(self) -> list[trace.PossibleEdit]:
        """Return what a fork at this frame can change."""
        if self.frame is None:
            return []
        view = self._lab.view(self._current, self.frame.n)
        return list(trace.edits(self.frames[: self.number], view["run"], view["messages"]))

    @work
    def compare(self, run_id: str) -> str:
        """Return the HTML that compares this branch with another one."""
        names = labels(self._branches)
        return page.comparison(self.frames, self._branches[run_id].frames, names[self._current], names[run_id])

    def state(self) -> StepperState:
        with self._state_lock:
            branch, frames = self._branches.get(self._current), self.frames
            return {
                "word": self._subject.word,
                "engine": self._engine,
                "moves": self._moves,
                "statuses": statuses.looks(self._moves),
                "faults": FAULTS,
                "tabs": {name: (tab.label, tab.title) for name, tab in tabs.TABS.items()},
                "position": branch.position if branch else None,
                "frames": page.rows(frames),
                "place": self._place,
                "origin": page.origin(frames),
                "breakpoints": self._breakpoints,
                "branches": rows(self._branches, self._current),
                "functions": [getattr(one, "__name__", "") for one in self._functions],
                "guess": self._guesses.state() if self._guesses else None,
                "thread": self._about(branch),
            }

    def copy_html(self) -> Html:
        return page.copy_html(self._title(), self.frames, self._subject.word)

    def copy_text(self) -> str:
        lines = (f"{n:>3}  {frame.title}" for n, frame in enumerate(self.frames, 1))
        return "\n".join([f"RunStepper({self._title()})", *lines])

    @property
    def _branch(self) -> Branch:
        """The branch that is shown. Raises Refused before the first step."""
        if not self._current:
            raise sdk.Refused(f"There is no {self._subject.word} yet. The first step makes it.")
        return self._branches[self._current]

    @property
    def _standing(self) -> "LabRun":
        """Where the branch that is shown stands."""
        position = self._branch.position
        assert position
        return position

    def _now(self, word: Word) -> Any:
        return (
            self._subject.retrieve(self._client, self._standing)
            if self._current and word == self._subject.word
            else None
        )

    def _about(self, branch: Branch | None) -> str:
        """The thread of a branch; of a response its conversation, or nothing."""
        if self._subject.word == "run":
            return branch.thread_id if branch else self.thread_id
        return (branch and branch.position and branch.position["run"]["request"]["conversation"]) or ""

    def _title(self) -> str:
        if not self._current:
            return f"{self._subject.about}: no {self._subject.word} yet"
        return f"{self._current}: {self._branch.status}, {len(self.frames)} frames"

    def _say(self) -> None:
        if self._views:
            self.tell("state", **self.state())
