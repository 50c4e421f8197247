"""The guided fix `address-preference`: which family smtp(8) tries first (smtp_address_preference).

Finds: mail that goes both ways because `any` draws lots; a family whose connections fail while the other
works; a family over which mail is refused while the other's is taken.  Each needs a sample, and proof
that it is not chance (`route.health`).  Does not look for the cause of a failing family: that is routing,
DNS or reputation, and the advice says so.  Source of the values and their risks: postconf(5) of Postfix
3.9 and later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mxtop.fixes.base import Fix, Parameter, Value
from mxtop.mail.finding import Evidence, Finding
from mxtop.mail.settings import PREFERENCES
from mxtop.mail.snapshot import Destination, Snapshot
from mxtop.route.effect import Forecast, forecast
from mxtop.route.health import Ailment, IpFamily, ailments, fine
from mxtop.route.reach import PARAMETER, Row
from mxtop.route.why import WORDS

NAME: Final = "address-preference"

MIXED_SAMPLE: Final = 20
"""The fewest new connections to a destination before its share counts as mixed."""

MIXED_EACH: Final = 3
"""The fewest of them over each family."""

_OTHER: Final[dict[IpFamily, IpFamily]] = {"ipv4": "ipv6", "ipv6": "ipv4"}

ONE_FAMILY: Final = (
    "a transport that uses IPv4 only, for all mail or for the destinations that refuse: in master.cf "
    "`smtp4 unix - - y - - smtp -o inet_protocols=ipv4`, in transport_maps `example.org smtp4:`"
)

VALUES: Final = (
    Value(
        name="any",
        does="Postfix picks at random among all addresses of the best MX, in proportion to their numbers.",
        risk="Postfix's manual calls it safe. While one family is down, part of the mail goes over the other "
        "at once; which way a message goes is chance.",
        safe=True,
    ),
    Value(
        name="ipv6",
        does="Postfix tries the IPv6 addresses of an MX preference before its IPv4 ones.",
        risk="Postfix's manual calls it unsafe. While IPv6 is down or hangs, every delivery waits for it "
        "first, and several IPv6 servers that defer may use up smtp_mx_session_limit before IPv4 is tried.",
        safe=False,
    ),
    Value(
        name="ipv4",
        does="Postfix tries the IPv4 addresses of an MX preference before its IPv6 ones.",
        risk="Postfix's manual calls it unsafe. While IPv4 is down or hangs, every delivery waits for it "
        "first; and it stays a preference, so mail may still go over IPv6 afterwards.",
        safe=False,
        instead="Where IPv6 mail is judged spam, Postfix's manual says that this preference is not the "
        f"solution; it recommends {ONE_FAMILY}.",
    ),
)


def _assign(value: str) -> Mapping[Parameter, str | None]:
    return {Parameter(PARAMETER): value}


def find(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The findings on this snapshot; none before the settings are known."""
    if snapshot.settings is None:
        return ()
    ailing = ailments(snapshot.destinations)
    found: list[Finding] = []
    families: tuple[IpFamily, ...] = ("ipv6", "ipv4")
    for family in families:
        mine = {name: one for name, one in ailing.items() if one.family == family}
        found += _failing(snapshot, family, {n: one for n, one in mine.items() if one.kind == "connect"})
        found += _refused(snapshot, family, {n: one for n, one in mine.items() if one.kind == "refused"})
    found += _mixed(snapshot)
    return tuple(found)


def _failing(snapshot: Snapshot, family: IpFamily, ailing: Mapping[str, Ailment]) -> Iterable[Finding]:
    """Connections over one family fail, and the other works."""
    if not ailing:
        return
    word, other = WORDS[family], WORDS[_OTHER[family]]
    told = forecast(snapshot, _OTHER[family])
    rows = {row.destination: row for row in told.rows}
    helps = _helps(told, ailing)
    waits = [rows[name].wait_before for name in ailing]
    seconds = max((wait.expected for wait in waits if wait and wait.expected), default=0.0)
    evidence = _evidence(ailing.values(), f"{word} connections that failed", f"{word} connections tried")
    evidence += _others(ailing.values(), f"{other} connections that failed", f"{other} connections tried")
    cost = ""
    if seconds:
        evidence += (Evidence("seconds that the worst of them adds to a delivery, on average", seconds),)
        cost = f"; where they hang, a delivery waits up to {seconds:g} s on average before it tries {other}"
    yield Finding(
        id=f"{family}-connections-fail",
        title=f"{word} connections fail, {other} works",
        sentence=f"Connections over {word} to {_count(ailing)} fail while {other} works{cost}.",
        evidence=evidence,
        fix=NAME if helps else None,
        value=_OTHER[family] if helps else None,
        advice=f"The lasting remedy is a working {word} route: {other} first only spares the wait.",
        destinations=_by_traffic(snapshot, ailing),
    )


