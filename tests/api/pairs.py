"""What both replays of recorded traffic share: recorded ids and ours, in pairs."""

import re
from typing import Any


class NotReplayed(Exception):
    """Says why."""


class Pairs:
    """The ids of a recording, and what stands for each here. `pattern` matches an id."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.ids = dict[str, str]()
        self._pattern = pattern

    def learn(self, recorded: Any, ours: Any) -> None:
        """Pair the recorded ids of an answer with ours."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key, value in recorded.items():
                self.learn(value, ours.get(key))
        elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
            for one, other in zip(recorded, ours, strict=True):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(ours, str) and self._is_id(recorded) and self._is_id(ours):
            self.ids.setdefault(recorded, ours)

    def ours(self, text: str) -> str:
        """A recorded text with our ids."""
        return self._pattern.sub(lambda match: self.ids.get(match[0], match[0]), text)

    def _is_id(self, text: str) -> bool:
        return self._pattern.fullmatch(text) is not None
