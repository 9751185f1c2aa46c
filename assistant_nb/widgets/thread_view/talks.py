"""What a view may do with what it shows: a thread is run by an assistant, a conversation is answered by a response."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ... import sdk
from ..messages import AssistantChoice, Kind
from .conversation import unanswered
from .conversation_reader import INCLUDE, ConversationReader
from .response_stream import ResponseAnswer
from .stream import Answer, RunAnswer
from .thread_reader import ThreadReader
from .window import Part, Reader

if TYPE_CHECKING:
    from openai import OpenAI

    from ...shapes import FunctionCall


class Talk(Protocol):
    """A thread or a conversation, with what can be said there. Raises what the SDK raises."""

    kind: Kind
    id: str

    @property
    def reader(self) -> Reader: ...

    def choices(self) -> list[AssistantChoice]:
        """Return who can be asked."""

    def put(self, text: str) -> None:
        """Add a message of the user."""

    def ask(self, choice: str) -> Answer:
        """Return the answer to what was said, which begins when it is read."""

    def waits(self, part: Part) -> "tuple[str, list[FunctionCall]] | None":
        """Return the calls that wait for outputs, and the id to give these to."""

    def give(self, id: str, outputs: Mapping[str, str]) -> Answer:
        """Return the answer to outputs of functions, given by the ids of their calls."""

    def cancel(self, part: Part, /) -> bool:
        """Cancel the run that another has begun; return whether there was one."""


class ThreadTalk:
    kind: Kind = "Thread"

    def __init__(self, client: "OpenAI", thread_id: str) -> None:
        self.id, self._client, self._runs = thread_id, client, client.beta.threads.runs
        self.reader = ThreadReader(client, thread_id)

    def choices(self) -> list[AssistantChoice]:
        found = list(self._client.beta.assistants.list(limit=100))
        self.reader.names.known.assistants |= {one.id: one.name or one.id for one in found}
        return [{"id": one.id, "name": one.name or one.id, "model": one.model} for one in found]

    def put(self, text: str) -> None:
        self._client.beta.threads.messages.create(self.id, role="user", content=text)

    def ask(self, choice: str) -> Answer:
        begin = partial(self._runs.stream, thread_id=self.id, assistant_id=choice)
        return RunAnswer(self._client, self.id, begin)

    def waits(self, part: Part) -> "tuple[str, list[FunctionCall]] | None":
        run = part.asking
        action = run["required_action"] if run else None
        return (run["id"], action["submit_tool_outputs"]["tool_calls"]) if run and action else None

    def give(self, id: str, outputs: Mapping[str, str]) -> Answer:
        given: Any = [{"tool_call_id": call, "output": output} for call, output in outputs.items()]
        ids = {"thread_id": self.id, "run_id": id}
        begin = partial(self._runs.submit_tool_outputs_stream, **ids, tool_outputs=given)
        return RunAnswer(self._client, self.id, begin, self._runs.retrieve(id, thread_id=self.id))

    def cancel(self, part: Part, /) -> bool:
        if run := part.active:
            self._runs.cancel(run["id"], thread_id=self.id)
        return run is not None


class ConversationTalk:
    """`parameters` are those of each response that the view makes, such as `instructions`."""

    kind: Kind = "Conversation"

    def __init__(self, client: "OpenAI", conversation_id: str, parameters: Mapping[str, Any]) -> None:
        self.id, self._client, self._parameters = conversation_id, client, parameters
        self.reader = ConversationReader(client, conversation_id)
        self._model = str(parameters.get("model") or "")

    def choices(self) -> list[AssistantChoice]:
        """Return the model that was given, else all models of the server."""
        given = self._parameters.get("model")
        names = [str(given)] if given else [one.id for one in self._client.models.list()]
        return [{"id": name, "name": name, "model": name} for name in names]

    def put(self, text: str) -> None:
        said: Any = {"type": "message", "role": "user", "content": text}
        self._client.conversations.items.create(self.id, items=[said])

    def ask(self, choice: str) -> Answer:
        self._model = choice
        return self._answer({})

    def waits(self, part: Part) -> "tuple[str, list[FunctionCall]] | None":
        calls = unanswered(part.messages)
        return (self.id, calls) if calls and not part.newer else None

    def give(self, id: str, outputs: Mapping[str, str]) -> Answer:
        if not self._model:
            raise sdk.Refused(f'Which model goes on? ThreadView(client, conversation="{id}", model="…")')
        given = [{"type": "function_call_output", "call_id": call, "output": out} for call, out in outputs.items()]
        return self._answer({"input": given})

    def cancel(self, _: Part, /) -> bool:
        """A conversation does not tell who answers in it: only the view's own response can be stopped."""
        return False

    def _answer(self, more: Mapping[str, Any]) -> Answer:
        fixed = {"conversation": self.id, "model": self._model, "include": INCLUDE, "stream": True, "background": True}
        begin: Any = partial(self._client.responses.create, **{**self._parameters, **fixed, **more})
        return ResponseAnswer(self._client, self.reader.names.known, begin)
