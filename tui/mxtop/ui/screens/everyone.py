"""All hosts at once: how each does, and the destinations summed over them with the host that differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.binding import BindingType

from mxtop.mail import units
from mxtop.mail.fleet import Everywhere, Fleet, Odd
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.value import value
from mxtop.ui.keys import bindings
from mxtop.ui.panels.panel import Row, TablePanel
from mxtop.ui.screens.whole import Whole
from mxtop.ui.view import View
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.painted import Line, Text, wrap
from mxtop.ui.widgets.table import Column, Table
from mxtop.ui.widgets.tabs import Tabs
from mxtop.ui.words import split_bar, split_line

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.watched import Watched

LOOK: Final = 1.0
"""Seconds between two looks at all hosts, however fast each of them ticks."""


@value
class HostRow:
    """One host; `number` is that of its tab."""

    number: int
    name: SafeText
    state: SafeText
    role: str
    age: float | None
    sent: float
    deferred_rate: float
    queued: int | None
    deferred: int | None
    ipv4: int
    ipv6: int
    finding: SafeText
    marked: bool = False


def host_row(number: int, host: Watched, *, marked: bool = False) -> HostRow:
    now = host.latest
    sign, role = host.state()
    families = now.totals.families
    link = now.connection
    return HostRow(
        number, host.name, sign, role,
        link.age(now.time) if link is not None else 0.0,
        now.sent_rate, now.deferred_rate,
        now.queue.active if now.queue else None, now.queue.deferred if now.queue else None,
        families.ipv4.connections, families.ipv6.connections,
        clean(now.findings[0].title, 200) if now.findings else literal(""),
        marked,
    )  # fmt: skip


def _per_second(value: float) -> SafeText:
    return SafeText(units.rate(value).removesuffix("/s"))


def _share(ipv4: int, ipv6: int) -> float | None:
    return ipv6 / (ipv4 + ipv6) if ipv4 + ipv6 else None


HOSTS: Final[tuple[Column[HostRow], ...]] = (
    Column("state", "State", 14, lambda h: h.state, lambda h: {"bad": 2, "slow": 1}.get(h.role, 0),
           role=lambda h: h.role, frozen=True),
    Column("host", "Host", 12, lambda h: SafeText(f"◆ {h.name}") if h.marked else h.name, lambda h: h.name,
           most=26, descending=False, frozen=True, role=lambda h: "accent" if h.marked else "text"),
    Column("age", "Heard", 5, lambda h: units.duration(h.age), lambda h: h.age, right=True,
           help="when it was last heard"),
    Column("sent", "Sent/s", 6, lambda h: _per_second(h.sent), lambda h: h.sent, right=True),
    Column("deferred_rate", "Def/s", 5, lambda h: _per_second(h.deferred_rate), lambda h: h.deferred_rate,
           right=True, help="deferred/s"),
    Column("active", "Active", 6, lambda h: units.count(h.queued), lambda h: h.queued, right=True,
           help="messages in the active queue"),
    Column("queued", "Defer", 6, lambda h: units.count(h.deferred), lambda h: h.deferred, right=True,
           help="messages in the deferred queue"),
    Column("families", "New conn", 8, lambda h: split_bar(h.ipv4, h.ipv6), lambda h: _share(h.ipv4, h.ipv6),
           line=lambda h: split_line(h.ipv4, h.ipv6), help="new connections by family"),
    Column("finding", "Worst finding", 20, lambda h: h.finding, lambda h: h.finding, most=120,
           descending=False, optional=True, role=lambda h: "slow"),
)  # fmt: skip


def odd_words(odd: Odd | None) -> SafeText:
    """`mx3 alone fails over IPv6: 40 of 42, the others 0 of 310`."""
    if odd is None:
        return literal("")
    family = "IPv6" if odd.family == "ipv6" else "IPv4"
    return SafeText(
        f"{clean(odd.host, 40)} alone fails over {family}: {odd.failed:,} of {odd.tried:,}, "
        f"the others {odd.rest_failed:,} of {odd.rest_tried:,}"
    )


DESTINATIONS: Final[tuple[Column[Everywhere], ...]] = (
    Column("odd", "", 1, lambda d: literal("▲" if d.odd else " "),
           lambda d: (d.odd is not None, d.deferred, d.sent), role=lambda d: "bad", frozen=True,
           help="a host that differs"),
    Column("destination", "Destination", 14, lambda d: clean(d.destination, 255), lambda d: d.destination,
           most=26, descending=False, frozen=True),
    Column("hosts", "Hosts", 5, lambda d: units.count(d.hosts), lambda d: d.hosts, right=True,
           help="hosts that send there"),
    Column("families", "New conn", 8, lambda d: split_bar(d.ipv4, d.ipv6), lambda d: _share(d.ipv4, d.ipv6),
           line=lambda d: split_line(d.ipv4, d.ipv6), help="new connections by family"),
    Column("deferred", "Defer", 6, lambda d: units.count(d.deferred), lambda d: d.deferred, right=True,
           role=lambda d: "slow" if d.deferred else "muted", help="deferred"),
    Column("bounced", "Bounce", 6, lambda d: units.count(d.bounced), lambda d: d.bounced, right=True,
           role=lambda d: "bad" if d.bounced else "muted", help="bounced"),
    Column("sent", "Sent", 6, lambda d: units.count(d.sent), lambda d: d.sent, right=True),
    Column("differs", "Differs", 24, lambda d: odd_words(d.odd), lambda d: odd_words(d.odd), most=120,
           descending=False, role=lambda d: "bad", optional=True),
)  # fmt: skip


class Both(TablePanel[Row]):
    """A table of all hosts, which no View tells of."""

    _rows: Sequence[Row] = ()

    def show(self, view: View) -> None:
        self.show_or_tell()

    def take(self, rows: Sequence[Row]) -> None:
        """The rows of this moment; equal ones paint nothing."""
        if rows != self._rows:
            self._rows = rows
            self.table.show_rows(rows)
        self.show_or_tell()


class HostsPanel(Both[HostRow]):
    def __init__(self) -> None:
        super().__init__(Table(HOSTS, lambda h: h.number, sort="state", id="hosts-table"), id="hosts")

    def nothing(self, width: int) -> list[Line]:
        return []

    def retitle(self) -> None:
        self._set("border_title", " · ".join(["Hosts", *self.query_words()]))
        marked = sum(row.marked for row in self._rows)
        words = f"◆ {marked:,} marked of " if marked else ""
        self._set("border_subtitle", f"{words}{len(self.table.rows):,}")


class Sums(Both[Everywhere]):
    def __init__(self) -> None:
        table = Table(DESTINATIONS, lambda d: d.destination, sort="odd", id="everywhere-table")
        super().__init__(table, id="everywhere")

    def nothing(self, width: int) -> list[Line]:
        return wrap(literal("No host has logged a delivery over SMTP yet."), width, "muted")

    def retitle(self) -> None:
        rows = len(self.table.rows)
        self._set("border_title", " · ".join(["Destinations of all hosts", *self.query_words()]))
        self._set("border_subtitle", f"{rows:,}" if rows else "")


KEYS_LINE: Final = literal("? help  ⏎ open  m mark  x change  H history  ⇥ lists  ] next host  q quit")


class Everyone(Whole):
    """The first tab where there are several hosts."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("all")]
    DEFAULT_CSS = """
    Everyone { background: $background; layout: vertical; overflow: hidden; }
    Everyone #hosts { height: 2fr; }
    Everyone #everywhere { height: 3fr; }
    Everyone > #says { height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.hosts = HostsPanel()
        self.sums = Sums()
        self.says = Text(id="says")
        self._marked: set[int] = set()
        self._fleet = Fleet()

    def compose(self) -> ComposeResult:
        yield Tabs()
        yield self.hosts
        yield self.sums
        yield self.says
        yield Countdown(id="countdown")

    def on_mount(self) -> None:
        self.look()
        self.hosts.focus_view()
        self.set_interval(LOOK, self.look)

    def look(self) -> None:
        """Show all hosts as they are now."""
        if not self.is_current:
            return
        app = cast("MxtopApp", self.app)
        self.hosts.take(
            tuple(host_row(n, host, marked=n in self._marked) for n, host in enumerate(app.hosts, 1))
        )
        self.sums.take(self._fleet.look({host.session.host: host.latest for host in app.hosts}))
        self.query_one(Countdown).look()
        self.tell()

    def tell(self) -> None:
        """The last line: what is odd about the destination under the cursor, else what the keys do."""
        row = self.sums.table.row() if self.sums.has_focus_within else None
        words = odd_words(row.odd) if row is not None else literal("")
        if words and row is not None:
            self.says.show_lines([((SafeText(f"▲ {clean(row.destination, 60)}: {words}"), "bad"),)])
        else:
            self.says.show_lines([((KEYS_LINE, "muted"),)])

    def on_descendant_focus(self) -> None:
        self.tell()

    def on_table_highlighted(self) -> None:
        self.tell()

    def on_table_sorted(self) -> None:
        self.hosts.retitle()
        self.sums.retitle()

    def on_table_chosen(self) -> None:
        self.run_worker(self.action_open())

    def _table(self) -> TablePanel[HostRow] | TablePanel[Everywhere]:
        return self.sums if self.sums.has_focus_within else self.hosts

    def action_other(self) -> None:
        (self.hosts if self.sums.has_focus_within else self.sums).focus_view()

    def action_sort_by(self, step: int) -> None:
        self._table().table.sort_step(step)

    def action_reverse(self) -> None:
        table = self._table().table
        table.sort_by(table.column)  # type: ignore[arg-type]

    def action_mark(self) -> None:
        """Mark the host under the cursor for a change, or not any more; go to the next."""
        if (row := self.hosts.table.row()) is not None and not self.sums.has_focus_within:
            self._marked ^= {row.number}
            self.look()
            self.hosts.table.action_move(1)

    def meant(self) -> tuple[Watched, ...]:
        """The hosts that a change would be about: those that are marked, all where none is."""
        hosts = cast("MxtopApp", self.app).hosts
        return tuple(host for n, host in enumerate(hosts, 1) if n in self._marked) or hosts

    async def action_open(self) -> None:
        """The host under the cursor, or the hosts side by side at the destination under it."""
        app = cast("MxtopApp", self.app)
        if not self.sums.has_focus_within:
            if (host := self.hosts.table.row()) is not None:
                await app.open_tab(host.number)
        elif (row := self.sums.table.row()) is not None:
            from mxtop.ui.screens.compare import Compare

            await app.push_screen(Compare(row.destination))

    def plain(self) -> SafeText:
        return SafeText(self._table().plain())
