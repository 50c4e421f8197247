"""The predicted effect of another smtp_address_preference in main.cf, on the destinations really seen.

Weighted by the new connections that the log has; first tries only, so cached sessions do not count.  Knows of
each destination what its Outlook knows: one without DNS answers yet is `unknown`, not guessed.  What is
said of failing families is what the log counted (`route.health`), proof or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mxtop.mail.promise import Promise, promise
from mxtop.mail.settings import Preference
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.value import named
from mxtop.route.health import ailments, suspicions
from mxtop.route.notes import Note, notes
from mxtop.route.reach import Row, reach

LARGEST: Final = 10


@named
class Forecast:
    """The whole effect.  `before` and `after`: traffic-weighted shares of the rows where both are known.

    `rows` by traffic; `known` and `unknown` are the new connections behind them.  A change with
    `no_effect` has none now nor for any other destination, and `notes` say why.
    """

    value: Preference
    before: float | None
    after: float | None
    known: int
    unknown: int
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]

    @property
    def no_effect(self) -> bool:
        return any(note.stops for note in self.notes)

    @property
    def largest(self) -> tuple[Row, ...]:
        """The ten destinations with the most new connections."""
        return self.rows[:LARGEST]

    @property
    def failing(self) -> tuple[Row, ...]:
        """Those that would send more mail over a family that fails."""
        return tuple(row for row in self.rows if row.worse)

    @property
    def untouched(self) -> tuple[Row, ...]:
        """Those with one family only."""
        return tuple(row for row in self.rows if row.reason == "one_family")


def forecast(snapshot: Snapshot, value: Preference) -> Forecast:
    """What `smtp_address_preference = value` in main.cf would do.  ValueError without settings."""
    if snapshot.settings is None:
        raise ValueError("the settings of Postfix are not known")
    ailing = suspicions(snapshot.destinations) | ailments(snapshot.destinations)
    rows: list[Row] = []
    for destination in snapshot.destinations:
        weight = destination.families.ipv4.connections + destination.families.ipv6.connections
        ailment = ailing.get(destination.destination)
        if weight or ailment:
            outlook = snapshot.outlooks.get(destination.destination)
            rows.append(reach(destination, weight, outlook, snapshot.settings, value, ailment))
    rows.sort(key=lambda row: -row.connections)
    told = [(row.connections, row.before, row.after) for row in rows]
    known = sum(n for n, before, after in told if before is not None and after is not None)
    return Forecast(
        value=value,
        before=_mean([(n, before) for n, before, after in told if before is not None and after is not None]),
        after=_mean([(n, after) for n, before, after in told if before is not None and after is not None]),
        known=known,
        unknown=sum(n for n, _, _ in told) - known,
        rows=tuple(rows),
        notes=notes(snapshot, value, rows),
    )


def promises(snapshot: Snapshot, told: Forecast) -> tuple[Promise, ...]:
    """What to hold Postfix to after the change: the rows that move, and those nobody can tell of."""
    rows = {row.destination: row for row in snapshot.destinations}
    return tuple(
        promise(rows[row.destination], row.before, row.after)
        for row in told.rows
        if row.reason in (None, "unknown", "by_sender")
    )


def _mean(weighted: Sequence[tuple[int, float]]) -> float | None:
    total = sum(n for n, _ in weighted)
    return sum(n * share for n, share in weighted) / total if total else None
