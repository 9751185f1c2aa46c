"""A person in the model's seat.

Whoever waits for a person must not hold a thread meanwhile, and must survive the end of the process. So this
model does not wait: asked for the first time it raises Unanswered, and the run rests. `GET /v1/lab/seats` lists the
prompts that wait so, `POST /v1/lab/seats/{run_id}` takes an answer; that goes into the run's journal, and the model
is asked again, with a prompt that brings what was said.
"""

from collections.abc import Iterator

from ..entries import Said
from ..errors import ModelError, Unanswered
from .base import Delta, Finish, Prompt, TextDelta, ToolCall, call_deltas, within, words


class Human:
    """Says what a person has said; until then a run waits, for ten minutes as the API has it."""

    name = "human"
    models = ("human",)

    def __eq__(self, other: object) -> bool:
        """There is but one choice of this kind, so that a cell may be run twice."""
        return isinstance(other, Human)

    def __hash__(self) -> int:
        return hash(Human)

    def provenance(self) -> str:
        return "yours, at /v1/lab/seats"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        """Raises Unanswered until the prompt brings an answer, and ModelError when the person chose to fail."""
        if prompt.said is None:
            raise Unanswered(
                "A person plays the model and has not answered. GET /v1/lab/seats lists the runs that wait."
            )
        yield from within(prompt.max_completion_tokens, _spoken(prompt.said))


def _spoken(said: Said) -> Iterator[Delta]:
    if error := said.get("error"):
        raise ModelError(error["message"], error.get("code", "server_error"))
    yield from map(TextDelta, words(said.get("text", "")))
    for index, call in enumerate(said.get("tool_calls", [])):
        yield from call_deltas(index, ToolCall(call["name"], call["arguments"]))
    yield Finish({"answer": "authored"})
