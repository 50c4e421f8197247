"""`mxtop report`: what a log adds up to, as one JSON document or as text.

`build` makes the document of the contract from a tracker, `run` reads logs and prints it.
Beyond the keys of the contract: `other_instances` (lines of another syslog_name), `dropped`
({table: rows that a full table turned away}, empty where all was kept), and the rows of

* `filters`: `relay` as logged, `host`, `address`, `port`, and the keys of a family;
* `clients`: `host`, `address`, `family`, `connections`, `messages`, `rejects`; the CLIENTS busiest;
* `rejects`: `action`, `stage`, `code`, `dsn`, `reason` (folded), `count`, `example_queue_id`;
  the REJECTS most frequent.

Rows with most traffic come first.  Does not promise lines of any length: what passes
`mxtop.sources.lines.LIMIT` is cut there.
"""

from __future__ import annotations

import gc
import heapq
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, BinaryIO, Final

from mxtop.mail.family import family_of
from mxtop.mail.snapshot import Families, FamilyCounts
from mxtop.mail.tables import Filter
from mxtop.mail.tally import DestinationTally
from mxtop.mail.tracker import Tracker
from mxtop.report import text
from mxtop.report.reading import collect

CLIENTS: Final = 100
REJECTS: Final = 100

Document = dict[str, Any]

_COUNTS: Final = tuple(field.name for field in fields(FamilyCounts))


def run(
    files: Sequence[str],
    out: BinaryIO,
    *,
    since: float | None = None,
    until: float | None = None,
    as_json: bool = False,
    year: int | None = None,
    host: str | None = None,
    syslog_names: Sequence[str] | None = None,
) -> int:
    """Print the report of `files` (`-` is standard input) to `out` and return the exit code, 0.

    `since` seconds before `until` (epoch; None: the time of the last line) is where counting
    begins.  `year` overrides the year of times logged without one.  LogUnreadable where a file
    cannot be read; BrokenPipeError, where nobody reads any more, is the caller's.
    """
    collecting = gc.isenabled()
    gc.disable()  # millions of values, no cycles: collecting costs a tenth of the time
    try:
        tracker = Tracker(syslog_names, sums_only=True)
        collect(tracker, files, since=since, until=until, year=year)
        emit(build(tracker, host), out, as_json=as_json)
    finally:
        if collecting:
            gc.enable()
    return 0


def emit(document: Document, out: BinaryIO, *, as_json: bool) -> None:
    """The document as one line of JSON (ASCII: lone surrogates survive), or as text."""
    if as_json:
        out.write(json.dumps(document).encode() + b"\n")
    else:
        out.write("".join(f"{line}\n" for line in text.lines(document)).encode())
    out.flush()


def build(tracker: Tracker, host: str | None = None) -> Document:
    """The document of the contract; `host` is None where the log's own header says it."""
    totals = tracker.totals()
    return {
        "host": host if host is not None else tracker.host,
        "first": totals.first,
        "last": totals.last,
        "lines": totals.lines,
        "foreign": totals.foreign,
        "unparsed": totals.unparsed,
        "other_instances": totals.other_instances,
        "messages": {"queued": totals.queued, "removed": totals.removed, "in_flight": totals.in_flight},
        "deliveries": dict(totals.deliveries),
        "families": _families(totals.families),
        "destinations": _destinations(tracker),
        "reasons": _reasons(tracker),
        "filters": _filters(tracker),
        "clients": _clients(tracker),
        "rejects": _rejects(tracker),
        "dropped": dict(totals.dropped),
    }


def _counts(counts: FamilyCounts) -> Document:
    return {name: getattr(counts, name) for name in _COUNTS}


def _families(families: Families) -> Document:
    return {key: _counts(counts) for key, counts in families.items()}


def _destinations(tracker: Tracker) -> list[Document]:
    def traffic(tally: DestinationTally) -> tuple[int, str]:
        return -(tally.sent + tally.deferred + tally.bounced), tally.name

    return [
        {
            "destination": tally.name,
            "sent": tally.sent,
            "deferred": tally.deferred,
            "bounced": tally.bounced,
            "families": _families(tally.families.counts()),
            "first_try_ipv6_share": tally.first_try_ipv6_share,
            "stage_seconds": list(tally.stage_seconds),
            "last_reply": tally.last_reply,
            "last_time": tally.last_time,
        }
        for tally in sorted(tracker.destinations.values(), key=traffic)
    ]


def _reasons(tracker: Tracker) -> list[Document]:
    rows = sorted(tracker.reasons.items(), key=lambda item: (-item[1].count, item[0]))
    return [
        {
            "status": status,
            "family": family,
            "text": words,
            "count": row.count,
            "example_queue_id": row.example_queue_id,
        }
        for (status, family, words), row in rows
    ]


def _filters(tracker: Tracker) -> list[Document]:
    def traffic(hop: Filter) -> tuple[int, str]:
        return -(hop.sent + hop.deferred + hop.bounced), hop.peer.relay

    return [
        {
            "relay": hop.peer.relay,
            "host": hop.peer.host,
            "address": hop.peer.address,
            "port": hop.peer.port,
            "family": hop.peer.family,
            **_counts(hop.counts()),
        }
        for hop in sorted(tracker.filters.values(), key=traffic)
    ]


def _clients(tracker: Tracker) -> list[Document]:
    rows = heapq.nsmallest(
        CLIENTS,
        tracker.clients.items(),
        key=lambda item: (-item[1].messages, -item[1].connections, -item[1].rejects, item[0]),
    )
    return [
        {
            "host": row.host,
            "address": row.address,
            "family": family_of(row.address),
            "connections": row.connections,
            "messages": row.messages,
            "rejects": row.rejects,
        }
        for _, row in rows
    ]


def _rejects(tracker: Tracker) -> list[Document]:
    rows = sorted(tracker.rejects.items(), key=lambda item: (-item[1].count, [str(part) for part in item[0]]))
    return [
        {
            "action": action,
            "stage": stage,
            "code": code,
            "dsn": dsn,
            "reason": reason,
            "count": row.count,
            "example_queue_id": row.example_queue_id,
        }
        for (action, stage, code, dsn, reason), row in rows[:REJECTS]
    ]
