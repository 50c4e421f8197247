"""Whole lines from whatever pieces they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.sources import lines
from mxtop.sources.lines import LineBuffer


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_division_gives_the_same_text(data: bytes, cuts: list[int]) -> None:
    buffer = LineBuffer()
    text = ""
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)]):
        piece = buffer.feed(data[begin:end])
        assert piece == "" or piece.endswith("\n")
        text += piece
    assert buffer.held == len(data) - len(data[: data.rfind(b"\n") + 1])
    text += buffer.flush()
    assert text.encode("utf-8", "surrogateescape") == data


def test_only_newlines_end_a_line() -> None:
    assert LineBuffer().feed("a\rb\x0bc\x85d\u2028e\n".encode()) == "a\rb\x0bc\x85d\u2028e\n"


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_line_without_end_is_cut_and_the_next_one_is_whole(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(lines, "LIMIT", 100)
    data = b"first\n" + b"x" * 950 + b"\nnext\n"
    buffer = LineBuffer()
    text = ""
    for begin in range(0, len(data), size):
        text += buffer.feed(data[begin : begin + size])
        assert buffer.held <= 100
    first, long, following, rest = text.split("\n")
    assert (first, following, rest) == ("first", "next", "")
    assert set(long) == {"x"} and len(long) >= 100
