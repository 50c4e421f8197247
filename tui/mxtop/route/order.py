"""The order in which smtp(8) tries addresses, and where it stops.

Postfix shuffles; so `example` is one order out of those it may choose, always the same one for
the same answer.  Rules: smtp_addr.c smtp_domain_addr() and smtp_balance_inet_proto(),
smtp_connect.c smtp_connect_inet().
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mxtop.mail.settings import PREFERENCES, Preference, Transport
from mxtop.mail.snapshot import Candidate
from mxtop.route.features import RECORD_LIMIT, Features
from mxtop.route.site import Site


def effective(transport: Transport, rules: Features) -> Preference | None:
    """The preference that smtp(8) follows; None where the value is invalid and every smtp(8) dies of it."""
    if not rules.preference:
        return "ipv6"
    value = transport.smtp_address_preference.lower()
    return next((preference for preference in PREFERENCES if preference == value), None)


def by_preference(candidates: Sequence[Candidate], preference: Preference) -> tuple[Candidate, ...]:
    """dns_rr_sort(), stable: by MX preference, and within one by the family preferred."""
    return tuple(
        sorted(
            candidates,
            key=lambda c: (c.preference, preference != "any" and c.family != preference),
        )
    )


def cut(order: Sequence[Candidate], transport: Transport, rules: Features) -> tuple[Candidate, ...]:
    """What remains of an order: families balanced, then smtp_mx_address_limit (0 = no limit)."""
    limit = transport.smtp_mx_address_limit
    if limit <= 0:
        return tuple(order)
    if rules.balance and transport.smtp_balance_inet_protocols:
        order = _balanced(order, min(limit, RECORD_LIMIT))
    return tuple(order[:limit])


def example(
    site: Site, preference: Preference, transport: Transport, rules: Features
) -> tuple[Candidate, ...]:
    """One order that Postfix may try for this next hop, cut as Postfix cuts it.

    Where Postfix shuffles, the families alternate in proportion to their numbers; SRV targets of
    one priority come by weight, heaviest first.
    """
    if site.mode == "srv":
        targets = sorted(site.targets, key=lambda t: (t.host.preference, -(t.host.weight or 0)))
        listed = [candidate for target in targets for candidate in target.candidates]
        return cut(listed[: rules.record_limit], transport, rules)
    candidates = site.candidates
    if transport.smtp_randomize_addresses:
        candidates = _spread(candidates)
    return cut(by_preference(candidates, preference), transport, rules)


def _balanced(order: Sequence[Candidate], limit: int) -> Sequence[Candidate]:
    counts = Counter(candidate.family for candidate in order)
    ipv4, ipv6 = counts["ipv4"], counts["ipv6"]
    if not ipv4 or not ipv6 or ipv4 + ipv6 <= limit:
        return order
    if ipv6 <= limit // 2:
        room = {"ipv4": limit - ipv6, "ipv6": ipv6}
    elif ipv4 <= limit // 2:
        room = {"ipv4": ipv4, "ipv6": limit - ipv4}
    else:
        first = (limit + (order[0].family == "ipv4")) // 2
        room = {"ipv4": first, "ipv6": limit - first}
    kept = []
    for candidate in order:
        if room[candidate.family]:
            room[candidate.family] -= 1
            kept.append(candidate)
    return kept


def _spread(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates with the families of each MX preference mixed evenly."""
    totals = Counter((candidate.preference, candidate.family) for candidate in candidates)
    seen: Counter[tuple[int, str]] = Counter()
    places = []
    for candidate in candidates:
        group = candidate.preference, candidate.family
        places.append((2 * seen[group] + 1) / totals[group])
        seen[group] += 1
    spread = sorted(range(len(candidates)), key=lambda i: places[i])
    return tuple(candidates[i] for i in spread)
