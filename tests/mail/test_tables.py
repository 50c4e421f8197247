"""A table ends at its cap, and says so."""

from __future__ import annotations

from mxtop.mail.tables import Table


def test_a_full_table_counts_what_it_turns_away() -> None:
    table: Table[str, int] = Table(2)
    for key in "abcd":
        if not table.full():
            table[key] = 1
    assert table == {"a": 1, "b": 1} and table.dropped == 2
