"""The diff, and what a change may touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.change.diff import unified, within
from mxtop.change.model import Edit

MAIN = b"""# a comment
myhostname = mx.example
smtp_address_preference = any
  # of no effect
  , really
mynetworks = 127.0.0.0/8
  [::1]/128
"""
MASTER = b"""smtp      inet  n       -       y       -       -       smtpd
smtp      unix  -       -       y       -       -       smtp
relay     unix  -       -       y       -       -       smtp
        -o syslog_name=postfix/relay
"""
PREFERENCE = (Edit("smtp_address_preference", "ipv6"),)
RELAY = (Edit("smtp_address_preference", "ipv6", "relay/unix"),)


def test_unified() -> None:
    assert unified(b"a = 1\nb = 2\n", b"a = 1\nb = 3\n", "main.cf") == (
        "--- main.cf (now)\n+++ main.cf (changed)\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3\n"
    )
    assert unified(b"a\n", b"a\n", "x") == ""
    assert unified(b"a", b"a\n", "x").splitlines()[3:] == ["-a", "\\ No newline at end of file", "+a"]
    assert "+\udcff\n" in unified(b"a\n", b"a\n\xff\n", "x")


@pytest.mark.parametrize(
    ("after", "good"),
    [
        (MAIN, True),
        (MAIN.replace(b"any\n  # of no effect\n  , really", b"ipv6\n  # of no effect"), True),
        (MAIN.replace(b"smtp_address_preference = any\n", b"").replace(b"  , really\n", b""), True),
        (MAIN + b"smtp_address_preference = ipv6\n", True),
        (MAIN.replace(b"mx.example", b"mx.example smtp_address_preference = ipv6"), False),
        (MAIN.replace(b"  [::1]/128\n", b""), False),
        (MAIN.replace(b"# a comment\n", b""), False),
        (MAIN + b"smtp_address_preference_x = ipv6\n", False),
        (MAIN.rstrip(b"\n"), True),
    ],
)
def test_within_main_cf(after: bytes, good: bool) -> None:
    assert within(MAIN, after, PREFERENCE) is good


@pytest.mark.parametrize(
    ("after", "good"),
    [
        (MASTER + b"        -o smtp_address_preference=ipv6\n", True),
        (MASTER.replace(b"relay     unix", b"relay      unix"), True),
        (MASTER.replace(b"smtp      unix", b"smtp      unix "), False),
        (MASTER.replace(b"       smtpd\n", b"       smtpd\n        -o x=y\n"), False),
    ],
)
def test_within_master_cf(after: bytes, good: bool) -> None:
    assert within(MASTER, after, RELAY) is good


@given(st.lists(st.sampled_from(["a = 1", " b", "# c", "", "smtp_address_preference = x", "d=e"])))
def test_a_change_elsewhere_is_always_seen(lines: list[str]) -> None:
    before = "".join(f"{line}\n" for line in lines).encode()
    assert within(before, before, PREFERENCE)
    assert not within(before, before + b"unheard_of = 1\n", PREFERENCE)
