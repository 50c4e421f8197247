"""A connection's state tells its age and its next try, or that there is none."""

from __future__ import annotations

import pytest

from mxtop.mail.connection import FOR_A_PERSON, Connection


def test_age_and_wait_are_unknown_where_nothing_was_heard_and_nothing_is_planned() -> None:
    link = Connection(state="connecting", since=100.0)
    assert (link.age(130.0), link.wait(130.0), link.live) == (None, None, False)


def test_age_and_wait_never_run_below_zero() -> None:
    link = Connection(state="down", since=100.0, heard=95.0, next_try=110.0)
    assert (link.age(105.0), link.wait(105.0)) == (10.0, 5.0)
    assert (link.age(90.0), link.wait(120.0)) == (0.0, 0.0)


@pytest.mark.parametrize("state", ["connecting", "live", "stale", "down"])
def test_who_needs_no_person(state: str) -> None:
    assert state not in FOR_A_PERSON
    assert not Connection(state=state, since=0.0).for_a_person  # type: ignore[arg-type]
