"""Each exercise in a lesson's engine: untouched, attempted wrongly, and done in different ways."""

from importlib import import_module
from types import ModuleType

import pytest

from assistant_nb.exercises.table import EXERCISES, TITLES, of_lesson
from tests.exercises.worlds import world

LESSONS = [lesson for lesson in TITLES if of_lesson(lesson)]


def attempts(key: str) -> ModuleType:
    return import_module(f"tests.exercises.attempts_{key[:2]}")


@pytest.mark.parametrize("lesson", LESSONS)
def test_nothing_of_a_lesson_counts_as_an_attempt(lesson: str) -> None:
    see = world(lesson)
    assert {key: EXERCISES[key].check(see) for key in of_lesson(lesson)} == dict.fromkeys(of_lesson(lesson))


@pytest.mark.parametrize("key", EXERCISES)
def test_the_solution_and_another_way_are_right(key: str) -> None:
    ways = [EXERCISES[key].solution, *attempts(key).RIGHT[key]]
    assert len(ways) >= 2
    assert [EXERCISES[key].check(world(key[:2], way)) for way in ways] == [True] * len(ways)


@pytest.mark.parametrize("key", EXERCISES)
def test_a_wrong_attempt_is_told_what_is_missing(key: str) -> None:
    wrong = attempts(key).WRONG[key]
    assert len(wrong) >= 2
    for code, part in wrong:
        verdict = EXERCISES[key].check(world(key[:2], code))
        assert isinstance(verdict, str)
        assert part in verdict


@pytest.mark.parametrize("key", EXERCISES)
def test_one_right_candidate_is_enough(key: str) -> None:
    """A learner who errs first and last has done it all the same."""
    wrong = attempts(key).WRONG[key]
    assert EXERCISES[key].check(world(key[:2], EXERCISES[key].solution, wrong[0][0])) is True
