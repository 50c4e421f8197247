"""The report as text for people: aligned, at most 80 columns, the busiest rows only.

Everything from outside goes through `mail.text`; the JSON form has all rows and raw text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.units import count, duration, share

WIDTH: Final = 80
DESTINATIONS: Final = 20
REASONS: Final = 10
OTHERS: Final = 5

Document = dict[str, Any]


def lines(document: Document) -> list[SafeText]:
    """The report, a line each, without newlines."""
    if not document["lines"]:
        return [literal("no log lines")]
    parts = [
        _head(document),
        _families(document["families"]),
        _destinations(document["destinations"]),
        _stages(document["destinations"]),
        _reasons(document["reasons"]),
        _filters(document["filters"]),
        _rejects(document["rejects"]),
    ]
    shown: list[SafeText] = []
    for part in parts:
        if part and shown:
            shown.append(literal(""))
        shown.extend(part)
    return shown


def _head(document: Document) -> list[SafeText]:
    host = clean(document["host"] or "unknown host")
    total = document["lines"]
    span = clean(f"{document['first'] or '–'} to {document['last'] or '–'}")
    unknown = document["unparsed"]
    messages, deliveries = document["messages"], document["deliveries"]
    sums = [f"{number} {status}" for status, number in sorted(deliveries.items(), key=lambda item: -item[1])]
    head = [
        _cut(f"{host}  {span}"),
        literal(
            f"lines       {total}, of other programs {document['foreign']}, "
            f"not understood {unknown} ({share(unknown / total)})"
        ),
        literal(
            f"messages    {messages['queued']} queued, {messages['removed']} removed, "
            f"{messages['in_flight']} in flight"
        ),
        _cut(clean("deliveries  " + (", ".join(sums) or "none"))),
    ]
    if document["other_instances"]:
        head.append(literal(f"not counted {document['other_instances']} lines of other Postfix instances"))
    if document["dropped"]:
        dropped = ", ".join(f"{number} {table}" for table, number in document["dropped"].items())
        head.append(_cut(clean(f"left out    {dropped}: too many to keep")))
    return head


def _families(families: Document) -> list[SafeText]:
    rows: list[Sequence[str]] = [
        ("FAMILY", "NEW", "REUSED", "FAILED", "SENT", "DEFERRED", "BOUNCED", "P50", "P95")
    ]
    for name, counts in families.items():
        rows.append(
            (
                name,
                *(count(counts[key]) for key in ("connections", "reused", "failed_connects")),
                *(count(counts[key]) for key in ("sent", "deferred", "bounced")),
                duration(counts["delay_p50"]),
                duration(counts["delay_p95"]),
            )
        )
    return _table(rows, (8, 8, 8, 8, 8, 10, 9, 8, 8))


def _destinations(destinations: Sequence[Document]) -> list[SafeText]:
    if not destinations:
        return []
    rows = [("DESTINATION", "SENT", "DEFER", "BOUNCE", "NEW 4", "NEW 6", "6 FIRST", "P50", "P95")]
    for row in destinations[:DESTINATIONS]:
        families = row["families"]
        # the family that sent most stands for the delays; the JSON has all four
        main = max(families.values(), key=lambda counts: counts["sent"])
        rows.append(
            (
                row["destination"] or "(no domain)",
                count(row["sent"]),
                count(row["deferred"]),
                count(row["bounced"]),
                count(families["ipv4"]["connections"]),
                count(families["ipv6"]["connections"]),
                share(row["first_try_ipv6_share"]),
                duration(main["delay_p50"]),
                duration(main["delay_p95"]),
            )
        )
    return _table(rows, (22, 7, 7, 7, 7, 7, 8, 7, 7)) + _more(len(destinations), DESTINATIONS)


def _stages(destinations: Sequence[Document]) -> list[SafeText]:
    """Where the time goes, at the destinations with the longest connection set-up and transmission."""
    known = [row for row in destinations if row["stage_seconds"][2] is not None]
    known.sort(key=lambda row: -(row["stage_seconds"][2] + row["stage_seconds"][3]))
    if not known:
        return []
    rows = [
        (row["destination"] or "(no domain)", *(duration(part) for part in row["stage_seconds"]))
        for row in known[:OTHERS]
    ]
    head = ("SLOWEST", "BEFORE QMGR", "IN QMGR", "CONNECTION", "TRANSMISSION")
    return _table([head, *rows], (26, 13, 10, 13, 14))


def _reasons(reasons: Sequence[Document]) -> list[SafeText]:
    if not reasons:
        return []
    rows = [(f"{'COUNT':>7}  {'STATUS':<10} {'FAMILY':<6} REASON")]
    rows += [
        f"{count(row['count']):>7}  {row['status']:<10.10} {row['family']:<6} {row['text']}"
        for row in reasons[:REASONS]
    ]
    return [_cut(clean(row)) for row in rows] + _more(len(reasons), REASONS)


def _filters(filters: Sequence[Document]) -> list[SafeText]:
    if not filters:
        return []
    rows = [("CONTENT FILTER", "NEW", "REUSED", "FAILED", "SENT", "DEFERRED", "BOUNCED")]
    for row in filters[:OTHERS]:
        keys = ("connections", "reused", "failed_connects", "sent", "deferred", "bounced")
        rows.append((row["relay"], *(count(row[key]) for key in keys)))
    return _table(rows, (28, 7, 8, 8, 8, 10, 9)) + _more(len(filters), OTHERS)


def _rejects(rejects: Sequence[Document]) -> list[SafeText]:
    if not rejects:
        return []
    rows = [f"{'COUNT':>7}  REJECTED, WARNED, HELD"]
    for row in rejects[:OTHERS]:
        code = " ".join(str(part) for part in (row["code"], row["dsn"]) if part is not None)
        said = [part for part in (row["action"], row["stage"], code, row["reason"]) if part]
        rows.append(f"{count(row['count']):>7}  {' '.join(said)}")
    return [_cut(clean(row)) for row in rows] + _more(len(rejects), OTHERS)


def _more(total: int, shown: int) -> list[SafeText]:
    return [literal(f"… and {total - shown} more: --json has them")] if total > shown else []


def _table(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[SafeText]:
    """The first column to the left, numbers to the right."""
    shown = []
    for row in rows:
        first, *others = (clean(cell) for cell in row)
        cells = [_fit(first, widths[0]).ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:])]
        shown.append(_cut(SafeText("".join(cells).rstrip())))
    return shown


def _fit(text: SafeText, width: int) -> SafeText:
    return text if len(text) < width else SafeText(text[: width - 2] + "… ")


def _cut(text: str) -> SafeText:
    """At most WIDTH characters of text that is already safe."""
    return SafeText(text if len(text) <= WIDTH else text[: WIDTH - 1] + "…")
