"""How long a delivery hangs before it tries the other family, where one family is a black hole.

Exact, for one next hop: every connection over the broken family runs into smtp_connect_timeout, one after
the other (smtp_connect.c).  Says nothing of families that answer and then reject, nor of the
back-off of qmgr(8) between deliveries.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from typing import Literal

from mxtop.mail.settings import Preference, Transport
from mxtop.mail.snapshot import Candidate
from mxtop.mail.value import value
from mxtop.route.features import Features
from mxtop.route.order import by_preference, cut
from mxtop.route.site import Site


@value
class Wait:
    """Seconds until the first try over a family that works.

    `expected` and `worst` over the deliveries that get there, None where none does; `never` is the
    share (0 to 1) of those that do not, the address limit being used up.
    """

    expected: float | None
    worst: float | None
    never: float


def black_hole(
    site: Site,
    broken: Literal["ipv4", "ipv6"],
    preference: Preference,
    transport: Transport,
    rules: Features,
) -> Wait | None:
    """The wait under one preference; None where it cannot be told.

    That is without addresses, with SRV, and where the order is not an even shuffle.
    """
    even = transport.smtp_randomize_addresses and rules.fair_shuffle
    if not site.candidates or site.mode == "srv" or not even:
        return None
    reached: list[tuple[int, Fraction]] = []
    for order, chance in _orders(site.candidates, broken, preference):
        tried = cut(order, transport, rules)
        hanging = next((i for i, c in enumerate(tried) if c.family != broken), None)
        if hanging is not None:
            reached.append((hanging, chance))
    arrives = sum((chance for _, chance in reached), Fraction(0))
    if not arrives:
        return Wait(None, None, 1.0)
    timeout = transport.smtp_connect_timeout
    mean = sum((hanging * chance for hanging, chance in reached), Fraction(0)) / arrives
    return Wait(float(mean) * timeout, max(hanging for hanging, _ in reached) * timeout, float(1 - arrives))


def _orders(
    candidates: tuple[Candidate, ...], broken: str, preference: Preference
) -> Iterator[tuple[list[Candidate], Fraction]]:
    """One order for each number of broken addresses that may come first, with its probability.

    What follows the first working address counts only by its numbers, so it keeps the lookup order.
    """
    ranked = by_preference(candidates, preference)
    before: list[Candidate] = []
    for _, members in groupby(ranked, key=lambda candidate: candidate.preference):
        group = list(members)
        bad = [candidate for candidate in group if candidate.family == broken]
        good = [candidate for candidate in group if candidate.family != broken]
        if good and bad and preference == "any":
            rest = ranked[len(before) + len(group) :]
            chance = Fraction(1)  # that the first `first` of the group are all broken
            for first in range(len(bad) + 1):
                left = len(group) - first
                order = [*before, *bad[:first], good[0], *bad[first:], *good[1:], *rest]
                yield order, chance * Fraction(len(good), left)
                chance *= Fraction(len(bad) - first, left)
            return
        before += group
        if good:
            break
    yield list(ranked), Fraction(1)
