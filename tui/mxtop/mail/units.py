"""Numbers as the screen shows them: `42s`, `3.1m`, `1.4/s`, `12.3k`; `–` for unknown, never 0."""

from __future__ import annotations

from mxtop.mail.text import SafeText, literal

UNKNOWN = literal("–")


def count(value: int | None) -> SafeText:
    """12345 as `12.3k`; below ten thousand exact."""
    if value is None:
        return UNKNOWN
    if value < 10_000:
        return literal(str(value))
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return literal(f"{value / factor:.1f}{unit}")
    return literal(str(value))


def rate(value: float | None) -> SafeText:
    """Events per second: `1.4/s`."""
    if value is None:
        return UNKNOWN
    return literal(f"{value:.1f}/s" if value < 1000 else f"{value / 1000:.1f}k/s")


def duration(seconds: float | None) -> SafeText:
    """`0.12s`, `1.4s`, `42s`, `3.1m`, `2.5h`, `4.0d`."""
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return literal(f"{seconds:.2f}s")
    if seconds < 9.95:
        return literal(f"{seconds:.1f}s")
    if seconds < 99.5:
        return literal(f"{seconds:.0f}s")
    for factor, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= factor:
            return literal(f"{seconds / factor:.1f}{unit}")
    return literal(f"{seconds:.0f}s")


def share(value: float | None) -> SafeText:
    """0.5 as `50%`."""
    if value is None:
        return UNKNOWN
    return literal(f"{value * 100:.0f}%")
