"""The boundary between the run loop and the tools that the engine runs by itself."""

from typing import Protocol

from ..wire import Json


class Tool(Protocol):
    """Answers calls of one kind, such as `file_search`."""

    def use(self, run: Json, given: str) -> Json:
        """What a call's step shows of its answer: `{"results": […]}` or `{"outputs": […]}`.

        `given` is what the model wrote: a query, or code. Whatever is wrong with that is told in the answer, for the
        model to read; nothing is raised. No transaction is open meanwhile, so it may take its time.
        """
        ...
