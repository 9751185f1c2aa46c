"""What happened in a run, as frames that can be read one after the other. Folds a journal's entries; pure.

An entry is the JSON of `GET /v1/lab/runs/{run_id}/journal`: `{"n", "at", "event", "id", "data", "follows"}`. Entries
that were written together are one frame.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypedDict

from .texts import count, short

if TYPE_CHECKING:
    from .shapes import Answered, Edit, JournalEntry, Message, Run, SaidCall

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing that happened."""

    n: int
    """The last of its entries: the place to see the objects at, and to fork."""
    at: int
    """Unix seconds."""
    status: str
    """The run's, afterwards."""
    title: str
    """A sentence: "The model calls add and file_search"."""
    badge: str
    """The shortest note: "52 tokens", "tool", or empty."""
    effect: str
    """What of it cannot be taken back, if anything."""
    entries: "tuple[JournalEntry, ...]"

    def find(self, *events: str) -> "JournalEntry | None":
        """The first of its entries with one of these events."""
        return next((entry for entry in self.entries if entry["event"] in events), None)


def frames(entries: "Iterable[JournalEntry]") -> list[Frame]:
    """The frames of a journal, in order."""
    made, status = list[Frame](), ""
    for group in _groups(entries):
        status = next((_status(entry) for entry in reversed(group) if _status(entry)), status)
        told = min(group, key=lambda entry: _rank(entry["event"]))
        title, badge, effect = _tell(told)
        made.append(Frame(group[-1]["n"], group[-1]["at"], status, title, badge, effect, tuple(group)))
    return made


def outputs(frame: Frame) -> list[Json]:
    """What a client has submitted in a frame, as it is given to the API: `[{"tool_call_id", "output"}]`."""
    ended = frame.find("thread.run.step.completed")
    calls = _submitted(ended) if ended else []
    return [{"tool_call_id": call["id"], "output": call["function"]["output"]} for call in calls]


def prompts(all_frames: Sequence[Frame], upto: int) -> list[Json]:
    """The prompts that the model got, up to and with the frame at place `upto`, oldest first."""
    found = (frame.find("model.asked") for frame in all_frames[: upto + 1])
    return [entry["data"] for entry in found if entry]


def news(prompt: Json, before: Json | None) -> list[bool]:
    """Of each message of a prompt, whether the one before did not have it."""
    old = before["messages"] if before else []
    same = next((n for n, (a, b) in enumerate(zip(prompt["messages"], old, strict=False)) if a != b), None)
    kept = min(len(old), len(prompt["messages"])) if same is None else same
    return [n >= kept for n in range(len(prompt["messages"]))]


def tokens(all_frames: Iterable[Frame]) -> tuple[int, int, bool]:
    """What the answers in these frames took: tokens of prompts, of answers, and whether any of it is an estimate."""
    usages = [entry["data"]["usage"] for frame in all_frames if (entry := frame.find("model.answered"))]
    usages = [usage for usage in usages if usage]
    return (
        sum(usage["prompt_tokens"] for usage in usages),
        sum(usage["completion_tokens"] for usage in usages),
        any(usage.get("estimated") for usage in usages),
    )


def statuses(all_frames: Iterable[Frame]) -> list[str]:
    """The statuses that a run had, each as often as it came to it."""
    return [status for status, _ in groupby(frame.status for frame in all_frames)]


