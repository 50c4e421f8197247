"""Whether one family fails at a destination while the other works, by what the log counted.

Never cries wolf: the difference must be large (BAD against FINE) and must not be chance.  It is taken for
real where the lower bound of the one failure share lies above the upper bound of the other, at a level
that the destinations of one look share between them.  Counts the whole log that the tracker has seen: a
fault that was mended is forgotten slowly.  Says nothing where both fail: that is another fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from mxtop.mail.family import family_of
from mxtop.mail.sequential import lower_share, upper_share
from mxtop.mail.snapshot import Destination, FamilyCounts
from mxtop.mail.value import named

LEVEL: Final = 0.01
"""How likely one look at all destinations is to name any that is well, outcomes being independent."""

SAMPLE: Final = 10
"""The fewest outcomes of each family that are judged."""

BAD: Final = 0.5
FINE: Final = 0.1

FEW: Final = 2
"""The fewest failures that a preview speaks of: one may be anything."""

IpFamily = Literal["ipv4", "ipv6"]
Kind = Literal["connect", "refused"]
Counted = tuple[int, int]
"""Failed, and tried."""


@named
class Ailment:
    """What is wrong with `family` at a destination.

    `connect`: connections fail; `failed` of `tried` are connections, `other_*` those of the other family.
    `refused`: mail is deferred or bounced over it; they are delivery lines.  `hangs`: the failed
    connections seen last ran into a timeout, or none is remembered: each costs smtp_connect_timeout.
    """

    family: IpFamily
    kind: Kind
    failed: int
    tried: int
    other_failed: int
    other_tried: int
    hangs: bool = False


def ailments(rows: Iterable[Destination]) -> dict[str, Ailment]:
    """The destinations at which one family ails, by name."""
    judged = [row for row in rows if any(_samples(row))]
    level = LEVEL / (8 * max(1, len(judged)))  # two kinds, two directions, two bounds
    found = ((row.destination, _ailment(row, level)) for row in judged)
    return {name: ailment for name, ailment in found if ailment is not None}


def suspicions(rows: Iterable[Destination]) -> dict[str, Ailment]:
    """The destinations at which one family failed more often than not, and the other did not: no proof asked.

    For a preview, which must not keep quiet about three failures out of three; its reader sees the counts.
    """
    found = ((row.destination, _diagnosis(row, _suspect)) for row in rows)
    return {name: ailment for name, ailment in found if ailment is not None}


def fine(row: Destination) -> bool:
    """Whether neither family shows more trouble than FINE there: no proof asked, doubt is enough."""
    return all(
        failed <= FINE * tried
        for counts in (row.families.ipv4, row.families.ipv6)
        for failed, tried in (_connect(counts), _refused(counts))
    )


def _connect(counts: FamilyCounts) -> tuple[int, int]:
    return counts.failed_connects, counts.failed_connects + counts.connections


def _refused(counts: FamilyCounts) -> tuple[int, int]:
    unsent = counts.deferred + counts.bounced
    return unsent, unsent + counts.sent


def _samples(row: Destination) -> tuple[bool, bool]:
    """Whether connections, and delivery lines, of both families are enough to judge."""
    ipv4, ipv6 = row.families.ipv4, row.families.ipv6
    return (
        min(_connect(ipv4)[1], _connect(ipv6)[1]) >= SAMPLE,
        min(_refused(ipv4)[1], _refused(ipv6)[1]) >= SAMPLE,
    )


def _ailment(row: Destination, level: float) -> Ailment | None:
    connect, refused = _samples(row)

    def worse(kind: Kind, mine: Counted, other: Counted) -> bool:
        return (connect if kind == "connect" else refused) and _worse(mine, other, level)

    return _diagnosis(row, worse)


def _diagnosis(row: Destination, worse: Callable[[Kind, Counted, Counted], bool]) -> Ailment | None:
    families: tuple[IpFamily, IpFamily] = ("ipv6", "ipv4")
    for family, other in (families, families[::-1]):
        mine: FamilyCounts = getattr(row.families, family)
        others: FamilyCounts = getattr(row.families, other)
        if worse("connect", _connect(mine), _connect(others)):
            return _made(family, "connect", _connect(mine), _connect(others), hangs=_hangs(row, family))
        if worse("refused", _refused(mine), _refused(others)):
            return _made(family, "refused", _refused(mine), _refused(others))
    return None


def _suspect(kind: Kind, mine: Counted, other: Counted) -> bool:
    return mine[0] >= FEW and mine[0] >= BAD * mine[1] and other[0] < BAD * max(1, other[1])


def _made(
    family: IpFamily,
    kind: Kind,
    mine: Counted,
    other: Counted,
    *,
    hangs: bool = False,
) -> Ailment:
    return Ailment(
        family=family,
        kind=kind,
        failed=mine[0],
        tried=mine[1],
        other_failed=other[0],
        other_tried=other[1],
        hangs=hangs,
    )


def _worse(mine: Counted, other: Counted, level: float) -> bool:
    if mine[0] < BAD * mine[1] or other[0] > FINE * other[1]:
        return False
    return lower_share(*mine, level) > upper_share(*other, level)


def _hangs(row: Destination, family: IpFamily) -> bool:
    """`Connection refused` and `Network is unreachable` come at once; the others wait for the timeout."""
    texts = [
        failure.text
        for failure in row.failures
        if failure.status == "connect_failed" and family_of(failure.address) == family
    ]
    return not texts or any("timed out" in text for text in texts)
