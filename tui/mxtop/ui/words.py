"""The screen's words and signs: states, families, the split bar, filters, times.

A meaning is always a glyph and a word as well as a colour, so that it survives NO_COLOR
and colour blindness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from mxtop.mail.snapshot import Destination, Families, State
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.value import value
from mxtop.ui.widgets.painted import Line, Span

STATES: Final[dict[State, tuple[SafeText, str]]] = {
    "ok": (literal("● ok"), "ok"),
    "slow": (literal("▲ slow"), "slow"),
    "failing": (literal("▲ failing"), "slow"),
    "stuck": (literal("✖ stuck"), "bad"),
    "few": (literal("· few"), "muted"),
}
"""Glyph and word, and role, of a destination's state."""

SEVERITY: Final[dict[State, int]] = {"stuck": 4, "failing": 3, "slow": 2, "ok": 1, "few": 0}

FAMILY: Final = {
    "ipv4": literal("v4"),
    "ipv6": literal("v6"),
    "unix": literal("unix"),
    "none": literal("none"),
}
FAMILY_ROLE: Final = {"ipv4": "v4", "ipv6": "v6", "unix": "muted", "none": "muted"}

BAR: Final = 6
"""Cells of the split bar between its two labels."""

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


def connections(families: Families) -> tuple[int, int]:
    """New connections over IPv4 and IPv6."""
    return families.ipv4.connections, families.ipv6.connections


def split_bar(v4: int, v6: int, width: int = BAR) -> SafeText:
    """The two families' parts of one whole: `4▇▇▇▇▁▁6` is two thirds IPv4; `–` for none.

    Low cells are IPv6's part.  A family that has any part gets one cell at least.
    """
    if not v4 + v6:
        return literal("–")
    cells = round(width * v4 / (v4 + v6))
    cells = min(max(cells, 1 if v4 else 0), width - (1 if v6 else 0))
    return literal(f"{'4' if v4 else ' '}{'▇' * cells}{'▁' * (width - cells)}{'6' if v6 else ' '}")


def split_line(v4: int, v6: int, width: int = BAR) -> Line:
    """The split bar with each family's part in its colour."""
    bar = split_bar(v4, v6, width)
    if not v4 + v6:
        return ((bar, "muted"),)
    cut = 1 + bar.count("▇")
    return (SafeText(bar[:cut]), "v4"), (SafeText(bar[cut:]), "v6")


def spark(values: Sequence[float], width: int) -> SafeText:
    """The newest `width` values as bars, from zero to their own maximum."""
    shown = values[-width:] if width > 0 else ()
    top = max(shown, default=0.0)
    if top <= 0:
        return literal("▁" * len(shown))
    return literal("".join(_EIGHTHS[1 + round(7 * max(0.0, value) / top)] for value in shown))


def strip(outcomes: str) -> Line:
    """The last outcomes, one cell each: `▁` sent, `▄` deferred, `█` bounced, each with its colour."""
    signs = {"s": ("▁", "ok"), "d": ("▄", "slow"), "b": ("█", "bad")}
    spans: list[Span] = []
    for outcome in outcomes:
        sign, role = signs.get(outcome, ("·", "muted"))
        if spans and spans[-1][1] == role:
            spans[-1] = (SafeText(spans[-1][0] + sign), role)
        else:
            spans.append((literal(sign), role))
    return tuple(spans)


def worst(destination: Destination) -> tuple[int, int]:
    return SEVERITY[destination.state], destination.deferred


@value
class Filter:
    """Words that must all be found, `!word` that must not; case does not count.  Empty matches all."""

    text: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def matches(self, *fields: str | None) -> bool:
        haystack = "\n".join(field for field in fields if field).lower()
        return all(word in haystack for word in self.wanted) and not any(
            word in haystack for word in self.unwanted
        )


def parse_filter(text: str) -> Filter:
    words = text.lower().split()
    return Filter(
        text.strip(),
        tuple(word for word in words if not word.startswith("!")),
        tuple(word[1:] for word in words if word.startswith("!") and len(word) > 1),
    )


_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)")


def clock(time: str | None, *, utc: bool) -> SafeText:
    """`16:45:07` of a logged time, as the server wrote it; in UTC where wanted and its offset is known."""
    if not time:
        return literal("–")
    if utc:
        try:
            moment = datetime.fromisoformat(time)
        except ValueError:
            return clean(time, 19)
        if moment.tzinfo is not None:
            return literal(moment.astimezone(UTC).strftime("%H:%M:%S"))
    match = _ISO.match(time)
    return literal(match[1]) if match else clean(time, 19)


def moment(seconds: float, *, utc: bool) -> SafeText:
    """A wall-clock second as `16:45:07`."""
    when = datetime.fromtimestamp(seconds, UTC)
    return literal((when if utc else when.astimezone()).strftime("%H:%M:%S"))
