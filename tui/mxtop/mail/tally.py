"""Counting: what was seen of one family, and of one destination.

Mutable and private to the tracker; `counts()` and `row()` give the frozen values that leave
it.  Every step is O(1) and every history here has an end (FAILURES, OUTCOMES, MINUTE).

How a destination is judged (`State`), over its last fifty outcomes:
`idle` fewer than SAMPLE outcomes, no judgement; `stuck` not one was sent; `failing` less than
nine in ten were sent; `slow` the median of connection set-up and transmission is SLOW seconds
or more; else `ok`.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from mxtop.mail.family import FAMILY_KEYS, FamilyKey
from mxtop.mail.header import Clock
from mxtop.mail.percentile import nearest_rank
from mxtop.mail.snapshot import Destination, Failure, Families, FamilyCounts, State

FAILURES: Final = 10
OUTCOMES: Final = 50
MINUTE: Final = 60
SAMPLE: Final = 10
SLOW: Final = 10.0

Stages = tuple[float, float, float, float]
Unsent = tuple[str, str, str | None, str | None, str]  # a Failure before it is shown

_OUTCOME: Final = {"sent": ord("s"), "deferred": ord("d"), "bounced": ord("b")}
_COLUMNS: Final = {"sent": 0, "deferred": 1, "bounced": 2}
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
        self.delays: dict[float, int] = {}

    def delivered(self, status: str, delay: float | None) -> None:
        if status == "sent":
            self.sent += 1
            if delay is not None:
                delays = self.delays
                delays[delay] = delays.get(delay, 0) + 1
        elif status == "deferred":
            self.deferred += 1
        elif status == "bounced":
            self.bounced += 1

    def counts(self) -> FamilyCounts:
        return FamilyCounts(
            connections=self.connections,
            reused=self.reused,
            failed_connects=self.failed_connects,
            sent=self.sent,
            deferred=self.deferred,
            bounced=self.bounced,
            delay_p50=nearest_rank(self.delays, 50),
            delay_p95=nearest_rank(self.delays, 95),
        )


class FamiliesTally(dict[FamilyKey, FamilyTally]):
    """The families seen so far; most destinations have one or two."""

    __slots__ = ()

    def __missing__(self, key: FamilyKey) -> FamilyTally:
        tally = self[key] = FamilyTally()
        return tally

    def counts(self) -> Families:
        return Families(**{key: self[key].counts() for key in FAMILY_KEYS if key in self})


class Minute:
    """How much was sent, deferred and bounced in the last minute, in steps of ten seconds."""

    __slots__ = ("_step", "_steps")

    def __init__(self) -> None:
        self._step = ""
        self._steps: list[tuple[str, list[int]]] = []  # a time in the step, [sent, deferred, bounced]

    def add(self, time: str, status: str) -> None:
        column = _COLUMNS.get(status)
        if column is None:
            return
        steps = self._steps
        step = time[:18]  # 2026-11-23T18:41:2
        if step != self._step:
            self._step = step
            steps.append((time, [0, 0, 0]))
            if len(steps) > 7:
                del steps[0]
        steps[-1][1][column] += 1

    def rates(self, now: float, clock: Clock) -> tuple[float, float, float]:
        """Sent, deferred and bounced per second over the minute before `now`; older steps go."""
        sums = [0.0, 0.0, 0.0]
        kept = []
        for time, counts in self._steps:
            second = clock.epoch(time)
            if second is None:
                continue
            weight = min(1.0, (second - second % 10 + 10 - (now - MINUTE)) / 10)
            if weight > 0:
                kept.append((time, counts))
                for column, count in enumerate(counts):
                    sums[column] += count * weight
        if len(kept) != len(self._steps):
            self._steps = kept
            self._step = self._step if kept else ""
        return sums[0] / MINUTE, sums[1] / MINUTE, sums[2] / MINUTE


class DestinationTally:
    """All that is kept of one recipient domain."""

    __slots__ = (
        "_attempts", "_finals", "_outcomes", "_recent", "_stages", "bounced", "changed", "deferred",
        "failures", "families", "first_tries", "first_tries_ipv6", "index", "last_reply", "last_time",
        "minute", "name", "sent",
    )  # fmt: skip

    def __init__(self, name: str, index: int) -> None:
        self.name = name
        self.index = index
        self.changed = False
        self.sent = self.deferred = self.bounced = 0
        self.families = FamiliesTally()
        self.first_tries = self.first_tries_ipv6 = 0
        self.last_reply: str | None = None
        self.last_time: str | None = None
        self.failures: list[Unsent] = []
        self.minute = Minute()
        self._stages = [0.0, 0.0, 0.0, 0.0]  # sums
        self._finals = self._attempts = 0
        self._outcomes = bytearray()
        self._recent: list[float] = []  # c + d of the last attempts

    def delivered(
        self,
        family: FamilyKey,
        status: str,
        time: str | None,
        delay: float | None,
        stages: Stages | None,
        reply: str | None,
    ) -> None:
        """One delivery line that was an attempt."""
        self.families[family].delivered(status, delay)
        if status == "sent":
            self.sent += 1
        elif status == "deferred":
            self.deferred += 1
        elif status == "bounced":
            self.bounced += 1
        outcome = _OUTCOME.get(status)
        if outcome is not None:
            outcomes = self._outcomes
            outcomes.append(outcome)
            if len(outcomes) > OUTCOMES:
                del outcomes[0]
            if time is not None:
                self.minute.add(time, status)
        self.last_reply = reply
        self.last_time = time
        if stages is not None:
            a, b, c, d = stages
            sums = self._stages
            if status not in _NOT_FINAL:
                self._finals += 1
                sums[0] += a
                sums[1] += b
            self._attempts += 1
            sums[2] += c
            sums[3] += d
            recent = self._recent
            recent.append(c + d)
            if len(recent) > OUTCOMES:
                del recent[0]

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
        a, b, c, d = self._stages
        finals, attempts = self._finals, self._attempts
        return (
            round(a / finals, 6) if finals else None,
            round(b / finals, 6) if finals else None,
            round(c / attempts, 6) if attempts else None,
            round(d / attempts, 6) if attempts else None,
        )

    def state(self, delay: float | None) -> State:
        seen = len(self._outcomes)
        if seen < SAMPLE:
            return "idle"
        sent = self._outcomes.count(b"s")
        if not sent:
            return "stuck"
        if sent * 10 < seen * 9:
            return "failing"
        return "slow" if delay is not None and delay >= SLOW else "ok"

    def row(self, now: float, clock: Clock) -> Destination:
        """The destination at this moment, rates over the minute before `now`."""
        delay = median(self._recent) if self._recent else None
        sent_rate, deferred_rate, _ = self.minute.rates(now, clock)
        return Destination(
            destination=self.name,
            sent=self.sent,
            deferred=self.deferred,
            bounced=self.bounced,
            families=self.families.counts(),
            first_try_ipv6_share=self.first_try_ipv6_share,
            stage_seconds=self.stage_seconds,
            last_reply=self.last_reply,
            last_time=self.last_time,
            state=self.state(delay),
            outcomes=self._outcomes.decode(),
            failures=tuple(Failure(*failure) for failure in self.failures),
            sent_rate=sent_rate,
            deferred_rate=deferred_rate,
            delay=delay,
        )
