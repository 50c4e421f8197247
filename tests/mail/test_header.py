"""Heads of log lines: times, years, tags, relays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mxtop.mail.header import FOREIGN, POSTFIX, UNSURE, Clock, Relay, relay_of, split, tag_of

REFERENCE = datetime(2026, 11, 23, 19, 0, 0).timestamp()


@pytest.mark.parametrize(
    "line, stamp",
    [
        ("Nov 23 18:32:26 mx1 postfix/smtp[31]: hi  there", "Nov 23 18:32:26"),
        ("Jun  5 18:32:26 mx1 postfix/smtp[31]: hi  there", "Jun  5 18:32:26"),
        ("Jun 05 18:32:26 mx1 postfix/smtp[31]: hi  there", "Jun 05 18:32:26"),
        ("Jun 5 18:32:26 mx1 postfix/smtp[31]: hi  there", "Jun 5 18:32:26"),
        (
            "2026-11-23T18:34:37.742995+00:00 mx1 postfix/smtp[31]: hi  there",
            "2026-11-23T18:34:37.742995+00:00",
        ),
        ("2026-11-23T18:34:37+0100 mx1 postfix/smtp[31]: hi  there", "2026-11-23T18:34:37+0100"),
        ("2026-11-23T18:34:37Z mx1 postfix/smtp[31]: hi  there", "2026-11-23T18:34:37Z"),
        ("\0\0\0Nov 23 18:32:26 mx1 postfix/smtp[31]: hi  there", "Nov 23 18:32:26"),
        ("<22>Nov 23 18:32:26 mx1 postfix/smtp[31]: hi  there", "Nov 23 18:32:26"),
        ("<22>1 2026-11-23T18:34:37Z mx1 postfix/smtp 31 - - hi  there", "2026-11-23T18:34:37Z"),
        ('<22>1 2026-11-23T18:34:37Z mx1 postfix/smtp 31 - [a@1 b="\\]"] hi  there', "2026-11-23T18:34:37Z"),
    ],
)
def test_heads(line: str, stamp: str) -> None:
    assert split(line) == (stamp, "mx1", "postfix/smtp[31]:", "hi  there")


def test_lines_without_a_tag_or_text() -> None:
    assert split("Nov 23 18:32:26 mx1 last message repeated 2 times") == (
        "Nov 23 18:32:26",
        "mx1",
        "",
        "last message repeated 2 times",
    )
    assert split("Nov 23 18:32:26 mx1 postfix/smtp[31]:") == (
        "Nov 23 18:32:26",
        "mx1",
        "postfix/smtp[31]:",
        "",
    )
    assert split("Nov 23 18:32:26 mx1 postfix/smtp[3") == ("Nov 23 18:32:26", "mx1", "", "postfix/smtp[3")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\0\0",
        "<22>",
        "Traceback (most recent call last):",
        "Nov 23 18:32:26",
        "Nov 23 18:32:26 ",
        "Foo 23 18:32:26 mx1 x: y",
        "2026-11-23 mx1 x: y",
        "2026-11-23T18:34:37٣ mx1 x: y",
        "<22>1 yesterday mx1 postfix/smtp 31 - - hi",
    ],
)
def test_what_is_no_log_line(line: str) -> None:
    assert split(line) is None


@pytest.mark.parametrize(
    "token, tag, daemon, pid, origin",
    [
        ("postfix/smtp[123]:", "postfix/smtp", "smtp", 123, POSTFIX),
        ("postfix/relay/smtp[1]:", "postfix/relay/smtp", "smtp", 1, POSTFIX),
        ("postfix-10.20.30.40/smtp[1]:", "postfix-10.20.30.40/smtp", "smtp", 1, POSTFIX),
        ("enforced-tls-smtp/smtp[]:", "enforced-tls-smtp/smtp", "smtp", None, POSTFIX),
        ("/postfix-script[1]:", "/postfix-script", "postfix-script", 1, POSTFIX),
        ("postfix/submission/smtpd:", "postfix/submission/smtpd", "smtpd", None, POSTFIX),
        ("postfix/127.0.0.1:10025/smtpd[1]:", "postfix/127.0.0.1:10025/smtpd", "smtpd", 1, POSTFIX),
        ("postfix[6084]:", "postfix", "postfix", 6084, POSTFIX),
        ("postmulti[1]:", "postmulti", "postmulti", 1, POSTFIX),
        ("postfix/postfix-script[1]:", "postfix/postfix-script", "postfix-script", 1, POSTFIX),
        ("mta-in/cleanup[1]:", "mta-in/cleanup", "cleanup", 1, POSTFIX),
        ("postfix/newcomer[1]:", "postfix/newcomer", "newcomer", 1, POSTFIX),
        ("postfix-out/newcomer[1]:", "postfix-out/newcomer", "newcomer", 1, POSTFIX),
        ("mta-in/newcomer[1]:", "mta-in/newcomer", "newcomer", 1, FOREIGN),
        ("pipe[5247]:", "pipe", "pipe", 5247, UNSURE),
        ("smtpd[1]:", "smtpd", "smtpd", 1, UNSURE),
        ("postfix-out[1]:", "postfix-out", "postfix-out", 1, UNSURE),
        ("postfix/policy-spf[1]:", "postfix/policy-spf", "policy-spf", 1, FOREIGN),
        ("postfix-policyd-spf-perl[1]:", "postfix-policyd-spf-perl", "postfix-policyd-spf-perl", 1, FOREIGN),
        ("cyrus/lmtp[1]:", "cyrus/lmtp", "lmtp", 1, FOREIGN),
        ("dovecot:", "dovecot", "dovecot", None, FOREIGN),
        ("opendkim[1]:", "opendkim", "opendkim", 1, FOREIGN),
        ("amavis[1]:", "amavis", "amavis", 1, FOREIGN),
        ("kernel:", "kernel", "kernel", None, FOREIGN),
    ],
)
def test_tags(token: str, tag: str, daemon: str, pid: int | None, origin: int) -> None:
    assert tag_of(token) == (tag, daemon, pid, origin)


@pytest.mark.parametrize(
    "token, relay",
    [
        ("mx.example[203.0.113.10]:25", Relay("mx.example", "203.0.113.10", 25, "ipv4")),
        ("mx.example[2001:db8::1]:25", Relay("mx.example", "2001:db8::1", 25, "ipv6")),
        ("2001:db8::1[2001:db8::1]:25", Relay("2001:db8::1", "2001:db8::1", 25, "ipv6")),
        ("mx.example[203.0.113.10]", Relay("mx.example", "203.0.113.10", None, "ipv4")),
        ("mx1.example[private/dovecot-lmtp]", Relay("mx1.example", "private/dovecot-lmtp", None, "unix")),
        ("mx1.example[/srv/lmtp.sock]", Relay("mx1.example", "/srv/lmtp.sock", None, "unix")),
        ("none", Relay(None, None, None, None)),
        ("local", Relay(None, None, None, None)),
        ("dovecot", Relay(None, None, None, None)),
        ("", Relay(None, None, None, None)),
    ],
)
def test_relays(token: str, relay: Relay) -> None:
    assert relay_of(token) == relay


@pytest.mark.parametrize(
    "stamp, time",
    [
        ("Nov 23 18:32:26", "2026-11-23T18:32:26"),
        ("Nov 24 19:00:00", "2026-11-24T19:00:00"),  # one day after the reference, no later
        ("Nov 24 19:00:01", "2025-11-24T19:00:01"),
        ("Dec 31 23:59:60", "2025-12-31T23:59:60"),
        ("Jan  1 00:00:00", "2026-01-01T00:00:00"),
        ("Jun 05 01:02:03", "2026-06-05T01:02:03"),
        ("Jun 5 01:02:03.25", "2026-06-05T01:02:03.25"),
        ("Feb 29 12:00:00", "2024-02-29T12:00:00"),
        ("Feb 30 12:00:00", None),
        ("Nov 23 24:00:00", None),
        ("Nov 23 23:60:00", None),
        ("Nov 23 23:59:61", None),
        ("2026-11-23T18:34:37.742995+00:00", "2026-11-23T18:34:37.742995+00:00"),
        ("2026-11-23T18:34:37,742+01:00", "2026-11-23T18:34:37.742+01:00"),
        ("2026-11-23T18:34:37", "2026-11-23T18:34:37"),
        ("2026-02-30T18:34:37Z", None),
        ("2026-11-23T18:34:61Z", None),
    ],
)
def test_times(stamp: str, time: str | None) -> None:
    clock = Clock(REFERENCE)
    for _ in range(2):  # the second answer is a remembered one
        assert clock.iso(stamp) == time
        assert clock.iso("Nov 20 00:00:00") == "2026-11-20T00:00:00"


def test_the_year_when_it_has_just_begun() -> None:
    clock = Clock(datetime(2027, 1, 1, 0, 30).timestamp())
    assert clock.iso("Dec 31 23:59:59") == "2026-12-31T23:59:59"
    assert clock.iso("Jan  1 00:29:00") == "2027-01-01T00:29:00"
    assert clock.iso("Jan  2 00:31:00") == "2026-01-02T00:31:00"
    eve = Clock(datetime(2026, 12, 31, 12, 0).timestamp())
    assert eve.iso("Jan  1 11:00:00") == "2027-01-01T11:00:00"  # a clock that runs ahead
    assert eve.iso("Jan  1 12:00:01") == "2026-01-01T12:00:01"


def test_a_year_that_is_given() -> None:
    clock = Clock(REFERENCE, year=2019)
    assert clock.iso("Dec 31 18:32:26") == "2019-12-31T18:32:26"
    assert clock.iso("Feb 29 18:32:26") is None
    assert clock.iso("2026-11-23T18:34:37Z") == "2026-11-23T18:34:37Z"


@pytest.mark.parametrize(
    "time, moment",
    [
        ("2026-11-23T18:34:37.5+00:00", datetime(2026, 11, 23, 18, 34, 37, 500_000, UTC).timestamp()),
        ("2026-11-23T18:34:37+0200", datetime(2026, 11, 23, 16, 34, 37, tzinfo=UTC).timestamp()),
        ("2026-11-23T18:34:37Z", datetime(2026, 11, 23, 18, 34, 37, tzinfo=UTC).timestamp()),
        ("2026-11-23T18:34:37", datetime(2026, 11, 23, 18, 34, 37).timestamp()),
        ("2026-12-31T23:59:60", datetime(2027, 1, 1).timestamp()),
        ("yesterday", None),
        ("", None),
    ],
)
def test_epoch(time: str, moment: float | None) -> None:
    clock = Clock(REFERENCE)
    for _ in range(2):
        found = clock.epoch(time)
        assert found is None if moment is None else found == pytest.approx(moment, rel=0, abs=1e-3)


def test_times_of_another_zone() -> None:
    reference = datetime(2026, 12, 30, 20, tzinfo=UTC).timestamp()
    clock = Clock(reference, zone="JST-9")
    assert clock.iso("Jan  1 04:59:59") == "2027-01-01T04:59:59"  # a day later there, in the new year
    assert clock.iso("Jan  1 05:00:01") == "2026-01-01T05:00:01"
    assert clock.epoch("2026-12-31T05:00:00.5") == reference + 0.5
    assert clock.epoch("2026-12-30T20:00:00Z") == reference
    berlin = Clock(reference, zone="CET-1CEST,M3.5.0,M10.5.0/3")
    assert berlin.epoch("2026-07-01T12:00:00") == datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()
    assert berlin.epoch("2026-12-01T12:00:00") == datetime(2026, 12, 1, 11, tzinfo=UTC).timestamp()
