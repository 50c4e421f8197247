"""The sockets: what Postfix is connected to right now, from which of its addresses, and what hangs."""

from __future__ import annotations

from typing import Any, Final

from mxtop.mail import units
from mxtop.mail.sockets import SocketRow
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.panels.panel import TablePanel
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table
from mxtop.ui.words import FAMILY, FAMILY_ROLE, Filter

HANGING: Final = "SYN_SENT"


def key(row: SocketRow) -> tuple[str, int, str, int]:
    return row.local_address, row.local_port, row.peer_address, row.peer_port


def state(row: SocketRow) -> SafeText:
    """The kernel's word; an attempt that hangs says so."""
    if row.state == HANGING:
        return literal("✖ SYN_SENT hangs")
    return SafeText(f"{'●' if row.state == 'ESTABLISHED' else '·'} {clean(row.state, 20)}")


def _role(row: SocketRow) -> str:
    return {"SYN_SENT": "bad", "ESTABLISHED": "ok"}.get(row.state, "muted")


def _place(address: str, port: int, *, serves: bool) -> SafeText:
    """The address; with the port where it is the server's and not SMTP's own 25."""
    if not serves or port == 25:
        return clean(address, 80)
    return clean(f"[{address}]:{port}" if ":" in address else f"{address}:{port}", 80)


def _local(row: SocketRow) -> SafeText:
    return _place(row.local_address, row.local_port, serves=row.direction == "in")


def _peer(row: SocketRow) -> SafeText:
    return _place(row.peer_address, row.peer_port, serves=row.direction == "out")


def _owner(row: SocketRow) -> SafeText:
    if row.daemon is None:
        return units.UNKNOWN
    if row.service and row.service != row.daemon:
        return clean(f"{row.service}/{row.daemon}", 60)
    return clean(row.daemon, 60)


def _trouble(row: SocketRow) -> Any:
    """Hanging attempts first, then by age."""
    return row.state == HANGING, row.age or 0.0


COLUMNS: Final[tuple[Column[SocketRow], ...]] = (
    Column("age", "Age", 5, lambda s: units.duration(s.age), lambda s: s.age, right=True,
           help="age as seen"),
    Column("state", "State", 16, state, _trouble, role=_role, help="hanging, age"),
    Column("family", "Fam", 3, lambda s: FAMILY[s.family], lambda s: s.family,
           role=lambda s: FAMILY_ROLE[s.family], descending=False, help="family"),
    Column("local", "Local", 15, _local, lambda s: s.local_address, descending=False, most=39),
    Column("direction", "", 1, lambda s: literal("→" if s.direction == "out" else "←"),
           lambda s: s.direction, role=lambda s: "muted", help="direction"),
    Column("peer", "Peer", 18, _peer, lambda s: s.peer_address, descending=False, most=39),
    Column("destination", "Destination", 12,
           lambda s: clean(s.destination, 255) if s.destination else units.UNKNOWN,
           lambda s: s.destination, most=20, descending=False),
    Column("owner", "Daemon", 10, _owner, lambda s: s.daemon, most=14, descending=False),
    Column("pid", "PID", 7, lambda s: units.UNKNOWN if s.pid is None else literal(str(s.pid)),
           lambda s: s.pid, right=True, descending=False),
)  # fmt: skip


class Sockets(TablePanel[SocketRow]):
    number = 4

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Table(COLUMNS, key, sort="state", id="sockets-table"), id=id)

    def show(self, view: View) -> None:
        before, self._view = self._view, view
        if view.snapshot.sockets is not before.snapshot.sockets or view.loopback != before.loopback:
            rows = view.snapshot.sockets
            if not view.loopback:
                rows = tuple(row for row in rows if not row.filter_hop)
            self.table.show_rows(rows)
        self.show_or_tell()

    def nothing(self, width: int) -> list[Line]:
        return nothing(self._view, self.filter, width)

    def set_filter(self, wanted: Filter) -> None:
        self.filter = wanted
        self.table.set_filter(
            (
                lambda s: wanted.matches(
                    s.peer_address,
                    s.local_address,
                    s.destination,
                    s.daemon,
                    s.service,
                    s.state,
                    FAMILY[s.family],
                )
            )
            if wanted
            else None
        )

    def retitle(self) -> None:
        view, table = self._view, self.table
        parts = ["Sockets"]
        if view.feed_state("sockets") == "live":
            out = sum(row.direction == "out" for row in table.rows)
            hanging = sum(row.state == HANGING for row in table.rows)
            parts.append(
                f"{out} out, {len(table.rows) - out} in" + (f", {hanging} hanging" if hanging else "")
            )
        parts += self.query_words()
        hidden = sum(row.filter_hop for row in view.snapshot.sockets)
        if hidden:
            parts.append(f"{hidden} loopback {'shown' if view.loopback else 'hidden'}")
        feed = view.snapshot.feeds.get("sockets")
        note = clean(feed.detail, 120) if feed and feed.state == "live" else ""
        self.set_title(" · ".join(parts), note)


def nothing(view: View, wanted: Filter, width: int) -> list[Line]:
    """Why there is no socket to see."""
    feed = view.snapshot.feeds.get("sockets")
    if feed is not None and feed.state in ("down", "stale"):
        return [
            *wrap(SafeText(f"✖ {clean(feed.detail, 500)}"), width, "bad"),
            *wrap(clean(feed.remedy, 500), width, "strong"),
        ]
    if wanted:
        return wrap(
            SafeText(f"No socket matches {clean(wanted.text, 100)}: esc clears the filter."), width, "muted"
        )
    if view.snapshot.mode == "files":
        return wrap(literal("A log file has no sockets."), width, "muted")
    if feed is None:
        return wrap(literal("Looking at the sockets …"), width, "muted")
    return wrap(literal("No SMTP connection at this moment."), width, "muted")
