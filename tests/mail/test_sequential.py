"""The bet never wins too often under the null hypothesis, wins soon where it should; the bounds cover."""

from __future__ import annotations

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.sequential import STAKES, Wager, lower_share, upper_share

ALPHA = 0.05
CHANCES = st.floats(0.01, 0.99)


def alarms(true: float, null: float, runs: int, looks: int, seed: int = 1) -> float:
    """The share of watches in which a bet, looked at after each outcome, was ever won."""
    dice = random.Random(seed)
    won = 0
    for _ in range(runs):
        wager = Wager()
        for _ in range(looks):
            wager.add(dice.random() < true, null)
            if wager.proves(ALPHA):
                won += 1
                break
    return won / runs


@given(CHANCES)
def test_the_expected_factor_of_every_stake_is_one(chance: float) -> None:
    for stake in STAKES:
        won, lost = Wager([stake]), Wager([stake])
        won.add(True, chance)
        lost.add(False, chance)
        assert chance * won.wealth + (1 - chance) * lost.wealth == pytest.approx(1)


@given(st.lists(st.tuples(st.booleans(), CHANCES), max_size=30))
def test_wealth_is_the_mean_of_the_stakes_products(outcomes: list[tuple[bool, float]]) -> None:
    wager, best = Wager(), 1.0
    products = dict.fromkeys(STAKES, 1.0)
    for happened, chance in outcomes:
        wager.add(happened, chance)
        for r in STAKES:
            products[r] *= 1 + r * (1 - chance) / chance if happened else 1 - r
        mean = sum(products.values()) / len(products)
        best = max(best, mean)
        assert wager.wealth == pytest.approx(mean, rel=1e-6)
        assert wager.best == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("chance", [0.02, 0.2, 0.5, 0.9])
def test_looking_after_every_outcome_raises_no_more_false_alarms_than_the_level(chance: float) -> None:
    assert alarms(chance, chance, runs=300, looks=200) <= ALPHA + 0.02  # two standard errors


def test_less_than_the_chance_raises_none() -> None:
    assert alarms(0.3, 0.5, runs=200, looks=200) == 0


@pytest.mark.parametrize(
    ("true", "null", "within"), [(1.0, 0.5, 20), (0.9, 0.5, 40), (0.5, 0.1, 30), (1.0, 0.2, 8)]
)
def test_a_real_shift_is_seen_soon(true: float, null: float, within: int) -> None:
    assert alarms(true, null, runs=300, looks=within) > 0.9


def test_once_won_is_won() -> None:
    wager = Wager()
    for _ in range(12):
        wager.add(True, 0.5)
    assert wager.proves(0.01)
    for _ in range(200):
        wager.add(False, 0.5)
    assert wager.wealth < 1
    assert wager.proves(0.01)


def test_a_certain_thing_is_no_evidence_and_an_impossible_one_is_refused() -> None:
    wager = Wager()
    wager.add(True, 1.0)
    wager.add(False, 1.0)
    assert wager.wealth == wager.best == 1
    for chance in (0.0, -0.1, 1.1):
        with pytest.raises(ValueError, match=str(chance)):
            wager.add(True, chance)


def test_a_long_watch_does_not_overflow() -> None:
    wager = Wager()
    for _ in range(5000):
        wager.add(True, 0.01)
    assert wager.proves(1e-9)


@pytest.mark.parametrize("level", [0.2, 0.01])
@pytest.mark.parametrize("total", [1, 5, 30])
@pytest.mark.parametrize("true", [0.03, 0.3, 0.5, 0.97])
def test_the_bounds_miss_the_truth_no_more_often_than_the_level(
    true: float, total: int, level: float
) -> None:
    def chance(count: int) -> float:
        return comb(total, count) * true**count * (1 - true) ** (total - count)

    counts = range(total + 1)
    assert sum(chance(k) for k in counts if upper_share(k, total, level) < true) <= level
    assert sum(chance(k) for k in counts if lower_share(k, total, level) > true) <= level


def test_known_bounds() -> None:
    assert upper_share(0, 10, 0.01) == pytest.approx(1 - 0.01**0.1)
    assert upper_share(0, 0, 0.01) == 1
    assert lower_share(0, 0, 0.01) == 0
    assert upper_share(10, 10, 0.01) == 1
    assert lower_share(10, 10, 0.01) == pytest.approx(0.01**0.1)
    assert 0.5 < upper_share(500, 1000, 0.01) < 0.56
    with pytest.raises(ValueError, match="3 of 2"):
        upper_share(3, 2, 0.1)
