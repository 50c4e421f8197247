"""Nothing that reaches a terminal can do anything there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.text import CAP, clean

PAYLOADS = [
    "\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]0;PWNED\x07", "\x1b]8;;http://x\x1b\\x", "\x1b[2J", "\x1b[6n",
    "\x1bPq\x1b\\", "\x1b^x\x1b\\", "\x1b_x\x1b\\", "\x1bX", "\x1bc", "\x9b2J", "\x9d0;x\x9c", "\x00", "a\rb",
    "a\x08b", "a\tb", "\u202eevil", "\u2066x\u2069", "a\u200bb", "\u2028", "\u2029", "\U000e0041", "\udcff",
    "\ud800", "\ufeff", "\x7f",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_become_visible(payload: str) -> None:
    shown = clean(payload)
    assert shown.isprintable()
    assert shown != payload


@given(st.text(alphabet=st.characters()) | st.text(alphabet="\x1b[]\x9b;m\udc80a"))
def test_the_result_is_printable_and_encodes(text: str) -> None:
    shown = clean(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    shown.encode()


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_untouched(text: str) -> None:
    assert clean(text) == text


def test_the_words_of_the_house() -> None:
    assert clean("\x1b[31m") == "␛[31m"
    assert clean("a\x00\tb\x7f") == "a␀␉b␡"
    assert clean("caf\udce9") == "caf\\xe9"
    assert clean("grün 日本") == "grün 日本"
    assert clean("a\u202eb") == "a\\u{202e}b"


def test_marks_do_not_climb() -> None:
    assert clean("e" + "\u0301" * 5000) == "e" + "\u0301" * 4
    assert clean("e" + "\ufe0f" * 5000) == "e" + "\ufe0f" * 4


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * (CAP + 12)) == "x" * CAP + "…+12"
