"""What another smtp_address_preference in main.cf does to one destination, or why it does nothing.

Knows what the destination's Outlook knows; without DNS answers yet it says `unknown`.
"""

from __future__ import annotations

from typing import Final, Literal

from mxtop.mail.settings import Preference, Settings, Transport
from mxtop.mail.snapshot import Destination, Outlook
from mxtop.mail.value import named
from mxtop.route.features import features
from mxtop.route.health import Ailment
from mxtop.route.order import effective
from mxtop.route.predict import deciding_site
from mxtop.route.site import Site
from mxtop.route.wait import Wait, black_hole

PARAMETER: Final = "smtp_address_preference"

Reason = Literal[
    "unknown",  # no route or no DNS answer yet, or the share cannot be told
    "by_sender",  # a sender-dependent map decides the next hop
    "override",  # -o of the transport's master.cf line
    "lmtp",  # that transport follows lmtp_address_preference
    "single_protocol",  # inet_protocols leaves one family
    "unsupported",  # Postfix before 2.8
    "unchanged",  # the transport has this value already
    "srv",  # SRV records decide
    "one_family",  # there are addresses of one family only
    "order",  # the best MX, or the resolver's order, decides
]


@named
class Row:
    """One destination: its new connections so far, and the expected shares of first tries over IPv6.

    `reason` tells why the shares do not move, None where they do.  `ailment`: a family that fails there
    today; with hanging connections `wait_before` and `wait_after` are what it costs a delivery.
    `untried`: the change sends mail over a family that the log has never seen there.
    """

    destination: str
    connections: int
    before: float | None = None
    after: float | None = None
    reason: Reason | None = None
    ailment: Ailment | None = None
    wait_before: Wait | None = None
    wait_after: Wait | None = None
    untried: bool = False

    @property
    def worse(self) -> bool:
        """Whether more first tries go over the family that fails."""
        if self.ailment is None or self.before is None or self.after is None:
            return False
        return self.before != self.after and (self.after > self.before) == (self.ailment.family == "ipv6")


def reach(
    destination: Destination,
    weight: int,
    outlook: Outlook | None,
    settings: Settings,
    value: Preference,
    ailment: Ailment | None,
) -> Row:
    """The row of one destination; `weight` are its new connections."""
    name = destination.destination
    if outlook is None or outlook.route is None or outlook.prediction is None:
        return Row(destination=name, connections=weight, reason="unknown", ailment=ailment)
    if outlook.route.by_sender:
        return Row(destination=name, connections=weight, reason="by_sender", ailment=ailment)
    transport = settings.transport(outlook.route.transport)
    rules = features(settings.mail_version)
    site = deciding_site(settings, outlook.route, outlook.answers)
    shares = outlook.prediction.shares
    now = effective(transport, rules)
    reason = _deaf(settings, transport, value)
    before = shares.now
    after = before if reason else getattr(shares, value)
    if reason is None and (before is None or after is None):
        reason = "unknown"
    if reason is None and before == after:
        reason = _settled(transport, site)
    wait_before = wait_after = None
    if ailment is not None and ailment.kind == "connect" and ailment.hangs and site is not None and now:
        then = now if reason in ("override", "lmtp", "unsupported") else value
        wait_before = black_hole(site, ailment.family, now, transport, rules)
        wait_after = black_hole(site, ailment.family, then, transport, rules)
    return Row(
        destination=name,
        connections=weight,
        before=before,
        after=after,
        reason=reason,
        ailment=ailment,
        wait_before=wait_before,
        wait_after=wait_after,
        untried=reason is None
        and _untried(destination, rising=bool(after and before is not None and after > before)),
    )


def _deaf(settings: Settings, transport: Transport, value: Preference) -> Reason | None:
    """Why this transport does not listen to the change at all."""
    rules = features(settings.mail_version)
    if not rules.preference:
        return "unsupported"
    if transport.command == "lmtp":
        return "lmtp"
    if any(o.service == transport.service and o.parameter == PARAMETER for o in settings.overrides):
        return "override"
    if effective(transport, rules) == value:
        return "unchanged"
    return None


def _settled(transport: Transport, site: Site | None) -> Reason:
    """What decides in the place of the preference."""
    if len(transport.inet_protocols) == 1:
        return "single_protocol"
    if site is None:
        return "unknown"
    if site.mode == "srv":
        return "srv"
    return "one_family" if len({candidate.family for candidate in site.candidates}) == 1 else "order"


def _untried(destination: Destination, *, rising: bool) -> bool:
    counts = destination.families.ipv6 if rising else destination.families.ipv4
    return counts.connections + counts.failed_connects == 0
