"""Several hosts side by side: sums are sums of parts, and an odd host is named only where it is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.fleet import LEVEL, Everywhere, Fleet, Odd, chance
from mxtop.mail.snapshot import Destination, Families, FamilyCounts, Snapshot

COUNTS = st.integers(0, 3000)


def row(name: str = "a.example", *, ok6: int = 0, failed6: int = 0, ok4: int = 0) -> Destination:
    ipv6 = FamilyCounts(connections=ok6, failed_connects=failed6)
    return Destination(destination=name, families=Families(ipv4=FamilyCounts(connections=ok4), ipv6=ipv6))


def odd_one(rows: list[tuple[str, Destination]]) -> Odd | None:
    found = Fleet().look({host: Snapshot(destinations=(each,)) for host, each in rows})
    return found[0].odd


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
    found = Fleet().look(snapshots)
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
    found = odd_one([*rows, ("mx0", row(failed6=20))])
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
    assert odd_one(rows) is None


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_chance_is_a_probability_and_more_failures_are_less_probable(a: int, b: int, c: int, d: int) -> None:
    assert 0 < chance(a, a + b, c, c + d) <= 1
    if b and c:  # one failure more on this side, one fewer on the other
        assert chance(a + 1, a + b, c - 1, c + d) <= chance(a, a + b, c, c + d)


def test_chance_is_fishers() -> None:
    assert chance(3, 4, 1, 4) == pytest.approx(17 / 70)  # the lady and her tea, milk or tea first
    assert chance(20, 20, 0, 20) < LEVEL
    assert chance(200_000, 200_000, 0, 10) < LEVEL  # large numbers are cheap


ROWS = st.lists(
    st.builds(lambda name, a, b, c: row(name, ok6=a, failed6=b, ok4=c), st.sampled_from("abcdef"),
              st.integers(0, 40), st.integers(0, 40), st.integers(0, 9)),
    unique_by=lambda each: each.destination, max_size=6,
).map(tuple)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), ROWS), min_size=2, max_size=5))
def test_from_look_to_look_it_is_as_looked_at_for_the_first_time(
    looks: list[dict[str, tuple[Destination, ...]]],
) -> None:
    """Rows that change, move, come and go, of hosts that come and go."""
    fleet = Fleet()
    for hosts in looks:
        snapshots = {host: Snapshot(destinations=rows) for host, rows in hosts.items()}
        assert fleet.look(snapshots) == Fleet().look(snapshots)


def test_what_did_not_change_is_the_same_object() -> None:
    fleet = Fleet()
    mx1 = Snapshot(destinations=(row("a", ok6=3), row("b", ok6=2)))
    mx2 = Snapshot(destinations=(row("a", ok6=3),))

    def found(*destinations: Destination) -> tuple[Everywhere, ...]:
        return fleet.look({"mx1": replace(mx1, destinations=destinations), "mx2": mx2})

    first = found(*mx1.destinations)
    assert found(*mx1.destinations) is first
    assert found(replace(mx1.destinations[0], sent_rate=2.0), mx1.destinations[1]) is first
    second = found(mx1.destinations[0], row("b", ok6=5))
    assert second[0] is first[0] and second[1] != first[1]
