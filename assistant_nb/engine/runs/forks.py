"""Forks: a new thread and run that begin as another run did, up to an entry of its journal, and go on otherwise.

What both share is copied, under new ids; nothing of the parent is touched. A fork of a response is its sibling: it
follows the same response, on the same hidden thread. An edit is no change to that but what happens next: an entry that
a client has made, or outputs taken as ever. A fork is held.
"""

from collections.abc import Sequence

from .. import wire
from ..entries import Answered
from ..errors import BadRequest, NotFound
from ..ids import PREFIXES, item_id
from ..journal import Entry, RunState
from ..objects import MESSAGE, RUN, THREAD, Message, Run, Thread
from ..params.assistants import ToolOutput
from ..params.lab import Edit, EditedMessage, Said, SaidCall
from ..parts import ToolAnswer, ToolCall
from ..responses.chains import Row
from ..run_states import ACTIVE
from ..store import Store
from ..threads import check_content
from .prefixes import call_ids, renamed, shared
from .seat import check_calls
from .tool_calls import answered, take_outputs
from .writer import Writer, keep_made, open_writer


def fork(store: Store, run_id: str, at: int, edit: Edit) -> str:
    """The id of a new run that shares the journal of another one, as far as `prefixes.shared` says, and has this edit.

    `edit` is empty, or one of `{"instructions": …}`, `{"message": {"id", "content"}}`,
    `{"answer": {"text", "tool_calls"}}`, `{"arguments": {"tool_call_id", "arguments"}}`,
    `{"output": {"tool_call_id", "output"}}`. Raises NotFound and BadRequest.
    """
    with store.transaction():
        run, entries = store.get(RUN, run_id), store.journal(run_id)
        n = shared(entries, at, edit)
        fork_id = _copy(store, run, entries[:n], edit.get("message"))
        with open_writer(store, fork_id) as writer:
            _change(writer, entries, n, edit)
        store.add_fork(fork_id, run_id, n - 1, edit)
        if (number := store.number(run_id)) is not None:
            store.put_number(fork_id, number)
        return fork_id


def copy_thread(store: Store, thread_id: str) -> Thread:
    """A copy of a thread with its messages, to try things on.

    Its id derives from the thread's, time on it is its own, and its runs count for no other run. So a notebook goes on
    as if nobody had made the copy. Raises NotFound.
    """
    with store.transaction():
        old = store.get(THREAD, thread_id)
        new: Thread = {**old, "id": store.new_id("thread", thread_id)}
        store.put(new)
        store.count_apart(new["id"])
        store.branch_time(thread_id, new["id"], store.time(thread_id))
        messages = [one for one in store.all(MESSAGE, thread_id) if one["status"] != "in_progress"]
        _copy_messages(store, messages, new["id"], None)
        return new


def _copy(store: Store, run: Run, prefix: Sequence[Entry], edited: EditedMessage | None) -> str:
    """A copy of a run's thread as it was before the run, and of the run as far as its journal is given."""
    old = run["thread_id"]
    if "request" in run:
        thread_id, fork_id = _copy_response(store, run, prefix[-1].at, edited)
    else:
        thread_id = store.new_id("thread", run["id"])  # the next fork of this run, whatever the account has made
        store.put({**store.get(THREAD, old), "id": thread_id})
        store.branch_time(old, thread_id, prefix[-1].at)
        _copy_messages(store, store.all(MESSAGE, old, before=run["id"]), thread_id, edited)
        fork_id = store.new_id("thread.run", thread_id)
    ids = {old: thread_id, run["id"]: fork_id}
    _name(store, prefix, ids, run["id"], old)
    later_s, state = store.time(thread_id) - prefix[-1].at, RunState()
    if "request" in run:  # nobody waits for the answer to the request of a fork
        born = {**prefix[0].data, "request": {**run["request"], "background": True}}
        prefix = [prefix[0]._replace(data=born), *prefix[1:]]
    for entry in prefix:
        state.apply(renamed(entry, ids, later_s))
    for id in state.objects:
        keep_made(store, state, id)
    for entry in state.entries:
        store.append(fork_id, entry)
    return fork_id


def _copy_response(store: Store, run: Run, at: int, edited: EditedMessage | None) -> tuple[str, str]:
    """A sibling of a response: on its hidden thread, with its own input; or in a copy of its conversation.

    Returns the ids of the thread and of the fork.
    """
    given, thread_id = store.given_items(run["id"]), run["thread_id"]
    earlier: list[Row] = []
    if run["request"]["conversation"]:
        thread_id = store.new_id("conversation", run["id"])
        store.put({**store.get(THREAD, run["thread_id"]), "id": thread_id})
        store.branch_time(run["thread_id"], thread_id, at)
        earlier = [row for row in store.context(run) if row["run_id"] != run["id"]]
    fork_id = store.new_id("response", thread_id)
    _check_edited(store, [*earlier, *given], edited)
    for row in earlier:
        _copy_item(store, row, thread_id, None, store.count(f"items of {thread_id}"), edited)
    for n, row in enumerate(given):
        _copy_item(store, row, thread_id, fork_id, n, edited)
    return thread_id, fork_id


