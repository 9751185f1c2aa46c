"""Items as a dialogue: which calls stand together, and with which words."""

from typing import Any

from assistant_nb.engine import wire
from assistant_nb.engine.model.base import ToolCall, Turn
from assistant_nb.engine.objects import Item
from assistant_nb.engine.responses.chains import Row
from assistant_nb.engine.responses.turns import turns_of


def said(role: Any, text: str, run_id: str = "resp_1") -> Row:
    return {**wire.message("msg_1", 0, "conv_1", role, text), "run_id": run_id}


def item(kind: str, run_id: str = "resp_1", step_id: str = "", **fields: Any) -> Row:
    body = {"id": "x", "type": kind, "status": "completed", **fields}
    row: Item = {"id": f"{kind}_1", "object": "thread.item", "thread_id": "conv_1", "run_id": run_id, "item": body}
    row["read"] = fields.get("output", "")
    return {**row, "step_id": step_id} if step_id else row


def call(n: int, **more: Any) -> Row:
    return item("function_call", call_id=f"call_{n}", name="add", arguments=str(n), **more)


def output(n: int) -> Row:
    return item("function_call_output", "resp_2", call_id=f"call_{n}", output=f"sum {n}")


def made(n: int) -> ToolCall:
    return ToolCall("add", str(n), f"sum {n}")


def test_calls_of_a_step_stand_with_the_words_that_led_to_them() -> None:
    rows = [
        said("user", "x"),
        said("assistant", "I add."),
        call(1, step_id="s"),
        call(2, step_id="s"),
        output(1),
        output(2),
    ]
    assert turns_of(rows) == ([], [Turn("user", "x"), Turn("assistant", "I add.", [made(1), made(2)])])


def test_words_of_another_response_do_not_lead_to_a_call() -> None:
    rows = [said("assistant", "Hello.", "resp_0"), call(1, step_id="s"), output(1)]
    assert turns_of(rows)[1] == [Turn("assistant", "Hello."), Turn("assistant", "", [made(1)])]


def test_calls_that_a_client_sends_are_one_round_until_an_output_comes() -> None:
    together = [call(1), call(2), output(1), output(2)]
    assert turns_of(together)[1] == [Turn("assistant", "", [made(1), made(2)])]
    apart = [call(1), output(1), call(2), output(2)]
    assert turns_of(apart)[1] == [Turn("assistant", "", [made(1)]), Turn("assistant", "", [made(2)])]


def test_what_has_no_counterpart_is_left_out() -> None:
    assert turns_of([call(1), output(2), item("reasoning", summary=[])]) == ([], [])


def test_two_steps_of_searches_are_two_turns_and_their_hits_are_numbered_on() -> None:
    hit = {"filename": "a.txt", "text": "Pizza."}
    rows = [item("file_search_call", step_id=step, queries=["x"], results=[hit]) for step in ("s1", "s2")]
    outputs = [turn.tool_calls[0].output for turn in turns_of(rows)[1]]
    assert outputs == ["【4:0†a.txt】\nPizza.", "【5:0†a.txt】\nPizza."]


def test_what_code_has_put_out_is_read() -> None:
    outputs = [{"type": "logs", "logs": "4"}, {"type": "image", "url": "file-1"}]
    (turn,) = turns_of([item("code_interpreter_call", code="2 + 2", outputs=outputs)])[1]
    assert turn.tool_calls == [ToolCall("code_interpreter", "2 + 2", "4\n[an image]")]


def test_a_search_that_found_nothing_has_its_number_too() -> None:
    """As in a run: there the next search counts on, whichever of those before it has found something."""

    def search(run_id: str, **hit: str) -> Row:
        return item("file_search_call", run_id, f"step_{run_id}", queries=["tide"], results=[hit] if hit else [])

    found = {"filename": "notes.txt", "text": "The tide."}
    rows = [
        said("user", "?"),
        search("resp_1", **found),
        search("resp_1"),
        call(1),
        output(1),
        search("resp_2", **found),
    ]
    _, turns = turns_of(rows)
    outputs = [one.output for turn in turns for one in turn.tool_calls if one.name == "file_search"]
    assert outputs == ["【4:0†notes.txt】\nThe tide.", "Nothing was found.", "【6:0†notes.txt】\nThe tide."]
