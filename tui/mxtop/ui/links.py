"""The words of a connection: its state as glyph, word and role, how old what is shown is, and what helps."""

from __future__ import annotations

from typing import Final

from mxtop.mail import units
from mxtop.mail.connection import Connection, State
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.widgets.painted import Line, Span, wrap

SIGNS: Final[dict[State, tuple[SafeText, str]]] = {
    "connecting": (literal("◌ connecting"), "accent"),
    "live": (literal("● live"), "ok"),
    "stale": (literal("▲ stale"), "slow"),
    "down": (literal("✖ down"), "bad"),
    "needs authentication": (literal("✖ needs authentication"), "bad"),
    "unknown host key": (literal("▲ unknown host key"), "slow"),
    "host key changed": (literal("✖ host key changed"), "bad"),
}

RETRY: Final = literal("R tries now")


def _seconds(value: float) -> SafeText:
    """Whole seconds: how old something is changes with every look."""
    return SafeText(f"{value:.0f}s") if value < 99.5 else units.duration(value)


def away(snapshot: Snapshot) -> Connection | None:
    """The connection of a host that does not answer as it should; None where there is nothing to tell."""
    link = snapshot.connection
    return None if link is None or link.live else link


def state(link: Connection, now: float) -> list[Span]:
    """`✖ down 42s  next try 3s`: the state, how long nothing was heard, when it is tried again."""
    sign, role = SIGNS[link.state]
    spans: list[Span] = [(sign, role)]
    if link.state in ("stale", "down"):
        since = max(0.0, now - (link.since if link.heard is None else link.heard))
        spans.append((SafeText(f" {_seconds(since)}"), role))
    if (wait := link.wait(now)) is not None:
        spans.append((SafeText(f"  next try {_seconds(wait)}"), "muted"))
    return spans


def aged(snapshot: Snapshot) -> SafeText:
    """`▲ 42s old` for what a host said before it fell silent, else nothing."""
    link = away(snapshot)
    age = None if link is None else link.age(snapshot.time)
    return SafeText("" if age is None else f"▲ {_seconds(age)} old")


def sentence(link: Connection) -> SafeText:
    """What happens, or why nothing does."""
    if link.state == "connecting":
        return SafeText(f"connecting by way of {clean(link.hop, 80)} …" if link.hop else "connecting …")
    if link.state == "stale":
        return literal("no sign of life; the connection is still open")
    return clean(link.title, 500)


def full(link: Connection, now: float, width: int, indent: int = 0) -> list[Line]:
    """All of it in lines: the state, why, what helps, and what happens next."""
    sign, role = SIGNS[link.state]
    state = sign[0] if link.state == "connecting" else f"{sign}:"  # else it would say it twice
    lines = wrap(SafeText(f"{state} {sentence(link)}"), width, role, indent)
    if link.remedy:
        lines += wrap(SafeText(f"→ {clean(link.remedy, 500)}"), width, "strong", indent)
    wait = link.wait(now)
    after = "" if wait is None else f"Tried again by itself in {_seconds(wait)}. "
    if link.for_a_person:
        after = "Not tried again by itself. "
    if after:
        lines += wrap(SafeText(f"{after}{RETRY}."), width, "muted", indent)
    return lines
