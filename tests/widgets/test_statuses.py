"""The table of statuses that pages get."""

from typing import get_args

from assistant_nb.engine.params.lab import FaultKind
from assistant_nb.engine.run_states import ACTIVE, MOVES, MOVING, STATUSES, TERMINAL
from assistant_nb.widgets import statuses
from assistant_nb.widgets.lab import FAULTS


def test_the_table_says_of_each_status_what_the_engine_says() -> None:
    assert {name for name in STATUSES if statuses.is_final(name)} == TERMINAL
    assert {name for name in STATUSES if statuses.is_moving(name)} == MOVING
    assert {name for name in STATUSES if statuses.can_stop(name)} == {*ACTIVE} - {"cancelling"}


def test_a_status_of_a_later_day_has_a_place_of_its_own() -> None:
    looks = statuses.looks([*MOVES, "dreaming", "archived"])
    places = [look["place"] for look in looks.values()]
    assert len(set(places)) == len(places) == len(MOVES) + 2
    assert looks["dreaming"] == {"colour": "run", "place": (76, 186), "can_stop": False}
    assert not statuses.is_final("dreaming")


def test_each_fault_of_the_engine_has_words() -> None:
    assert tuple(FAULTS) == get_args(FaultKind)