def _refused(snapshot: Snapshot, family: IpFamily, ailing: Mapping[str, Ailment]) -> Iterable[Finding]:
    """Mail over one family is deferred or bounced, over the other it is taken."""
    if not ailing:
        return
    word, other = WORDS[family], WORDS[_OTHER[family]]
    evidence = _evidence(ailing.values(), f"deliveries refused over {word}", f"deliveries over {word}")
    evidence += _others(ailing.values(), f"deliveries refused over {other}", f"deliveries over {other}")
    helps = _helps(forecast(snapshot, _OTHER[family]), ailing)
    advice = f"A preference hides the cause: see why {word} mail is refused (PTR, SPF, reputation)."
    if family == "ipv6":
        advice += f" To send none of it over IPv6: {ONE_FAMILY}."
    yield Finding(
        id=f"{family}-mail-refused",
        title=f"Mail over {word} is refused, over {other} it is taken",
        sentence=f"Mail to {_count(ailing)} is deferred or bounced over {word} and accepted over {other}.",
        evidence=evidence,
        fix=NAME if helps else None,
        value=_OTHER[family] if helps else None,
        advice=advice,
        destinations=_by_traffic(snapshot, ailing),
    )


def _mixed(snapshot: Snapshot) -> Iterable[Finding]:
    """Dual-stack destinations to which `any` sends both ways, and neither family is to blame."""
    if snapshot.settings is None:
        return
    seen = {row.destination: row for row in snapshot.destinations}
    rows = [
        row
        for row in forecast(snapshot, "ipv6").rows
        if _drawn(row) and _both(seen[row.destination]) and fine(seen[row.destination])
    ]
    if not rows:
        return
    ipv4 = sum(seen[row.destination].families.ipv4.connections for row in rows)
    ipv6 = sum(seen[row.destination].families.ipv6.connections for row in rows)
    names = tuple(row.destination for row in rows)
    yield Finding(
        id="mixed-families",
        title="Mail goes over both families by chance",
        sentence=f"Under {PARAMETER} = any Postfix draws lots for each connection: {ipv6} of {ipv4 + ipv6} "
        f"new connections to {_count(names)} went over IPv6.",
        evidence=(Evidence("new connections over IPv4", ipv4), Evidence("new connections over IPv6", ipv6)),
        fix=NAME,
        value="ipv6",
        advice="Nothing is broken: any is what Postfix calls safe. Choose a family only if you need one.",
        destinations=names,
    )


def _helps(told: Forecast, ailing: Iterable[str]) -> bool:
    """Whether the change would reach any of these destinations, as far as anybody can tell."""
    reached = {row.destination for row in told.rows if row.reason in (None, "unknown", "by_sender")}
    return not told.no_effect and not reached.isdisjoint(ailing)


def _drawn(row: Row) -> bool:
    """Whether lots decide today, and would not any more."""
    return row.before is not None and row.after is not None and 0 < row.before < 1 and row.after == 1


def _both(row: Destination) -> bool:
    counts = row.families.ipv4.connections, row.families.ipv6.connections
    return sum(counts) >= MIXED_SAMPLE and min(counts) >= MIXED_EACH


def _evidence(ailing: Iterable[Ailment], failed: str, tried: str) -> tuple[Evidence, ...]:
    those = list(ailing)
    return Evidence(failed, sum(a.failed for a in those)), Evidence(tried, sum(a.tried for a in those))


def _others(ailing: Iterable[Ailment], failed: str, tried: str) -> tuple[Evidence, ...]:
    those = list(ailing)
    return (
        Evidence(failed, sum(a.other_failed for a in those)),
        Evidence(tried, sum(a.other_tried for a in those)),
    )


def _by_traffic(snapshot: Snapshot, names: Iterable[str]) -> tuple[str, ...]:
    lines = {row.destination: row.sent + row.deferred + row.bounced for row in snapshot.destinations}
    return tuple(sorted(names, key=lambda name: -lines[name]))


def _count(names: Iterable[str]) -> str:
    """`dual.example`, or `3 destinations`."""
    known = list(names)
    return known[0] if len(known) == 1 else f"{len(known)} destinations"


def _foretell(snapshot: Snapshot, value: str) -> Forecast:
    return forecast(snapshot, next(one for one in PREFERENCES if one == value))


ADDRESS_PREFERENCE: Final = Fix(
    name=NAME,
    title="Which family outgoing mail tries first",
    values=VALUES,
    assign=_assign,
    find=find,
    activation="reload",
    check="New connections to destinations with both families go over the family chosen (relay= in the log, "
    "conn_use= aside), and no more deliveries fail than before.",
    foretell=_foretell,
)
