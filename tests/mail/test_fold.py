"""Reasons that differ only in names and numbers fold to one text; codes stay."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.fold import CAP, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (
            "host mx.a.example[192.0.2.1] said: 450 4.2.0 <u12@b.example>: Greylisted, 287 seconds (in reply to RCPT)",
            "host mx.a.example[IPv4] said: 450 4.2.0 <…@…>: Greylisted, # seconds (in reply to RCPT)",
        ),
        ("connect to h[2001:db8::1]:25: Connection refused", "connect to h[IPv6]:#: Connection refused"),
        ("host h[::1] said: 550-5.7.1 no", "host h[IPv6] said: 550-5.7.1 no"),
        ("451 try after 451 seconds", "451 try after # seconds"),
        ("at 12:34:56 4.7.1 id a1-20020a05600c165530si74964wmq", "at #:#:# 4.7.1 id …"),
        ("Client host [198.51.100.7] blocked", "Client host [IPv4] blocked"),
        ("550-5.7.1 does not meet IPv6 guidelines", "550-5.7.1 does not meet IPv6 guidelines"),
        ("host h said: 450: 4.2.1 now: 17", "host h said: 450: 4.2.1 now: #"),
        ("  a:  192.0.2.1: b : ", "a: IPv4: b:"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_different_recipients_numbers_and_ids_are_one_reason() -> None:
    text = "host mx[{}] said: 452 4.2.2 <{}@b.example> over quota {} bytes, ref {}"
    assert len({fold(text.format(a, b, c, d)) for a, b, c, d in [
        ("192.0.2.1", "u", 1, "C1B2A39F00Z7"), ("192.0.2.77", "someone.else", 998877, "0099FFEEDDCC1"),
    ]}) == 1  # fmt: skip


@given(st.text(max_size=3000))
def test_any_text_folds_and_stays_short(text: str) -> None:
    assert len(fold(text)) <= CAP * 6


def test_hostile_text_costs_little() -> None:
    for text in ("a" * 100_000, "@" * 100_000, ":" * 100_000, "1." * 50_000, "a-" * 50_000, "f:" * 50_000):
        fold(text)  # a quadratic one would not return
