"""Several hosts side by side: sums are sums of parts, and an odd host is named only where it is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.fleet import LEVEL, chance, everywhere, odd_one
from mxtop.mail.snapshot import Destination, Families, FamilyCounts, Snapshot

COUNTS = st.integers(0, 3000)


def row(name: str = "a.example", *, ok6: int = 0, failed6: int = 0, ok4: int = 0) -> Destination:
    ipv6 = FamilyCounts(connections=ok6, failed_connects=failed6)
    return Destination(destination=name, families=Families(ipv4=FamilyCounts(connections=ok4), ipv6=ipv6))


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=4)))
def test_sums_are_the_sums_of_the_parts(hosts: dict[str, list[tuple[int, int, int]]]) -> None:
    snapshots = {
        host: Snapshot(
            destinations=tuple(
                replace(row(f"d{n}", ok6=sent, ok4=deferred), sent=sent, deferred=deferred, bounced=bounced)
                for n, (sent, deferred, bounced) in enumerate(rows)
            )
        )
        for host, rows in hosts.items()
    }
    found = everywhere(snapshots)
    assert len({one.destination for one in found}) == len(found)
    for one in found:
        parts = [d for s in snapshots.values() for d in s.destinations if d.destination == one.destination]
        assert one.hosts == len(parts)
        assert (one.sent, one.deferred, one.bounced) == (
            sum(d.sent for d in parts),
            sum(d.deferred for d in parts),
            sum(d.bounced for d in parts),
        )
        assert (one.ipv4, one.ipv6) == (sum(d.deferred for d in parts), sum(d.sent for d in parts))


@pytest.mark.parametrize("hosts", [2, 3, 50])
def test_one_that_fails_alone_is_named(hosts: int) -> None:
    rows = [(f"mx{n}", row(ok6=20)) for n in range(1, hosts)]
    found = odd_one("ipv6", [*rows, ("mx0", row(failed6=20))])
    assert found is not None
    assert (found.host, found.failed, found.tried) == ("mx0", 20, 20)
    assert (found.rest_failed, found.rest_tried) == (0, 20 * (hosts - 1))


@pytest.mark.parametrize(
    "rows",
    [
        [("a", row(failed6=20))],  # alone: with whom should it be compared?
        [("a", row(failed6=4)), ("b", row(ok6=400))],  # too few
        [("a", row(failed6=20)), ("b", row(ok6=4))],
        [("a", row(failed6=20)), ("b", row(failed6=20))],  # the destination's fault
        [("a", row(failed6=20)), ("b", row(failed6=20)), ("c", row(ok6=20))],  # two are not one
        [("a", row(failed6=8, ok6=12)), ("b", row(ok6=20))],  # less than half
        [("a", row(ok4=20)), ("b", row(ok6=20))],
    ],
)
def test_nobody_is_named(rows: list[tuple[str, Destination]]) -> None:
    assert odd_one("ipv6", rows) is None


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_chance_is_a_probability_and_more_failures_are_less_probable(a: int, b: int, c: int, d: int) -> None:
    assert 0 < chance(a, a + b, c, c + d) <= 1
    if b and c:  # one failure more on this side, one fewer on the other
        assert chance(a + 1, a + b, c - 1, c + d) <= chance(a, a + b, c, c + d)


def test_chance_is_fishers() -> None:
    assert chance(3, 4, 1, 4) == pytest.approx(17 / 70)  # the lady and her tea, milk or tea first
    assert chance(20, 20, 0, 20) < LEVEL
    assert chance(200_000, 200_000, 0, 10) < LEVEL  # large numbers are cheap
