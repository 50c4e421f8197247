"""Nearest rank, against a list sorted by hand."""

from __future__ import annotations

import math
import pickle

from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.percentile import Counted


def counted(values: list[int]) -> Counted:
    made = Counted()
    for value in values:
        made[float(value)] += 1
    return made


def by_hand(values: list[int], percent: int) -> float | None:
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


@given(
    st.lists(st.integers(0, 30), max_size=60),
    st.lists(st.integers(0, 30), max_size=60),
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
)
def test_nearest_ranks_are_those_of_the_sorted_list(
    values: list[int], later: list[int], percents: list[int]
) -> None:
    percents.sort()
    seen = counted(values)
    assert seen.nearest_ranks(*percents) == tuple(by_hand(values, percent) for percent in percents)
    for value in later:
        seen[float(value)] += 1
    values = values + later
    assert seen.nearest_ranks(*percents) == tuple(by_hand(values, percent) for percent in percents)


def test_it_can_be_sent_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(counted([3, 1, 3])))
    assert copy == {3.0: 2, 1.0: 1}
    copy[2.0] += 5
    assert copy.nearest_ranks(50, 95) == (2.0, 3.0)
