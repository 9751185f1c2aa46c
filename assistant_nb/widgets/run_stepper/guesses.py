"""Predict first: a question about what comes next, a guess, the score. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...trace import Frame
from ..messages import Guess, Question

if TYPE_CHECKING:
    from ...shapes import LabRun


@dataclass
class Guesses:
    """Predict first: a question about what comes next, made from the legal moves and the tools, and the score."""

    right: int = 0
    asked: int = 0
    question: Question | None = None
    """`{"about": "status", "text": …, "options": […], "start": 3}`; the frames from place `start` on answer it."""
    guessed: str | None = None
    told: str = ""

    @property
    def open(self) -> bool:
        """Whether a question waits for a guess."""
        return self.question is not None and self.guessed is None

    def make(self, guess: str) -> None:
        if self.question and guess in self.question["options"]:
            self.guessed = guess

    def look(self, position: "LabRun", frames: Sequence[Frame]) -> None:
        """Score the guess if the new frames answer the question; then ask the next question."""
        if self.question and self.guessed and (truth := _truth(self.question, frames)):
            self.asked += 1
            self.right += truth == self.guessed
            self.told = f"It was {truth}: {'right' if truth == self.guessed else f'not {self.guessed}'}."
            self.question = self.guessed = None
        if self.question is None:
            self.question = _question(position, len(frames))

    def state(self) -> Guess:
        return {
            "question": self.question,
            "guessed": self.guessed,
            "told": self.told,
            "score": (self.right, self.asked),
        }


def _question(position: "LabRun", start: int) -> Question | None:
    if not position["moves"]:
        return None
    if position["next"] == "listen":
        tools = position["run"]["tools"]
        names = [tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools]
        text = "The model has its prompt. What will it do?"
        return {
            "about": "call",
            "text": text,
            "options": ["answer", *(f"call {name}" for name in names)],
            "start": start,
        }
    options: list[str] = [move["status"] for move in position["moves"]]
    return {"about": "status", "text": "Which status comes next?", "options": options, "start": start}


def _truth(question: Question, frames: Sequence[Frame]) -> str | None:
    """Return the right answer; None while nothing has answered the question."""
    after = frames[question["start"] :]
    if question["about"] == "status":
        status = frames[question["start"] - 1].status
        return next((frame.status for frame in after if frame.status != status), None)
    answered = next((entry["data"] for frame in after if (entry := frame.find("model.answered"))), None)
    if answered is None:
        return None
    return f"call {answered['tool_calls'][0]['name']}" if answered["tool_calls"] else "answer"
