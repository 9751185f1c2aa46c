"""The journal: what happened in a run, in order, and how to read it back. Pure: nothing here knows where it is kept.

A bank does not keep the balance of an account alone. It keeps every payment, and the balance is their sum. A journal
does the same for a run. It is a list of entries that only grows; an entry is never changed. The run object, its steps
and its messages are the sum: apply the entries one after the other, and you have them. This is called a *fold*.

    0  thread.run.created       run_…   {"status": "queued", "model": "gpt-4", …}
    1  thread.run.queued        run_…   {}
    2  thread.run.in_progress   run_…   {"status": "in_progress", "started_at": …}
    3  model.asked              run_…   {"messages": [{"role": "user", "content": "2 + 2?"}], …}

Folding entries 0 to 2 gives a run in progress. Folding 0 to 3 gives the same run, with a prompt that waits.

Why keep the entries, when the run object is all that most clients want? Three things follow from them.

* Recovery. When the process dies, the journal says how far the run had come. The engine folds it and goes on.
* Rewind. Fold only the first entries, and you see the run as it was then, byte for byte, without asking a model.
* Fork. Copy the first entries under new ids, change one thing, and go on: a run that could have been.

They hold only if an entry says all that a fold needs. So the answers of the model are in the journal: none of them is
asked for again. Times and ids are in it, too: none of them is made anew.

Four families of entries, told apart by the first word of their event:

    thread.…   a transition: `data` holds the fields of object `id` that this event sets. The event's
               name is the one a stream sends. A created object brings all its fields.
    model.…    `model.asked` holds the exact prompt (a store keeps it without repeating: see `prompt_texts`),
               `model.answered` the answer with its usage and provenance; `model.called` writes the calls
               of that answer into their run step `id`, `model.dropped` takes the half-written message `id` away
               that another answer replaces.
    tool.…     `tool.answered` writes there what came of a call that the engine answers by itself.
    client.…   a client changed (`client.modified`) or deleted (`client.deleted`) what the run made;
               `client.answered`: what a person has said in the model's seat; `client.dictated`: what a
               client has put in place of an answer, in a fork, whoever the model is;
               `client.held`, `client.released`: whether the run moves by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from .entries import Answered, Asked
from .objects import Message, Run, RunObject, RunStep
from .params.lab import Breakpoint, Said
from .parts import StepType, ToolCall, Usage
from .run_states import Status
from .wire import tool_calls


class Entry(NamedTuple):
    """One line of a journal.

    `Entry(3, 1708766075, "thread.run.in_progress", "run_…", {"status": "in_progress", …})`
    """

    n: int  # place in the journal, from 0
    at: int  # Unix seconds
    event: str
    id: str  # of the object the event is about
    data: Any  # as the event has it: fields of the object, or one of the shapes in `entries`
    follows: bool = False  # whether it was written together with the entry before it


@dataclass
class RunState:
    """What a journal says so far."""

    entries: list[Entry] = field(default_factory=list)
    """What was read."""
    objects: dict[str, RunObject] = field(default_factory=dict)
    """By id, in order of appearance: the run first, then its steps and messages."""
    asked: Asked | None = None
    """The prompt that waits for its answer."""
    said: Said | None = None
    """What a person has said to it in the model's place."""
    dictated: bool = False
    """Whether the model is not asked at all, as a client has said that for it."""
    held: list[Breakpoint] | None = None
    """Where a run that moves only by hand shall stop: its breakpoints. None for a run that moves by itself."""
    answer: Answered | None = None
    """The latest answer of the model, until the next prompt."""
    arguments: dict[str, str] = field(default_factory=dict)
    """Of each tool call, by id: what the model wrote into it."""
    used: int = 0
    """How many calls of the latest answer the engine has answered by itself."""
    usages: list[Usage] = field(default_factory=list)
    """What each answer took."""

    @property
    def length(self) -> int:
        return len(self.entries)

    @property
    def at(self) -> int:
        """The time of the latest entry."""
        return self.entries[-1].at

    @property
    def run(self) -> Run:
        return cast(Run, next(iter(self.objects.values())))

    @property
    def status(self) -> Status:
        return self.run["status"]

    @property
    def steps(self) -> list[RunStep]:
        return [body for body in self.objects.values() if body["object"] == "thread.run.step"]

    @property
    def messages(self) -> list[Message]:
        return [body for body in self.objects.values() if body["object"] == "thread.message"]

    @property
    def open_message(self) -> Message | None:
        """The message still being written, if there is one."""
        return next((message for message in self.messages if message["status"] == "in_progress"), None)

    @property
    def pictures(self) -> list[str]:
        """What code has drawn since the run's last message, as file ids: the next message begins with it."""
        drawn: list[str] = []
        for step in self.steps:
            if step["type"] == "message_creation" and step["status"] != "in_progress":
                drawn = []
            for call in tool_calls(step):
                outputs = call["code_interpreter"]["outputs"] if call["type"] == "code_interpreter" else []
                drawn += [output["image"]["file_id"] for output in outputs if output["type"] == "image"]
        return drawn

    def open_step(self, type: StepType) -> RunStep | None:
        """The step of this type that has not ended, if there is one."""
        return next((step for step in self.steps if step["type"] == type and step["status"] == "in_progress"), None)

    @property
    def calling(self) -> RunStep:
        """The step whose tool calls are under way. Only while there is one."""
        return next(step for step in self.steps if step["type"] == "tool_calls" and step["status"] == "in_progress")

    def written(self) -> list[str]:
        """The ids of the messages of the answer under way: one at most, which may have ended where calls began."""
        steps = self.steps[-2:]
        if not (steps and steps[-1]["status"] == "in_progress"):
            return []
        created = [step["step_details"] for step in steps]
        ids = [one["message_creation"]["message_id"] for one in created if one["type"] == "message_creation"]
        return [id for id in ids if id in self.objects]  # others were deleted

    def unused(self) -> ToolCall | None:
        """The next tool call that the engine has to answer, if there is one: `{"id": …, "type": "file_search", …}`."""
        step = self.open_step("tool_calls")
        calls = tool_calls(step) if step else []
        return next(iter([call for call in calls if call["type"] != "function"][self.used :]), None)

    # What follows is the whole of folding. Most entries are about an object, and set some of its fields. Those about
    # the model, a tool or a client change what the run waits for, too. That is not a field of any object, so it stands
    # beside them, and `next_transition` in `runs/stepping` reads it.

    def apply(self, entry: Entry) -> None:
        """Take in the next entry. An object that it changes is a new one: who holds the old one sees no change."""
        self.entries.append(entry)
        if entry.event == "model.asked":
            self.asked, self.answer = entry.data, None
        elif entry.event in ("client.answered", "client.dictated"):
            self.said, self.dictated = entry.data, entry.event == "client.dictated"
        elif entry.event in ("client.held", "client.released"):
            self.held = entry.data.get("breakpoints")
        elif entry.event == "model.answered":
            self.asked, self.said, self.dictated, self.answer = None, None, False, entry.data
            self.usages.append(entry.data["usage"])
            self._set(entry.id, {"provenance": [*self.run["provenance"], entry.data["provenance"]]})
        elif entry.event == "model.called":
            calls = entry.data["step_details"]["tool_calls"]
            said = self.answer["tool_calls"] if self.answer else []
            self.arguments |= {call["id"]: one["arguments"] for call, one in zip(calls, said, strict=True)}
            self.used = 0
            self._set(entry.id, entry.data)
        elif entry.event == "tool.answered":
            self.used += 1
            self._set(entry.id, entry.data)
        elif entry.event in ("client.deleted", "model.dropped"):
            del self.objects[entry.id]
        else:
            self._set(entry.id, entry.data)

    def _set(self, id: str, data: Any) -> None:
        changed: Any = {**self.objects.get(id, {}), **data}
        self.objects[id] = changed


def fold(entries: Iterable[Entry]) -> RunState:
    """Read a journal from its beginning."""
    state = RunState()
    for entry in entries:
        state.apply(entry)
    return state
