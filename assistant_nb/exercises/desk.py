"""Four calls for a learner: `check` looks at an exercise, `hint` and `solution` help, `progress` shows them all.

anb.check("04.2")
04.2 · Not attempted yet. No run that prints `n + 1` has a guess.

Each prints, so that it works in the middle of a cell, too, and reads well in a saved notebook.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ..client import clients
from ..widgets.lab import Lab
from . import solved
from .frame import Verdict
from .see import See
from .table import EXERCISES, FROM_NOTHING, TITLES, find, of_lesson

_shown: Final = Counter[str]()
"""How many hints of an exercise were shown."""


def check(key: str) -> None:
    """Look at what the engine keeps, and print one line: not attempted yet, not yet with the next step, or right.

    Looks at all engines of this process, and never at a variable. Raises ValueError for a key that no exercise has.
    """
    exercise = find(key)
    engines = list(_engines())
    verdict = _verdict(key, engines)
    if verdict is True:
        solved.add(key)
        said = f"Right. {exercise.right}"
    elif verdict:
        said = f"Not yet. {verdict}"
    else:
        said = f"Not attempted yet. {_nothing(key, engines)}"
    _say(f"{key} · {' '.join(said.split())}")


def hint(key: str) -> None:
    """Print a hint: one more each time. Raises ValueError for a key that no exercise has."""
    hints = find(key).hints
    _shown[key] = min(_shown[key] + 1, len(hints))
    for n, text in enumerate(hints[: _shown[key]], 1):
        _say(f"{key} · Hint {n} of {len(hints)}. {text}")
    if _shown[key] == len(hints):
        _say(f'That was the last hint. A solution: anb.solution("{key}")')


def solution(key: str) -> None:
    """Print a solution as code for a cell of your own. Raises ValueError for a key that no exercise has."""
    _say(f"# {key} · One way to do it. Others are as good.\n{find(key).solution}")


def progress() -> None:
    """Print which exercises were right in each lesson: now, or earlier in a notebook of this folder."""
    known = solved.known()
    widest = max(map(len, TITLES.values()))
    for lesson, title in TITLES.items():
        keys = of_lesson(lesson)
        marks = "".join("●" if key in known else "○" for key in keys)
        right = sum(key in known for key in keys)
        _say(f"{lesson}  {title:{widest}}  {marks:6} {right} of {len(keys)}")


def _engines() -> Iterator[See]:
    """Yield the engines that this process knows, the newest first. Other servers and stopped engines are left out."""
    import openai

    for client in clients():
        try:
            is_ours = Lab(client).moves() is not None
        except openai.APIError:
            continue
        if is_ours:
            yield See(client)


def _verdict(key: str, engines: list[See]) -> Verdict:
    """Return True if the exercise is right on one engine, else what is said of the newest one that has an attempt."""
    verdicts = [EXERCISES[key].check(see) for see in engines]
    return True if True in verdicts else next(filter(None, verdicts), None)


def _nothing(key: str, engines: list[See]) -> str:
    """Say what is not there."""
    lesson = key.partition(".")[0]
    way_on = f'Run the lesson from the top, or this line: anb.goto("{lesson}", "exercises")'
    if not engines:
        return f"No engine is running. {way_on}"
    if lesson not in FROM_NOTHING and all(see.is_empty for see in engines):
        return f"The engine is empty. {way_on}"
    return EXERCISES[key].untouched


def _say(text: str) -> None:
    print(text)  # noqa: T201
