"""One destination as each host sees it, side by side; the host that differs is marked, with the reason why.

Every host looks the destination up while the page is open, so that the prediction is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mxtop.mail import units
from mxtop.mail.fleet import Everywhere, Fleet, Odd, by_chance
from mxtop.mail.snapshot import Destination, Snapshot
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.value import value
from mxtop.ui import links
from mxtop.ui.screens.everyone import LOOK, odd_words
from mxtop.ui.screens.listing import Listing
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table
from mxtop.ui.words import STATES

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.watched import Watched


@value
class HostRow:
    """What one host knows of the destination; None where it has sent nothing there, or does not know."""

    number: int
    name: SafeText
    odd: bool
    state: SafeText
    role: str
    ipv4: int | None = None
    failed4: int | None = None
    ipv6: int | None = None
    failed6: int | None = None
    share: float | None = None
    delay: float | None = None
    now: float | None = None
    preference: SafeText = units.UNKNOWN
    reply: SafeText = units.UNKNOWN


def host_row(number: int, host: Watched, destination: str, odd: Odd | None) -> HostRow:
    snapshot = host.latest
    row = next((one for one in snapshot.destinations if one.destination == destination), None)
    sign, role = _state(host, row)
    outlook = snapshot.outlooks.get(destination)
    prediction = outlook.prediction if outlook is not None else None
    known = HostRow(
        number, host.name, odd is not None and odd.host == host.session.host, sign, role,
        now=prediction.shares.now if prediction is not None else None,
        preference=_preference(snapshot, destination),
    )  # fmt: skip
    if row is None:
        return known
    ipv4, ipv6 = row.families.ipv4, row.families.ipv6
    return HostRow(
        number, host.name, known.odd, sign, role,
        ipv4.connections, ipv4.failed_connects, ipv6.connections, ipv6.failed_connects,
        row.first_try_ipv6_share, row.delay, known.now, known.preference,
        clean(row.last_reply, 200) if row.last_reply else units.UNKNOWN,
    )  # fmt: skip


def _state(host: Watched, row: Destination | None) -> tuple[SafeText, str]:
    """That of the destination there; that of the host where what it said is old."""
    if host.failed is not None:
        return literal("✖ failed"), "bad"
    if (link := links.away(host.latest)) is not None:
        return links.SIGNS[link.state]
    return (literal("· none"), "muted") if row is None else STATES[row.state]


def _preference(snapshot: Snapshot, destination: str) -> SafeText:
    """smtp_address_preference of the service that delivers there."""
    if snapshot.settings is None:
        return units.UNKNOWN
    outlook = snapshot.outlooks.get(destination)
    transport = outlook.route.transport if outlook is not None and outlook.route is not None else "smtp"
    return clean(snapshot.settings.transport(transport).smtp_address_preference, 12)


def _count(number: int | None) -> SafeText:
    return units.UNKNOWN if number is None else units.count(number)


COLUMNS: Final[tuple[Column[HostRow], ...]] = (
    Column("odd", "", 1, lambda h: literal("▲" if h.odd else " "), lambda h: h.odd, role=lambda h: "bad",
           frozen=True, help="differs from the others"),
    Column("host", "Host", 10, lambda h: h.name, lambda h: h.name, most=26, descending=False, frozen=True),
    Column("state", "State", 9, lambda h: h.state, lambda h: {"bad": 2, "slow": 1}.get(h.role, 0),
           most=14, role=lambda h: h.role),
    Column("v4", "v4", 5, lambda h: _count(h.ipv4), lambda h: h.ipv4, right=True, role=lambda h: "v4",
           help="new connections over IPv4"),
    Column("failed4", "fail", 4, lambda h: _count(h.failed4), lambda h: h.failed4, right=True,
           role=lambda h: "bad" if h.failed4 else "muted", help="connections over IPv4 that failed"),
    Column("v6", "v6", 5, lambda h: _count(h.ipv6), lambda h: h.ipv6, right=True, role=lambda h: "v6",
           help="new connections over IPv6"),
    Column("failed6", "fail", 4, lambda h: _count(h.failed6), lambda h: h.failed6, right=True,
           role=lambda h: "bad" if h.failed6 else "muted", help="connections over IPv6 that failed"),
    Column("share", "1st v6", 6, lambda h: units.share(h.share), lambda h: h.share, right=True,
           help="first tries over IPv6, seen"),
    Column("now", "Will", 5, lambda h: units.share(h.now), lambda h: h.now, right=True,
           help="first tries over IPv6, predicted now"),
    Column("preference", "Pref", 5, lambda h: h.preference, lambda h: h.preference, descending=False,
           help="smtp_address_preference there"),
    Column("delay", "Delay", 6, lambda h: units.duration(h.delay), lambda h: h.delay, right=True),
    Column("reply", "Last reply", 14, lambda h: h.reply, lambda h: h.reply, most=120, descending=False,
           optional=True),
)  # fmt: skip


class Compare(Listing[HostRow]):
    hint = "⏎ opens the host there · c copies · esc closes"

    def __init__(self, destination: str) -> None:
        super().__init__(Table(COLUMNS, lambda h: h.number, sort="odd", id="compare"))
        self.destination = destination
        self._sum: Everywhere | None = None

    @property
    def _app(self) -> MxtopApp:
        return cast("MxtopApp", self.app)

    def on_mount(self) -> None:
        for host in self._app.hosts:
            host.session.select(self.destination)
        self.look()
        self.set_interval(LOOK, self.look)

    def on_unmount(self) -> None:
        for host in self._app.hosts:
            host.session.select(host.selected)

    def look(self) -> None:
        """Show the hosts as they are now."""
        if not self.is_current:
            return
        hosts = self._app.hosts
        told = Fleet().look({host.session.host: _only(host.latest, self.destination) for host in hosts})
        self._sum = told[0] if told else None
        odd = self._sum.odd if self._sum is not None else None
        rows = tuple(host_row(n, host, self.destination, odd) for n, host in enumerate(hosts, 1))
        if rows != self.table.rows:
            self.table.show_rows(rows)
        self.draw()

    def title_text(self) -> str:
        return f"{clean(self.destination, 80)} · {len(self._app.hosts)} hosts"

    def lines(self, width: int) -> list[Line]:
        shown = _verdict(self._sum, width)
        preferences: dict[SafeText, list[str]] = {}
        for row in self.table.rows:
            if row.preference != units.UNKNOWN:
                preferences.setdefault(row.preference, []).append(row.name)
        if len(preferences) > 1:
            told = "; ".join(
                f"{preference} on {', '.join(sorted(hosts))}"
                for preference, hosts in sorted(preferences.items())
            )
            shown += wrap(SafeText(f"▲ smtp_address_preference differs: {told}"), width, "slow")
        return [*shown, ()]

    def open(self, row: HostRow) -> None:
        self._app.run_worker(self._go(row.number))

    async def _go(self, number: int) -> None:
        await self._app.open_tab(number)
        self._app.hosts[number - 1].show_destination(self.destination)


def _only(snapshot: Snapshot, destination: str) -> Snapshot:
    """A snapshot with this destination alone: the others need not be compared."""
    return Snapshot(destinations=tuple(d for d in snapshot.destinations if d.destination == destination))


def _verdict(told: Everywhere | None, width: int) -> list[Line]:
    """Who differs, and how sure that is."""
    if told is None:
        return wrap(literal("No host has sent anything there."), width, "muted")
    if told.odd is None:
        words = "· No host alone fails to connect over a family that works for the others."
        return wrap(literal(words), width, "muted")
    probable = by_chance(told.odd, told.hosts)
    often = f"once in {1 / probable:,.0f} times" if probable > 1e-6 else "less than once in a million times"
    shown = wrap(SafeText(f"▲ {odd_words(told.odd)}"), width, "bad")
    words = (
        f"Were all hosts alike, chance alone would do this {often} (Fisher's exact test, one "
        f"of {told.hosts} hosts against the rest). What lies between is that host's own: route, firewall, "
        "address, reputation."
    )
    return [*shown, *wrap(SafeText(words), width, "text", indent=2)]
