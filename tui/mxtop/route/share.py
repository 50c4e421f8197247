"""The exact probability that the first address tried is an IPv6 one.

Fractions, not estimates.  Counts new connections: a session that smtp(8) takes from its cache
keeps the family it has, whatever stands here (Postfix's CONNECTION_CACHE_README).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import lru_cache

from mxtop.mail.settings import Preference, Transport
from mxtop.route.features import Features
from mxtop.route.site import Site, uses_dns

UNEVEN_EXACT = 9
"""The longest list whose uneven shuffle is counted out; longer ones are taken for even."""

_SRV_STATES = 128  # sets of dead SRV targets that are followed (0.1 s); beyond, the share is not told


def first_ipv6(site: Site, preference: Preference, transport: Transport, rules: Features) -> Fraction | None:
    """The share for one next hop under one preference; None where it cannot be told.

    smtp_addr.c: shuffle all, sort by MX preference and then by family.  Balancing never removes the
    first entry, so it does not count here.
    """
    if not site.candidates:
        return None
    if site.mode == "srv":
        return _srv(site)
    best = site.best
    ipv6 = sum(candidate.family == "ipv6" for candidate in best)
    if ipv6 in (0, len(best)):
        return Fraction(ipv6 > 0)
    if preference != "any":
        return Fraction(preference == "ipv6")
    if not transport.smtp_randomize_addresses:
        # getaddrinfo(3) has its own order (RFC 6724), which only that host knows
        return Fraction(best[0].family == "ipv6") if uses_dns(transport) else None
    if rules.fair_shuffle or len(site.candidates) > UNEVEN_EXACT:
        return Fraction(ipv6, len(best))
    pattern = "".join(
        "-" if candidate.preference != best[0].preference else candidate.family[-1]
        for candidate in site.candidates
    )
    return _uneven(pattern)


@lru_cache(maxsize=256)
def _uneven(pattern: str) -> Fraction:
    """P(the first `6` or `4` is a `6`) after the shuffle of Postfix before 2.11.

    dns_rr_shuffle() swapped every element with any element: n^n ways, not n!.
    """
    size = len(pattern)
    ways: dict[str, int] = {pattern: 1}
    for i in range(size):
        after: defaultdict[str, int] = defaultdict(int)
        for order, count in ways.items():
            for j in range(size):
                swapped = list(order)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                after["".join(swapped)] += count
        ways = after
    ipv6 = sum(count for order, count in ways.items() if order.strip("-")[0] == "6")
    return Fraction(ipv6, size**size)


def _srv(site: Site) -> Fraction | None:
    """The share of SRV targets whose first address is IPv6, by dns_srv_rr_sort() (Postfix 3.8).

    Within the best priority a random threshold from 0 to the sum of weights, both included, picks
    the next target from a shuffled list; so among m left with the weights' sum S a target of weight w
    is next with (w + 1/m) / (S + 1).  Targets without an address are passed over.
    """
    best = site.best[0].preference
    group = [target for target in site.targets if target.host.preference == best]
    weights = [target.host.weight or 0 for target in group]
    alive = [w for w, target in zip(weights, group) if target.candidates]
    ipv6 = [
        w for w, target in zip(weights, group) if target.candidates and target.candidates[0].family == "ipv6"
    ]
    if len(ipv6) in (0, len(alive)):
        return Fraction(bool(ipv6))
    dead = Counter(w for w, target in zip(weights, group) if not target.candidates)
    kinds = sorted(dead)
    states = 1
    for kind in kinds:
        states *= dead[kind] + 1
    if states > _SRV_STATES:
        return None
    # chance[left]: how likely the dead targets `left` (a count for each weight) are the ones not yet drawn
    chance: defaultdict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    chance[tuple(dead[kind] for kind in kinds)] = Fraction(1)
    share = Fraction(0)
    for _ in range(dead.total() + 1):
        after: defaultdict[tuple[int, ...], Fraction] = defaultdict(Fraction)
        for left, probability in chance.items():
            size = len(alive) + sum(left)
            total = sum(alive) + sum(kind * count for kind, count in zip(kinds, left))
            share += probability * (sum(ipv6) + Fraction(len(ipv6), size)) / (total + 1)
            for i, (kind, count) in enumerate(zip(kinds, left)):
                if count:
                    step = count * (kind + Fraction(1, size)) / (total + 1)
                    after[(*left[:i], count - 1, *left[i + 1 :])] += probability * step
        chance = after
    return share
