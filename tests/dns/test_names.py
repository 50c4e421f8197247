"""Names between wire and text."""

from __future__ import annotations

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.dns.names import labels, lower, text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ((), "."),
        ((b"mx1", b"Example", b"org"), "mx1.Example.org"),
        ((b"a\x1b[31m\x00", b"org"), "a\\027[31m\\000.org"),
        ((b"a.b", b"org"), "a\\.b.org"),
        ((b"\xe2\x80\xae", b"org"), "\\226\\128\\174.org"),
        ((b"x" * 63, b"org"), "x" * 63 + ".org"),
    ],
)
def test_text(name: tuple[bytes, ...], shown: str) -> None:
    assert text(name) == shown


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8))
def test_text_is_printable_ascii_and_reads_back(name: list[bytes]) -> None:
    shown = text(tuple(name))
    assert shown.isascii() and shown.isprintable() and " " not in shown
    assert labels(shown) == tuple(name)
    assert shown == (dns.name.Name([*name, b""]).to_text(omit_final_dot=True) if name else ".")


def test_labels_takes_a_final_dot_or_none() -> None:
    assert labels("Example.org") == labels("Example.org.") == (b"Example", b"org")
    assert labels(".") == ()


@pytest.mark.parametrize("bad", ["a..b", "x" * 64 + ".org", "bücher.example", ".".join(["abcdefg"] * 40)])
def test_what_is_no_name(bad: str) -> None:
    with pytest.raises(ValueError):
        labels(bad)


def test_lower_leaves_other_octets_alone() -> None:
    assert lower((b"EXAMPLE", b"\xc3\x9c")) == (b"example", b"\xc3\x9c")
