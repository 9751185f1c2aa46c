"""How many tokens live models may use in this process. They are counted before a call and after it."""

import threading
from dataclasses import dataclass
from typing import Final

from ..errors import ModelError

ANSWER_TOKENS: Final = 4096
"""With a cap, an answer without a limit of its own gets this one. So runs at the same time have room."""


class Ledger:
    """The tokens used, and the tokens set aside for calls under way. Repeated requests count once. Thread-safe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.requests, self.tokens = 0, 0

    def add(self, tokens: int) -> None:
        with self.lock:
            self.tokens += tokens


PROCESS: Final = Ledger()
"""One for the process: two connections together get as much as one."""


@dataclass(frozen=True)
class Budget:
    """A cap, such as `Budget(20_000)`. Without a cap, tokens are counted and never refused. Raises ValueError."""

    cap_tokens: int | None = None
    ledger: Ledger = PROCESS

    def __post_init__(self) -> None:
        if self.cap_tokens is not None and not (isinstance(self.cap_tokens, int | float) and self.cap_tokens > 0):
            raise ValueError(f"cap_tokens={self.cap_tokens!r} is no cap. Use a number above 0.")

    def __str__(self) -> str:
        """The cap, for the banner: "at most 20,000 tokens"."""
        return f"at most {self.cap_tokens:,} tokens" if self.cap_tokens else ""

    def book(self, prompt_tokens: int, limit: int | None) -> "Booking":
        """Set aside the most that a call may use. Its answer gets `limit` tokens, or fewer if fewer are left.

        Raises ModelError when nothing is left for an answer.
        """
        with self.ledger.lock:
            if self.cap_tokens is None:
                self.ledger.requests += 1
                return Booking(self.ledger, limit, 0)
            room = int(self.cap_tokens - self.ledger.tokens - prompt_tokens)
            if room < 1:
                raise ModelError(self._refusal(prompt_tokens), "rate_limit_exceeded")
            answer = min(room, limit or ANSWER_TOKENS)
            self.ledger.requests += 1
            self.ledger.tokens += prompt_tokens + answer
        return Booking(self.ledger, answer, prompt_tokens + answer)

    def _refusal(self, prompt_tokens: int) -> str:
        return (
            "The model was not asked, as the cap of this process would be overstepped:"
            f" {self.ledger.tokens:,} of {self.cap_tokens:,} tokens are used or booked, and this prompt has about"
            f" {prompt_tokens:,} tokens. Ways on: begin a shorter thread, or start with a higher cap_tokens;"
            " what is spent stays counted until the process ends."
        )


@dataclass
class Booking:
    """The tokens that are set aside for one call."""

    _ledger: Ledger
    limit: int | None
    """How many tokens the answer may have. None: there is no cap and no limit."""
    _tokens: int

    def settle(self, taken_tokens: int) -> None:
        """Replace the tokens set aside by the tokens used. Call it once."""
        self._ledger.add(taken_tokens - self._tokens)
