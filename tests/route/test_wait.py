"""The wait before the other family, against literals and every way the dice can fall."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.route import simulator
from tests.route.dice import ours, worlds
from tests.route.worlds import counted, mx

from mxtop.mail.answer import Answer
from mxtop.mail.settings import Preference, Transport
from mxtop.route.features import Features, features
from mxtop.route.site import resolve
from mxtop.route.wait import Wait, black_hole

NOW = Features()


def wait(
    answer: Answer, preference: Preference, transport: Transport | None = None, rules: Features = NOW
) -> Wait | None:
    transport = transport or Transport()
    site = resolve(answer, transport, frozenset(), rules, loop_detect=True)
    return black_hole(site, "ipv6", preference, transport, rules)


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "preference", "expected", "worst"),
    [
        (1, 4, "ipv6", 120, 120),
        (1, 4, "any", 60, 120),
        (1, 1, "ipv6", 30, 30),
        (1, 1, "any", 15, 30),
        (1, 4, "ipv4", 0, 0),
        (1, 9, "ipv6", 120, 120),  # balanced: four of nine
        (0, 2, "any", None, None),
    ],
)
def test_known(
    ipv4: int, ipv6: int, preference: Preference, expected: float | None, worst: float | None
) -> None:
    never = 1.0 if expected is None else 0.0
    assert wait(mx(counted("m", 10, ipv4, ipv6)), preference) == Wait(expected, worst, never)


def test_the_dice_roll_on_among_backup_hosts() -> None:
    world = mx(counted("m", 10, 0, 1), counted("n", 20, 1, 1, start=5))
    assert wait(world, "any") == Wait(45, 60, 0.0)
    assert wait(world, "ipv4") == Wait(30, 30, 0.0)


def test_without_balance_the_limit_may_be_used_up() -> None:
    dead_first = mx(counted("m", 10, 0, 5), counted("n", 20, 1, 0))
    plain = Transport(smtp_balance_inet_protocols=False)
    assert wait(dead_first, "ipv4", plain) == Wait(None, None, 1.0)
    assert wait(dead_first, "ipv4") == Wait(120, 120, 0.0)
    some = wait(mx(counted("m", 10, 1, 5)), "any", plain)
    assert some is not None
    assert (some.worst, some.never) == (120, pytest.approx(1 / 6))


def test_what_cannot_be_told() -> None:
    dual = mx(counted("m", 10, 1, 1))
    assert wait(replace(dual, mode="srv"), "any") is None
    assert wait(mx(status="nxdomain"), "any") is None
    assert wait(dual, "any", Transport(smtp_randomize_addresses=False)) is None
    assert wait(dual, "any", rules=features("2.10.0")) is None


@settings(max_examples=200, deadline=None)
@given(worlds(), st.sampled_from(["ipv4", "ipv6"]))
def test_against_every_permutation(
    world: tuple[list[simulator.Host], simulator.Client], broken: Literal["ipv4", "ipv6"]
) -> None:
    hosts, client = world
    client.randomize = True
    site, transport = ours(hosts, client, "mx", NOW)
    found = black_hole(site, broken, client.preference, transport, NOW)  # type: ignore[arg-type]
    possible = simulator.orders(hosts, client)
    if not any(possible):
        assert found is None
        return
    hanging: list[tuple[int, Fraction]] = []
    for order, chance in possible.items():
        works = [i for i, entry in enumerate(order) if simulator.is_v6(entry) != (broken == "ipv6")]
        if works:
            hanging.append((works[0], chance))
    arrives = sum((chance for _, chance in hanging), Fraction(0))
    assert found is not None
    assert found.never == pytest.approx(float(1 - arrives))
    if not hanging:
        assert (found.expected, found.worst) == (None, None)
        return
    mean = sum((n * chance for n, chance in hanging), Fraction(0)) / arrives
    assert found.expected == pytest.approx(float(mean) * 30)
    assert found.worst == max(n for n, _ in hanging) * 30
