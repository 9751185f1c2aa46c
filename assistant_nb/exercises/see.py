"""What a check may look at: what an engine keeps. Everything is read; nothing is made, and no run moves.

A check never sees a variable of the notebook.
"""

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from ..texts import read_json
from ..widgets.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai import OpenAI
    from openai.types import FileObject, VectorStore
    from openai.types.beta import Assistant, Thread
    from openai.types.beta.threads import Message, Run
    from openai.types.beta.threads.runs import RunStep
    from openai.types.responses import Response

    from ..shapes import JournalEntry, LabRun

_ONE_PAGE: Final = 100
_MOVES_STILL: Final = "Call `runs.retrieve` again until it is `completed`."
_NEXT: Final = {
    "queued": _MOVES_STILL,
    "in_progress": _MOVES_STILL,
    "cancelling": "Call `runs.retrieve` again until it is `cancelled`.",
    "requires_action": "It waits for the outputs of your functions. Submit them.",
    "failed": "Print `run.last_error`. Then create a new run.",
    "incomplete": "Print `run.incomplete_details`. Then create a new run.",
    "cancelled": "Create a new run.",
    "expired": "Create a new run.",
}
"""What to do with a run that is not completed."""


def squeeze(text: str) -> str:
    """Return a text for comparing: `squeeze("`5x + 3`")` is `"5x+3"`."""
    return re.sub(r"[\s`]", "", text).casefold()


def said(message: "Message") -> str:
    """Return the text of a message."""
    return " ".join(part.text.value for part in message.content if part.type == "text")


def item_said(item: Any) -> str:
    """Return the text of an item; of a call or an output, nothing."""
    return " ".join(part.text for part in item.content if hasattr(part, "text")) if item.type == "message" else ""


def done(run: "Run", what: str = "Your run") -> Literal[True] | str:
    """Return True for a completed run, else a sentence: its status, and what to do."""
    return True if run.status == "completed" else f"{what} is `{run.status}`. {_NEXT.get(run.status, _MOVES_STILL)}"


def one_done(runs: "Sequence[Run]", what: str = "Your run") -> Literal[True] | str:
    """Return True if one of the runs is completed, else a sentence about the newest."""
    return any(run.status == "completed" for run in runs) or done(runs[-1], what)


class FunctionCall(NamedTuple):
    """A call of a learner's function, as `FunctionCall("get_price", {"toy": "kite"}, "12 euros")`."""

    name: str
    arguments: Any
    output: str


def _read(arguments: str) -> Any:
    """Return the arguments of a call; as they are if they are no JSON."""
    try:
        return read_json(arguments or "{}")
    except ValueError:
        return arguments


