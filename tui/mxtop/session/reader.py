"""Batches into a tracker, keeping the scanner's memory warm from batch to batch."""

from __future__ import annotations

from typing import Final

from mxtop.mail.batch import Batch
from mxtop.mail.scan import Scanner
from mxtop.mail.tracker import Tracker

NEAR: Final = 3600.0
"""Seconds that a reference may move before it matters: it only decides the year, with a day's margin."""


class Reader:
    """Feeds one tracker."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self._reference: float | None = None
        self._zone = ""
        self._scanner = Scanner(tracker, 0.0)

    def feed(self, batch: Batch) -> None:
        """Count the lines of a batch."""
        near = self._reference is not None and abs(batch.reference - self._reference) <= NEAR
        if not near or batch.zone != self._zone:
            self._reference, self._zone = batch.reference, batch.zone
            self._scanner = Scanner(self.tracker, batch.reference, zone=batch.zone)
        self._scanner.feed(batch.text)
