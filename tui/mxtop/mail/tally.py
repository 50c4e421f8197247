"""Counting: what was seen of one family, and of one destination.

Mutable and private to the tracker; `counts()` and `row()` give the frozen values that leave
it.  Every step is O(1) and every history here has an end (FAILURES, OUTCOMES).

How a destination is judged (`State`), over its last fifty outcomes:
`few` fewer than SAMPLE outcomes, no judgement; `stuck` not one was sent; `failing` less than
nine in ten were sent; `slow` in more than one in ten connection set-up and transmission took SLOW
seconds or more; else `ok`.  Not the median: where one family hangs, often half of the mail waits
for it, and the state would change with chance.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from mxtop.mail.family import FAMILY_KEYS, FamilyKey
from mxtop.mail.percentile import Counted
from mxtop.mail.rates import Rate
from mxtop.mail.snapshot import Destination, Failure, Families, FamilyCounts, State

FAILURES: Final = 10
OUTCOMES: Final = 50
SAMPLE: Final = 10
SLOW: Final = 10.0

Stages = tuple[float, float, float, float]
Unsent = tuple[str, str, str | None, str | None, str]  # a Failure before it is shown

_OUTCOME: Final = {"sent": ord("s"), "deferred": ord("d"), "bounced": ord("b")}
_SLACK: Final = 2 * OUTCOMES  # histories are cut now and then: cheaper than at every step
_NOT_FINAL: Final = frozenset({"deferred", "SOFTBOUNCE"})  # the recipient stays in the queue


class FamilyTally:
    """Counts of one family."""

    __slots__ = ("bounced", "connections", "deferred", "delays", "failed_connects", "reused", "sent")

    def __init__(self) -> None:
        self.connections = 0
        self.reused = 0
        self.failed_connects = 0
        self.sent = 0
        self.deferred = 0
        self.bounced = 0
        self.delays = Counted()

    def delivered(self, status: str, delay: float | None) -> None:
        if status == "sent":
            self.sent += 1
            if delay is not None:
                self.delays[delay] += 1
        elif status == "deferred":
            self.deferred += 1
        elif status == "bounced":
            self.bounced += 1

    def session(self, conn_use: int) -> None:
        """One more session; a use past the first is of a cached connection."""
        if conn_use > 1:
            self.reused += 1
        else:
            self.connections += 1

    def counts(self) -> FamilyCounts:
        half, most = self.delays.nearest_ranks(50, 95)
        return FamilyCounts(
            connections=self.connections,
            reused=self.reused,
            failed_connects=self.failed_connects,
            sent=self.sent,
            deferred=self.deferred,
            bounced=self.bounced,
            delay_p50=half,
            delay_p95=most,
        )


class FamiliesTally(dict[FamilyKey, FamilyTally]):
    """The families seen so far; most destinations have one or two."""

    __slots__ = ()

    def __missing__(self, key: FamilyKey) -> FamilyTally:
        tally = self[key] = FamilyTally()
        return tally

    def counts(self) -> Families:
        return Families(**{key: self[key].counts() for key in FAMILY_KEYS if key in self})


class DestinationTally:
    """All that is kept of one recipient domain."""

    __slots__ = (
        "_a", "_b", "_c", "_d", "_finals", "_outcomes", "_recent", "attempts", "changed", "failures",
        "families", "first_tries", "first_tries_ipv6", "index", "last_reply", "last_time", "name",
    )  # fmt: skip

    def __init__(self, name: str, index: int) -> None:
        self.name = name
        self.index = index
        self.changed = False
        self.families = FamiliesTally()
        self.first_tries = self.first_tries_ipv6 = 0
        self.last_reply: str | None = None
        self.last_time: str | None = None
        self.failures: list[Unsent] = []
        self._a = self._b = self._c = self._d = 0.0  # sums
        self._finals = self.attempts = 0
        self._outcomes = bytearray()
        self._recent: list[float] = []  # c + d of the last attempts

    def delivered(self, status: str, time: str | None, stages: Stages | None, reply: str | None) -> None:
        """One delivery line that was an attempt; its family's tally is the caller's to tell."""
        self.last_reply = reply
        self.last_time = time
        if stages is not None:
            a, b, c, d = stages
            if status not in _NOT_FINAL:
                self._finals += 1
                self._a += a
                self._b += b
            self.attempts += 1
            self._c += c
            self._d += d

    def remember(self, status: str, stages: Stages | None) -> None:
        """The same line, for the state over the last outcomes."""
        outcome = _OUTCOME.get(status)
        if outcome is not None:
            outcomes = self._outcomes
            outcomes.append(outcome)
            if len(outcomes) > _SLACK:
                del outcomes[:-OUTCOMES]
        if stages is not None:
            recent = self._recent
            recent.append(stages[2] + stages[3])
            if len(recent) > _SLACK:
                del recent[:-OUTCOMES]

    @property
    def sent(self) -> int:
        return sum(tally.sent for tally in self.families.values())

    @property
    def deferred(self) -> int:
        return sum(tally.deferred for tally in self.families.values())

    @property
    def bounced(self) -> int:
        return sum(tally.bounced for tally in self.families.values())

    def failed(self, failure: Unsent) -> None:
        """One more error, with what the other side said."""
        self.failures.append(failure)
        if len(self.failures) > FAILURES:
            del self.failures[0]

    def first_try(self, family: FamilyKey) -> None:
        """A delivery request tried a new connection, and this family first."""
        self.first_tries += 1
        self.first_tries_ipv6 += family == "ipv6"

    @property
    def first_try_ipv6_share(self) -> float | None:
        return self.first_tries_ipv6 / self.first_tries if self.first_tries else None

    @property
    def stage_seconds(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Means of a, b over final lines and of c, d over all attempts."""
        finals, attempts = self._finals, self.attempts
        return (
            round(self._a / finals, 6) if finals else None,
            round(self._b / finals, 6) if finals else None,
            round(self._c / attempts, 6) if attempts else None,
            round(self._d / attempts, 6) if attempts else None,
        )

    def state(self, waits: Sequence[float]) -> State:
        """What the last outcomes say; `waits` recent seconds of set-up and transmission, rising."""
        outcomes = self._outcomes[-OUTCOMES:]
        if len(outcomes) < SAMPLE:
            return "few"
        sent = outcomes.count(b"s")
        if not sent:
            return "stuck"
        if sent * 10 < len(outcomes) * 9:
            return "failing"
        return "slow" if (len(waits) - bisect_left(waits, SLOW)) * 10 > len(waits) else "ok"

    def row(self, rate: Rate) -> Destination:
        """The destination at this moment."""
        recent = sorted(self._recent[-OUTCOMES:])
        delay = recent[len(recent) // 2] if recent else None  # statistics is slow to load
        return Destination(
            destination=self.name,
            sent=self.sent,
            deferred=self.deferred,
            bounced=self.bounced,
            families=self.families.counts(),
            first_tries=self.first_tries,
            first_tries_ipv6=self.first_tries_ipv6,
            stage_seconds=self.stage_seconds,
            last_reply=self.last_reply,
            last_time=self.last_time,
            state=self.state(recent),
            outcomes=self._outcomes[-OUTCOMES:].decode(),
            failures=tuple(Failure(*failure) for failure in self.failures),
            sent_rate=rate[0],
            deferred_rate=rate[1],
            delay=delay,
        )
