"""The MX panel: where mail for the selected destination goes, what Postfix will do, and why.

Shows an Outlook of the snapshot; asks nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from textual import events
from textual.app import ComposeResult

from mxtop.mail import units
from mxtop.mail.answer import Address, Answer, LookupStatus, MxHost
from mxtop.mail.snapshot import Destination, Outlook, Prediction
from mxtop.mail.sockets import SocketRow
from mxtop.mail.text import SafeText, clean, literal
from mxtop.route.predict import NO_SMTP
from mxtop.ui.panels.panel import Panel
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, Span, Text, wrap
from mxtop.ui.words import FAMILY, FAMILY_ROLE, connections

_RECORD: Final = {"ipv4": "A", "ipv6": "AAAA"}
_GOOD: Final = ("ok", "implicit_mx")
_FAILURE: Final[dict[LookupStatus, str]] = {
    "nodata": "no {} record",
    "nxdomain": "no such name",
    "servfail": "✖ {} lookup fails (SERVFAIL)",
    "timeout": "✖ {} lookup gets no answer",
    "refused": "✖ {} lookup refused",
}


class Mx(Panel):
    number = 3

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = Text(id="mx-text")
        self._view = View()

    def compose(self) -> ComposeResult:
        yield self.text

    def show(self, view: View) -> None:
        self._view = view
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        selected = self._view.selected
        self.set_title(f"MX · {clean(selected, 80)}" if selected is not None else "MX")
        self.text.show_lines(lines(self._view, max(20, self.text.room)))

    def focus_view(self) -> None:
        self.screen.set_focus(self.text)

    def plain(self) -> SafeText:
        return SafeText(self.text.plain())


def lines(view: View, width: int) -> list[Line]:
    """All that is known of the selected destination's way."""
    if view.selected is None:
        return [
            (),
            *wrap(
                literal("Select a destination to see its MX hosts and what Postfix will do."), width, "muted"
            ),
        ]
    outlook = view.outlook()
    row = view.destination()
    if outlook is None or (outlook.pending and outlook.prediction is None and not outlook.answers):
        return [*wrap(_waiting(view), width, "muted"), *_observed_alone(row, width)]
    shown: list[Line] = []
    if outlook.error:
        shown += wrap(SafeText(f"✖ {clean(outlook.error, 500)}"), width, "bad")
    shown += _route(outlook, width)
    if outlook.prediction is not None:
        shown += _shares(outlook.prediction, row, width)
        shown += wrap(clean(outlook.prediction.why), width, "strong")
    else:
        shown += _observed_alone(row, width)
    sockets = live_by_address(view.snapshot.sockets)
    known = view.feed_state("sockets") == "live"
    for answer in outlook.answers:
        shown += _answer(answer, sockets if known else None, many=len(outlook.answers) > 1)
    seen = [answer.viewpoint for answer in outlook.answers if answer.viewpoint is not None]
    for resolver in dict.fromkeys(each.asked for each in seen if each.way):
        shown += wrap(clean(f"resolver {resolver}"), width, "muted")
    if outlook.prediction is not None:
        shown += _warnings(outlook.prediction.warnings, width)
    return shown


def _waiting(view: View) -> SafeText:
    if view.feed_state("settings") == "down":
        return literal("No Postfix settings could be read, so the next hop is not known (1 z tells why).")
    if view.snapshot.mode == "files":
        return literal("A log file alone has no DNS: run mxtop on the mail host to see MX and prediction.")
    return literal("Looking up …")


def _route(outlook: Outlook, width: int) -> list[Line]:
    route = outlook.route
    if route is None:
        return []
    if route.next_hops == (route.destination,):
        text = f"→ its own MX, by {route.transport}"
    else:
        text = f"→ {', '.join(route.next_hops) or 'no next hop'}, by {route.transport}"
        text += f" ({route.source})" if route.source else ""
    shown = wrap(clean(text), width, "text")
    for who, case in route.cases:
        shown += wrap(
            clean(f"{who}: {', '.join(case.next_hops)} by {case.transport}"), width, "muted", indent=2
        )
    if route.fallback:
        shown += wrap(clean(f"fallback {', '.join(route.fallback)}"), width, "muted", indent=2)
    return shown


def _shares(prediction: Prediction, row: Destination | None, width: int) -> list[Line]:
    """A small table: the share of first tries over IPv6 as things are and under each setting."""
    if prediction.status not in _GOOD:
        word = SafeText(f"✖ {clean(prediction.status.replace('_', ' '), 60)}")
        return [((word, "muted" if prediction.status in NO_SMTP else "bad"),), *_observed_alone(row, width)]
    shares = prediction.shares
    others = "".join(f"{units.share(share):>6}" for share in (shares.any, shares.ipv4, shares.ipv6))
    return [
        ((literal("IPv6 first   now   any  ipv4  ipv6"), "heading"),),
        ((literal("predicted "), "muted"), (SafeText(f"{units.share(shares.now):>6}"), "strong"),
         (SafeText(others), "text")),
        *_observed(row, width),
    ]  # fmt: skip


