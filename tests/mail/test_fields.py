"""Pieces that many lines share."""

from __future__ import annotations

import pytest

from mxtop.mail.fields import closings, envelope, peer, reply_parts


def test_a_peer_without_a_name_or_with_unknown_ones() -> None:
    assert peer("", "192.0.2.1", "25") == (None, "192.0.2.1", 25, "ipv4")
    assert peer("unknown", "unknown", None) == ("unknown", "unknown", None, None)


@pytest.mark.parametrize(
    "text, ends",
    [
        ("a@b>, relay=", [3]),
        ("a>b@c>, relay=", [5]),
        ('"a>, relay="@b>, relay=', [14]),
        ('"a>, relay=', [2]),
        ("a", []),
        ("a@b>", [3]),
        ("a@b>x", []),
        ('"a@b>, relay=x, "y', [4]),  # a quote that the address only happens to begin with
        ('"a@b>x, "y', []),
        ("a>, relay=b>, relay=", [1, 11]),
    ],
)
def test_where_an_address_closes(text: str, ends: list[int]) -> None:
    assert closings(text, 0, (", relay=",)) == ends


def test_many_closings_are_cut() -> None:
    assert len(closings(">, relay=" * 1000, 0, (", relay=",))) == 8


@pytest.mark.parametrize(
    "text, parts",
    [
        ("554 5.7.1 no", (554, "5.7.1", "no")),
        ("554-5.7.1 no", (554, "5.7.1", "no")),
        ("450 no", (450, None, "no")),
        ("5.7.1 no", (None, "5.7.1", "no")),
        ("no", (None, None, "no")),
        ("5543 no", (None, None, "5543 no")),
        ("", (None, None, "")),
    ],
)
def test_replies(text: str, parts: tuple[int | None, str | None, str]) -> None:
    assert reply_parts(text) == parts


def test_envelopes() -> None:
    text = " from=<a> to=<b> proto=ESMTP helo=<c>: words"
    assert envelope(text, 0, closed_by=(": ",)) == (
        {"sender": "a", "to": "b", "proto": "ESMTP", "helo": "c"},
        text.index(": words"),
    )
    assert envelope(" from=<a>, to=<b>, proto=SMTP, helo=<c>", 0)[0] == {
        "sender": "a",
        "to": "b",
        "proto": "SMTP",
        "helo": "c",
    }
    assert envelope(" to=<b> proto=SMTP", 0)[0] == {"to": "b", "proto": "SMTP"}
    assert envelope(" from=<cut", 0) == ({}, 0)
