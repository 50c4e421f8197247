"""Counting which way mail went, apart from mxtop's own counting, and how far chance may carry a share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import comb


def binomial_bounds(n: int, p: float, error: float = 1e-6) -> tuple[int, int]:
    """The least and greatest count of successes in `n` draws of chance `p`, each tail at most `error` / 2.

    A true `p` falls outside with a probability below `error`; for p of 0 or 1 both bounds are n * p.
    """
    chance = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    return _tail(chance, error / 2), n - _tail(chance[::-1], error / 2)


def _tail(chance: list[float], limit: float) -> int:
    """How many leading outcomes can be left out before their sum passes `limit`."""
    total = 0.0
    for k, value in enumerate(chance):
        total += value
        if total > limit:
            return k
    return len(chance) - 1


def relays(lines: Iterable[str], domain: str, *, new_only: bool = False) -> list[str]:
    """The relay address of each delivery to `domain` over a connection, or (`new_only`) over a new one."""
    found = []
    for line in lines:
        match = re.search(
            rf"to=<[^>]*@{re.escape(domain)}>, relay=[^\s\[]+\[([^\]]+)\]:25, (conn_use=)?", line
        )
        if match and not (new_only and match[2]):
            found.append(match[1])
    return found


def ipv6_count(addresses: Iterable[str]) -> int:
    return sum(":" in address for address in addresses)
