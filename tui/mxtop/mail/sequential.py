"""Two statistics that stay true however often they are looked at, and however long.

`Wager` tells whether things that happen one after the other happen more often than a given chance
allows.  It is a bet against the null hypothesis "each happens with at most its given chance, whatever
came before": with chance p and stake r, wealth is multiplied by 1 + r(1 - p)/p where it happened, and by
1 - r where it did not.  Under the null the expected factor is at most 1, so wealth is a non-negative
supermartingale that starts at 1, and by Ville's inequality P(it ever reaches 1/alpha) <= alpha: no
correction for looking again is needed.  Averaging the wealth of several stakes keeps that property, and
spares us from knowing beforehand how large the shift is.
Source: Shafer, "Testing by betting" (JRSS A 184, 2021); Waudby-Smith and Ramdas, "Estimating means of
bounded random variables by betting" (JRSS B 86, 2024), section 4; Ville (1939).

`upper_share` and `lower_share` bound the chance behind a count, by Chernoff's inequality.

Does not promise anything where one outcome depends on another beyond its own chance: count a message to
fifty recipients once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from typing import Final

STAKES: Final[tuple[float, ...]] = tuple(step / 10 for step in range(1, 11))
"""Stake r bets that the chance is p + r(1 - p); 1 bets that it always happens."""


class Wager:
    """A bet that something happens more often than the chances given; `best` is its largest wealth so far."""

    __slots__ = ("_logs", "best")

    def __init__(self, stakes: Sequence[float] = STAKES) -> None:
        self._logs = dict.fromkeys(stakes, 0.0)
        self.best = 1.0

    def add(self, happened: bool, chance: float) -> None:
        """One outcome, and the chance (0 to 1) that the null hypothesis gives it.

        Chance 1 cannot be exceeded, so it changes nothing.  ValueError for chance 0: what
        cannot happen is no matter of statistics.
        """
        if not 0 < chance <= 1:
            raise ValueError(chance)
        if chance == 1:
            return
        for stake, wealth in self._logs.items():
            if happened:
                self._logs[stake] = wealth + log(1 + stake * (1 - chance) / chance)
            else:
                self._logs[stake] = wealth + log(1 - stake) if stake < 1 else -inf
        self.best = max(self.best, self.wealth)

    @property
    def wealth(self) -> float:
        """The mean wealth of all stakes now: the evidence against the null hypothesis."""
        return sum(exp(min(wealth, 600.0)) for wealth in self._logs.values()) / len(self._logs)

    def proves(self, alpha: float) -> bool:
        """Whether the null hypothesis was ever rejected at this level; once true it stays true."""
        return self.best >= 1 / alpha


def upper_share(count: int, total: int, level: float) -> float:
    """The chance that is exceeded with probability `level` at most, for `count` of `total` outcomes.

    n KL(k/n, u) = ln(1/level), u >= k/n (Chernoff 1952; Hoeffding 1963, theorem 1); exact for 0 of n.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total}")
    if total == 0:
        return 1.0
    share = count / total
    low, high = share, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if total * _divergence(share, middle) < -log(level):
            low = middle
        else:
            high = middle
    return high


def lower_share(count: int, total: int, level: float) -> float:
    """As `upper_share`, from below."""
    return 1 - upper_share(total - count, total, level)


def _divergence(share: float, chance: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats."""
    if share == chance:
        return 0.0
    if chance in (0.0, 1.0):
        return inf
    told = share * log(share / chance) if share > 0 else 0.0
    return told + ((1 - share) * log((1 - share) / (1 - chance)) if share < 1 else 0.0)
