"""The log tail shares its chunks and keeps its numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.snapshot import CHUNK, LogTail


@given(st.lists(st.integers(0, 1500), max_size=12), st.sampled_from([CHUNK, 3 * CHUNK, 50_000]))
def test_numbers_stay_with_their_lines(sizes: list[int], cap: int) -> None:
    tail, written = LogTail(), 0
    for size in sizes:
        tail = tail.extended([str(written + i) for i in range(size)], cap)
        written += size
        assert tail.end == written
        assert len(tail) <= cap + CHUNK
        assert len(tail) >= min(written, cap - CHUNK)
        assert all(tail[number] == str(number) for number in range(tail.first, tail.end))


def test_lines_that_are_gone_are_an_index_error() -> None:
    tail = LogTail().extended(["a"] * (3 * CHUNK), CHUNK)
    for number in (tail.first - 1, tail.end, -1):
        with pytest.raises(IndexError):
            tail[number]


def test_full_chunks_are_shared_with_the_tail_before() -> None:
    before = LogTail().extended(["a"] * (2 * CHUNK + 1))
    after = before.extended(["b"])
    assert after.chunks[0] is before.chunks[0]
    assert after.chunks[1] is before.chunks[1]
    assert before.extended([]) is before
