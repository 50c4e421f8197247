"""The shares, against literals and against every way the dice can fall."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.route import simulator
from tests.route.dice import ours, worlds
from tests.route.worlds import counted, mx, said, v4, v6

from mxtop.mail.answer import MxHost
from mxtop.mail.settings import PREFERENCES, Transport
from mxtop.mail.snapshot import Candidate
from mxtop.route.features import Features
from mxtop.route.order import example
from mxtop.route.share import UNEVEN_EXACT, _uneven, first_ipv6

NOW = Features()
GMAIL = [counted(f"mx{p}.example", p, 1, 1, start=p) for p in (5, 10, 20, 30, 40)]

TABLE = [
    ("1A 1AAAA", [counted("m", 10, 1, 1)], 1 / 2, 0, 1),
    ("1A 4AAAA", [counted("m", 10, 1, 4)], 4 / 5, 0, 1),
    ("4A 1AAAA", [counted("m", 10, 4, 1)], 1 / 5, 0, 1),
    ("3A 3AAAA", [counted("m", 10, 3, 3)], 1 / 2, 0, 1),
    ("two equal dual", [counted("m1", 10, 1, 1), counted("m2", 10, 1, 1, start=5)], 1 / 2, 0, 1),
    ("two equal, one A only", [counted("m1", 10, 1, 0), counted("m2", 10, 1, 1, start=5)], 1 / 3, 0, 1),
    ("two unequal dual", [counted("m1", 10, 1, 1), counted("m2", 20, 1, 1, start=5)], 1 / 2, 0, 1),
    ("best AAAA only", [counted("m1", 10, 0, 1), counted("m2", 20, 1, 1, start=5)], 1, 1, 1),
    ("best A only", [counted("m1", 10, 1, 0), counted("m2", 20, 1, 1, start=5)], 0, 0, 0),
    ("five preferences dual", GMAIL, 1 / 2, 0, 1),
]


@pytest.mark.parametrize(("name", "hosts", "any_", "ipv4", "ipv6"), TABLE, ids=[row[0] for row in TABLE])
def test_known_destinations(name: str, hosts: list[MxHost], any_: float, ipv4: float, ipv6: float) -> None:
    for now in PREFERENCES:
        shares = said(mx(*hosts), Transport(smtp_address_preference=now)).shares
        assert (shares.any, shares.ipv4, shares.ipv6) == (pytest.approx(any_), ipv4, ipv6)
        assert shares.now == getattr(shares, now)


SRV_TABLE = [
    ("first target dual: A first", [(10, 0, 1, 1), (20, 0, 0, 1)], 0),
    ("first target AAAA only", [(10, 0, 0, 1), (20, 0, 1, 0)], 1),
    ("equal, no weights", [(10, 0, 0, 1), (10, 0, 1, 0)], Fraction(1, 2)),
    ("weights 3 to 1", [(10, 3, 0, 1), (10, 1, 1, 0)], Fraction(7, 10)),  # (3 + 1/2) / 5
    ("a dead target is passed over", [(10, 5, 0, 0), (20, 0, 0, 1)], 1),
    # drawn first (3 + 1/3) / 7 and (1 + 1/3) / 7; or after the dead one's (2 + 1/3) / 7: (3 + 1/2) / 5
    ("a dead one among them", [(9, 3, 0, 1), (9, 1, 1, 0), (9, 2, 0, 0)], Fraction(10, 21) + Fraction(7, 30)),
]


@pytest.mark.parametrize(("name", "targets", "share"), SRV_TABLE, ids=[row[0] for row in SRV_TABLE])
def test_srv(name: str, targets: list[tuple[int, int, int, int]], share: Fraction) -> None:
    hosts = []
    for i, (priority, weight, ipv4, ipv6) in enumerate(targets):
        hosts.append(replace(counted(f"t{i}", priority, ipv4, ipv6, start=10 * i), weight=weight, port=587))
    for now in PREFERENCES:
        prediction = said(mx(*hosts, mode="srv"), Transport(smtp_address_preference=now))
        assert prediction.shares.now == prediction.shares.any == pytest.approx(float(share))
        assert prediction.shares.ipv4 == prediction.shares.ipv6 == prediction.shares.any


def test_hopelessly_many_dead_srv_targets_are_not_followed() -> None:
    dead = [replace(counted(f"d{i}", 1, 0, 0), weight=i) for i in range(1, 40)]
    alive = [counted("a", 1, 1, 0), counted("b", 1, 0, 1)]
    prediction = said(mx(*dead, *alive, mode="srv"))
    assert prediction.shares.now is None
    assert len(prediction.order) == 2


def test_the_uneven_shuffle_before_2_11() -> None:
    """P(the last of five comes first) is 0.164 there, not 0.2."""
    assert float(_uneven("44446")) == pytest.approx(0.164, abs=0.0005)
    old = said(mx(counted("m", 10, 4, 1)), mail_version="2.10.1").shares.any
    assert old == pytest.approx(0.164, abs=0.0005)
    assert said(mx(counted("m", 10, 4, 1)), mail_version="2.11.0").shares.any == pytest.approx(0.2)
    long = said(mx(counted("m", 10, UNEVEN_EXACT, 1)), mail_version="2.10.1")
    assert any("approximate" in warning for warning in long.warnings)


def compare(hosts: list[simulator.Host], client: simulator.Client, mode: str, rules: Features = NOW) -> None:
    possible = simulator.orders(hosts, client, mode)
    site, transport = ours(hosts, client, mode, rules)
    share = first_ipv6(site, client.preference, transport, rules)  # type: ignore[arg-type]
    assert share == simulator.first_v6(possible)
    order = example(site, client.preference, transport, rules)  # type: ignore[arg-type]
    assert entries(order) in possible
    assert sorted(entries(site.candidates)) == sorted(every(hosts, client, mode))


def entries(order: tuple[Candidate, ...]) -> tuple[simulator.Entry, ...]:
    return tuple((c.preference, c.host, c.address) for c in order)


def every(hosts: list[simulator.Host], client: simulator.Client, mode: str) -> list[simulator.Entry]:
    ranked = sorted(hosts, key=lambda each: each.pref)
    return simulator.eliminate_self(simulator.lookup(ranked, client), client, mode)


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_mx_against_every_permutation(world: tuple[list[simulator.Host], simulator.Client]) -> None:
    compare(*world, mode="mx")


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_host_against_every_permutation(world: tuple[list[simulator.Host], simulator.Client]) -> None:
    hosts, client = world
    hosts = hosts[:1]
    hosts[0].pref = 0
    compare(hosts, client, mode="host")


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_srv_against_every_draw(world: tuple[list[simulator.Host], simulator.Client]) -> None:
    compare(*world, mode="srv")


@settings(max_examples=40, deadline=None)
@given(
    st.permutations(["", "", "4", "6", "46"]),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
)
def test_srv_draws_past_dead_targets(kinds: list[str], weights: list[int]) -> None:
    hosts = [
        simulator.Host(f"t{i}", 10, [v4(i)] * ("4" in kind), [v6(i)] * ("6" in kind), weight)
        for i, (kind, weight) in enumerate(zip(kinds, weights, strict=False))
    ]
    compare(hosts, simulator.Client(), mode="srv")


def test_the_uneven_shuffle_knows_worse_preferences() -> None:
    hosts = [
        simulator.Host("a", 10, [v4(1)], [v6(1)]),
        simulator.Host("b", 20, [v4(2)], [v6(2)]),
    ]
    compare(hosts, simulator.Client(fair=False), "mx", Features(fair_shuffle=False))


@settings(max_examples=60, deadline=None)
@given(worlds(entries=5))
def test_the_uneven_shuffle_against_every_swap(world: tuple[list[simulator.Host], simulator.Client]) -> None:
    hosts, client = world
    client.fair = False
    client.balance = False  # came with 3.3
    compare(hosts, client, "mx", Features(fair_shuffle=False, null_mx=False, balance=False, hop_list=False))
