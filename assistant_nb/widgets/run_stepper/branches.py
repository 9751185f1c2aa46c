"""The branches of a stepper: a run and its forks, each with its journal as frames."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ... import trace
from ...trace import Frame
from ..messages import BranchRow

if TYPE_CHECKING:
    from ...shapes import Edit, JournalEntry, LabRun, Parent


@dataclass
class Branch:
    """A run, with what is known about it."""

    run_id: str
    thread_id: str
    status: str
    parent: "Parent | None" = None
    edit: "Edit | None" = None
    """What is otherwise than in its parent; None for the run that the stepper began with."""
    entries: "list[JournalEntry]" = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    position: "LabRun | None" = None
    """Where the run stands; None until it has been asked for."""

    def take(self, position: "LabRun", journal: "Callable[[int], Sequence[JournalEntry]]") -> bool:
        """Take in the run's position; return whether anything is new. `journal(n)` gives the entries after entry n."""
        known = len(self.entries)
        new = [entry for entry in position["entries"] if entry["n"] >= known]
        if known + len(new) <= position["n"]:  # somebody else has moved it, too
            new = list(journal(known - 1))
        if not new and position == self.position:
            return False
        self.position, self.status, self.parent = position, position["run"]["status"], position["parent"]
        if new:
            self.entries += new
            self.frames = trace.frames(self.entries)
        return True

    def place_of(self, n: int) -> int:
        """Return the place of the first frame that includes entry `n`, from 0; the last place if none does."""
        return next((place for place, frame in enumerate(self.frames) if frame.n >= n), len(self.frames) - 1)


def labels(branches: Mapping[str, Branch]) -> dict[str, str]:
    """Return a name for each branch: "main", "get_price → 120 euros". Equal ones are numbered."""
    found, times = dict[str, str](), Counter[str]()
    for id, branch in branches.items():
        parent = branches.get(branch.parent["run_id"]) if branch.parent else None
        label = "main" if branch.edit is None else trace.edit_label(branch.edit, parent.frames if parent else [])
        times[label] += 1
        found[id] = f"{label} ({times[label]})" if times[label] > 1 else label
    return found


def rows(branches: Mapping[str, Branch], shown: str) -> list[BranchRow]:
    """Return the branches as the page lists them."""
    names = labels(branches)
    return [
        {
            "id": id,
            "label": names[id],
            "status": branch.status,
            "shown": id == shown,
            "parent": branch.parent["run_id"] if branch.parent else None,
            "start": _start(branches, branch.parent) if branch.parent else None,
        }
        for id, branch in branches.items()
    ]


def _start(branches: Mapping[str, Branch], parent: "Parent") -> int | None:
    """The last frame that a branch shares with its parent, counted from 1."""
    frames = branches[parent["run_id"]].frames if parent["run_id"] in branches else []
    return next((place for place, frame in enumerate(frames, 1) if frame.n >= parent["n"]), None)
