"""What overrides a change of smtp_address_preference in main.cf, and what to know before making it.

A note with `stops` says that the change has no effect at all.  Sources: postconf(5), and the Postfix
sources smtp.c (the parameter is read by smtp(8) in SMTP mode only) and smtp_addr.c.  Speaks of main.cf and
master.cf as `Settings` has them; text is raw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from mxtop.mail.settings import Preference, Settings
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.value import named
from mxtop.route.features import features
from mxtop.route.reach import PARAMETER, Reason, Row
from mxtop.route.why import WORDS

Kind = Literal[
    "same_value",
    "unsupported",
    "single_protocol",
    "override",
    "lmtp",
    "srv",
    "relayhost",
    "by_sender",
    "nothing_moves",
    "fails",
    "refuses",
    "untried",
    "unknown",
]


@named
class Note:
    """One reason or warning.  `destinations` by traffic; `stops`: the change would have no effect."""

    kind: Kind
    text: str
    destinations: tuple[str, ...] = ()
    stops: bool = False


def notes(snapshot: Snapshot, value: Preference, rows: Sequence[Row]) -> tuple[Note, ...]:
    """All notes, those that stop the change first."""
    settings = snapshot.settings
    if settings is None:
        return ()
    told = [
        *_same(settings, value),
        *_deaf(settings, rows),
        *_rerouted(snapshot, rows),
        *_dangers(rows),
    ]
    if (
        not any(note.stops for note in told)
        and rows
        and all(row.reason not in (None, "unknown") for row in rows)
    ):
        told.insert(
            0,
            Note(
                kind="nothing_moves",
                text=f"none of the {len(rows)} destinations seen would be tried in another order",
            ),
        )
    return tuple(told)


def _same(settings: Settings, value: Preference) -> Iterable[Note]:
    if not features(settings.mail_version).preference:
        yield Note(
            kind="unsupported",
            text=f"Postfix {settings.mail_version} has no {PARAMETER} (it came with 2.8)",
            stops=True,
        )
    elif settings.values.get(PARAMETER, "").lower() == value:
        yield Note(kind="same_value", text=f"{PARAMETER} is {value} already", stops=True)


def _deaf(settings: Settings, rows: Sequence[Row]) -> Iterable[Note]:
    """The smtp(8) services that main.cf's preference does not reach; the change stops where these are all."""
    clients = {name: one for name, one in settings.transports.items() if one.command == "smtp"}
    single = {name: one.inet_protocols[0] for name, one in clients.items() if len(one.inet_protocols) == 1}
    own = {
        o.service: o.value for o in settings.overrides if o.parameter == PARAMETER and o.service in clients
    }
    stops = bool(clients) and clients.keys() == single.keys() | own.keys()
    for family in dict.fromkeys(single.values()):
        services = ", ".join(name for name, only in single.items() if only == family)
        yield Note(
            kind="single_protocol",
            text=f"inet_protocols = {family} for {services}: Postfix uses {WORDS[family]} only there",
            destinations=_names(rows, "single_protocol") if len(set(single.values())) == 1 else (),
            stops=stops,
        )
    for service, preference in own.items():
        yield Note(
            kind="override",
            text=f"-o {PARAMETER}={preference} of {service} in master.cf wins over main.cf",
            destinations=_names(rows, "override") if len(own) == 1 else (),
            stops=stops,
        )
    if names := _names(rows, "lmtp"):
        yield Note(kind="lmtp", text="lmtp(8) follows lmtp_address_preference", destinations=names)


def _rerouted(snapshot: Snapshot, rows: Sequence[Row]) -> Iterable[Note]:
    """Where something else than the recipient's own MX decides."""
    if names := _names(rows, "srv"):
        yield Note(kind="srv", text="SRV records decide: the preference has no effect", destinations=names)
    if names := _names(rows, "by_sender"):
        yield Note(
            kind="by_sender",
            text="a sender-dependent map decides the next hop: no single share can be told",
            destinations=names,
        )
    relayed: dict[str, list[Row]] = {}
    for row in rows:
        outlook = snapshot.outlooks.get(row.destination)
        if outlook is not None and outlook.route is not None and outlook.route.source == "relayhost":
            relayed.setdefault(", ".join(outlook.route.next_hops), []).append(row)
    for hops, those in relayed.items():
        only = ", which has addresses of one family only" if those[0].reason == "one_family" else ""
        yield Note(
            kind="relayhost",
            text=f"mail goes to the relayhost {hops}{only}: the preference chooses among its addresses, "
            "not among the recipients'",
            destinations=tuple(row.destination for row in those),
        )


def _dangers(rows: Sequence[Row]) -> Iterable[Note]:
    """What the change would run into."""
    for kind, ailment in (("fails", "connect"), ("refuses", "refused")):
        hit = [row for row in rows if row.worse and row.ailment is not None and row.ailment.kind == ailment]
        if hit:
            yield _danger(kind == "fails", hit)
    if names := tuple(row.destination for row in rows if row.untried):
        yield Note(
            kind="untried",
            text="the log has never seen a connection over the family that mail would go over now: "
            "it cannot tell whether that works",
            destinations=names,
        )
    if names := _names(rows, "unknown"):
        yield Note(
            kind="unknown", text="route or DNS not known: the effect cannot be told", destinations=names
        )


def _danger(fails: bool, hit: Sequence[Row]) -> Note:
    names = tuple(row.destination for row in hit)
    families = {row.ailment.family for row in hit if row.ailment is not None}
    family = " or ".join(WORDS[one] for one in sorted(families))
    if not fails:
        text = f"more mail would go over {family}, where it is deferred or bounced today"
        return Note(kind="refuses", text=text, destinations=names)
    waits = [row.wait_after.expected for row in hit if row.wait_after and row.wait_after.expected is not None]
    cost = f", which costs up to {max(waits):g} s a delivery" if waits and max(waits) > 0 else ""
    text = f"more first tries would go over {family}, where connections fail today{cost}"
    return Note(kind="fails", text=text, destinations=names)


def _names(rows: Sequence[Row], reason: Reason) -> tuple[str, ...]:
    return tuple(row.destination for row in rows if row.reason == reason)
