"""smtp(8)'s choice of addresses, played through every way the dice can fall.

Written from the description of the algorithm, step by step, and shares no code with mxtop.route: the
tests compare the two.  Probabilities are exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations, product

Entry = tuple[int, str, str]  # preference, host, address
Orders = dict[tuple[Entry, ...], Fraction]


@dataclass
class Host:
    name: str
    pref: int
    a: list[str] = field(default_factory=list)
    aaaa: list[str] = field(default_factory=list)
    weight: int = 0


@dataclass
class Client:
    preference: str = "any"
    families: tuple[str, ...] = ("ipv4", "ipv6")
    limit: int = 5
    balance: bool = True
    randomize: bool = True
    fair: bool = True
    own: frozenset[str] = frozenset()


def is_v6(entry: Entry) -> bool:
    return ":" in entry[2]


def lookup(hosts: list[Host], client: Client) -> list[Entry]:
    entries = []
    for host in hosts:
        if "ipv4" in client.families:
            entries += [(host.pref, host.name, address) for address in host.a]
        if "ipv6" in client.families:
            entries += [(host.pref, host.name, address) for address in host.aaaa]
    return entries


def eliminate_self(entries: list[Entry], client: Client, mode: str) -> list[Entry]:
    for pref, _, address in entries:
        if address in client.own:
            if mode == "host":
                return []
            return [entry for entry in entries if entry[0] < pref]
    return entries


def shuffles(entries: list[Entry], client: Client) -> Iterator[tuple[list[Entry], Fraction]]:
    n = len(entries)
    if not client.randomize:
        yield entries, Fraction(1)
    elif client.fair:
        orders = list(permutations(entries))
        for order in orders:
            yield list(order), Fraction(1, len(orders))
    else:
        for swaps in product(range(n), repeat=n):
            order = list(entries)
            for i, r in enumerate(swaps):
                order[i], order[r] = order[r], order[i]
            yield order, Fraction(1, n**n)


def insertion_sort(entries: list[Entry], client: Client) -> list[Entry]:
    """A stable sort by the comparison functions of dns_rr.c."""

    def compare(x: Entry, y: Entry) -> int:
        if x[0] != y[0]:
            return x[0] - y[0]
        if client.preference == "any" or is_v6(x) == is_v6(y):
            return 0
        if client.preference == "ipv6":
            return -1 if is_v6(x) else 1
        return 1 if is_v6(x) else -1

    result: list[Entry] = []
    for entry in entries:
        at = len(result)
        while at and compare(entry, result[at - 1]) < 0:
            at -= 1
        result.insert(at, entry)
    return result


def limited(entries: list[Entry], client: Client) -> tuple[Entry, ...]:
    limit = client.limit
    if limit > 0 and client.balance and len(entries) > 1:
        v6 = len([e for e in entries if is_v6(e)])
        v4 = len(entries) - v6
        if v4 > 0 and v6 > 0 and v4 + v6 > limit:
            if v6 <= limit // 2:
                v6_target, v4_target = v6, limit - v6
            elif v4 <= limit // 2:
                v4_target, v6_target = v4, limit - v4
            else:
                v4_target = (limit + 1) // 2 if not is_v6(entries[0]) else limit // 2
                v6_target = limit - v4_target
            kept = []
            for entry in entries:
                if is_v6(entry) and v6_target > 0:
                    v6_target -= 1
                    kept.append(entry)
                elif not is_v6(entry) and v4_target > 0:
                    v4_target -= 1
                    kept.append(entry)
            assert v6_target == v4_target == 0
            entries = kept
    tried = []
    for count, entry in enumerate(entries, start=1):
        tried.append(entry)
        if count == limit:
            break
    return tuple(tried)


def orders(hosts: list[Host], client: Client, mode: str = "mx") -> Orders:
    """Every order of addresses that smtp(8) may try, with its probability."""
    result: defaultdict[tuple[Entry, ...], Fraction] = defaultdict(Fraction)
    if mode == "srv":
        for targets, chance in srv_sorts(hosts):
            entries = eliminate_self(lookup(targets, client), client, mode)
            result[limited(entries, client)] += chance
        return result
    ranked = sorted(hosts, key=lambda host: host.pref)
    entries = eliminate_self(lookup(ranked, client), client, mode)
    for order, chance in shuffles(entries, client):
        result[limited(insertion_sort(order, client), client)] += chance
    return result


def srv_sorts(hosts: list[Host]) -> Iterator[tuple[list[Host], Fraction]]:
    """dns_srv_rr_sort(): shuffle, sort by priority, then draw by weight within each priority."""
    shuffled = list(permutations(hosts))
    for order in shuffled:
        ranked = sorted(order, key=lambda host: host.pref)
        groups = [[h for h in ranked if h.pref == p] for p in sorted({h.pref for h in ranked})]
        for drawn in product(*(list(weight_orders(group)) for group in groups)):
            chance = Fraction(1, len(shuffled))
            flat: list[Host] = []
            for group, probability in drawn:
                chance *= probability
                flat += group
            yield flat, chance


def weight_orders(group: list[Host], i: int = 0) -> Iterator[tuple[list[Host], Fraction]]:
    total = sum(host.weight for host in group[i:])
    if i >= len(group) - 1 or (i == 0 and total == 0):
        yield group, Fraction(1)
        return
    for threshold in range(total + 1):
        running = 0
        for k in range(i, len(group)):
            running += group[k].weight
            if running >= threshold:
                swapped = list(group)
                swapped[i], swapped[k] = swapped[k], swapped[i]
                for rest, chance in weight_orders(swapped, i + 1):
                    yield rest, chance / (total + 1)
                break


def first_v6(found: Orders) -> Fraction | None:
    """The probability that the first address is an IPv6 one; None where nothing is tried."""
    if all(not order for order in found):
        return None
    return sum((chance for order, chance in found.items() if is_v6(order[0])), Fraction(0))