class See:
    """One engine. Lists are oldest first. Raises what the SDK raises."""

    def __init__(self, client: "OpenAI") -> None:
        self.client = client
        self._lab = Lab(client)
        self.messages = cache(self._messages)
        self.journal = cache(self._journal)
        self.items = cache(self._items)
        self.input_items = cache(self._input_items)

    @cached_property
    def threads(self) -> "list[Thread]":
        from openai import RequestOptions
        from openai.pagination import SyncCursorPage
        from openai.types.beta import Thread

        query: RequestOptions = {"params": {"order": "asc", "limit": _ONE_PAGE}}
        return list(self.client.get_api_list("/threads", model=Thread, page=SyncCursorPage[Thread], options=query))

    @cached_property
    def assistants(self) -> "list[Assistant]":
        return list(self.client.beta.assistants.list(order="asc", limit=_ONE_PAGE))

    @cached_property
    def files(self) -> "list[FileObject]":
        """All files: those that were uploaded, and those that code has written (`assistants_output`)."""
        return list(self.client.files.list(order="asc"))

    @cached_property
    def stores(self) -> "list[VectorStore]":
        return list(self.client.vector_stores.list(order="asc", limit=_ONE_PAGE))

    @cached_property
    def runs(self) -> "list[Run]":
        """The runs of all threads, in order of the threads. They come from lists, as a look at a run may move it."""
        threads = self.client.beta.threads
        pages = (threads.runs.list(thread.id, order="asc", limit=_ONE_PAGE) for thread in self.threads)
        return [run for page in pages for run in page]

    def runs_on(self, thread_id: str) -> "list[Run]":
        return [run for run in self.runs if run.thread_id == thread_id]

    def _messages(self, thread_id: str) -> "list[Message]":
        return list(self.client.beta.threads.messages.list(thread_id, order="asc", limit=_ONE_PAGE))

    def steps(self, run: "Run") -> "list[RunStep]":
        steps = self.client.beta.threads.runs.steps
        return list(steps.list(run.id, thread_id=run.thread_id, order="asc", limit=_ONE_PAGE))

    def calls(self, run: "Run", kind: str) -> list[Any]:
        """Return a run's calls of a kind of tool, such as `function`."""
        details = (step.step_details for step in self.steps(run))
        return [call for one in details if one.type == "tool_calls" for call in one.tool_calls if call.type == kind]

    def function_calls(self, run: "Run") -> list[FunctionCall]:
        """Return the functions that a run has called, in order. An output that was not submitted yet is empty."""
        calls = (call.function for call in self.calls(run, "function"))
        return [FunctionCall(one.name, _read(one.arguments), one.output or "") for one in calls]

    def tools_used(self, run: "Run") -> list[str]:
        """Return the tools that a run has called, in order: functions by their names, others by their types."""
        details = (step.step_details for step in self.steps(run))
        calls = (call for one in details if one.type == "tool_calls" for call in one.tool_calls)
        return [call.function.name if call.type == "function" else call.type for call in calls]

    def code(self, run: "Run") -> tuple[list[str], str]:
        """Return the pieces of code that a run has executed, and all that they printed."""
        calls = [call.code_interpreter for call in self.calls(run, "code_interpreter")]
        logs = (output.logs for call in calls for output in call.outputs if output.type == "logs")
        return [call.input for call in calls], "".join(logs)

    def cited(self, run: "Run") -> set[str]:
        """Return the ids of the files that a run's answer cites."""
        parts = (part for one in self.messages(run.thread_id) if one.run_id == run.id for part in one.content)
        notes = (note for part in parts if part.type == "text" for note in part.text.annotations)
        return {note.file_citation.file_id for note in notes if note.type == "file_citation"}

    def threads_with(self, file_id: str, kind: str | None = None) -> list[str]:
        """Return the ids of the threads where a message has a file attached, for a kind of tool."""
        everywhere = (message for thread in self.threads for message in self.messages(thread.id))
        return list(
            dict.fromkeys(
                message.thread_id
                for message in everywhere
                for one in message.attachments or []
                if one.file_id == file_id and (kind is None or any(tool.type == kind for tool in one.tools or []))
            )
        )

    def store_ids(self, owner: "Assistant | Thread") -> list[str]:
        """Return the ids of the vector stores of an assistant or a thread."""
        search = owner.tool_resources and owner.tool_resources.file_search
        return (search and search.vector_store_ids) or []

    def _journal(self, run_id: str) -> "list[JournalEntry]":
        return self._lab.journal(run_id, -1)

    def events(self, run: "Run") -> list[str]:
        return [entry["event"] for entry in self.journal(run.id)]

    def prompts(self, run: "Run") -> list[Any]:
        """Return what the model was asked in a run, each time as `{"instructions": …, "messages": […], …}`."""
        return [entry["data"] for entry in self.journal(run.id) if entry["event"] == "model.asked"]

    def position(self, run: "Run") -> "LabRun":
        return self._lab.position(run.id)

    @property
    def is_empty(self) -> bool:
        return not (self.threads or self.assistants or self.files or self.stores or self.responses)

    def asking(self, phrase: str) -> "list[Message]":
        """Return all user messages that hold a phrase. Spaces, backticks and capitals do not count."""
        everywhere = (message for thread in self.threads for message in self.messages(thread.id))
        return [one for one in everywhere if one.role == "user" and squeeze(phrase) in squeeze(said(one))]

    def threads_asking(self, phrase: str) -> list[str]:
        """Return the ids of the threads with such a message."""
        return list(dict.fromkeys(str(message.thread_id) for message in self.asking(phrase)))

    def runs_asking(self, phrase: str) -> "list[Run]":
        return [run for thread_id in self.threads_asking(phrase) for run in self.runs_on(thread_id)]

    def made_with(self, run: "Run") -> dict[str, str]:
        """Return the metadata that a run was created with, so before it moved."""
        return dict(self.journal(run.id)[0]["data"]["metadata"])

    def guesses(self, phrase: str | None = None) -> "list[tuple[Run, str]]":
        """Return the runs that were created with a guess, on threads with a phrase."""
        runs = self.runs if phrase is None else self.runs_asking(phrase)
        return [(run, guess.strip()) for run in runs if (guess := self.made_with(run).get("guess"))]

    @cached_property
    def responses(self) -> "list[Response]":
        """All responses that are kept. They come from a list, as a look at a response may move it."""
        from openai.pagination import SyncPage
        from openai.types.responses import Response

        return list(self.client.get_api_list("/lab/responses", model=Response, page=SyncPage[Response]))

    def _input_items(self, response_id: str) -> list[Any]:
        """Return all items that a response was asked with: its own input, and what came before it."""
        return list(self.client.responses.input_items.list(response_id, order="asc", limit=_ONE_PAGE))

    def _items(self, conversation_id: str) -> list[Any]:
        return list(self.client.conversations.items.list(conversation_id, order="asc", limit=_ONE_PAGE))

    @property
    def conversations(self) -> list[str]:
        """The ids of all conversations. The list of threads has them, too."""
        return [thread.id for thread in self.threads if thread.id.startswith("conv_")]

    def question(self, response: "Response") -> str:
        """Return the last thing that a person said before a response."""
        asked = (one for one in reversed(self.input_items(response.id)) if getattr(one, "role", None) == "user")
        return next(map(item_said, asked), "")

    def responses_asking(self, phrase: str) -> "list[Response]":
        """Return the responses to a question with a phrase; also those that were sent an output after it."""
        return [one for one in self.responses if squeeze(phrase) in squeeze(self.question(one))]
