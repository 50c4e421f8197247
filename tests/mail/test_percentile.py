"""Nearest rank, against a list sorted by hand."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.percentile import nearest_rank


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 100))
def test_nearest_rank_is_that_of_the_sorted_list(values: list[int], percent: int) -> None:
    shown = nearest_rank(Counter(map(float, values)), percent)
    if not values:
        assert shown is None
        return
    assert shown == sorted(values)[math.ceil(len(values) * percent / 100) - 1]
