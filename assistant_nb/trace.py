"""What happened in a run, as frames that a person can read one after the other. Folds a journal's entries; pure.

`GET /v1/lab/runs/{run_id}/journal` lists the entries. Entries that were written together are one frame.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from .texts import count, short

if TYPE_CHECKING:
    from .engine.entries import Asked, MadeCall, PromptTurn
    from .engine.parts import IncompleteDetails, LastError, RequiredAction, StepDetails, Tool, ToolCall, Usage
    from .shapes import Edit, JournalEntry, Message, Run, SaidCall


class Data(TypedDict, total=False):
    """The fields of an entry that frames are told from. The event decides which of them are there."""

    status: str
    type: str
    step_details: "StepDetails"
    required_action: "RequiredAction"
    last_error: "LastError | None"
    incomplete_details: "IncompleteDetails | None"
    messages: "list[PromptTurn]"
    tools: "list[Tool]"
    text: str
    tool_calls: "list[MadeCall]"
    usage: "Usage | None"


class Output(TypedDict):
    tool_call_id: str
    output: str | None


class PossibleEdit(TypedDict):
    """A change that a fork can make."""

    edit: "Edit"
    """As `POST /v1/lab/runs/{run_id}/fork` takes it, with the present value in it."""
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing that happened."""

    n: int
    """The number of its last entry: the place to see the objects at, and to fork."""
    at: int
    """Unix seconds."""
    status: str
    """The run's status afterwards."""
    title: str
    """A sentence: "The model calls add and file_search"."""
    badge: str
    """A short note: "52 tokens", "tool", or empty."""
    effect: str
    """A sentence about what cannot be undone, or empty."""
    entries: "tuple[JournalEntry, ...]"

    def find(self, event: str) -> "JournalEntry | None":
        """Return the first of its entries with this event."""
        return next((entry for entry in self.entries if entry["event"] == event), None)


def frames(entries: "Iterable[JournalEntry]") -> list[Frame]:
    """Return the frames of a journal, in order."""
    made, status = list[Frame](), ""
    for group in _groups(entries):
        status = next((_status(entry) for entry in reversed(group) if _status(entry)), status)
        told = min(group, key=lambda entry: _rank(entry["event"]))
        title, badge, effect = _tell(told)
        if is_response(group[0]["id"] if not made else made[0].entries[0]["id"]):
            title = title.replace("The run", "The response")
            if told["event"] == "thread.run.completed" and _unanswered([*_entries(made), *group]):
                title += ", but its calls are unanswered: the next response carries their outputs"
        made.append(Frame(group[-1]["n"], group[-1]["at"], status, title, badge, effect, tuple(group)))
    return made


def is_response(id: str) -> bool:
    """Return whether the id of a run is that of a response."""
    return id.startswith("resp_")


def _entries(all_frames: Iterable[Frame]) -> "Iterator[JournalEntry]":
    return (entry for frame in all_frames for entry in frame.entries)


def _unanswered(entries: "Iterable[JournalEntry]") -> bool:
    """Return whether a function was called, whose output no journal of a response holds."""
    return any(call["type"] == "function" for call in _latest_calls(entries))


def outputs(frame: Frame) -> list[Output]:
    """Return the outputs that a client has submitted in a frame, as the API takes them."""
    done = frame.find("thread.run.step.completed")
    return [
        {"tool_call_id": call["id"], "output": call["function"].get("output")}
        for call in (_calls(done["data"]) if done else [])
        if call["type"] == "function"
    ]


def prompts(all_frames: Sequence[Frame], upto: int) -> "list[Asked]":
    """Return the prompts that the model got, up to and with the frame at place `upto`, oldest first."""
    found = (frame.find("model.asked") for frame in all_frames[: upto + 1])
    return [cast("Asked", entry["data"]) for entry in found if entry]


def news(prompt: "Asked", before: "Asked | None") -> list[bool]:
    """Say of each message of a prompt whether it is new since the prompt before."""
    old = before["messages"] if before else []
    same = next((n for n, (a, b) in enumerate(zip(prompt["messages"], old, strict=False)) if a != b), None)
    kept = min(len(old), len(prompt["messages"])) if same is None else same
    return [n >= kept for n in range(len(prompt["messages"]))]


def tokens(all_frames: Iterable[Frame]) -> tuple[int, int, bool]:
    """Return the tokens of all prompts and of all answers, and whether any of them is an estimate."""
    answers = (frame.find("model.answered") for frame in all_frames)
    usages: list[Usage] = [usage for entry in answers if entry and (usage := entry["data"]["usage"])]
    return (
        sum(usage["prompt_tokens"] for usage in usages),
        sum(usage["completion_tokens"] for usage in usages),
        any(usage.get("estimated") for usage in usages),
    )


