"""The interval that the lab's shares are judged by, and the count of relays."""

from __future__ import annotations

from math import comb

import pytest

from tests.lab.shares import binomial_bounds, ipv6_count, relays


@pytest.mark.parametrize(("n", "p"), [(400, 0.5), (400, 0.8), (300, 1 / 3), (20, 0.01)])
def test_bounds_are_the_narrowest_that_hold(n: int, p: float) -> None:
    def mass(low: int, high: int) -> float:
        return sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(low, high + 1))

    low, high = binomial_bounds(n, p)
    assert mass(0, low - 1) <= 5e-7 < mass(0, low)
    assert mass(high + 1, n) <= 5e-7 < mass(high, n)


def test_bounds_of_certainty() -> None:
    assert binomial_bounds(200, 0.0) == (0, 0)
    assert binomial_bounds(200, 1.0) == (200, 200)


def test_relays_of_one_domain_only() -> None:
    lines = [
        "AA: to=<a@dual.example>, relay=mx.dual.example[2001:db8::1]:25, delay=1, status=sent (ok)",
        "AB: to=<a@dual.example>, relay=mx.dual.example[192.0.2.9]:25, conn_use=2, status=sent (ok)",
        "AC: to=<a@dual.example>, relay=none, delay=1, status=deferred (no)",
        "AD: to=<a@dualxexample>, relay=mx.other[192.0.2.7]:25, delay=1, status=sent (ok)",
    ]
    assert relays(lines, "dual.example") == ["2001:db8::1", "192.0.2.9"]
    assert relays(lines, "dual.example", new_only=True) == ["2001:db8::1"]
    assert ipv6_count(relays(lines, "dual.example")) == 1
