import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.errors import IllegalMove
from assistant_nb.engine.run_states import ACTIVE, MOVES, MOVING, STATUSES, TERMINAL, Status, check

statuses = st.sampled_from(STATUSES)


def test_there_are_nine_statuses_and_each_has_a_row() -> None:
    assert len(STATUSES) == 9
    assert set(MOVES) == set(STATUSES)


def test_nothing_leaves_a_terminal_status() -> None:
    assert sorted(TERMINAL) == ["cancelled", "completed", "expired", "failed", "incomplete"]
    assert not any(MOVES[status] for status in TERMINAL)


def test_a_run_waits_for_its_client_in_one_status_only() -> None:
    assert {"requires_action"} == ACTIVE - MOVING


def test_every_status_can_be_reached() -> None:
    reached: set[Status] = {"queued"}
    for _ in STATUSES:
        reached |= {then for now in reached for then in MOVES[now]}
    assert reached == set(STATUSES)


@given(statuses, statuses)
def test_a_move_is_legal_exactly_when_the_table_has_it(now: Status, then: Status) -> None:
    if then in MOVES[now]:
        check(now, then)
    else:
        with pytest.raises(IllegalMove, match=f"'{now}' cannot become '{then}'"):
            check(now, then)


def test_an_illegal_move_names_the_ways_that_are_open() -> None:
    with pytest.raises(IllegalMove, match="can only become queued, cancelling, expired"):
        check("requires_action", "completed")
    with pytest.raises(IllegalMove, match="where a run ends"):
        check("failed", "queued")