def _copy_item(
    store: Store, row: Row, thread_id: str, run_id: str | None, n: int, edited: EditedMessage | None
) -> None:
    id = item_id(row["id"].partition("_")[0], run_id or thread_id, f"given {n}")
    if row["object"] == "thread.item":
        store.put({**row, "id": id, "thread_id": thread_id, "run_id": run_id, "item": {**row["item"], "id": id}})
        return
    copy: Message = {**row, "id": id, "thread_id": thread_id, "run_id": run_id}
    if edited and edited["id"] == row["id"]:
        copy["content"] = wire.parts(edited["content"])
        copy.pop("sent", None)
    if "sent" in copy:
        copy["sent"] = {**copy["sent"], "id": id}
    store.put(copy)


def _check_edited(store: Store, rows: Sequence[Row], edited: EditedMessage | None) -> None:
    if edited and edited["id"] not in [row["id"] for row in rows if row["object"] == "thread.message"]:
        raise NotFound(
            f"There was no message '{edited['id']}' on the thread before the run. To change what the run itself has"
            " said, edit the answer."
        )
    if edited:
        check_content(store, edited["content"])


def _copy_messages(store: Store, messages: Sequence[Message], thread_id: str, edited: EditedMessage | None) -> None:
    """Their runs are not copied, so they name none."""
    _check_edited(store, messages, edited)
    for message in messages:
        id = store.new_id("thread.message", thread_id)
        copy: Message = {**message, "id": id, "thread_id": thread_id, "run_id": None}
        if edited and edited["id"] == message["id"]:
            copy["content"] = wire.parts(edited["content"])
        store.put(copy)


def _name(store: Store, prefix: Sequence[Entry], ids: dict[str, str], run_id: str, thread_id: str) -> None:
    """New ids for all that the run has made, as if it were made anew."""
    for entry in prefix:
        if entry.event in ("thread.run.step.created", "thread.message.created"):
            kind = entry.data["object"]
            if kind == "thread.message" and run_id.startswith(PREFIXES["response"]):
                ids[entry.id] = item_id("msg", ids[run_id], str(entry.n))
                continue
            ids[entry.id] = store.new_id(kind, ids[run_id if kind == "thread.run.step" else thread_id])
        elif entry.event == "model.called":
            for place, id in enumerate(call_ids(entry.data)):
                ids[id] = store.derive_id("tool_call", ids[entry.id], place)


def _change(writer: Writer, entries: Sequence[Entry], n: int, edit: Edit) -> None:
    """Let the edit happen, then hold the run."""
    state, run_id = writer.state, writer.run["id"]
    if "output" not in edit:
        writer.at = state.at  # nothing happens that takes time
    match edit:
        case {"instructions": instructions}:
            writer.note("client.modified", run_id, {"instructions": instructions})
        case {"answer": said}:
            check_calls(state, said)
            writer.note("client.dictated", run_id, said)
        case {"arguments": {"tool_call_id": id, "arguments": arguments}}:
            writer.note("client.dictated", run_id, _with_arguments(entries[n:], id, arguments))
        case {"output": {"tool_call_id": id, "output": output}}:
            _answer(writer, entries[n], id, output)
    if state.status in ACTIVE:
        writer.note("client.held", run_id, {"breakpoints": state.held or []})


def _with_arguments(entries: Sequence[Entry], id: str, arguments: str) -> Said:
    """The answer that made a call, with other arguments in that."""
    said: Answered = next(entry.data for entry in entries if entry.event == "model.answered")
    ids = next(call_ids(entry.data) for entry in entries if entry.event == "model.called")
    calls: list[SaidCall] = [
        {**call, "arguments": arguments} if one == id else call
        for one, call in zip(ids, said["tool_calls"], strict=True)
    ]
    return {"text": said["text"], "tool_calls": calls}


def _answer(writer: Writer, entry: Entry, id: str, output: str) -> None:
    """Answer calls as `entry` did in the parent, but for call `id`."""
    calls: list[ToolCall] = entry.data["step_details"]["tool_calls"]
    if entry.event == "tool.answered":
        if mine := writer.state.unused():
            place = call_ids(entry.data).index(id)
            answered(writer, mine["id"], _as_answer(calls[place], output))
        return
    outputs: list[ToolOutput] = [
        {"tool_call_id": new["id"], "output": output if old["id"] == id else old["function"].get("output") or ""}
        for old, new in zip(calls, wire.tool_calls(writer.state.calling), strict=True)
        if old["type"] == "function"
    ]
    take_outputs(writer, outputs)


def _as_answer(call: ToolCall, output: str) -> ToolAnswer:
    """What a built-in tool would have answered, in the shape of its step."""
    if call["type"] != "file_search":
        return {"outputs": [{"type": "logs", "logs": output}]}
    hits = call["file_search"]["results"]
    if not output:
        return {"results": []}
    if not hits:
        raise BadRequest("This search has found nothing, so there is no hit whose text could be another.", param="edit")
    return {"results": [{**hits[0], "content": [{"type": "text", "text": output}]}]}
