"""Rates over the last minute."""

from __future__ import annotations

import pytest

from mxtop.mail.header import Clock
from mxtop.mail.rates import Rates

ZERO = 1795460400  # 2026-11-23 19:00:00 UTC


def stamp(second: int) -> str:
    return f"2026-11-23T19:{second // 60:02d}:{second % 60:02d}+00:00"


def test_a_steady_flow_has_its_rate_at_any_second() -> None:
    rates = Rates()
    for second in range(300):
        rates.add(stamp(second), 3, 0)
        rates.add(stamp(second), 4, 2)
    for now in (300, 303, 309):
        found = rates.at(ZERO + now, Clock(0.0))
        assert found[3][0] == pytest.approx(1, abs=0.17)
        assert found[3][1:] == (0, 0) and found[4][:2] == (0, 0)
        assert rates.total(ZERO + now, Clock(0.0)) == pytest.approx((found[3][0], 0, found[4][2]))


def test_what_is_older_than_a_minute_is_gone() -> None:
    rates = Rates()
    rates.add(stamp(0), 1, 1)
    assert rates.at(ZERO + 30, Clock(0.0)) == {1: (0.0, 1 / 60, 0.0)}
    assert rates.at(ZERO + 65, Clock(0.0))[1][1] == pytest.approx(0.5 / 60)
    assert rates.at(ZERO + 70, Clock(0.0)) == {}


def test_only_seven_steps_are_kept() -> None:
    rates = Rates()
    for second in range(0, 10_000, 10):
        rates.add(f"2026-11-23T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z", second, 0)
    assert len(rates.at(0, Clock(0.0))) == 7
