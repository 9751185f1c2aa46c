"""`to_conversation` writes a thread as a conversation, through the SDK.

conversation = anb.to_conversation(client, thread.id)
response = client.responses.create(model="gpt-4o", conversation=conversation.id, input="And then?")
"""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from ..engine.ids import container_id
from ..sdk import Refused, id_of
from ..texts import count
from .items import Items

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Thread
    from openai.types.beta.threads import Run
    from openai.types.conversations import Conversation

_AT_ONCE: Final = 20
"""The most items that one request may bring."""
_PAGE: Final = 100
_HITS: Final = "step_details.tool_calls[*].file_search.results[*].content"
_MOVING: Final = ("queued", "in_progress", "cancelling")


def to_conversation(client: "OpenAI", thread: "Thread | str") -> "Conversation":
    """Write a thread as a conversation: its messages, the calls of tools, and their outputs. The thread stays.

    Prints how many items the conversation has, and what of the thread it cannot hold. A text loses the marks that cite
    hits, such as `【4:0†notes.txt】`: its annotations say where they were.
    Raises Refused while a run is under way, and what the SDK raises.
    """
    moved = _Thread(client, id_of(thread, "a thread", "anb.to_conversation(client, thread.id)"))
    given = list(moved.items())
    metadata: Any = moved.thread.metadata or {}
    conversation = client.conversations.create(items=given[:_AT_ONCE], metadata=metadata)
    for n in range(_AT_ONCE, len(given), _AT_ONCE):
        client.conversations.items.create(conversation.id, items=given[n : n + _AT_ONCE])
    left = [f"- {line}" for line in moved.left()]
    lines = [f"{conversation.id} has {count(len(given), 'item')}.", *["It does not hold:"] * bool(left), *left]
    print("\n".join(lines))  # noqa: T201
    return conversation


class _Thread:
    """A thread as it is now, and the files that it names."""

    def __init__(self, client: "OpenAI", thread_id: str) -> None:
        self._client = client
        self.thread = client.beta.threads.retrieve(thread_id)
        self._items = Items(container_id(thread_id), self._name, self._picture)
        self._runs: list[Run] = []

    def items(self) -> Iterator[Any]:
        threads, id = self._client.beta.threads, self.thread.id
        self._runs = list(threads.runs.list(id, order="asc", limit=_PAGE))
        if moving := next((run for run in self._runs if run.status in _MOVING), None):
            raise Refused(f"{moving.id} is {moving.status}. Wait for its end: then its answer is moved, too.")
        messages = [one.to_dict() for one in threads.messages.list(id, order="asc", limit=_PAGE)]
        runs = [(run.to_dict(), self._steps(run)) for run in self._runs]
        return self._items.of(cast(Any, messages), cast(Any, runs))

    def left(self) -> Iterator[str]:
        """Yield what the conversation does not hold, a sentence each."""
        if self._runs:
            yield "Assistants, runs and run steps. anb.as_responses(run) writes a run as a program."
        resources = self.thread.tool_resources
        if resources and resources.file_search and (ids := resources.file_search.vector_store_ids):
            yield f'The files to search. Name their store in the tool: "vector_store_ids": {ids}'
        if resources and resources.code_interpreter and (ids := resources.code_interpreter.file_ids):
            yield f'The files for code. Name them in the tool: "container": {{"type": "auto", "file_ids": {ids}}}'
        yield from self._items.left()

    def _steps(self, run: "Run") -> list[dict[str, Any]]:
        steps = self._client.beta.threads.runs.steps
        return [
            step.to_dict()
            for step in steps.list(run.id, thread_id=run.thread_id, order="asc", limit=_PAGE, include=[_HITS])
        ]

    def _name(self, file_id: str) -> str:
        """Return the name of a file; of one that was deleted, its id."""
        import openai

        try:
            return self._client.files.retrieve(file_id).filename.rpartition("/")[2]
        except openai.NotFoundError:
            return file_id

    def _picture(self, file_id: str) -> str | None:
        import openai

        try:
            data = self._client.files.content(file_id).content
        except openai.NotFoundError:
            return None
        return f"data:image/png;base64,{base64.b64encode(data).decode()}"
