"""Joins what the feeds bring into snapshots: the same for a live host, files and a recording.

Has one owner and no I/O: it is told samples and the time, and answers with a frozen Snapshot.
Does not promise that a snapshot is up to date; each `Feed` in it says how old its part is.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Final, Literal

from mxtop.mail.batch import Batch
from mxtop.mail.connection import Connection
from mxtop.mail.finding import Finding
from mxtop.mail.sample import Resolved, Sample, SocketSample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import (
    Destination,
    Feed,
    Live,
    LogTail,
    Outlook,
    QueueCounts,
    Snapshot,
)
from mxtop.mail.sockets import SocketRow
from mxtop.mail.tracker import Tracker
from mxtop.route.predict import predict_route
from mxtop.session.reader import Reader

Mode = Literal["live", "demo", "files", "replay"]

HISTORY: Final = 120
"""Values that the sparkline keeps, one a tick."""


FEEDS: Final = ("log", "settings", "sockets", "queue", "dns")
"""The order in which they are told: what others depend on comes first."""


def _place(feed: str) -> int:
    return FEEDS.index(feed) if feed in FEEDS else len(FEEDS)


class Core:
    """The joined state of one host.  Times are wall-clock seconds of the log's own clock."""

    def __init__(self, host: str, mode: Mode = "live", tracker: Tracker | None = None) -> None:
        self.host = host
        self.mode: Mode = mode
        self._reader = Reader(tracker or Tracker())
        self.zone = ""  # of the log's times, as `Batch.zone`
        self.settings: Settings | None = None
        self.findings: tuple[Finding, ...] = ()
        """Of a moment ago; whoever diagnoses puts them here."""
        self.connection: Connection | None = None
        """Of this moment; whoever keeps one puts it here."""
        self._queue: QueueCounts | None = None
        self._feeds: dict[str, Feed] = {}
        self._sockets: tuple[SocketRow, ...] = ()
        self._live: dict[str, Live] = {}
        self._joined: dict[str, tuple[Destination, Live, Destination]] = {}
        self._rows: tuple[tuple[Destination, ...], dict[str, Live], tuple[Destination, ...]] = ((), {}, ())
        self._resolved: dict[str, Resolved] = {}
        self._outlooks: dict[str, Outlook] = {}
        self._log = LogTail()
        self._history: deque[float] = deque(maxlen=HISTORY)
        self._tick: tuple[float, int] | None = None
        self.attended = True
        """Whether somebody looks at this host: else its rows keep the rates that they had then, as nothing
        sums them, and they change every second.
        """

    @property
    def tracker(self) -> Tracker:
        return self._reader.tracker

    # -- what the feeds bring ---------------------------------------------

    def take(self, sample: Sample, now: float) -> None:
        """Take one sample; `now` is when it came."""
        match sample:
            case Batch():
                self._take_lines(sample)
            case SocketSample():
                self._take_sockets(sample, now)
            case Settings():
                self._take_settings(sample)
            case QueueCounts():
                self._queue = sample
            case Resolved():
                self._resolved[sample.destination] = sample
                self._outlooks[sample.destination] = self._outlook(sample)
            case Feed():
                self._feeds[sample.name] = sample

    def _take_lines(self, batch: Batch) -> None:
        self.zone = batch.zone
        self._reader.feed(batch)
        self._log = self._log.extended(batch.text.removesuffix("\n").split("\n"))
        if batch.gap and (feed := self._feeds.get("log")):
            self._feeds["log"] = replace(feed, detail=f"lines may be missing: {batch.gap}")

    def _take_sockets(self, sample: SocketSample, now: float) -> None:
        self._sockets = sample.rows
        live: dict[str, list[int]] = {}
        for row in sample.rows:
            if row.direction == "out" and row.destination and not row.filter_hop:
                counts = live.setdefault(row.destination, [0, 0, 0, 0])
                v6 = row.family == "ipv6"
                if row.state == "SYN_SENT":
                    counts[2 + v6] += 1
                elif row.state == "ESTABLISHED":
                    counts[v6] += 1
        self._live = {name: Live(*counts) for name, counts in live.items()}
        self._feeds["sockets"] = Feed(name="sockets", state="live", detail=sample.note, since=now)

    def _take_settings(self, settings: Settings) -> None:
        if settings == self.settings:
            return
        self.settings = settings
        self._outlooks = {name: self._outlook(resolved) for name, resolved in self._resolved.items()}

    def _outlook(self, resolved: Resolved) -> Outlook:
        if resolved.route is None or self.settings is None:
            return Outlook(
                destination=resolved.destination,
                route=resolved.route,
                answers=resolved.answers,
                error=resolved.error,
                pending=not resolved.error,
            )
        expected = len(resolved.route.next_hops)
        prediction = None
        if len(resolved.answers) >= expected and not resolved.error:
            prediction = predict_route(self.settings, resolved.route, resolved.answers)
        return Outlook(
            destination=resolved.destination,
            route=resolved.route,
            answers=resolved.answers,
            prediction=prediction,
            fetched=min((answer.fetched for answer in resolved.answers), default=None),
            error=resolved.error,
        )

    # -- history ------------------------------------------------------------

    def begin(self, tracker: Tracker) -> None:
        """Begin anew: the log is read from its start."""
        self.swap(tracker)
        self._log = LogTail()
        self._history.clear()

    def swap(self, tracker: Tracker) -> None:
        """Go on with another tracker: one that has read the whole history up to this moment."""
        self._reader = Reader(tracker)
        self._tick = None  # its count jumps: no rate
        self._joined.clear()

    # -- what the screen gets --------------------------------------------------

    def addresses(self) -> Mapping[str, str]:
        """Address of a peer -> destination: as the log has it, else what is in the queue, else DNS."""
        trying = self._queue.trying if self._queue else ()
        ordered = sorted(self._resolved.values(), key=lambda resolved: resolved.destination in trying)
        known = {
            address.address: resolved.destination
            for resolved in ordered
            for answer in resolved.answers
            for host in answer.hosts
            for address in host.addresses
        }
        known.update(self.tracker.relays)
        return known

    def wanted(self, most: int) -> list[str]:
        """Destinations whose DNS is of use, the most urgent first: what is being tried and was not logged
        yet, then by traffic.
        """
        logged = self.tracker.destinations
        trying = [name for name in (self._queue.trying if self._queue else ()) if name not in logged]
        busy = heapq.nlargest(most, logged.values(), key=attrgetter("attempts"))
        return [*trying, *(row.name for row in busy)][:most]

    def tick(self, now: float) -> Snapshot:
        """The snapshot of this moment, which the sparkline counts."""
        if self.connection is None or self.connection.live:
            self.trend(now)
        return self.look(now)

    def look(self, now: float) -> Snapshot:
        """The snapshot of this moment, for whoever asks between two ticks."""
        known = self._known_until(now)
        sent, deferred, bounced = self.tracker.rates(known)
        return Snapshot(
            host=self.settings.myhostname if self.settings and self.settings.myhostname else self.host,
            mode=self.mode,
            time=now,
            feeds={name: self._feeds[name] for name in sorted(self._feeds, key=_place)},
            totals=self.tracker.totals(),
            sent_rate=sent,
            deferred_rate=deferred,
            bounced_rate=bounced,
            history=tuple(self._history),
            destinations=self._destinations(known),
            sockets=self._sockets,
            queue=self._queue,
            settings=self.settings,
            outlooks=dict(self._outlooks),
            log=self._log,
            findings=self.findings,
            connection=self.connection,
        )

    def _known_until(self, now: float) -> float:
        """The moment whose rates are told: of a host that is away, when it was last heard of."""
        link = self.connection
        return now if link is None or link.live or link.heard is None else min(now, link.heard)

    def trend(self, now: float) -> tuple[float, ...]:
        """Sent lines per second at each tick, this one included, oldest first.

        Called between ticks by a replay, for the moments that it passes over.
        """
        sent = self.tracker.deliveries.get("sent", 0)
        if self._tick is not None and now > self._tick[0] and sent >= self._tick[1]:
            self._history.append((sent - self._tick[1]) / (now - self._tick[0]))
        self._tick = (now, sent)
        return tuple(self._history)

    def _destinations(self, now: float) -> tuple[Destination, ...]:
        """The tracker's rows with their live connections, then what has connections and no line of log yet.

        A row that did not change is the same object.
        """
        rows = self.tracker.rows(now if self.attended else None)
        if rows is self._rows[0] and self._live == self._rows[1]:
            return self._rows[2]
        joined = list(rows)
        if self._live:
            unlogged = dict(self._live)
            kept: dict[str, tuple[Destination, Live, Destination]] = {}
            for i, row in enumerate(rows):
                live = unlogged.pop(row.destination, None)
                if live is None:
                    continue
                cached = self._joined.get(row.destination)
                if cached is None or cached[0] is not row or cached[1] != live:
                    cached = (row, live, replace(row, live=live))
                kept[row.destination] = cached
                joined[i] = cached[2]
            for name, live in unlogged.items():
                cached = self._joined.get(name)
                if cached is None or cached[0] is not cached[2] or cached[1] != live:
                    row = Destination(destination=name, live=live)
                    cached = (row, live, row)
                kept[name] = cached
                joined.append(cached[2])
            self._joined = kept
        result = tuple(joined)
        self._rows = (rows, self._live, result)
        return result
