"""A person in the model's seat.

A person takes minutes. Meanwhile no thread may be held, and the process may end. So this model does not wait. Asked for
the first time, it raises Unanswered, and the run stops there. `GET /v1/lab/seats` lists the prompts that need answers.
`POST /v1/lab/seats/{run_id}` takes an answer and writes it into the run's journal. Then the model is asked again, with
a prompt that holds the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ModelError, Unanswered
from ..params.lab import Said
from .base import Delta, Finish, Prompt, ToolCall, answer_deltas, within


@dataclass(frozen=True)  # instances compare equal, so running `start()` again changes nothing
class Human:
    """Says what a person has said. Until then the run waits, for ten minutes like any run."""

    name = "human"
    models = ("human",)

    def provenance(self) -> str:
        return "yours, at /v1/lab/seats"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        """Raises Unanswered until the prompt holds an answer, ModelError if the person chose an error."""
        if prompt.said is None:
            raise Unanswered(
                "A person plays the model and has not answered. GET /v1/lab/seats lists the runs that wait."
            )
        yield from within(prompt.max_completion_tokens, _spoken(prompt.said))


def _spoken(said: Said) -> Iterator[Delta]:
    if error := said.get("error"):
        raise ModelError(error["message"], error.get("code", "server_error"))
    calls = [ToolCall(call["name"], call["arguments"]) for call in said.get("tool_calls", [])]
    yield from answer_deltas(said.get("text", ""), calls)
    yield Finish({"answer": "authored"})
