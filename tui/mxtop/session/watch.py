"""One change under watch: the log's lines since it began, as the events that judge it.

Parses lines only while a change is watched.  Of the lines older than its beginning a reload is passed over,
so that an earlier change's is not taken for this one's; the others tell what was so before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mxtop.change.outcome import Outcome
from mxtop.mail.batch import Batch
from mxtop.mail.event import Event, Reload, Start
from mxtop.mail.header import Clock
from mxtop.mail.parse import Parser
from mxtop.mail.promise import Observed
from mxtop.mail.snapshot import LogTail
from mxtop.mail.verdict import Effect

TAIL: Final = 2_000
"""Lines before the change that are looked at for daemons which were in trouble already."""

RECENT: Final = 300.0
"""Seconds before the change that still count as `before` for that."""

WARNINGS: Final = 20


class Watch:
    """`began` is wall-clock seconds of the log's clock; `foreseen` what was predicted.

    `resumed`: another mxtop began it, and `foreseen` is what that one saw; nothing else is told as long as
    the reload is not among the lines: those that are still held may not reach back to it.
    `zone` as for `Clock`.
    """

    def __init__(
        self,
        effect: Effect,
        began: float,
        foreseen: Outcome,
        *,
        resumed: bool = False,
        zone: str = "",
    ) -> None:
        self._effect = effect
        self._began = float(int(began))  # times in a log may be whole seconds
        self._foreseen = foreseen
        self._resumed = resumed
        self._zone = zone
        self._clock = Clock(began, zone=zone)

    def before(self, tail: LogTail) -> None:
        """The lines just before the change, all of them: a reload among them is another's."""
        parser = Parser(self._began, zone=self._zone)
        for number in range(max(tail.first, tail.end - TAIL), tail.end):
            self._earlier(parser.parse(tail[number]))

    def past(self, tail: LogTail, start: int = 0) -> None:
        """The lines from `start` on, of before the change and since: it was begun some time ago."""
        parser = Parser(self._began, zone=self._zone)
        for number in range(max(tail.first, start), tail.end):
            self._take(parser.parse(tail[number]))

    def feed(self, batch: Batch) -> None:
        """What is written to the log."""
        parser = Parser(batch.reference, zone=batch.zone)
        for line in _lines(batch.text):
            self._take(parser.parse(line))

    def _take(self, event: Event) -> None:
        if self._at(event, self._began):
            self._effect.apply(event)
        elif self._effect.reloaded is None:
            self._earlier(event)

    def _earlier(self, event: Event) -> None:
        if not isinstance(event, Reload | Start) and self._at(event, self._began - RECENT):
            self._effect.apply(event)

    def _at(self, event: Event, earliest: float) -> bool:
        then = self._clock.epoch(event.time) if event.time is not None else None
        return then is not None and then >= earliest

    @property
    def critical(self) -> str | None:
        """Why the change must go back at once; None where nothing says so."""
        return self._effect.critical

    def observed(self) -> Observed | None:
        """What is seen of it at this moment; None where it is `resumed` and its reload was not seen."""
        return None if self._resumed and self._effect.reloaded is None else self._effect.observed()

    def outcome(self) -> Outcome:
        """What is to be remembered of it at this moment."""
        seen = self.observed()
        if seen is None:
            return self._foreseen
        return replace(
            self._foreseen,
            before=seen.before,
            after=seen.after,
            verdict=seen.verdict,
            warnings=self._foreseen.warnings[:WARNINGS],
        )


def _lines(text: str) -> Iterator[str]:
    if text:
        yield from text.removesuffix("\n").split("\n")
