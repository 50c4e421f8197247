"""Signs and words: the split bar, the sparkline, filters, times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.snapshot import State
from mxtop.ui.words import (
    BAR,
    SEVERITY,
    STATES,
    clock,
    moment,
    parse_filter,
    spark,
    split_bar,
    split_line,
    strip,
)

COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("v4", "v6", "shown"),
    [
        (0, 0, "–"), (1, 0, "4▇▇▇▇▇▇ "), (0, 1, " ▁▁▁▁▁▁6"), (1, 1, "4▇▇▇▁▁▁6"), (2, 1, "4▇▇▇▇▁▁6"),
        (10**6, 1, "4▇▇▇▇▇▁6"), (1, 10**6, "4▇▁▁▁▁▁6"),
    ],
)  # fmt: skip
def test_split_bar(v4: int, v6: int, shown: str) -> None:
    assert split_bar(v4, v6) == shown


@given(COUNTS, COUNTS)
def test_a_split_bar_never_hides_a_family(v4: int, v6: int) -> None:
    bar = split_bar(v4, v6)
    assert ("▇" in bar, "▁" in bar) == (v4 > 0, v6 > 0)
    assert v4 + v6 == 0 or len(bar) == BAR + 2


def test_each_family_has_its_colour() -> None:
    assert split_line(2, 1) == (("4▇▇▇▇", "v4"), ("▁▁6", "v6")) and split_line(0, 0) == (("–", "muted"),)
    assert split_line(1, 0) == (("4▇▇▇▇▇▇", "v4"), (" ", "v6")) and split_line(0, 1)[0] == (" ", "v4")


def test_spark() -> None:
    assert spark([], 5) == "" and spark([1.0], 0) == "" and spark([0, 0], 5) == "▁▁"
    assert spark([0, 5, 10], 5) == "▁▅█" and spark(range(100), 3) == "███"


def test_outcomes() -> None:
    assert strip("") == ()
    assert strip("ssdb?") == (("▁▁", "ok"), ("▄", "slow"), ("█", "bad"), ("·", "muted"))


def test_every_state_has_a_sign_a_word_and_a_rank() -> None:
    states: list[State] = ["ok", "slow", "failing", "stuck", "few"]
    assert set(STATES) == set(SEVERITY) == set(states)
    assert len({sign for sign, _ in STATES.values()}) == len(states)
    assert all(state in sign for state, (sign, _) in STATES.items())


@pytest.mark.parametrize(
    ("text", "fields", "matches"),
    [
        ("", ("x",), True), ("GMAIL", ("gmail.com",), True), ("a b", ("xa", "yb"), True),
        ("a b", ("xa",), False),
        ("!a", ("b",), True), ("!a", ("a",), False), ("b !a", ("b", "a"), False), ("!", ("x",), True),
        ("[red]", ("[red]",), True), ("x", (None,), False), (".*", ("abc",), False),
    ],
)  # fmt: skip
def test_filter(text: str, fields: tuple[str | None, ...], matches: bool) -> None:
    assert parse_filter(text).matches(*fields) is matches


def test_an_empty_filter_is_none() -> None:
    assert not parse_filter("  ") and not parse_filter("!") and parse_filter("!x")


def test_times() -> None:
    assert clock("2026-09-21T14:13:18+02:00", utc=False) == "14:13:18"
    assert clock("2026-09-21T14:13:18.5+02:00", utc=True) == "12:13:18"
    assert clock("2026-09-21T14:13:18", utc=True) == "14:13:18", "no offset: as the server wrote it"
    assert (
        clock(None, utc=True) == "–" and clock("\x1b[2J", utc=True) == clock("\x1b[2J", utc=False) == "␛[2J"
    )
    assert moment(1_790_000_000.0, utc=True) == "14:13:20"
