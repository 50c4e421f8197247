"""What a row of the snapshot says of the time before a change."""

from __future__ import annotations

import pytest

from mxtop.mail.promise import Connections, Promise, promise, together
from mxtop.mail.snapshot import Destination, Families, FamilyCounts


def test_a_promise_counts_what_the_log_has() -> None:
    row = Destination(
        destination="a.example",
        families=Families(
            ipv4=FamilyCounts(connections=7, reused=3, sent=9, deferred=1),
            ipv6=FamilyCounts(connections=5, failed_connects=2, sent=4, bounced=1),
            none=FamilyCounts(deferred=3),
            unix=FamilyCounts(sent=50),
        ),
        stage_seconds=(0.1, 0.2, 1.5, 0.4),
    )
    assert promise(row, 0.5, 1.0) == Promise(
        destination="a.example",
        before=0.5,
        after=1.0,
        connections=Connections(7, 5),
        deliveries=18,
        troubled=7,
        setup=1.5,
    )


def test_trouble_never_exceeds_the_deliveries() -> None:
    """A request may fail to connect to five addresses and still be one delivery."""
    row = Destination(destination="a", families=Families(ipv6=FamilyCounts(failed_connects=5, sent=1)))
    assert (promise(row, None, None).troubled, promise(row, None, None).deliveries) == (1, 1)


def test_shares_of_connections() -> None:
    assert Connections().share is None
    assert Connections(1, 3).share == 0.75
    one = Promise(destination="a", before=0.5, after=1.0, connections=Connections(1, 2))
    two = Promise(destination="b", before=0.5, after=1.0, connections=Connections(10, 20))
    assert together([one, two]) == Connections(11, 22)


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [(0.5, 1.0, True), (1.0, 1.0, False), (None, 1.0, False), (0.5, None, False)],
)
def test_only_known_shares_move(before: float | None, after: float | None, moves: bool) -> None:
    assert Promise(destination="a", before=before, after=after).moves is moves
