"""Rests of different lengths end together."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.hosts import beat


class Clock:
    """An event loop's clock that stands."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@given(
    now=st.floats(0, 1e7),
    seconds=st.sampled_from([0.01, 0.1, 0.5, 1.0, 2.0, 8.0, 10.0]),
    phase=st.floats(0, 0.99),
)
def test_a_rest_is_about_its_length_and_ends_on_a_beat(now: float, seconds: float, phase: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "get_running_loop", lambda: Clock(now))
        due = beat.due(seconds, phase)
    assert 0.09 * seconds < due - now < 1.11 * seconds
    beats = (due - phase) / seconds
    assert abs(beats - round(beats)) < 1e-3


def test_woken_a_moment_early_it_is_the_next_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio runs what is due within the resolution of its clock."""
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: Clock(99.999999))
    assert beat.due(1.0) == 101.0
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: Clock(100.001))
    assert beat.due(1.0) == 101.0


async def test_a_rest_ends_at_its_beat() -> None:
    loop = asyncio.get_running_loop()
    for seconds in (0.02, 0.05):
        due = beat.due(seconds)
        await beat.rest(seconds)
        assert loop.time() >= due - 1e-3


async def test_a_phase_keeps_them_apart() -> None:
    first, second = beat.due(1.0), beat.due(1.0, 0.25)
    assert abs(first - second) in (pytest.approx(0.25), pytest.approx(0.75))