def changes(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two objects differ: path, old and new value.

    list(changes({"status": "queued", "a": [1]}, {"status": "failed", "a": [1, 2]}))
    [("status", "queued", "failed"), ("a[1]", None, 2)]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from changes(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        for n in range(max(len(before), len(after))):
            old, new = before[n] if n < len(before) else None, after[n] if n < len(after) else None
            yield from changes(old, new, f"{path}[{n}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield path, before, after


def parted(ours: Sequence[Frame], theirs: Sequence[Frame]) -> int:
    """Return how many frames are the same in two branches, apart from their ids and times."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((n for n, (a, b) in pairs if _gist(a) != _gist(b)), min(len(ours), len(theirs)))


def _gist(frame: Frame) -> tuple[object, ...]:
    """What happened in a frame, without ids and times."""
    said = [entry["data"] for entry in frame.entries if entry["event"] in ("model.asked", "model.answered")]
    return frame.title, frame.status, said, [_given(call) for call in _latest_calls(frame.entries)]


def _groups(entries: "Iterable[JournalEntry]") -> "Iterator[list[JournalEntry]]":
    group: list[JournalEntry] = []
    for entry in entries:
        if group and not entry["follows"]:
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _status(entry: "JournalEntry") -> str:
    event = entry["event"]
    is_run = event.startswith("thread.run.") and not event.startswith("thread.run.step.")
    data: Data = entry["data"]
    return data.get("status") or "" if is_run else ""


def _calls(data: Data) -> "list[ToolCall]":
    """Return the tool calls of the step that an entry is about."""
    details = data.get("step_details")
    return details["tool_calls"] if details and details["type"] == "tool_calls" else []


# What an event says


def _answered(data: Data) -> str:
    names = [call["name"] for call in data["tool_calls"]]
    calls = " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
    return f"The model calls {calls}" if calls else "The model has answered"


def _asked(data: Data) -> str:
    return f"The model is asked: {count(len(data['messages']), 'message')}, {count(len(data['tools']), 'tool')}"


def _waits(data: Data) -> str:
    calls = data["required_action"]["submit_tool_outputs"]["tool_calls"]
    return f"The run waits for {count(len(calls), 'output')} of your functions"


def _failed(data: Data) -> str:
    error = data.get("last_error")
    return f"The run has failed: {error['code'] if error else 'no reason given'}"


def _incomplete(data: Data) -> str:
    details = data.get("incomplete_details")
    return f"The run is incomplete: {details['reason'] if details else None}"


def _step_begins(data: Data) -> str:
    return "The model begins to speak" if data.get("type") == "message_creation" else "Tool calls begin"


def _step_ends(data: Data) -> str:
    return _SUBMITTED if any(call["type"] == "function" for call in _calls(data)) else "A step is done"


_SUBMITTED: Final = "The client has submitted outputs"

TOLD: Final[Mapping[str, str | Callable[[Data], str]]] = {
    "model.answered": _answered,
    "model.asked": _asked,
    "model.dropped": "Another model answers instead; the half answer leaves the thread",
    "tool.answered": "A tool has answered",
    "client.answered": "A person has answered in the model's place",
    "client.dictated": "The answer was put there by hand",
    "thread.run.created": "The run is created",
    "thread.run.requires_action": _waits,
    "thread.run.failed": _failed,
    "thread.run.incomplete": _incomplete,
    "thread.run.expired": "The run has expired: ten minutes have passed",
    "thread.run.step.expired": "A step has expired",
    "thread.run.cancelling": "The client cancels the run",
    "thread.run.cancelled": "The run is cancelled",
    "thread.run.completed": "The run is completed",
    "thread.run.in_progress": "The run is taken up",
    "thread.message.completed": "The message is complete",
    "thread.run.step.completed": _step_ends,
    "thread.run.queued": "The run is queued again",
    "model.called": "The calls are written down",
    "thread.run.step.created": _step_begins,
    "client.modified": "A client has changed what the run works with",
    "client.deleted": "A client has deleted something of the run",
    "client.held": "From now on the run moves by hand",
    "client.released": "From now on the run moves by itself",
}
"""What an event says, as a sentence. Of entries that were written together, the one that stands first here is told."""

_RANKS: Final = {event: n for n, event in enumerate(TOLD)}


def _rank(event: str) -> int:
    return _RANKS.get(event, len(_RANKS))


def _tell(entry: "JournalEntry") -> tuple[str, str, str]:
    """Return title, badge and effect."""
    event, data = entry["event"], cast(Data, entry["data"])
    told = TOLD.get(event) or event.removeprefix("thread.").replace(".", " ").replace("_", " ")
    title = told if isinstance(told, str) else told(data)
    if event == "tool.answered":
        return title, "tool", "A tool was at work: what it has written or sent stays, in every branch."
    if title == _SUBMITTED:
        return title, "", "Your functions were called: what they have done stays, in every branch."
    usage = data.get("usage") if event == "model.answered" else None
    about = "≈ " if usage and usage.get("estimated") else ""
    return title, f"{about}{usage['total_tokens']:,} tokens" if usage else "", ""


# What a fork can change


def edits(shown: Iterable[Frame], run: "Run", messages: "Iterable[Message]") -> Iterator[PossibleEdit]:
    """Yield what a fork after these frames can change. `run` and `messages` are as they were then."""
    for message in messages:
        texts = [part["text"]["value"] for part in message["content"] if part["type"] == "text"]
        if is_response(run["id"]):
            is_given = message["run_id"] == run["id"] and message["role"] == "user"
        else:
            is_given = message["run_id"] != run["id"]
        if is_given and len(texts) == len(message["content"]) == 1:
            label = f"the {message['role']}'s message: {short(' '.join(texts[0].split()), 40)}"
            yield {"edit": {"message": {"id": message["id"], "content": texts[0]}}, "label": label, "value": texts[0]}
    instructions = run["instructions"] or ""
    yield {"edit": {"instructions": instructions}, "label": "the instructions", "value": instructions}
    entries = [entry for frame in shown for entry in frame.entries]
    answers = (entry["data"] for entry in reversed(entries) if entry["event"] == "model.answered")
    said: Data | None = next(answers, None)
    if said:
        text = said["text"]
        calls: list[SaidCall] = [{"name": one["name"], "arguments": one["arguments"]} for one in said["tool_calls"]]
        if calls:
            whole: Edit = {"answer": {"text": text, "tool_calls": calls}}
            yield {"edit": whole, "label": "the model's latest words, its calls kept", "value": text}
        label = f"the model's latest answer{', without its calls' if calls else ''}"
        yield {"edit": {"answer": {"text": text}}, "label": label, "value": text}
    for call in _latest_calls(entries):
        given, output = _given(call)
        label, id = f"of {call_label(call)}", call["id"]
        edit: Edit = {"arguments": {"tool_call_id": id, "arguments": given}}
        yield {"edit": edit, "label": f"the arguments {label}", "value": given}
        if output is not None:
            edit = {"output": {"tool_call_id": id, "output": output}}
            yield {"edit": edit, "label": f"the output {label}", "value": output}


def call_label(call: "ToolCall") -> str:
    """Return a call with what it was given: `get_weather(city="Paris")`. A long one is cut."""
    given = _given(call)[0]
    try:
        values = json.loads(given)
    except ValueError:
        values = None
    if isinstance(values, dict):
        given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return f"{_name(call)}({short(' '.join(given.split()), 40)})"


def edit_label(edit: "Edit", shown: Iterable[Frame]) -> str:
    """Return what a fork changes: `get_price → 120 euros`. `shown` are the frames of its parent."""
    latest = _latest_calls(entry for frame in shown for entry in frame.entries)
    names = {call["id"]: _name(call) for call in latest}
    match edit:
        case {"output": {"tool_call_id": id, "output": output}}:
            label = f"{names.get(id, 'call')} → {output}"
        case {"arguments": {"tool_call_id": id, "arguments": arguments}}:
            label = f"{names.get(id, 'call')}({arguments})"
        case {"message": {"content": content}}:
            label = f"message: {content}"
        case {"instructions": instructions}:
            label = f"instructions: {instructions}"
        case {"answer": said}:
            calls_said = [f"call {call['name']}" for call in said.get("tool_calls", [])]
            label = f"answer: {' · '.join(filter(None, [said.get('text'), *calls_said]))}"
        case _:
            label = "tried again"
    return short(" ".join(label.split()), 60)


def _name(call: "ToolCall") -> str:
    """Return the name of a call's function, or the kind of its tool."""
    return call["function"]["name"] if call["type"] == "function" else call["type"]


def _latest_calls(entries: "Iterable[JournalEntry]") -> "list[ToolCall]":
    """Return every tool call as its latest entry has it."""
    return list({call["id"]: call for entry in entries for call in _calls(entry["data"])}.values())


def _given(call: "ToolCall") -> tuple[str, str | None]:
    """Return what a call was given and its output, as texts. The output is None until it is there."""
    match call["type"]:
        case "function":
            return call["function"]["arguments"], call["function"].get("output")
        case "code_interpreter":
            logs = [out["logs"] for out in call["code_interpreter"]["outputs"] if out["type"] == "logs"]
            return call["code_interpreter"]["input"], "".join(logs) if logs else None
        case "file_search":
            hits = call["file_search"].get("results") or []
            texts = [part.get("text", "") for hit in hits[:1] for part in hit.get("content") or []]
            return "", "".join(texts) if texts else None
