"""The boundary between the run loop and the tools that the engine runs by itself."""

from typing import Protocol

from ..wire import Json


class Tool(Protocol):
    """Answers calls of one kind, such as `file_search`. What it has no use for it may leave as it stands here."""

    def use(self, run: Json, given: str) -> Json:
        """What a call's step shows of its answer: `{"results": […]}` or `{"outputs": […]}`.

        `given` is what the model wrote: a query, or code. Whatever is wrong with that is told in the answer, for the
        model to read; nothing is raised. No transaction is open meanwhile, so it may take its time.
        """
        ...

    def interrupt(self, thread_id: str) -> None:
        """The answer being worked out for this thread is not wanted any more. Must not wait."""
        return

    def forget(self, thread_id: str) -> None:
        """The thread is deleted."""
        return

    def close(self) -> None:
        """The engine ends."""
        return
