"""Raw lines as columns: what the parser read, and nothing that a stranger's words pretend."""

from __future__ import annotations

import pytest
from tests.ui.harness import PAYLOADS, hostile_characters

from mxtop.ui.loglines import SHOWN, as_written, in_columns
from mxtop.ui.widgets.painted import Line

NOW = 1795458696.0
HEAD = "2026-11-23T18:31:36+00:00 mx1 postfix/smtp[7]: "
DELIVERY = (
    HEAD + "4A5B6C7D8E: to=<u@a.example>, relay=mx.a.example[2001:db8::1]:25, delay=1, delays=0/0/0.5/0.5, "
    "dsn=4.2.0, status=deferred ({})"
)


def text(line: Line) -> str:
    return "".join(span for span, _ in line)


def role(line: Line, word: str) -> str:
    return next(role for span, role in line if word in span)


def test_a_delivery_is_told_by_its_fields() -> None:
    line = in_columns(DELIVERY.format("host said: 450 status=sent (250 ok"), NOW, utc=True)
    assert text(line) == (
        "18:31:36 smtp      4A5B6C7D8E  v6 deferred <u@a.example> mx.a.example[2001:db8::1] "
        "host said: 450 status=sent (250 ok"
    )
    assert role(line, "deferred") == "slow"
    assert not any(role == "ok" for _, role in line), "the reply's words are no status"


@pytest.mark.parametrize(
    ("rest", "shown", "word", "as_role"),
    [
        ("connect to mx.a[192.0.2.1]:25: Connection refused",
         ["v4", "mx.a[192.0.2.1]", "refused"], "no connection", "bad"),
        ("4A5B6C7D8E: host mx.a[192.0.2.1] said: 450 later (in reply to RCPT TO command)",
         ["4A5B6C7D8E", "v4", "mx.a[192.0.2.1]", "450 later"], "attempt failed", "bad"),
        ("warning: no MX host for a.example has a valid address record",
         ["warning: no MX host for a.example"], "warning: ", "slow"),
        ("fatal: bad smtp_address_preference value: ipv7", ["ipv7"], "fatal: ", "bad"),
    ],
)  # fmt: skip
def test_what_went_wrong_stands_out(rest: str, shown: list[str], word: str, as_role: str) -> None:
    line = in_columns(HEAD + rest, NOW)
    assert all(part in text(line) for part in shown), text(line)
    assert role(line, word) == as_role


@pytest.mark.parametrize("raw", ["", "no log line", "Nov 23 18:31:36 mx1 opendkim[3]: 4A5B6C7D8E: signed"])
def test_what_is_not_postfix_is_there_but_quiet(raw: str) -> None:
    line = in_columns(raw, NOW)
    assert {role for span, role in line if span.strip()} <= {"muted", "heading"}
    assert raw.rpartition(": ")[2] in text(line)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_hostile_passes(payload: str) -> None:
    for raw in (payload, HEAD + payload, DELIVERY.format(payload), f"{HEAD}connect to {payload}[::1]:25: x"):
        for line in (in_columns(raw, NOW), as_written(raw)):
            assert not hostile_characters(text(line))


def test_a_line_of_a_megabyte_is_cut() -> None:
    for raw in ("x" * 1_000_000, DELIVERY.format("x" * 1_000_000)):
        assert len(text(in_columns(raw, NOW))) < SHOWN + 400
        assert len(text(as_written(raw))) < SHOWN + 100
