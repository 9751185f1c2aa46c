"""A widget as its page sees it: what it says is heard, what the page asks is answered."""

from collections.abc import Callable
from typing import Any

import pytest

from assistant_nb.widgets.panel import Panel
from tests.until import until

Json = dict[str, Any]


class Page:
    """A page without a browser."""

    def __init__(self, widget: Panel) -> None:
        self.widget, self.heard = widget, list[Json]()
        widget.send = lambda content, buffers=None: self.heard.append(content)

    def ask(self, name: str, *buffers: memoryview, **args: Any) -> Any:
        """Call a method as the script does, and wait for its answer. Errors come as `{"error": …}`."""
        call = len(self.heard) + 1000
        self.widget._heard(None, {"do": name, "call": call, "view": "page", "args": args}, list(buffers))
        answer = self.wait(lambda message: message.get("answers") == call)
        return answer.get("result") if "error" not in answer else answer

    def wait(self, wanted: Callable[[Json], bool]) -> Json:
        return until(lambda: next(filter(wanted, list(self.heard)), None), lambda: f"not heard: {self.heard[-3:]}")

    def events(self, name: str) -> list[Json]:
        return [message for message in self.heard if message.get("event") == name]


@pytest.fixture
def page() -> type[Page]:
    return Page
