"""Two helpers that read a run: `said` gives its answer, `journal` all that happened.

    print(anb.said(run))        # or anb.said(thread): the answer to its newest message
    anb.journal(run)[0]

A run that has no answer raises its own reason, with what to do.
"""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .client import clients
from .mistakes.advice import advice
from .mistakes.facts import Facts
from .sdk import FROM_TOP, UNANSWERED, Refused
from .widgets.lab import Lab

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Thread
    from openai.types.beta.threads import Message, Run

    from .shapes import JournalEntry

T = TypeVar("T")

_NOT_HERE: Final = (404, 410)
"""What an engine says that does not know an id, and one that was stopped."""

_NO_STORE: Final = (
    "File search had no vector store to look into. Give one to the assistant: client.beta.assistants.update("
    'assistant.id, tool_resources={"file_search": {"vector_store_ids": [vector_store.id]}}). Lesson 05 shows how.'
)


class NotAnswered(Refused):
    """There is no answer. `message` is the reason; the whole text says what to do, too."""

    def __init__(self, message: str) -> None:
        self.message = message
        found = advice(Facts(type(self).__name__, message, tags=frozenset({"api"})))
        super().__init__("\n".join([message, *(found.do if found else ())]))


def said(thing: "Run | Thread", client: "OpenAI | None" = None) -> str:
    """Return the text of a run's answer; of a thread, that of the answer to its newest message.

    Asks the engines of this process, the newest first, or only that of `client`. Raises NotAnswered with the run's own
    reason if there is no answer, TypeError for what is neither a run nor a thread.
    """
    kind = getattr(thing, "object", None)
    if kind not in ("thread.run", "thread"):
        raise TypeError(f"said takes a run or a thread, not {thing!r:.60}. Write: anb.said(run)")
    return asked(thing.id, client, lambda one: _of_thread(one, thing.id) if kind == "thread" else _of_run(one, thing))


def journal(run: "Run", client: "OpenAI | None" = None) -> "list[JournalEntry]":
    """Return the journal of a run, whatever its status: a list of entries such as `{"n": 0, "event": …, "data": …}`.

    Asks as `said` does. Raises NotAnswered if no engine has the run.
    """
    return asked(run.id, client, lambda one: Lab(one).journal(run.id, -1))


def asked(id: str, client: "OpenAI | None", ask: "Callable[[OpenAI], T]") -> T:
    """Ask the client that is given, else each engine of this process until one knows the id. Raises NotAnswered."""
    import openai

    for one in [client] if client else clients():
        try:
            return ask(one)
        except openai.APIConnectionError:
            if client:
                raise
        except openai.APIStatusError as error:
            if client or error.status_code not in _NOT_HERE:
                raise
    raise NotAnswered(f"No engine of this kernel has '{id}'. {FROM_TOP}")


def _of_thread(client: "OpenAI", id: str) -> str:
    newest = next(iter(client.beta.threads.messages.list(id, limit=1)), None)
    if newest is None:
        raise NotAnswered("The thread has no message yet.")
    if newest.role == "user":
        run = next(iter(client.beta.threads.runs.list(id, limit=1)), None)
        about = run and run.status != "completed" and run.created_at >= newest.created_at
        raise NotAnswered(f"{_reason(client, run)} {UNANSWERED}" if run and about else UNANSWERED)
    run = next((run for run in client.beta.threads.runs.list(id) if run.id == newest.run_id), None)
    return _answer(client, run) if run else _text(newest)


def _of_run(client: "OpenAI", run: Any) -> str:
    """Read the run in the list of its thread: a look at the run itself may move it."""
    now = next((one for one in client.beta.threads.runs.list(run.thread_id) if one.id == run.id), None)
    if now is None:
        raise NotAnswered(f"Its thread has no run '{run.id}'. {FROM_TOP}")
    return _answer(client, now)


def _answer(client: "OpenAI", run: "Run") -> str:
    messages = client.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc")
    text = "\n\n".join(filter(None, map(_text, messages)))
    if run.status != "completed":
        raise NotAnswered(_reason(client, run, text))
    if any(tool.type == "file_search" for tool in run.tools) and not _has_store(client, run):
        warnings.warn(_NO_STORE, stacklevel=5)
    if not text:
        raise NotAnswered("The run is completed, and has written no message.")
    return text


def _reason(client: "OpenAI", run: "Run", text: str = "") -> str:
    match run.status:
        case "queued" | "in_progress" | "cancelling" if _is_held(client, run):
            return f"The run is held: its status is {run.status}, and it moves only by hand."
        case "queued" | "in_progress" | "cancelling":
            why = "Its answer is not there yet."
        case "requires_action":
            calls = run.required_action.submit_tool_outputs.tool_calls if run.required_action else []
            why = f"It waits for the outputs of {', '.join(call.function.name for call in calls)}."
        case "failed":
            why = run.last_error.message if run.last_error else ""
            return f"The run has failed ({run.last_error.code if run.last_error else 'unknown'}). {why}"
        case "incomplete":
            why = (
                f"Reason: {(run.incomplete_details and run.incomplete_details.reason) or 'unknown'}. Its text: {text!r}"
            )
        case "expired":
            why = "Its ten minutes were over before it had an answer."
        case _:
            why = "It has no answer."
    return f"The run is {run.status}. {why}"


def _is_held(client: "OpenAI", run: "Run") -> bool:
    """True if the run moves only by hand. No other server than our engine holds runs."""
    import openai

    try:
        return Lab(client).position(run.id)["held"]
    except openai.APIStatusError:
        return False


def _text(message: "Message") -> str:
    """Return the text of a message. A picture is told by its name."""
    return "\n".join(part.text.value if part.type == "text" else f"[{part.type}]" for part in message.content)


def _has_store(client: "OpenAI", run: "Run") -> bool:
    """True if a search of this run has a vector store to look into."""
    import openai

    for read in (
        lambda: client.beta.threads.retrieve(run.thread_id).tool_resources,
        lambda: client.beta.assistants.retrieve(run.assistant_id).tool_resources,
    ):
        try:
            resources = read()
        except openai.NotFoundError:  # it was deleted
            continue
        if resources and resources.file_search and resources.file_search.vector_store_ids:
            return True
    return False
