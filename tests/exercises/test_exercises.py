"""Each exercise in a lesson's engine: untouched, attempted wrongly, and done in different ways."""

from importlib import import_module
from types import ModuleType

import pytest

from assistant_nb.exercises.table import EXERCISES, TITLES, of_lesson
from tests.exercises.conftest import World


def attempts(lesson: str) -> ModuleType:
    return import_module(f"tests.exercises.attempts_{lesson}")


@pytest.mark.parametrize("lesson", TITLES)
def test_nothing_of_a_lesson_counts_as_an_attempt(lesson: str, world: World) -> None:
    see, keys = world(lesson), of_lesson(lesson)
    assert {key: EXERCISES[key].check(see) for key in keys} == dict.fromkeys(keys)


@pytest.mark.parametrize("lesson", TITLES)
def test_solutions_are_right_and_do_not_disturb_each_other(lesson: str, world: World) -> None:
    keys = of_lesson(lesson)
    see = world(lesson, *(EXERCISES[key].solution for key in keys))
    assert {key: EXERCISES[key].check(see) for key in keys} == dict.fromkeys(keys, True)


@pytest.mark.parametrize("key", EXERCISES)
def test_another_way_is_right_too_and_stays_right_after_a_wrong_attempt(key: str, world: World) -> None:
    lesson = attempts(key[:2])
    assert lesson.RIGHT[key]
    for way in lesson.RIGHT[key]:
        assert EXERCISES[key].check(world(key[:2], way, lesson.WRONG[key][0][0])) is True


@pytest.mark.parametrize("key", EXERCISES)
def test_a_wrong_attempt_is_told_what_is_missing(key: str, world: World) -> None:
    wrong = attempts(key[:2]).WRONG[key]
    assert len(wrong) >= 2
    for code, part in wrong:
        verdict = EXERCISES[key].check(world(key[:2], code))
        assert isinstance(verdict, str)
        assert part in verdict


@pytest.mark.parametrize("key", EXERCISES)
def test_an_exercise_has_hints_and_its_texts_are_sentences(key: str) -> None:
    one = EXERCISES[key]
    assert len(one.hints) >= 2
    assert all(
        text.strip() == text and text[-1] in ".?!`)" for text in (one.task, one.untouched, one.right, *one.hints)
    )
