"""One change under watch: the log's lines since it began, as the events that judge it.

Parses lines only while a change is watched.  Lines older than its beginning are passed over, so that the
reload of an earlier change is not taken for this one's.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    """`began` is wall-clock seconds of the log's clock; `foreseen` what was predicted."""

    def __init__(self, effect: Effect, began: float, foreseen: Outcome) -> None:
        self._effect = effect
        self._began = float(int(began))  # times in a log may be whole seconds
        self._foreseen = foreseen
        self._clock = Clock(began)

    def before(self, tail: LogTail) -> None:
        """The lines just before the change; a reload among them is another's."""
        parser = Parser(self._began)
        for number in range(max(tail.first, tail.end - TAIL), tail.end):
            event = parser.parse(tail[number])
            if not isinstance(event, Reload | Start) and self._at(event, self._began - RECENT):
                self._effect.apply(event)

    def feed(self, batch: Batch) -> None:
        """What was written to the log since."""
        parser = Parser(batch.reference)
        for line in _lines(batch.text):
            event = parser.parse(line)
            if self._at(event, self._began):
                self._effect.apply(event)

    def _at(self, event: Event, earliest: float) -> bool:
        then = self._clock.epoch(event.time) if event.time is not None else None
        return then is not None and then >= earliest

    @property
    def critical(self) -> str | None:
        """Why the change must go back at once; None where nothing says so."""
        return self._effect.critical

    def observed(self) -> Observed:
        return self._effect.observed()

    def outcome(self) -> Outcome:
        """What is to be remembered of it at this moment."""
        seen = self._effect.observed()
        return Outcome(
            predicted_before=self._foreseen.predicted_before,
            predicted_after=self._foreseen.predicted_after,
            before=seen.before,
            after=seen.after,
            verdict=seen.verdict,
            warnings=self._foreseen.warnings[:WARNINGS],
        )


def _lines(text: str) -> Iterator[str]:
    if text:
        yield from text.removesuffix("\n").split("\n")
