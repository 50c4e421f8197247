"""Several hosts side by side: their destinations summed, and the host that differs from the rest.

Values from snapshots, no clock and no connection.  A host is called odd at a destination by one stated test
only; that two hosts differ for a reason that the log does not show (another network, another time) is not
ruled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from math import comb
from typing import Final

from mxtop.mail.snapshot import Destination, Snapshot
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


class Fleet:
    """The sums from look to look; what a look costs is what changed since the one before."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Destination, ...]] = {}  # by host, as they were last looked at
        self._sums: dict[str, _Sum] = {}
        self._everywhere: tuple[Everywhere, ...] = ()

    def look(self, snapshots: Mapping[str, Snapshot]) -> tuple[Everywhere, ...]:
        """Every destination that any of the hosts sends to, most mail first; hosts by the names given.

        The same tuple, and the same rows in it, as long as they did not change.
        """
        changed: set[str] = set()
        for host in self._rows.keys() | snapshots.keys():
            before = self._rows.get(host, ())
            now = snapshots[host].destinations if host in snapshots else ()
            if now is not before:
                self._rows[host] = now
                changed.update(self._changes(host, before, now))
        for name in changed:
            if self._sums[name].empty:
                del self._sums[name]
        if changed:
            rows = [each.row() for each in self._sums.values()]
            rows.sort(key=lambda row: (-(row.sent + row.deferred + row.bounced), row.destination))
            self._everywhere = tuple(rows)
        return self._everywhere

    def _changes(self, host: str, before: Sequence[Destination], now: Sequence[Destination]) -> Iterator[str]:
        """Take over one host's rows; which destinations that changes.  A row that is the same object is
        passed by, and most keep their place.
        """
        pairs = [(old, new) for old, new in zip_longest(before, now) if old is not new]
        gone = {old.destination for old, _ in pairs if old is not None}
        for _, new in pairs:
            if new is None:
                continue
            gone.discard(new.destination)
            each = self._sums.get(new.destination)
            if each is None:
                each = self._sums[new.destination] = _Sum(new.destination)
            if each.take(host, _counts(new)):
                yield new.destination
        for name in gone:
            self._sums[name].take(host, None)
            yield name


Counts = tuple[int, int, int, int, int, int, int]
"""Sent, deferred, bounced; new connections and failed attempts to connect over IPv4, then over IPv6."""

_NONE: Final = (0,) * 7
_FAMILIES: Final = (("ipv6", 5), ("ipv4", 3))
"""In the order in which an odd one is told, with the place of their counts."""


def by_chance(odd: Odd, hosts: int) -> float:
    """How probable it is at most that one of so many hosts stands out like this where all are alike."""
    return chance(odd.failed, odd.tried, odd.rest_failed, odd.rest_tried) * hosts


def _counts(row: Destination) -> Counts:
    v4, v6 = row.families.ipv4, row.families.ipv6
    return (
        row.sent, row.deferred, row.bounced,
        v4.connections, v4.failed_connects, v6.connections, v6.failed_connects,
    )  # fmt: skip


class _Sum:
    """One destination: the sum over its hosts, and which of them may be the odd one."""

    def __init__(self, destination: str) -> None:
        self._destination = destination
        self._hosts: dict[str, Counts] = {}
        self._total: Sequence[int] = _NONE
        self._suspects: dict[str, list[str]] = {family: [] for family, _ in _FAMILIES}
        self._row: Everywhere | None = None

    @property
    def empty(self) -> bool:
        return not self._hosts

    def take(self, host: str, counts: Counts | None) -> bool:
        """What a host has now, None for nothing any more; whether that is news."""
        before = self._hosts.get(host)
        if counts == before:
            return False
        self._total = [
            total - old + new
            for total, old, new in zip(self._total, before or _NONE, counts or _NONE, strict=True)
        ]
        if counts is None:
            del self._hosts[host]
        else:
            self._hosts[host] = counts
        for family, at in _FAMILIES:
            suspects = self._suspects[family]
            connected, failed = (counts or _NONE)[at : at + 2]
            tried = connected + failed
            suspect = tried >= LEAST and failed >= MOST_FAIL * tried
            if suspect != (host in suspects):
                (suspects.append if suspect else suspects.remove)(host)
        self._row = None
        return True

    def row(self) -> Everywhere:
        if self._row is None:
            sent, deferred, bounced, ipv4, _, ipv6, _ = self._total
            odds = (self._odd(family, at) for family, at in _FAMILIES if self._suspects[family])
            odd = next((odd for odd in odds if odd is not None), None)
            self._row = Everywhere(
                self._destination, len(self._hosts), sent, deferred, bounced, ipv4, ipv6, odd
            )
        return self._row

    def _odd(self, family: str, at: int) -> Odd | None:
        """The one host that cannot connect over a family while the others can; None where there is none."""
        all_connected, all_failed = self._total[at : at + 2]
        found = []
        for host in self._suspects[family]:
            connected, failed = self._hosts[host][at : at + 2]
            tried = connected + failed
            rest_failed = all_failed - failed
            rest_tried = rest_failed + all_connected - connected
            if rest_tried < LEAST or rest_failed > FEW_FAIL * rest_tried:
                continue
            odd = Odd(host, family, failed, tried, rest_failed, rest_tried)
            if by_chance(odd, len(self._hosts)) < LEVEL:
                found.append(odd)
        return found[0] if len(found) == 1 else None


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
