"""The state of a connection as a value, and the pauses between two tries."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from mxtop.hosts import link as module
from mxtop.hosts.link import LONGEST_PAUSE, Backoff, Link, State


def test_backoff_grows_to_half_a_minute_and_starts_anew() -> None:
    backoff = Backoff()
    pauses = [max(nth_pause(n) for _ in range(200)) for n in range(8)]
    assert all(pause <= limit for pause, limit in zip(pauses, [0.5, 1, 2, 4, 8, 16, 30, 30], strict=True))
    assert pauses[0] > 0.4
    assert pauses[-1] > 25
    for _ in range(50):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() <= 0.5


def nth_pause(failures: int) -> float:
    backoff = Backoff()
    for _ in range(failures):
        backoff.pause()
    return backoff.pause()


def test_age() -> None:
    assert Link("down", 1.0).age(9.0) is None
    assert Link("stale", 1.0, heard=4.0).age(9.0) == 5.0


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    assert Link("live", 1.0, heard=9.0).age(4.0) == 0.0


def test_commands_go_where_somebody_may_answer() -> None:
    """A stale machine may; one that waits for a person, or is being connected, does not."""
    assert {state for state in get_args(State) if Link(state, 0.0).up} == {"live", "stale"}


def test_a_state_stays_as_it_was_told() -> None:
    with pytest.raises(FrozenInstanceError):
        Link("live", 1.0).state = "down"  # type: ignore[misc]
    assert Link("down", 1.0).next_try is None and Link("down", 1.0).trouble is None


def test_after_years_of_failures_it_still_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    backoff = Backoff()
    assert {backoff.pause() for _ in range(100_000)} == {0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE}


def test_hosts_that_came_back_at_once_do_not_knock_at_once() -> None:
    pauses = sorted(nth_pause(5) for _ in range(50))
    assert len(set(pauses)) == 50 and pauses[-1] - pauses[0] > 4 and pauses[0] > 0
