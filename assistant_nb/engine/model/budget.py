"""What live models may spend in this process, in tokens and in money; counted before a call and after."""

import math
import threading
from dataclasses import dataclass
from typing import Final

from ..errors import ModelError

ANSWER_TOKENS: Final = 4096
"""Where there is a cap, an answer without a limit of its own gets this one, so that runs side by side have room."""
_PER_PRICE: Final = 1_000_000


class Ledger:
    """What has been spent and what is booked by requests under way; repeated requests count once. Thread-safe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.requests, self.tokens, self.cost = 0, 0, 0.0

    def add(self, tokens: int, cost: float) -> None:
        with self.lock:
            self.tokens += tokens
            self.cost += cost


PROCESS: Final = Ledger()
"""One for the process: whoever connects twice does not get twice as much."""


@dataclass(frozen=True)
class Budget:
    """A cap. `Budget(cap_tokens=20_000)`, `Budget(cap_cost=0.5, prices=(2.5, 10))`.

    `prices` are those of a million tokens of prompt and of answer, in the currency of `cap_cost`.
    Raises ValueError for what is no cap, and for a cap on money without prices.
    """

    cap_tokens: int | None = None
    cap_cost: float | None = None
    prices: tuple[float, float] | None = None
    ledger: Ledger = PROCESS

    def __post_init__(self) -> None:
        for name, cap in (("cap_tokens", self.cap_tokens), ("cap_cost", self.cap_cost)):
            if cap is not None and not (_is_amount(cap) and cap > 0):
                raise ValueError(f"{name}={cap!r} is no cap. Use a number above 0.")
        if self.prices is not None and not (len(self.prices) == 2 and all(map(_is_amount, self.prices))):
            raise ValueError(
                f"prices={self.prices!r} are no prices. Use two numbers: what a million tokens of prompt and a million"
                " tokens of answer cost."
            )
        if self.cap_cost is not None and not (self.prices and any(self.prices)):
            raise ValueError("cap_cost=… needs prices=(PROMPT, ANSWER), what a million tokens of each cost.")

    def __str__(self) -> str:
        """The caps, for the banner: "at most 20,000 tokens"."""
        caps = [f"{self.cap_tokens:,} tokens"] if self.cap_tokens else []
        caps += [f"{self.cap_cost:g} in money"] if self.cap_cost else []
        return f"at most {' and '.join(caps)}" if caps else ""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        prompt_price, completion_price = self.prices or (0, 0)
        return (prompt_tokens * prompt_price + completion_tokens * completion_price) / _PER_PRICE

    def book(self, prompt_tokens: int, limit: int | None) -> "Booking":
        """Set aside what a call may take at most. Its answer gets `limit` tokens, or fewer, as many as are left.

        Raises ModelError when nothing is left for an answer.
        """
        if self.cap_tokens is None and self.cap_cost is None:
            with self.ledger.lock:
                self.ledger.requests += 1
            return Booking(self, limit, 0, 0.0)
        with self.ledger.lock:
            room = self._room(prompt_tokens)
            if room < 1:
                raise ModelError(self._refusal(prompt_tokens), "rate_limit_exceeded")
            answer = int(min(room, limit or ANSWER_TOKENS))
            tokens, cost = prompt_tokens + answer, self.cost(prompt_tokens, answer)
            self.ledger.requests += 1
            self.ledger.tokens += tokens
            self.ledger.cost += cost
        return Booking(self, answer, tokens, cost)

    def _room(self, prompt_tokens: int) -> float:
        """How many tokens an answer may have."""
        room = math.inf
        if self.cap_tokens is not None:
            room = self.cap_tokens - self.ledger.tokens - prompt_tokens
        if self.cap_cost is not None:
            left, each = self.cap_cost - self.ledger.cost - self.cost(prompt_tokens, 0), self.cost(0, 1)
            room = min(room, left / each if each else math.inf if left >= 0 else 0)
        return room

    def _refusal(self, prompt_tokens: int) -> str:
        counts = []
        if self.cap_tokens is not None:
            counts.append(f"{self.ledger.tokens:,} of {self.cap_tokens:,} tokens")
        if self.cap_cost is not None:
            counts.append(f"{self.ledger.cost:.4g} of {self.cap_cost:g} in money")
        return (
            f"The model was not asked, as the cap of this process would be overstepped: {' and '.join(counts)} are used"
            f" or booked, and this prompt has about {prompt_tokens:,} tokens. Ways on: begin a shorter thread, or call"
            " assistant_nb.stop() and start with a higher cap; what is spent stays counted until the process ends."
        )


@dataclass
class Booking:
    """What is set aside for one call."""

    _budget: Budget
    limit: int | None
    """How many tokens the answer may have; None where there is no cap and no limit."""
    _tokens: int
    _cost: float

    def settle(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Put what was really taken in the place of what was set aside; once."""
        cost = self._budget.cost(prompt_tokens, completion_tokens)
        self._budget.ledger.add(prompt_tokens + completion_tokens - self._tokens, cost - self._cost)


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < math.inf
