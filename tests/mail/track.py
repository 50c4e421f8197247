"""Help for the tests of the tracker: lines of text in, a tracker out."""

from __future__ import annotations

from collections.abc import Iterable

from tests.mail.lines import REFERENCE

from mxtop.mail.parse import Parser
from mxtop.mail.tracker import Caps, Tracker

V4 = "mx.a.example[192.0.2.1]:25"
V6 = "mx.a.example[2001:db8::1]:25"
START = 1795460400  # the second of the first line: 2026-11-23 19:00 UTC


def head(second: int) -> str:
    return f"2026-11-23T{19 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000000+00:00 mx1 "


def track(
    *bodies: str,
    syslog_names: Iterable[str] | None = None,
    caps: Caps | None = None,
    tracker: Tracker | None = None,
) -> Tracker:
    """A tracker that took `tag[pid]: text` lines, one a second; `@60 ` before one moves the clock."""
    tracker = tracker or Tracker(syslog_names, caps)
    parser = Parser(REFERENCE)
    second = tracker.lines
    for body in bodies:
        if body.startswith("@"):
            moved, _, body = body.partition(" ")
            second = int(moved[1:])
        tracker.apply(parser.parse(head(second) + body))
        second += 1
    return tracker


def to(
    recipient: str,
    relay: str,
    *,
    queue_id: str = "4AAAAA1111",
    pid: int = 7,
    daemon: str = "smtp",
    status: str = "sent",
    conn_use: int = 1,
    delay: str = "1",
    delays: str = "0.1/0.2/0.3/0.4",
    reason: str = "250 2.0.0 Ok",
) -> str:
    """A delivery line."""
    used = f"conn_use={conn_use}, " if conn_use > 1 else ""
    dsn = {"sent": "2.0.0", "deferred": "4.0.0"}.get(status, "5.0.0")
    return (
        f"postfix/{daemon}[{pid}]: {queue_id}: to=<{recipient}>, relay={relay}, {used}delay={delay}, "
        f"delays={delays}, dsn={dsn}, status={status} ({reason})"
    )


def families(tracker: Tracker) -> dict[str, tuple[int, int, int]]:
    """New, reused, failed connects of each family that has any."""
    counts = {
        name: (count.connections, count.reused, count.failed_connects)
        for name, count in tracker.totals().families.items()
    }
    return {name: count for name, count in counts.items() if any(count)}