def changes(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two objects differ: path, old and new value.

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
    """How many frames two branches share: those in which the same happened, whatever its ids."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((n for n, (a, b) in pairs if _gist(a) != _gist(b)), min(len(ours), len(theirs)))


def _gist(frame: Frame) -> Json:
    """What happened in a frame, without ids and times."""
    said = [entry["data"] for entry in frame.entries if entry["event"] in ("model.asked", "model.answered")]
    calls = [_given(call) for call in _latest_calls(frame.entries)]
    return {"title": frame.title, "status": frame.status, "said": said, "calls": calls}


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
    return str(entry["data"].get("status") or "") if is_run else ""


def _calls(entry: "JournalEntry") -> str:
    """The names of what a model calls: "add and file_search"."""
    names = [call["name"] for call in entry["data"]["tool_calls"]]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _answered(entry: "JournalEntry") -> str:
    calls = _calls(entry)
    return f"The model calls {calls}" if calls else "The model has answered"


def _asked(entry: "JournalEntry") -> str:
    n, tools = len(entry["data"]["messages"]), len(entry["data"]["tools"])
    return f"The model is asked: {count(n, 'message')}, {count(tools, 'tool')}"


def _step_begins(entry: "JournalEntry") -> str:
    return "The model begins to speak" if entry["data"].get("type") == "message_creation" else "Tool calls begin"


def _step_ends(entry: "JournalEntry") -> str:
    return "The client has submitted outputs" if _submitted(entry) else "A step is done"


def _submitted(entry: "JournalEntry") -> list[Json]:
    """The calls of functions in a step that is done."""
    calls = (entry["data"].get("step_details") or {}).get("tool_calls") or []
    return [call for call in calls if call["type"] == "function"]


def _waits(entry: "JournalEntry") -> str:
    calls = entry["data"]["required_action"]["submit_tool_outputs"]["tool_calls"]
    return f"The run waits for {count(len(calls), 'output')} of your functions"


def _failed(entry: "JournalEntry") -> str:
    error = entry["data"].get("last_error") or {}
    return f"The run has failed: {error.get('message', 'no reason given')}"


def _incomplete(entry: "JournalEntry") -> str:
    return f"The run is incomplete: {(entry['data'].get('incomplete_details') or {}).get('reason')}"


def _always(sentence: str) -> "Callable[[JournalEntry], str]":
    return lambda _: sentence


TOLD: Final["Mapping[str, Callable[[JournalEntry], str]]"] = {
    "model.answered": _answered,
    "model.asked": _asked,
    "model.dropped": _always("Another model answers instead; the half answer leaves the thread"),
    "tool.answered": _always("A tool has answered"),
    "client.answered": _always("A person has answered in the model's place"),
    "client.dictated": _always("The answer was put there by hand"),
    "thread.run.created": _always("The run is created"),
    "thread.run.requires_action": _waits,
    "thread.run.failed": _failed,
    "thread.run.incomplete": _incomplete,
    "thread.run.expired": _always("The run has expired: ten minutes have passed"),
    "thread.run.step.expired": _always("A step has expired"),
    "thread.run.cancelling": _always("The client cancels the run"),
    "thread.run.cancelled": _always("The run is cancelled"),
    "thread.run.completed": _always("The run is completed"),
    "thread.run.in_progress": _always("The run is taken up"),
    "thread.message.completed": _always("The message is complete"),
    "thread.run.step.completed": _step_ends,
    "thread.run.queued": _always("The run is queued again"),
    "model.called": _always("The calls are written down"),
    "thread.run.step.created": _step_begins,
    "client.modified": _always("A client has changed what the run works with"),
    "client.deleted": _always("A client has deleted something of the run"),
    "client.held": _always("From now on the run moves by hand"),
    "client.released": _always("From now on the run moves by itself"),
}
"""What an event says, in a sentence. Of entries that were written together, the one that stands first here is told."""

_RANKS: Final = {event: n for n, event in enumerate(TOLD)}


def _rank(event: str) -> int:
    return _RANKS.get(event, len(_RANKS))


def _tell(entry: "JournalEntry") -> tuple[str, str, str]:
    event = entry["event"]
    title = TOLD[event](entry) if event in TOLD else event.removeprefix("thread.").replace(".", " ").replace("_", " ")
    usage = entry["data"].get("usage") if event == "model.answered" else None
    about = "≈ " if usage and usage.get("estimated") else ""
    badge = f"{about}{usage['total_tokens']:,} tokens" if usage else "tool" if event == "tool.answered" else ""
    effect = _effect(event, title)
    return title, badge, effect


def _effect(event: str, title: str) -> str:
    if event == "tool.answered":
        return "A tool was at work: what it has written or sent stays, in every branch."
    if title == "The client has submitted outputs":
        return "Your functions were called: what they have done stays, in every branch."
    return ""


class PossibleEdit(TypedDict):
    """What a fork can change."""

    edit: "Edit"
    label: str
    value: str
    """The value that stands in the edit's place now."""


def edits(shown: Iterable[Frame], run: "Run", messages: "Iterable[Message]") -> Iterator[PossibleEdit]:
    """What a fork after these frames can change; `run` and `messages` are as they were then."""
    for message in messages:
        texts = [part["text"]["value"] for part in message["content"] if part["type"] == "text"]
        if message["run_id"] != run["id"] and len(texts) == len(message["content"]) == 1:
            label = f"the {message['role']}'s message: {short(' '.join(texts[0].split()), 40)}"
            yield {"edit": {"message": {"id": message["id"], "content": texts[0]}}, "label": label, "value": texts[0]}
    instructions = run["instructions"] or ""
    yield {"edit": {"instructions": instructions}, "label": "the instructions", "value": instructions}
    entries = [entry for frame in shown for entry in frame.entries]
    answers = (entry["data"] for entry in reversed(entries) if entry["event"] == "model.answered")
    said: Answered | None = next(answers, None)
    if said:
        calls: list[SaidCall] = [{"name": call["name"], "arguments": call["arguments"]} for call in said["tool_calls"]]
        if calls:
            whole: Edit = {"answer": {"text": said["text"], "tool_calls": calls}}
            yield {"edit": whole, "label": "the model's latest words, its calls kept", "value": said["text"]}
        label = f"the model's latest answer{', without its calls' if calls else ''}"
        yield {"edit": {"answer": {"text": said["text"]}}, "label": label, "value": said["text"]}
    for call in _latest_calls(entries):
        given, output = _given(call)
        id = call["id"]
        label = f"of {call['type'] if call['type'] != 'function' else call['function']['name']}"
        yield {
            "edit": {"arguments": {"tool_call_id": id, "arguments": given}},
            "label": f"the arguments {label}",
            "value": given,
        }
        if output is not None:
            yield {
                "edit": {"output": {"tool_call_id": id, "output": output}},
                "label": f"the output {label}",
                "value": output,
            }


def _latest_calls(entries: "Iterable[JournalEntry]") -> list[Json]:
    """Every tool call, as the latest entry about it has it."""
    found = dict[str, Json]()
    for entry in entries:
        for call in (entry["data"].get("step_details") or {}).get("tool_calls") or []:
            found[call["id"]] = call
    return list(found.values())


def _given(call: Json) -> tuple[str, str | None]:
    """What a call was given, and what came of it, as texts; None where nothing has come yet."""
    match call["type"]:
        case "function":
            return call["function"]["arguments"], call["function"]["output"]
        case "code_interpreter":
            logs = [out["logs"] for out in call["code_interpreter"]["outputs"] if out["type"] == "logs"]
            return call["code_interpreter"]["input"], "".join(logs) if logs else None
        case kind:
            results = call[kind].get("results") or []
            texts = [part.get("text", "") for hit in results[:1] for part in hit.get("content") or []]
            return "", "".join(texts) if texts else None
