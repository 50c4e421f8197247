"""Everything about one destination: outcomes, stage delays, families, last errors, its MX."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mxtop.mail import units
from mxtop.mail.snapshot import Destination, Families
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import findings
from mxtop.ui.panels import mx
from mxtop.ui.screens.page import Page
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, Span, width_of, wrap
from mxtop.ui.words import FAMILY, FAMILY_ROLE, STATES, clock, strip

STAGES: Final = (
    ("a", "before the queue manager"),
    ("b", "in the queue manager"),
    ("c", "connecting: DNS, connect, EHLO, TLS"),
    ("d", "transmitting"),
)
"""The four delays of a Postfix delivery line (postconf(5), delay_logging_resolution_limit)."""

_STATUS: Final = {"bounced": "bad", "deferred": "slow", "connect_failed": "bad", "attempt_failed": "slow"}


class Details(Page):
    """Follows the destination while the session goes on."""

    def __init__(self, destination: str, view: View) -> None:
        super().__init__()
        self.destination = destination
        self._view = replace(view, selected=destination)

    def show(self, view: View) -> None:
        self._view = replace(view, selected=self.destination)
        self.draw()

    def title_text(self) -> str:
        return f"Destination · {clean(self.destination, 120)}"

    def lines(self, width: int) -> list[Line]:
        row = next((d for d in self._view.snapshot.destinations if d.destination == self.destination), None)
        if row is None:
            return [((literal("No longer among the destinations that are kept."), "muted"),)]
        found = findings.of(self.destination, self._view.snapshot, width)
        return [
            *_head(row, width),
            *(_heading("Findings") if found else ()), *found,
            *_heading("Stages, mean"), *_stages(row),
            *_heading("Families"), *families(row.families),
            *_heading(f"Last errors ({len(row.failures)}, newest first)"),
            *_failures(row, width, utc=self._view.utc),
            *_heading("MX"), *mx.lines(self._view, width),
        ]  # fmt: skip


def _heading(text: str) -> list[Line]:
    return [(), ((literal(text), "heading"),)]


def _head(row: Destination, width: int) -> list[Line]:
    sign, role = STATES[row.state]
    parts: list[Line] = [((sign, role),)]
    parts += [
        ((SafeText(f"{word} "), "muted"), (SafeText(text), "text"))
        for word, text in (
            ("sent", f"{row.sent:,}"), ("deferred", f"{row.deferred:,}"), ("bounced", f"{row.bounced:,}"),
            ("sent", units.rate(row.sent_rate)), ("deferred", units.rate(row.deferred_rate)),
            ("delay", units.duration(row.delay)),
        )
    ]  # fmt: skip
    numbers: list[Line] = [parts[0]]
    for part in parts[1:]:
        longer = (*numbers[-1], (literal("   "), "text"), *part)
        if width_of(longer) <= width:
            numbers[-1] = longer
        else:
            numbers.append(part)
    outcomes: list[Span] = [(literal("last outcomes  "), "muted"), *strip(row.outcomes)]
    if not row.outcomes:
        outcomes.append((units.UNKNOWN, "text"))
    return [
        *numbers,
        tuple(outcomes),
        ((literal("               ▁ sent  ▄ deferred  █ bounced, newest at the right"), "muted"),),
    ]


def _stages(row: Destination) -> list[Line]:
    return [
        (
            (SafeText(f"{letter} "), "accent"),
            (SafeText(f"{units.duration(seconds):>7}  "), "strong"),
            (literal(words), "muted"),
        )
        for (letter, words), seconds in zip(STAGES, row.stage_seconds, strict=True)
    ]


def families(counts: Families) -> list[Line]:
    """The families side by side, those that had any traffic."""
    heads = ("   new", "  reused", "  no conn", "   sent", " deferred", "  bounced", "    p50", "    p95")
    shown: list[Line] = [((SafeText("     " + "".join(heads)), "muted"),)]
    for family, f in counts.items():
        numbers = (f.connections, f.reused, f.failed_connects, f.sent, f.deferred, f.bounced)
        if family in ("unix", "none") and not any(numbers):
            continue
        cells = [*(units.count(n) for n in numbers), units.duration(f.delay_p50), units.duration(f.delay_p95)]
        shown.append(
            (
                (SafeText(FAMILY[family].ljust(5)), FAMILY_ROLE[family]),
                (SafeText("".join(c.rjust(len(head)) for c, head in zip(cells, heads, strict=True))), "text"),
            )
        )
    return shown


def _failures(row: Destination, width: int, *, utc: bool) -> list[Line]:
    if not row.failures:
        return [((literal("none"), "muted"),)]
    shown: list[Line] = []
    for failure in reversed(row.failures):
        where = failure.host or "–"
        if failure.address:
            where += f"[{failure.address}]"
        shown.append(
            (
                (SafeText(f"{clock(failure.time, utc=utc)} "), "muted"),
                (
                    SafeText(f"{clean(failure.status.replace('_', ' '), 20)} "),
                    _STATUS.get(failure.status, "text"),
                ),
                (clean(where, 300), "text"),
            )
        )
        shown += wrap(clean(failure.text), width, "strong", indent=9)
    return shown
