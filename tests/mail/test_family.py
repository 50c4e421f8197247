from __future__ import annotations

import pytest

from mxtop.mail.family import family_of, is_loopback


@pytest.mark.parametrize(
    ("address", "family"),
    [
        ("192.0.2.1", "ipv4"), ("2001:db8::1", "ipv6"), ("::ffff:192.0.2.1", "ipv6"),
        ("private/lmtp", "unix"), ("/run/x", "unix"), (None, None), ("", None), ("unknown", None),
    ],
)  # fmt: skip
def test_family_follows_from_the_form(address: str | None, family: str | None) -> None:
    assert family_of(address) == family


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("128.0.0.1", False),
        (None, False),
        ("::2", False),
    ],
)
def test_loopback(address: str | None, loopback: bool) -> None:
    assert is_loopback(address) is loopback
