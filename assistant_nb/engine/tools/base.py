"""The boundary between the run loop and the tools that the engine runs by itself."""

from typing import Protocol

from ..objects import Run
from ..parts import ToolAnswer


class Tool(Protocol):
    """Answers calls of one kind, such as `file_search`. Only `use` must be written; the others may do nothing."""

    def use(self, run: Run, given: str) -> ToolAnswer:
        """Answer a call. Returns what its run step shows: `{"results": […]}` or `{"outputs": […]}`.

        `given` is what the model wrote: a query, or code. An error in it becomes part of the answer, for the model to
        read, and is not raised. No transaction is open meanwhile, so the call may take a long time.
        """
        ...

    def begin(self, run: Run, at: int) -> None:
        """A run that may call this tool has begun. Raises ModelError if it cannot be given what it needs.

        In the transaction of the run's first transition, at its time.
        """
        return

    def interrupt(self, thread_id: str) -> None:
        """Stop the call under way for this thread: its answer is not needed any more. Must not wait."""
        return

    def forget(self, thread_id: str) -> None:
        """Drop everything of a thread: it is deleted."""
        return

    def close(self) -> None:
        """Drop everything: the engine ends."""
        return
