"""What a fork shares with its parent: how many entries of the journal, and these under other names. Pure.

An edit takes effect where it stands; what came before is shared as it was. So the prefix ends

    with the whole transition that wrote the entry          without an edit
    there, but before a prompt that still waits             message, instructions: the prompt is made anew
    with the prompt that was answered                       answer, arguments: the edited answer takes its place
    before the output came                                  output: the edited output takes its place
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..errors import BadRequest, NotFound
from ..journal import Entry, RunState, fold
from ..params.lab import Edit
from ..run_states import TERMINAL
from .stepping import next_transition

_NAMES: Final = ("id", "thread_id", "run_id", "message_id", "conversation")
_FOREIGN: Final = ("metadata", "tools")
"""Keys below which nothing is the engine's."""


def shared(entries: Sequence[Entry], at: int, edit: Edit) -> int:
    """How many entries a fork at entry `at` shares. Raises NotFound for no entry, BadRequest for no use of the edit."""
    if not 0 <= at < len(entries):
        raise NotFound(f"Run {entries[0].id} has no entry {at}: its journal ends with entry {len(entries) - 1}.")
    end = next((n for n in range(at + 1, len(entries)) if not entries[n].follows), len(entries))
    match edit:
        case {"message": _} | {"instructions": _}:
            return _before_next_prompt(entries[:end])
        case {"answer": _}:
            return _after_prompt(entries[:end])
        case {"arguments": {"tool_call_id": id}}:
            return _after_prompt(entries[: _first(_calls(entries[:end], id), entries[:end], id)])
        case {"output": {"tool_call_id": id}}:
            return _first(_answers(entries[:end], id), entries[:end], id)
        case _:
            return end


def renamed(entry: Entry, ids: Mapping[str, str], later_s: int) -> Entry:
    """An entry about other objects, which expire that much later. What was said to a model, and by it, stays."""
    said = entry.event in ("model.asked", "model.answered", "client.answered", "client.dictated")
    data = entry.data if said else _renamed(entry.data, ids, later_s)
    return entry._replace(id=ids.get(entry.id, entry.id), data=data)


def call_ids(data: Any) -> list[str]:
    """The tool calls in a step, by id."""
    return [call["id"] for call in data.get("step_details", {}).get("tool_calls", [])]


def _renamed(value: Any, ids: Mapping[str, str], later_s: int) -> Any:
    if isinstance(value, list):
        return [_renamed(one, ids, later_s) for one in value]
    if not isinstance(value, dict):
        return value
    new = {key: one if key in _FOREIGN else _renamed(one, ids, later_s) for key, one in value.items()}
    new |= {key: ids.get(value[key], value[key]) for key in _NAMES if isinstance(value.get(key), str)}
    return new | ({"expires_at": value["expires_at"] + later_s} if value.get("expires_at") else {})


def _before_next_prompt(entries: Sequence[Entry]) -> int:
    state = fold(entries)
    if state.asked:
        return _after_prompt(entries) - 1
    if state.status in TERMINAL or next_transition(state) in ("conclude", "stop"):
        raise BadRequest(
            f"After entry {len(entries) - 1} run {entries[0].id} asks the model no more, so this edit would change"
            " nothing. Fork at an earlier entry, such as the last 'model.asked'."
        )
    return len(entries)


def _after_prompt(entries: Sequence[Entry]) -> int:
    asked = [n for n, entry in enumerate(entries) if entry.event == "model.asked"]
    if not asked:
        raise BadRequest(
            f"Run {entries[0].id} has asked its model nothing by entry {len(entries) - 1}, so there is no answer to"
            " edit. Fork at a later entry: 'model.asked' or after."
        )
    return asked[-1] + 1


def _first(places: Iterator[int], entries: Sequence[Entry], id: str) -> int:
    for n in places:
        return n
    calls = [one for entry in entries if entry.event == "model.called" for one in call_ids(entry.data)]
    if id in calls:
        raise BadRequest(
            f"Tool call '{id}' has no output yet at entry {len(entries) - 1} of run {entries[0].id}. Fork at a later"
            " entry: where its output came, or after."
        )
    raise BadRequest(
        f"Run {entries[0].id} has no tool call '{id}' up to entry {len(entries) - 1}. Its calls so far:"
        f" {', '.join(calls) or 'none'}."
    )


def _calls(entries: Sequence[Entry], id: str) -> Iterator[int]:
    """The entries that make a call."""
    return (entry.n for entry in entries if entry.event == "model.called" and id in call_ids(entry.data))


def _answers(entries: Sequence[Entry], id: str) -> Iterator[int]:
    """The entries that answer a call: by the engine, or, for all functions at once, by the client."""
    state = RunState()
    for entry in entries:
        if entry.event == "tool.answered" and (call := state.unused()) and call["id"] == id:
            yield entry.n
        submitted = entry.event == "thread.run.step.completed" and state.status == "requires_action"
        if submitted and id in state.arguments and id in call_ids(entry.data):
            yield entry.n
        state.apply(entry)