def _observed(row: Destination | None, width: int) -> list[Line]:
    """The share that was seen and what it is a share of; apart from it the connections that were opened.

    They do not divide to it: a first try may fail, and a request may open several connections.
    """
    row = row or Destination(destination="")
    share: Line = (
        (literal("observed  "), "muted"),
        (SafeText(f"{units.share(row.first_try_ipv6_share):>6}"), "strong"),
    )
    if row.first_tries:
        of = f"  {units.count(row.first_tries_ipv6)} of {units.count(row.first_tries)}"
        words = " first tries"  # the heading says so too, where there is no room
        fits = _cells(share) + len(of + words) <= width
        share = (*share, (SafeText(of + words if fits else of), "text"))
    v4, v6 = connections(row.families)
    if not v4 + v6:
        return [share]
    opened: Line = (
        (literal("connections  "), "muted"),
        (literal("v4 "), "v4"), (units.count(v4), "text"),
        (literal(" v6 "), "v6"), (units.count(v6), "text"),
    )  # fmt: skip
    beside = (*share, (literal("   "), "muted"), *opened)
    return [beside] if _cells(beside) <= width else [share, opened]


def _cells(line: Line) -> int:
    """The width of a line that is plain ASCII but for a dash."""
    return sum(len(text) for text, _ in line)


def _observed_alone(row: Destination | None, width: int) -> list[Line]:
    if row is None or not (row.first_tries or any(connections(row.families))):
        return []
    return [((literal("IPv6 first   now"), "heading"),), *_observed(row, width)]


def _warnings(warnings: Iterable[str], width: int) -> list[Line]:
    shown: list[Line] = []
    for warning in warnings:
        shown += wrap(SafeText(f"▲ {clean(warning)}"), width, "slow")
    return shown


def live_by_address(rows: Iterable[SocketRow]) -> Counter[tuple[str, str]]:
    """How many outgoing sockets each peer address has, by state."""
    return Counter((row.peer_address, row.state) for row in rows if row.direction == "out")


def _answer(answer: Answer, sockets: Counter[tuple[str, str]] | None, *, many: bool) -> list[Line]:
    shown: list[Line] = []
    if many or answer.mode == "host":
        shown.append(((clean(answer.name, 255), "heading"),))
    if answer.null_mx:
        shown.append(((literal("0 .  null MX: accepts no mail"), "bad"),))
    elif answer.mx_status not in (None, "ok", "nodata"):
        status = _FAILURE[answer.mx_status].format("MX")
        shown.append(((clean(status), "bad"),))
    for host in answer.hosts:
        shown += _host(host, sockets, answer)
    return shown


def _host(host: MxHost, sockets: Counter[tuple[str, str]] | None, answer: Answer) -> list[Line]:
    name: list[Span] = [(clean(host.host, 255), "heading")]
    if answer.mx_status == "ok":
        name.insert(0, (literal(f"{host.preference:<2} "), "accent"))
        if answer.ttl is not None:
            name.append((SafeText(f"  ttl {units.duration(answer.ttl)}"), "muted"))
    elif answer.mode == "mx":
        name.append((literal("  no MX record, so its own address"), "muted"))
    if host.cname:
        name.append((clean(f"  alias of {host.cname}", 300), "slow"))
    shown: list[Line] = [tuple(name)]
    for family, status in (("ipv4", host.ipv4), ("ipv6", host.ipv6)):
        mine = [address for address in host.addresses if address.family == family]
        width = max((len(address.address) for address in host.addresses), default=0)
        shown += [_address(address, width, sockets) for address in mine]
        if not mine and status is not None and status != "ok":
            word = _FAILURE[status].format(_RECORD[family])
            role = "bad" if "✖" in word else "muted"
            shown.append(((SafeText(f"   {FAMILY[family]} "), FAMILY_ROLE[family]), (literal(word), role)))
    return shown


def _address(address: Address, width: int, sockets: Counter[tuple[str, str]] | None) -> Line:
    spans: list[Span] = [
        (SafeText(f"   {FAMILY[address.family]} "), FAMILY_ROLE[address.family]),
        (SafeText(clean(address.address, 80).ljust(width)), "text"),
        (SafeText(f" {units.duration(address.ttl):>5}"), "muted"),
    ]
    if sockets is not None:
        live = sockets[address.address, "ESTABLISHED"]
        hanging = sockets[address.address, "SYN_SENT"]
        if live:
            spans.append((SafeText(f" ● {live} live"), "ok"))
        if hanging:
            spans.append((SafeText(f" ✖ {hanging} SYN_SENT"), "bad"))
    return tuple(spans)
