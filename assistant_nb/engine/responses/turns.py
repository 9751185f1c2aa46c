"""What a model reads of the items before its answer: messages, and the calls of tools with what came of them. Pure.

A run of an assistant reads the messages of its thread, and drops the calls of earlier runs. A response reads all items.
So after a call of a tool, the next question makes another prompt here than there.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from ..entries import PromptPart
from ..errors import BadRequest
from ..files.file_objects import SearchHit
from ..model.base import ToolCall, Turn
from ..objects import Item, ItemBody
from ..parts import Searched
from ..runs.prompt import number_after, read_hits, read_message, read_outputs
from .chains import Row

_NOBODY: Final = object()


def turns_of(rows: Sequence[Row]) -> tuple[list[str], list[Turn]]:
    """The instructions that stand among the items, and the dialogue. Calls stand with the words that led to them.

    A call without an output, and an output without a call, are left out: a client may delete one of the two.
    """
    items = [row for row in rows if row["object"] == "thread.item"]
    outputs = {row["item"]["call_id"]: row for row in items if row["item"]["type"] == "function_call_output"}
    above, turns, group = list[str](), list[Turn](), ""
    spoke: object = _NOBODY
    """The response that said the message just before."""
    numbers: dict[str, Iterator[int]] = {}
    for row in rows:
        run_id = row["run_id"] or ""
        if row["object"] == "thread.message":
            if row["content"]:
                turns.append(Turn(row["role"], read_message(row)))
            group, spoke = "", run_id if row["role"] == "assistant" and row["content"] else _NOBODY
        elif (kind := row["item"]["type"]) == "message":
            above.append(row.get("read", ""))
        elif kind == "function_call_output":
            group = ""
        else:
            if run_id not in numbers and kind == "file_search_call":
                numbers[run_id] = count(number_after(turns))
            made = _call(row, outputs, numbers.get(run_id, iter(())))
            if made is None:
                continue
            said: str | Sequence[PromptPart] = ""
            calls = [made]
            if group and group == _group(row):
                turn = turns.pop()
                said, calls = turn.content, [*turn.tool_calls, made]
            elif spoke == run_id:
                said = turns.pop().content
            turns.append(Turn("assistant", said, calls))
            group, spoke = _group(row), _NOBODY
    return above, turns


def searched_before(rows: Sequence[Row]) -> list[Searched]:
    """What the searches among items have found, in order."""
    searches = [item for item in map(_item, rows) if item["type"] == "file_search_call"]
    return [{"ranking_options": {"ranker": "", "score_threshold": 0}, "results": _hits(item)} for item in searches]


def _hits(item: ItemBody) -> list[SearchHit]:
    return [
        {"file_id": hit.get("file_id", ""), "file_name": hit.get("filename", ""), "score": 0, "attributes": {}}
        for hit in item.get("results") or []
    ]


def check_calls(rows: Sequence[Row]) -> None:
    """Raise BadRequest when a function was called and has no output, or the other way round."""
    called, answered = list[str](), list[str]()
    for item in map(_item, rows):
        if item["type"] == "function_call":
            called.append(item["call_id"])
        elif item["type"] == "function_call_output":
            if (id := item["call_id"]) not in called:
                raise BadRequest(f"No tool call found for function call output with call_id {id}.", param="input")
            answered.append(id)
    for id in called:
        if id not in answered:
            raise BadRequest(f"No tool output found for function call {id}.", param="input")


def _item(row: Row) -> ItemBody:
    """The item of a row that is no message of the dialogue; that one has none."""
    return row["item"] if row["object"] == "thread.item" else {"type": ""}


def _group(row: Item) -> str:
    """Calls of one group were made together: in one run step, or sent without an output between them."""
    return row.get("step_id", "functions" if row["item"]["type"] == "function_call" else row["id"])


def _call(row: Item, outputs: dict[str, Item], numbers: Iterator[int]) -> ToolCall | None:
    item = row["item"]
    match item["type"]:
        case "function_call" if item["call_id"] in outputs:
            return ToolCall(item["name"], item["arguments"], outputs[item["call_id"]].get("read", ""))
        case "file_search_call":
            hits = [(hit.get("filename", ""), hit.get("text", "")) for hit in item.get("results") or []]
            return ToolCall("file_search", "\n".join(item["queries"]), read_hits(next(numbers), hits))
        case "code_interpreter_call":
            return ToolCall("code_interpreter", item.get("code") or "", read_outputs(item.get("outputs") or []))
        case _:
            return None
