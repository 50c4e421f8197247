"""The predicted effect as lines: overall and by destination, before and after, with what it would cost."""

from __future__ import annotations

from typing import Final

from mxtop.mail import units
from mxtop.mail.text import SafeText, clean, literal
from mxtop.route.effect import Forecast
from mxtop.route.notes import Note
from mxtop.route.reach import Reason, Row
from mxtop.route.wait import Wait
from mxtop.route.why import WORDS
from mxtop.ui.screens.fix.words import names, share_bar
from mxtop.ui.widgets.painted import Line, Span, fit, wrap
from mxtop.ui.words import BAR

_WHY: Final[dict[Reason, SafeText]] = {
    "unknown": literal("not known"),
    "by_sender": literal("by sender"),
    "override": literal("master.cf -o"),
    "lmtp": literal("lmtp"),
    "single_protocol": literal("one protocol"),
    "unsupported": literal("too old"),
    "unchanged": literal("as it is"),
    "srv": literal("SRV decides"),
    "one_family": literal("one family"),
    "order": literal("MX order"),
}
"""Why a destination's share stays, in few letters."""

_FIXED: Final = 53
"""Cells of a row besides the destination."""


def lines(told: Forecast, width: int) -> list[Line]:
    """Notes that stop it first, then the numbers, then what else there is to know."""
    shown: list[Line] = []
    for note in told.notes:
        if note.stops or note.kind == "nothing_moves":
            shown += _note(note, width)
    shown += _overall(told, width)
    if told.rows:
        shown += [(), *_table(told, width)]
    shown += _waits(told, width)
    if told.untouched:
        many = len(told.untouched)
        words = "1 destination has" if many == 1 else f"{many} destinations have"
        text = f"{words} one family only: untouched ({names([row.destination for row in told.untouched])})"
        shown += wrap(SafeText(f"· {text}"), width, "muted", indent=2)
    for note in told.notes:
        if not note.stops and note.kind != "nothing_moves":
            shown += _note(note, width)
    return shown


def _overall(told: Forecast, width: int) -> list[Line]:
    """The share of first tries over IPv6, weighted by traffic, before and after."""
    if told.before is None or told.after is None:
        return wrap(literal("The share of first tries over IPv6 cannot be told."), width, "muted", indent=2)
    cells = max(8, min(40, width - 52))
    of = f" of {told.known:,} new connections"
    shown: list[Line] = []
    for i, (word, share) in enumerate((("now", told.before), ("after", told.after))):
        head = "IPv6 first" if i == 0 else ""
        spans: list[Span] = [(SafeText(f"  {head:<11}"), "heading"), (SafeText(f"{word:<6}"), "muted")]
        spans += share_bar(share, cells)
        spans.append((SafeText(f" {units.share(share):>4}"), "strong"))
        if i == 0:
            spans.append((SafeText(of), "muted"))
        shown.append(tuple(spans))
    return shown


def _table(told: Forecast, width: int) -> list[Line]:
    room = max(14, min(44, width - _FIXED))
    head = f"  {'Destination':<{room}}{'New':>6}  {'now':<{BAR + 7}}   after"
    shown: list[Line] = [((SafeText(head), "muted"),)]
    for row in told.largest:
        spans: list[Span] = [
            (SafeText("  " + fit(clean(row.destination, 200), room)), "text"),
            (SafeText(f"{units.count(row.connections):>6}  "), "text"),
            *share_bar(row.before, BAR),
            (SafeText(f" {units.share(row.before):>4}"), "text"),
            (literal(" → "), "muted"),
            *share_bar(row.after, BAR),
            (SafeText(f" {units.share(row.after):>4} "), "strong"),
        ]
        if row.worse:
            spans.append((literal(" ▲ fails"), "slow"))
        elif row.reason is not None:
            spans.append((SafeText(f" {_WHY[row.reason]}"), "muted"))
        elif row.untried:
            spans.append((literal(" untried"), "accent"))
        shown.append(tuple(spans))
    if (more := len(told.rows) - len(told.largest)) > 0:
        shown.append(((SafeText(f"  and {more:,} with fewer"), "muted"),))
    return shown


def _waits(told: Forecast, width: int) -> list[Line]:
    """Where a family fails: what a delivery costs now, and would cost."""
    shown: list[Line] = []
    for row in sorted(told.rows, key=lambda row: not row.worse):
        if row.ailment is None or row.before == row.after:
            continue
        sick = row.ailment
        what = "connections fail" if sick.kind == "connect" else "mail is refused"
        text = f"{clean(row.destination, 100)}: {WORDS[sick.family]} {what} ({sick.failed} of {sick.tried})"
        if row.wait_before is not None and row.wait_after is not None:
            text += f"; a delivery waits {_wait(row.wait_before)} now, {_wait(row.wait_after)} after"
        sign, role = ("▲", "slow") if row.worse else ("●", "ok")
        shown += wrap(SafeText(f"{sign} {text}"), width, role, indent=2)
    return [(), *shown] if shown else []


def _wait(wait: Wait) -> str:
    """Seconds a delivery, on average and at most."""
    if wait.expected is None:
        return "for ever"
    if wait.expected == wait.worst or wait.worst is None:
        return f"{wait.expected:g} s"
    return f"{wait.expected:.2g} s (at most {wait.worst:g} s)"


def _note(note: Note, width: int) -> list[Line]:
    if note.stops:
        sign, role = "✖", "bad"
    elif note.kind in ("fails", "refuses", "untried", "nothing_moves"):
        sign, role = "▲", "slow"
    else:
        sign, role = "·", "text"
    text = f"{sign} {'No effect: ' if note.stops else ''}{clean(note.text, 500)}"
    if note.destinations:
        text += f" ({names(note.destinations)})"
    return wrap(SafeText(text), width, role, indent=2)


def concerned(told: Forecast) -> tuple[Row, ...]:
    """The destinations whose first tries move."""
    return tuple(row for row in told.rows if row.reason is None and row.before != row.after)
