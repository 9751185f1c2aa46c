"""Moving a run by hand: what its next transition is, how far an advance goes, why it stops there. Pure.

A held run moves only when somebody advances it. One transition is one turn of the run loop and all the journal
entries that this turn writes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..journal import Entry, RunState, fold
from ..params.lab import Breakpoint, To
from ..run_states import TERMINAL
from .seat import waits

Transition = Literal["begin", "ask", "listen", "use", "require", "conclude", "stop"]
Why = Literal["ended", "outputs", "person", "breakpoint", "held", "moving"]


def next_transition(state: RunState) -> Transition | None:
    """What the run loop does next; None when a client has to act, or the run has ended."""
    match state.status:
        case "queued":
            return "begin"
        case "in_progress" if state.asked:
            return "listen"
        case "in_progress" if state.answer and state.answer["finish_reason"] != "tool_calls":
            return "conclude"
        case "in_progress" if state.unused():
            return "use"
        case "in_progress" if state.open_step("tool_calls"):
            return "conclude" if "request" in state.run else "require"
        case "in_progress":
            return "ask"
        case "cancelling":
            return "stop"
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Goal:
    """How far a held run may go: `to` something that comes in its journal from entry `start` on."""

    to: To
    start: int

    def reached(self, state: RunState) -> bool:
        """Whether the run has come there. Breakpoints stop all ways but the shortest and "end"."""
        made = [entry for entry in state.entries[self.start :] if not entry.event.startswith("client.")]
        match self.to:
            case "transition":
                return bool(made)
            case "end":
                return False
            case _ if hit(state.held or [], made):
                return True
            case "step":
                return any(map(_ends_a_step, made))
            case "tool":
                return bool(made) and next_transition(state) in ("use", "require")
            case "breakpoint":
                return False


def seek(entries: Sequence[Entry], after: int, to: To, breakpoints: list[Breakpoint]) -> int:
    """The entry at which a move from entry `after` on stops in a journal as it is; its last one if nothing stops it.

    A move stops behind entries that were written together, where its goal is reached or the run waited for somebody;
    only the way to the "end" passes over that. An answer of a model, one transition, was written in several pieces.
    """
    state, goal = fold(entries[: after + 1]), Goal(to, after + 1)
    for entry, later in zip(entries[after + 1 :], entries[after + 2 :], strict=False):
        state.apply(entry)
        state.held = breakpoints
        waited = to != "end" and (next_transition(state) is None or later.event == "client.answered")
        if not later.follows and (waited or goal.reached(state)):
            return entry.n
    return len(entries) - 1


def hit(breakpoints: Sequence[Breakpoint], entries: Sequence[Entry]) -> Breakpoint | None:
    """The breakpoint that one of these entries meets, if one does.

    `{"status": "requires_action"}`, `{"step": "tool_calls"}`, `{"tool": "file_search"}`, `{"function": "add"}`
    """
    return next((mark for entry in entries for mark in _marks(entry) if mark in breakpoints), None)


def why(state: RunState, entries: Sequence[Entry], *, seated: bool) -> tuple[Why, Breakpoint | None]:
    """Why a run stands where it does after these entries, and the breakpoint that it met in them."""
    met = hit(state.held or [], entries)
    if state.status in TERMINAL:
        return "ended", met
    if state.status == "requires_action":
        return "outputs", met
    if waits(state, seated=seated):
        return "person", met
    return ("moving" if state.held is None else "breakpoint" if met else "held"), met


def _ends_a_step(entry: Entry) -> bool:
    return entry.event.startswith("thread.run.step.") and entry.data.get("status", "in_progress") != "in_progress"


def _marks(entry: Entry) -> Iterator[Breakpoint]:
    """The breakpoints that an entry would meet."""
    if entry.event == "model.called":
        for call in entry.data["step_details"]["tool_calls"]:
            yield {"tool": call["type"]}
            if call["type"] == "function":
                yield {"function": call["function"]["name"]}
    elif entry.event == "thread.run.step.created":
        yield {"step": entry.data["type"]}
    elif entry.event.startswith("thread.run.") and not entry.event.startswith("thread.run.step."):
        yield {"status": entry.data.get("status")}
