"""Findings on the screen: one line for the worst, and those of one destination."""

from __future__ import annotations

from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.widgets.painted import Line, Span, wrap


def worst(snapshot: Snapshot) -> list[Span]:
    """The first finding, how many more there are, and the key that helps; nothing without findings."""
    if not snapshot.findings:
        return []
    first, more = snapshot.findings[0], len(snapshot.findings) - 1
    spans: list[Span] = [(SafeText(f"▲ {clean(first.title, 200)}"), "slow")]
    if where := _where(first):
        spans.append((SafeText(f" · {where}"), "text"))
    if more:
        spans.append((SafeText(f" (+{more})"), "muted"))
    return spans


def remedy(snapshot: Snapshot) -> list[Span]:
    """The key, where a guided fix would help with any of them."""
    if any(finding.fix for finding in snapshot.findings):
        return [(literal("press "), "muted"), (literal("x"), "accent")]
    return []


def _where(finding: Finding) -> SafeText:
    if not finding.destinations:
        return literal("")
    more = len(finding.destinations) - 1
    return SafeText(clean(finding.destinations[0], 60) + (f" +{more}" if more else ""))


def of(destination: str, snapshot: Snapshot, width: int) -> list[Line]:
    """The findings that name this destination."""
    shown: list[Line] = []
    for finding in snapshot.findings:
        if destination in finding.destinations:
            shown += wrap(SafeText(f"▲ {clean(finding.title, 200)}"), width, "slow")
            shown += wrap(clean(finding.sentence, 1000), width, "text", indent=2)
            if finding.advice:
                shown += wrap(clean(finding.advice, 1000), width, "muted", indent=2)
            if finding.fix:
                proposed = f" (proposes {clean(finding.value, 40)})" if finding.value else ""
                shown += wrap(SafeText(f"x opens the fix{proposed}"), width, "accent", indent=2)
    return shown
