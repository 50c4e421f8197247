"""The destinations: how each does, over which family, and what its server said last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mxtop.mail import units
from mxtop.mail.snapshot import Destination
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import links
from mxtop.ui.panels.panel import TablePanel
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table
from mxtop.ui.words import SEVERITY, STATES, Filter, connections, split_bar, split_line, worst

REPLY: Final = 300


def columns(live_known: Callable[[], bool]) -> tuple[Column[Destination], ...]:
    """The columns; `live_known` tells whether the sockets were looked at, so that 0 means none."""

    def live(row: Destination) -> SafeText:
        if not live_known():
            return units.UNKNOWN
        return literal(f"{row.live.ipv4}/{row.live.ipv6}")

    def hanging(row: Destination) -> int:
        return row.live.hanging_ipv4 + row.live.hanging_ipv6

    def ipv6_part(row: Destination) -> float | None:
        v4, v6 = connections(row.families)
        return v6 / (v4 + v6) if v4 + v6 else None

    return (
        Column("state", "State", 9, lambda d: STATES[d.state][0], worst, role=lambda d: STATES[d.state][1],
               frozen=True, help="state over the last fifty outcomes"),
        Column("destination", "Destination", 14, lambda d: clean(d.destination, 255), lambda d: d.destination,
               most=26, descending=False, frozen=True),
        Column("families", "New conn", 8, lambda d: split_bar(*connections(d.families)), ipv6_part,
               line=lambda d: split_line(*connections(d.families)), help="new connections by family"),
        Column("live", "v4/v6", 5, live, lambda d: d.live.ipv4 + d.live.ipv6, right=True,
               help="connections now, v4/v6"),
        Column("hanging", "Hang", 4, lambda d: units.count(hanging(d)) if live_known() else units.UNKNOWN,
               lambda d: (hanging(d), _deferred(d)), right=True,
               role=lambda d: "bad" if hanging(d) else "muted", help="attempts that hang now (SYN_SENT)"),
        Column("deferred", "Defer", 6, lambda d: units.count(d.deferred), _deferred, right=True,
               role=lambda d: "slow" if d.deferred else "muted", help="deferred"),
        Column("delay", "Delay", 5, lambda d: units.duration(d.delay), lambda d: d.delay, right=True,
               help="median delay of recent attempts (c + d)"),
        Column("sent_rate", "Sent/s", 6, lambda d: _rate(d.sent_rate), lambda d: d.sent_rate, right=True),
        Column("deferred_rate", "Def/s", 5, lambda d: _rate(d.deferred_rate), lambda d: d.deferred_rate,
               right=True, optional=True, help="deferred/s"),
        Column("sent", "Sent", 6, lambda d: units.count(d.sent), lambda d: d.sent, right=True,
               optional=True),
        Column("bounced", "Bounce", 6, lambda d: units.count(d.bounced), lambda d: d.bounced, right=True,
               optional=True, role=lambda d: "bad" if d.bounced else "muted", help="bounced"),
        Column("reply", "Last reply", 30, _reply, lambda d: d.last_reply, most=REPLY, descending=False,
               optional=True),
    )  # fmt: skip


def _deferred(row: Destination) -> tuple[int, int, int]:
    """Equal ones by their state, the worst first, then by their traffic."""
    return row.deferred, SEVERITY[row.state], row.sent + row.bounced


def _reply(row: Destination) -> SafeText:
    return clean(row.last_reply, REPLY) if row.last_reply else units.UNKNOWN


def _rate(value: float) -> SafeText:
    return SafeText(units.rate(value).removesuffix("/s"))


class Destinations(TablePanel[Destination]):
    number = 2

    def __init__(self, *, id: str | None = None) -> None:
        self._live_known = False
        table = Table(
            columns(lambda: self._live_known),
            lambda d: d.destination,
            sort="deferred",
            id="destinations-table",
        )
        super().__init__(table, id=id)

    def show(self, view: View) -> None:
        self._view = view
        known = view.feed_state("sockets") == "live"
        force, self._live_known = known != self._live_known, known
        # While history is read rows come and go: the first row is as good as any until the user chose.
        self.table.pin = view.feed_state("log") in ("starting", "history")
        self.table.show_rows(view.snapshot.destinations, force=force)
        if force:
            self.table.refresh()
        self.show_or_tell()

    def nothing(self, width: int) -> list[Line]:
        return nothing(self._view, self.filter, width)

    def set_filter(self, wanted: Filter) -> None:
        self.filter = wanted
        self.table.set_filter(
            (lambda d: wanted.matches(d.destination, d.state, d.last_reply)) if wanted else None
        )

    def retitle(self) -> None:
        rows = len(self.table.rows)
        self.set_title(" · ".join(["Destinations", *self.query_words()]), f"{rows:,}" if rows else "")


def nothing(view: View, wanted: Filter, width: int) -> list[Line]:
    """Why no destination is shown, and the next step."""
    snapshot = view.snapshot
    log = snapshot.feeds.get("log")
    lines: list[Line] = [()]

    def say(text: str, role: str = "text") -> None:
        lines.extend(wrap(SafeText(text), width, role))

    if wanted and snapshot.destinations:
        say(
            f"None of {len(snapshot.destinations):,} destinations matches {clean(wanted.text, 100)}.",
            "heading",
        )
        say("esc clears the filter; !word leaves out what matches.", "muted")
    elif (link := links.away(snapshot)) is not None and not snapshot.totals.lines:
        say(clean(snapshot.host, 100), "heading")
        lines.extend(links.full(link, snapshot.time, width))
    elif log is not None and log.state == "down":
        say(f"✖ {clean(log.detail, 500)}", "bad")
        if log.remedy:
            lines.append(())
            say("What helps:", "muted")
            say(clean(log.remedy, 500), "strong")
        lines.append(())
        say("The log tells what happened to mail; sockets, DNS and settings are shown without it.", "muted")
    elif log is None or log.state in ("starting", "history"):
        say("Reading the log …", "heading")
    elif not snapshot.totals.lines:
        say("The log is empty so far.", "heading")
        say("Destinations appear with the first delivery that Postfix logs.", "muted")
    else:
        say(f"No outgoing delivery in {snapshot.totals.lines:,} lines of log.", "heading")
        say("Destinations appear with the first mail that leaves over SMTP.", "muted")
    return lines
