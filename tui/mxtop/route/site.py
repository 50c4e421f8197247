"""One next hop as smtp(8) looks it up: which addresses it will consider, or why there are none.

Follows smtp_addr.c: MX hosts by preference, for each host A before AAAA, everything of this
host's own preference or worse left out.  Does not order the addresses; `route.order` does.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Literal

from mxtop.mail.answer import Answer, LookupStatus, MxHost
from mxtop.mail.nexthop import is_hostname
from mxtop.mail.settings import Transport
from mxtop.mail.snapshot import Candidate
from mxtop.mail.value import named, value
from mxtop.route.features import RECORD_LIMIT, Features

SMTP_PORTS = ("25", "smtp", "mail")
"""The services on port 25, by services(5): smtp(8) looks for itself among the hosts only there."""

FAILED: frozenset[LookupStatus | None] = frozenset({"servfail", "timeout", "refused"})


@value
class Target:
    """One MX host or SRV target with the addresses that Postfix may use, in lookup order."""

    host: MxHost
    candidates: tuple[Candidate, ...]


@named
class Site:
    """One next hop.

    `status` is the interface's word.  `mode` is how the addresses were found: `host` also after a
    domain without MX.  `targets` come best preference first, and stop where this host is itself
    an MX; `own_preference` is that preference.  `final`: Postfix tries no next hop after this one.
    """

    answer: Answer
    status: str
    mode: Literal["mx", "host", "srv"]
    targets: tuple[Target, ...] = ()
    own_preference: int | None = None
    own_address: str | None = None
    final: bool = False
    truncated: bool = False

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every address, in lookup order; nothing is taken out twice (smtp_addr.c does not either)."""
        return tuple(candidate for target in self.targets for candidate in target.candidates)

    @property
    def best(self) -> tuple[Candidate, ...]:
        """The addresses of the best preference that has any: they decide the first try."""
        candidates = self.candidates
        best = min((candidate.preference for candidate in candidates), default=0)
        return tuple(candidate for candidate in candidates if candidate.preference == best)


def uses_dns(transport: Transport) -> bool:
    """Whether A and AAAA are asked for in DNS; if not, getaddrinfo(3) decides, /etc/hosts included."""
    return transport.smtp_dns_support_level != "disabled" and "dns" in transport.smtp_host_lookup


def resolve(
    answer: Answer, transport: Transport, own: frozenset[str], rules: Features, *, loop_detect: bool
) -> Site:
    """What smtp(8) makes of the answer.  `loop_detect` is for smtp(8) to port 25 only (smtp_connect.c).

    The status is `pending` where an address lookup that counts was not made yet.
    """
    mode = answer.mode
    hosts = [host for host in answer.hosts if host.host not in ("", ".")]
    if answer.null_mx and (rules.null_mx or not hosts):
        return Site(answer=answer, status="null_mx", mode=mode)
    if mode != "host" and answer.mx_status in FAILED:
        if mode == "srv" or not transport.ignore_mx_lookup_error:
            return Site(answer=answer, status=str(answer.mx_status), mode=mode)
        mode = "host"
    if mode == "mx" and answer.mx_status in ("nodata", "nxdomain"):
        mode = "host"
    if any(_unasked(host, transport) for host in hosts[:RECORD_LIMIT]):
        return Site(answer=answer, status="pending", mode=mode, final=True)
    hosts = hosts[: rules.record_limit]  # dns_rr_append() counts before the sort
    hosts.sort(key=lambda host: host.preference)
    targets = [Target(host, _candidates(host, transport)) for host in hosts]
    if not any(target.candidates for target in targets):
        return Site(answer=answer, status=_no_address(answer, mode, hosts, transport), mode=mode)
    targets, truncated = _limit(targets, rules.record_limit) if mode != "srv" else (targets, False)
    status = "implicit_mx" if answer.mode == "mx" and mode == "host" else "ok"
    site = Site(answer=answer, status=status, mode=mode, targets=tuple(targets), truncated=truncated)
    return _without_self(site, normal(own)) if loop_detect else site


def normal(addresses: Iterable[str]) -> frozenset[str]:
    """Addresses in one spelling each, without zone; what is no address stays as it is."""
    return frozenset(_normal(address) for address in addresses)


def _normal(address: str) -> str:
    bare = address.partition("%")[0]
    try:
        return ipaddress.ip_address(bare).compressed
    except ValueError:
        return bare


def _candidates(host: MxHost, transport: Transport) -> tuple[Candidate, ...]:
    found = [
        Candidate(host.preference, host.host, address.address, address.family)
        for address in host.addresses
        if address.family in transport.inet_protocols
    ]
    if uses_dns(transport):
        found.sort(key=lambda candidate: candidate.family)  # ipv4, ipv6: dns_lookup_v() asks in that order
    return tuple(found)


def _unasked(host: MxHost, transport: Transport) -> bool:
    """Whether an enabled family of a host name is unknown; other names Postfix does not look up."""
    known = {"ipv4": host.ipv4, "ipv6": host.ipv6}
    found = {address.family for address in host.addresses}
    return is_hostname(host.host) and any(
        known[family] is None and family not in found for family in transport.inet_protocols
    )


def _limit(targets: list[Target], limit: int | None) -> tuple[list[Target], bool]:
    if limit is None:
        return targets, False
    room = limit
    kept = []
    for target in targets:
        kept.append(Target(target.host, target.candidates[:room]))
        room -= len(kept[-1].candidates)
    return kept, sum(len(target.candidates) for target in targets) > limit


def _no_address(answer: Answer, mode: str, hosts: list[MxHost], transport: Transport) -> str:
    """Why there is no address: a temporary error outweighs a hard one (dns_lookup.c, smtp_addr_one())."""
    statuses = {status for host in hosts for status in lookups(host, transport).values()}
    for word in ("servfail", "timeout"):
        if word in statuses:
            return word
    if statuses == {"refused"}:
        return "refused"
    if answer.mx_status == "nxdomain" or (mode == "host" and statuses == {"nxdomain"}):
        return "nxdomain"
    return "no_address"


def lookups(host: MxHost, transport: Transport) -> dict[str, LookupStatus]:
    """The outcome of each address lookup that Postfix makes for a host, by family."""
    asked = {"ipv4": host.ipv4, "ipv6": host.ipv6}
    return {
        family: status for family, status in asked.items() if family in transport.inet_protocols and status
    }


def _without_self(site: Site, own: frozenset[str]) -> Site:
    """smtp_truncate_self(): everything from this host's own preference on is left out.

    Without MX there is one preference only, so smtp_host_addr()'s "all or nothing" is the same rule.
    """
    myself = next((c for c in site.candidates if _normal(c.address) in own), None)
    if myself is None:
        return site
    best_listed = min(target.host.preference for target in site.targets)
    best_found = site.candidates[0].preference
    kept = tuple(target for target in site.targets if target.host.preference < myself.preference)
    status = site.status
    if not any(target.candidates for target in kept):
        kept, status = (), "loop" if best_listed == best_found else "no_primary"
    return Site(
        answer=site.answer,
        status=status,
        mode=site.mode,
        targets=kept,
        own_preference=myself.preference,
        own_address=myself.address,
        final=True,
        truncated=site.truncated,
    )
