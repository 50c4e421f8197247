"""Several hosts side by side: their destinations summed, and the host that differs from the rest.

Values from snapshots, no clock and no connection.  A host is called odd at a destination by one stated test
only; that two hosts differ for a reason that the log does not show (another network, another time) is not
ruled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import Final

from mxtop.mail.snapshot import Destination, FamilyCounts, Snapshot
from mxtop.mail.value import value

LEVEL: Final = 1e-4
"""How seldom equal hosts may be called different at one destination: Fisher's exact test, one-sided, divided
by the number of hosts (Bonferroni), as each of them is compared with the rest."""

LEAST: Final = 5
"""Attempts that a host, and the others together, must have made before they are compared."""

MOST_FAIL: Final = 0.5
FEW_FAIL: Final = 0.2
"""The odd host fails at least so often, the others together at most so often: proven and worth knowing."""

CAP: Final = 400
"""Attempts of a side that are counted at most, scaled down: the exact test stays cheap, and no bolder."""


@value
class Odd:
    """`host` alone fails over `family` to a destination: `failed` of `tried`, the others `rest_failed`."""

    host: str
    family: str
    failed: int
    tried: int
    rest_failed: int
    rest_tried: int


@value
class Everywhere:
    """One destination over all hosts that send to it: sums, and the host that differs from the rest."""

    destination: str
    hosts: int
    sent: int
    deferred: int
    bounced: int
    ipv4: int
    """New connections over IPv4."""
    ipv6: int
    odd: Odd | None = None


def everywhere(snapshots: Mapping[str, Snapshot]) -> tuple[Everywhere, ...]:
    """Every destination that any of the hosts sends to, most mail first; hosts by the names given."""
    found: dict[str, list[tuple[str, Destination]]] = {}
    for host, snapshot in snapshots.items():
        for row in snapshot.destinations:
            found.setdefault(row.destination, []).append((host, row))
    sums = [_sum(name, rows) for name, rows in found.items()]
    return tuple(sorted(sums, key=lambda row: (-(row.sent + row.deferred + row.bounced), row.destination)))


def _sum(name: str, rows: Sequence[tuple[str, Destination]]) -> Everywhere:
    odds = [odd for family in ("ipv6", "ipv4") if (odd := odd_one(family, rows)) is not None]
    return Everywhere(
        destination=name,
        hosts=len(rows),
        sent=sum(row.sent for _, row in rows),
        deferred=sum(row.deferred for _, row in rows),
        bounced=sum(row.bounced for _, row in rows),
        ipv4=sum(row.families.ipv4.connections for _, row in rows),
        ipv6=sum(row.families.ipv6.connections for _, row in rows),
        odd=odds[0] if odds else None,
    )


def odd_one(family: str, rows: Sequence[tuple[str, Destination]]) -> Odd | None:
    """The one host that cannot connect over a family while the others can; None where there is none."""
    counts = [(host, *_attempts(getattr(row.families, family))) for host, row in rows]
    all_failed, all_tried = sum(failed for _, failed, _ in counts), sum(tried for *_, tried in counts)
    found = []
    for host, failed, tried in counts:
        rest_failed, rest_tried = all_failed - failed, all_tried - tried
        if tried < LEAST or rest_tried < LEAST:
            continue
        if failed < MOST_FAIL * tried or rest_failed > FEW_FAIL * rest_tried:
            continue
        odd = Odd(host, family, failed, tried, rest_failed, rest_tried)
        if by_chance(odd, len(counts)) < LEVEL:
            found.append(odd)
    return found[0] if len(found) == 1 else None


def by_chance(odd: Odd, hosts: int) -> float:
    """How probable it is at most that one of so many hosts stands out like this where all are alike."""
    return chance(odd.failed, odd.tried, odd.rest_failed, odd.rest_tried) * hosts


def _attempts(counts: FamilyCounts) -> tuple[int, int]:
    """Failed and all attempts to connect."""
    return counts.failed_connects, counts.failed_connects + counts.connections


def chance(failed: int, tried: int, rest_failed: int, rest_tried: int) -> float:
    """Fisher's exact test: how probable so many failures of one side are where both fail alike."""
    (failed, tried), (rest_failed, rest_tried) = _scaled(failed, tried), _scaled(rest_failed, rest_tried)
    failures, all_tried = failed + rest_failed, tried + rest_tried
    ways = sum(
        comb(tried, count) * comb(rest_tried, failures - count)
        for count in range(failed, min(tried, failures) + 1)
    )
    return ways / comb(all_tried, failures)


def _scaled(failed: int, tried: int) -> tuple[int, int]:
    return (failed, tried) if tried <= CAP else (failed * CAP // tried, CAP)
