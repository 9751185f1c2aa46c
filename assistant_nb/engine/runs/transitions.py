"""The run loop: journal in, events out.

A run is work that comes in pieces. Each piece is a *transition*: it begins the run, asks the model, listens to the
answer, uses a tool, or ends the run. The loop makes one transition after the other:

    begin      queued -> in_progress
    ask        the thread's messages and the run's own steps become a prompt
    listen     the model's answer becomes a message, or tool calls
    use        the engine answers a call of its own tools, then the loop asks again
    require    the calls are of functions: in_progress -> requires_action, and the client has to act
    conclude   the answer has no calls: in_progress -> completed, or incomplete when tokens ran out
    stop       cancelling -> cancelled

Two rules make the loop safe.

1. A transition is one transaction. It reads from the journal what comes next, and writes what has come of it. So it
   does not matter who moved the run before, how many want to move it, or whether the process died in between.
2. Nothing that takes long happens inside a transaction. A model may think for a minute. Meanwhile clients read and
   cancel, and the loop looks at the journal again before it writes what the model said.

The loop is a generator. It does nothing until somebody takes the next value from it, and that somebody may be the
reader of a stream, a thread in the background, or a learner who presses "Step". The loop cannot tell them apart.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress

from .. import wire
from ..errors import IllegalMove, ModelError, Unanswered
from ..journal import RunState, fold
from ..model.base import Prompt
from ..model.faults import Faulty
from ..model.fingerprint import essence, fingerprint
from ..model.human import Human
from ..objects import MESSAGE, Run
from ..responses import turns
from ..run_states import ACTIVE, TERMINAL
from ..store import Store
from ..threads import code_files
from ..tools.base import Tool
from .answer import Event, Listening, told
from .live_run import LiveRun
from .prompt import exhausted, prompt_of, turns_of
from .stepping import next_transition
from .tool_calls import Calling
from .writer import RunDeleted, Writer


class RunLoop:
    """Moves runs, with these tools. `model` answers the runs that have none of their own."""

    def __init__(self, store: Store, model: Faulty, tools: Mapping[str, Tool]) -> None:
        self._store, self.model, self.tools = store, model, tools

    def drive(self, live: LiveRun) -> Generator[Event | None, None, bool]:
        """Move a run as far as it goes. Yields None after each transition, and each piece of an answer in between.

        Returns whether the run waits for a client: for tool outputs, for an answer in the model's seat, or, if it is
        held, for being advanced.
        """
        goes_on = True
        try:
            while goes_on and not live.ended and (turn := self._turn(live)):
                events, goes_on = turn
                yield from events
        except RunDeleted:
            live.leave_seat()
            live.ended = True
        except Exception as error:  # noqa: BLE001  a bug of ours must not leave the run hanging
            broke = ModelError(f"The engine broke: {told(error)}. Please report it.")
            with suppress(IllegalMove, RunDeleted), live.writing() as writer:
                writer.failed(live.interrupt(), broke)
            yield None
        return not (goes_on or live.ended)

    def _turn(self, live: LiveRun) -> tuple[Iterable[Event | None], bool] | None:
        """Make the next transition; None when there is none, or somebody else is at it.

        Gives what to yield, and whether the loop may go on. It may not where a client has to act: the client's answer
        may be there already, and somebody else goes on with it.
        """
        with live.writing() as writer:
            state = writer.state
            # Time may have run out since the last transition. That comes before all else.
            if is_over(self._store, state.run):
                writer.expired(live.interrupt())
                return [None], True
            # The journal alone says what comes next. What this process remembers may only hold it back: somebody has
            # to advance a held run, a person has not answered, or another thread is at work.
            transition = next_transition(state)
            if transition and not live.may_move(state):
                return [], False
            match transition:
                case "begin":
                    self._begin(writer)
                case "ask":
                    self._ask(writer)
                case "listen" if live.seated:
                    return [], False
                case "listen" if state.asked:
                    model = Human() if state.dictated else live.model or self.model
                    return _work(live, Listening(self._store, model, state, state.asked, live.writing))
                case "use" if call := state.unused():
                    return _work(live, Calling(self.tools.get(call["type"]), state, call, live.writing))
                case "require":
                    writer.become("requires_action", required_action=wire.required_action(state.calling))
                    return [None], False
                case "conclude":
                    _conclude(writer)
                case "stop":
                    writer.cancelled(live.interrupt())
                case _:
                    live.ended = state.status in TERMINAL
                    return None
            live.ended = state.status in TERMINAL
        return [None], True

    def _begin(self, writer: Writer) -> None:
        writer.become("in_progress", started_at=writer.at)
        try:
            for tool in self.tools.values():
                tool.begin(writer.run, writer.at)
        except ModelError as error:
            writer.failed("", error)

    def _ask(self, writer: Writer) -> None:
        prompt = self._prompt(writer.state)
        self._number(writer.state, prompt)
        if limit := exhausted(writer.state, prompt):
            writer.become("incomplete", incomplete_details={"reason": limit})
        else:
            writer.note("model.asked", writer.run["id"], {**prompt.as_json()})

    def _prompt(self, state: RunState) -> Prompt:
        run, files = state.run, list(code_files(self._store, state.run))
        if "request" in run:
            above, dialogue = turns.turns_of(self._store.context(run))
            return prompt_of(state, dialogue, files, above)
        return prompt_of(state, turns_of(self._store.all(MESSAGE, run["thread_id"]), run), files)

    def _number(self, state: RunState, prompt: Prompt) -> None:
        """Give a run its number, and before that one to each run that was created earlier.

        A recording gives the n-th run that begins with a prompt the n-th answer to it. So the numbers follow the order
        of creation, although runs on several threads come to their first question in any order.
        """
        run_id = state.run["id"]
        if self._store.number(run_id) is not None:
            return
        for run in self._store.active_runs():
            if run["id"] == run_id:
                break
            if self._store.number(run["id"]) is None:
                earlier = fold(self._store.journal(run["id"]))
                self._count(run, self._prompt(earlier))
        self._count(state.run, prompt)

    def _count(self, run: Run, prompt: Prompt) -> None:
        kind = "responses" if "request" in run else "runs"  # each API counts for itself
        name, apart = f"{kind} {fingerprint(essence(prompt))}", self._store.counts_apart(run["thread_id"])
        self._store.put_number(run["id"], self._store.count(f"{name} on {run['thread_id']}" if apart else name))


def _conclude(writer: Writer) -> None:
    if step := writer.state.open_step("tool_calls"):  # of a response: what it calls comes back in the next one
        writer.end_step(step, writer.state.usages[-1])
    if writer.state.answer and writer.state.answer["finish_reason"] == "length":
        writer.become("incomplete", incomplete_details={"reason": "max_completion_tokens"})
    else:
        writer.become("completed", completed_at=writer.at)


def _work(live: LiveRun, work: Listening | Calling) -> tuple[Iterator[Event | None], bool] | None:
    """What takes its time, outside of any transaction; None when somebody is at it already."""
    if live.work:
        return None
    live.work = work

    # The transaction in which this was decided ends when `_turn` returns. What is yielded here comes after it, so the
    # model may take its time, and clients read and cancel meanwhile. `work` opens transactions of its own, short ones.
    def until_it_ends() -> Iterator[Event | None]:
        try:
            yield from work.events()
        except Unanswered:
            with live.writing() as writer:
                live.seated = writer.state.status == "in_progress"
        finally:
            if live.work is work:
                live.work = None

    return until_it_ends(), True


def is_over(store: Store, run: Run) -> bool:
    """Whether a run's ten minutes are over."""
    end = run["expires_at"]  # those that have ended have none
    return run["status"] in ACTIVE and end is not None and store.time(run["thread_id"]) >= end
