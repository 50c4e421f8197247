"""Delivery agents: status lines in all their shapes, failed attempts, TLS.  Lines are captured ones."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail.lines import event, fields

QID = "postfix/smtp[1]: C3CD21F3E90: "


def delivery(body: str) -> dict[str, Any]:
    found = fields(QID + body)
    assert found.pop("event") == "delivery"
    assert found.pop("queue_id") == "C3CD21F3E90"
    return {name: found[name] for name in found if name not in ("daemon", "level")}


def test_an_ordinary_delivery() -> None:
    assert delivery(
        "to=<u1@dual.example>, relay=mx.dual.example[2001:db8:2::10]:25, delay=0.24, delays=0/0.01/0.02/0.21, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as CE18F50D21)"
    ) == {
        "to": "u1@dual.example",
        "relay": "mx.dual.example[2001:db8:2::10]:25",
        "relay_host": "mx.dual.example",
        "relay_address": "2001:db8:2::10",
        "relay_port": 25,
        "family": "ipv6",
        "conn_use": 1,
        "delay": 0.24,
        "delays": (0.0, 0.01, 0.02, 0.21),
        "dsn": "2.0.0",
        "status": "sent",
        "reason": "250 2.0.0 Ok: queued as CE18F50D21",
        "queued_as": "CE18F50D21",
    }


@pytest.mark.parametrize(
    "level",
    [
        "may",
        "may?",
        "may:none",
        "dane",
        "dane:halfdane",
        "dane/requiretls?",
        "!encrypt",
        "may?/!requiretls:nostarttls",
    ],
)
def test_tls_of_3_11(level: str) -> None:
    found = delivery(
        f"to=<a@b>, relay=mx[192.0.2.1]:25, conn_use=3, delay=1, delays=0/0/1/0, tls={level}, dsn=4.4.2, "
        "status=deferred (conversation with mx[192.0.2.1] timed out while sending MAIL FROM)"
    )
    assert (found["tls"], found["conn_use"], found["dsn"]) == (level, 3, "4.4.2")


@pytest.mark.parametrize(
    "relay, family",
    [
        ("mx[192.0.2.1]:25", "ipv4"),
        ("192.0.2.1[192.0.2.1]:26", "ipv4"),
        ("2001:db8:2::10[2001:db8:2::10]:25", "ipv6"),
        ("mx1.example[/srv/mx/run/lmtp.sock]", "unix"),
        ("mx1.example[private/dovecot-lmtp]", "unix"),
        ("127.0.0.1[127.0.0.1]:10024", "ipv4"),
        ("none", None),
        ("local", None),
        ("virtual", None),
        ("dovecot", None),
    ],
)
def test_families(relay: str, family: str | None) -> None:
    found = delivery(f"to=<a@b>, relay={relay}, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (ok)")
    assert (found["relay"], found.get("family")) == (relay, family)


@pytest.mark.parametrize(
    "body, expected",
    [
        ("to=<a@b>, relay=mx[192.0.2.1], delay=3, status=sent (250 ok)", {"delay": 3.0, "reason": "250 ok"}),
        ("to=<a@b>, relay=mx[192.0.2.1]:25, delay=0.85, dsn=2.0.0, status=sent (ok)", {"dsn": "2.0.0"}),
        ("to=<a@b>, relay=mx[192.0.2.1]:25, conn_use=2 delay=1, status=sent (ok)", {"conn_use": 2, "delay": 1.0}),
        ("to=<a@b>, orig_to=<root>, relay=local, delay=0, status=sent (ok)", {"orig_to": "root"}),
        ("to=<a@b>, orig_to=<>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)", {"orig_to": ""}),
        ("to=<>, relay=none, delay=0, delays=0/0/0/0, dsn=5.1.3, status=bounced (bad)", {"to": ""}),
        ("to=<a@b>, relay=none, delay=0, status=bounced optional text", {"reason": "optional text"}),
        ("to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=4.1.1, status=SOFTBOUNCE (x)", {"status": "SOFTBOUNCE"}),
        ("to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 )", {"reason": "250 "}),
        ("to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 \ud83f)", {"reason": "250 \ud83f"}),
        (
            "to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=2.1.5, status=undeliverable-but-not-cached (x)",
            {"status": "undeliverable-but-not-cached"},
        ),
    ],
)  # fmt: skip
def test_fields_that_may_be_missing(body: str, expected: dict[str, Any]) -> None:
    found = delivery(body)
    assert {name: found[name] for name in expected} == expected


SENT = (
    'to=<"a b"@x.example>, orig_to=<c@d>, relay=mx[192.0.2.1]:25, conn_use=2, delay=1, delays=0/0/1/0, tls=may, '
    "dsn=4.2.0, status=deferred (host mx[192.0.2.1] said: 450 4.2.0 grey (in reply to RCPT TO command))"
)


@pytest.mark.parametrize("cut", range(4, len(SENT) + 1))
def test_a_line_cut_anywhere_keeps_what_it_has(cut: int) -> None:
    whole, part = delivery(SENT), delivery(SENT[:cut])
    reason = part.pop("reason", "")
    assert whole["reason"].startswith(reason)
    for name, value in part.items():
        if name in ("status", "delay", "delays", "dsn", "tls", "conn_use", "queued_as"):
            continue  # a number or a word may be cut itself
        assert value == whole[name], name


def test_a_line_cut_before_its_last_parenthesis() -> None:
    assert delivery(SENT[:-1])["reason"] == delivery(SENT)["reason"]
    rigid = SENT.replace('"a b"', "a")
    assert delivery(rigid[:-1])["reason"] == delivery(rigid)["reason"]


@pytest.mark.parametrize(
    "to",
    [
        '"user, x"@d.example',
        '"a,b>c <d"@dual.example',
        '"x>, relay=evil[192.0.2.66]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (hm"@d.example',
        '"q\\">, relay=evil[192.0.2.66]:25"@d.example',
        "a,b>c <d@dual.example",  # before 3.5: not quoted
        "a>, relay=evil b@d.example",
        "o'brien+tag@d.example",
        "ünï@d.example",
    ],
)
def test_recipients_that_imitate_a_field(to: str) -> None:
    found = delivery(
        f"to=<{to}>, orig_to=<{to}>, relay=mx[192.0.2.1]:25, delay=0.1, delays=0/0/0/0.1, dsn=5.1.1, status=bounced (no)"
    )
    assert (found["to"], found["orig_to"], found["relay"], found["status"]) == (
        to,
        to,
        "mx[192.0.2.1]:25",
        "bounced",
    )


def test_a_reply_that_imitates_a_line() -> None:
    reply = "550 no), relay=evil[192.0.2.66]:25, status=sent (250 Ok: queued as FFFFFFFFFF)"
    found = delivery(
        f"to=<a@b>, relay=mx[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced ({reply})"
    )
    assert (found["status"], found["reason"], found["relay_address"]) == ("bounced", reply, "192.0.2.1")
    assert "queued_as" not in found


@pytest.mark.parametrize(
    "reply, queued_as",
    [
        ("250 2.0.0 Ok: queued as CE18F50D21", "CE18F50D21"),
        (
            "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jYFCN1785znkD8",
            "4jYFCN1785znkD8",
        ),
        ("250 Queued as 12-3.", "12-3"),
        ("250 queued as BEEF01, 250 queued as BEEF02", "BEEF02"),
        ("250 OK id=1r382D-1A35C5-2A", None),
        ("250 2.0.0 Ok", None),
        ("forwarded as CEA4854C796", None),
        ("250 queued as ", None),
    ],
)
def test_queued_as(reply: str, queued_as: str | None) -> None:
    found = delivery(
        f"to=<a@b>, relay=mx[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent ({reply})"
    )
    assert found.get("queued_as") == queued_as


def number() -> st.SearchStrategy[str]:
    """As log_adhoc.c prints seconds: two digits, a hundredth at the smallest."""
    return st.one_of(st.integers(0, 10**6).map(str), st.floats(0.01, 99).map(lambda n: f"{n:.2g}"))


WORD = st.text("abcXYZ019.-_+=/", min_size=1, max_size=12)
HOSTILE = st.lists(
    st.one_of(
        st.text(st.characters(exclude_characters="\n", max_codepoint=0x2FF), max_size=8),
        st.sampled_from(
            [">, relay=", ", status=sent (", ")", "(", "dsn=2.0.0, ", '"', "\\", "<", ": to=<", "delay=0, "]
        ),
    ),
    max_size=6,
).map("".join)
QUOTED = HOSTILE.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
ADDRESS = st.one_of(st.just(""), WORD.map("{}@d.example".format), QUOTED.map("{}@d.example".format), WORD)
RELAY = st.one_of(
    st.sampled_from(["none", "local", "virtual", "dovecot"]),
    st.tuples(WORD, st.integers(1, 65535)).map(lambda it: f"{it[0]}[192.0.2.1]:{it[1]}"),
    st.tuples(WORD, st.integers(1, 65535)).map(lambda it: f"{it[0]}[2001:db8::1]:{it[1]}"),
    WORD.map("{}[private/lmtp]".format),
)


@given(
    to=ADDRESS, orig_to=st.none() | ADDRESS, relay=RELAY, conn_use=st.integers(1, 99), delay=number(),
    delays=st.none() | st.tuples(number(), number(), number(), number()),
    tls=st.none() | st.sampled_from(["may", "may?", "none", "!verify/requiretls:nocertmatch"]),
    dsn=st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
    status=st.sampled_from(["sent", "deferred", "bounced", "SOFTBOUNCE", "undeliverable-but-not-cached"]),
    reason=HOSTILE,
)  # fmt: skip
def test_what_postfix_renders_comes_back(
    to: str, orig_to: str | None, relay: str, conn_use: int, delay: str, delays: tuple[str, ...] | None,
    tls: str | None, dsn: str, status: str, reason: str,
) -> None:  # fmt: skip
    """log_adhoc.c: `to=<%s>`, `, orig_to=<%s>`, `, relay=%s`, `, conn_use=%d`, … `, dsn=%s, status=%s (%s)`."""
    line = f"to=<{to}>"
    line += f", orig_to=<{orig_to}>" if orig_to is not None else ""
    line += f", relay={relay}" + (f", conn_use={conn_use}" if conn_use > 1 else "") + f", delay={delay}"
    line += f", delays={'/'.join(delays)}" if delays else ""
    line += f", tls={tls}" if tls else ""
    found = event(f"Nov 23 18:32:26 mx1 {QID}{line}, dsn={dsn}, status={status} ({reason})")
    assert found["event"] == "delivery"
    assert (found["to"], found["orig_to"], found["relay"]) == (to, orig_to, relay)
    assert (found["conn_use"], found["delay"]) == (conn_use, float(delay))
    assert found["delays"] == (tuple(map(float, delays)) if delays else None)
    assert (found["tls"], found["dsn"], found["status"], found["reason"]) == (tls, dsn, status, reason)


@pytest.mark.parametrize(
    "body, expected",
    [
        (
            "connect to mx.refuse6.example[2001:db8:2::12]:25: Connection refused",
            ("mx.refuse6.example", "2001:db8:2::12", 25, "ipv6", "Connection refused"),
        ),
        (
            "connect to mx.v4.example[203.0.113.1]:26: No route to host",
            ("mx.v4.example", "203.0.113.1", 26, "ipv4", "No route to host"),
        ),
        (
            "connect to mx1.example[/srv/x]: No such file",
            ("mx1.example", "/srv/x", None, "unix", "No such file"),
        ),
        (
            "connect to mx[192.0.2.1]: timed out (port 25)",
            ("mx", "192.0.2.1", 25, "ipv4", "timed out (port 25)"),
        ),
    ],
)
def test_connect_failed(body: str, expected: tuple[Any, ...]) -> None:
    found = event("Nov 23 18:32:26 mx1 postfix/smtp[1]: " + body)
    assert found["event"] == "connect_failed"
    names = ("relay_host", "relay_address", "relay_port", "family", "error")
    assert tuple(found[name] for name in names) == expected
    assert found["queue_id"] is None


@pytest.mark.parametrize(
    "body, address, stage, reply",
    [
        (
            "host mx[192.0.2.1] refused to talk to me: 421 4.3.2 busy",
            "192.0.2.1",
            "greeting",
            "421 4.3.2 busy",
        ),
        (
            "host mx[2001:db8::1] said: 450 4.2.0 <u1@grey.example>: Greylisted (in reply to RCPT TO command)",
            "2001:db8::1",
            "RCPT TO",
            "450 4.2.0 <u1@grey.example>: Greylisted",
        ),
        (
            "host mx[192.0.2.1] said: 451 (in reply to RCPT TO command) hm (in reply to end of DATA command)",
            "192.0.2.1",
            "end of DATA",
            "451 (in reply to RCPT TO command) hm",
        ),
        ("host mx[192.0.2.1] said: 451 cut", "192.0.2.1", None, "451 cut"),
        (
            "lost connection with mx[192.0.2.1] while performing the EHLO handshake",
            "192.0.2.1",
            "performing the EHLO handshake",
            None,
        ),
        (
            "conversation with mx[2001:db8::1] timed out while sending end of data -- message may be sent more than once",
            "2001:db8::1",
            "sending end of data -- message may be sent more than once",
            None,
        ),
        ("TLS is required, but was not offered by host mx[192.0.2.1]", "192.0.2.1", "TLS", None),
        (
            "TLS is required, but host mx[192.0.2.1] refused to start TLS: 454 no",
            "192.0.2.1",
            "TLS",
            "454 no",
        ),
        (
            "Sender requested REQUIRETLS, but TLS service was not offered by host mx[192.0.2.1]",
            "192.0.2.1",
            "TLS",
            None,
        ),
        ("Cannot start TLS: handshake failure", None, "TLS", None),
        ("Server certificate not verified", None, "TLS", None),
        (
            "message requires SMTPUTF8, but no server was found that supports SMTPUTF8. "
            "The last attempted server was mx.noutf8.example[203.0.113.45]",
            "203.0.113.45",
            "EHLO",
            None,
        ),
    ],
)
def test_attempt_failed(body: str, address: str | None, stage: str | None, reply: str | None) -> None:
    found = event("Nov 23 18:32:26 mx1 " + QID + body)
    assert (found["event"], found["queue_id"]) == ("attempt_failed", "C3CD21F3E90")
    assert (found["relay_address"], found["stage"], found["reply"]) == (address, stage, reply)


@pytest.mark.parametrize(
    "body",
    [
        "SSL_connect error to mx.tlsbroken.example[203.0.113.47]:25: -1",
        "certificate verification failed for mx.tlsver.example[203.0.113.200]:25: self-signed certificate",
        "server certificate verification failed for mx.tlsver.example[2001:db8:2::200]:25: num=62:hostname mismatch",
        "mx.tls.example[2001:db8::1]:25: re-using session with untrusted certificate, look for details earlier in the log",
        "C3CD21F3E90: enabling PIX workarounds: disable_esmtp for mx[192.0.2.1]:25",
        "warning: host mx[192.0.2.1]:25 greeted me with my own hostname mx1.example",
        "warning: C3CD21F3E90: host mx[192.0.2.1] said: 250 (in reply to RSET command)",
        "fatal: bad smtp_address_preference value: ipv7",
        "connect to nothing",
        "message repeated 2 times: [ connect to mx[192.0.2.1]:25: Connection refused]",
    ],
)
def test_other_lines_of_smtp(body: str) -> None:
    assert event("Nov 23 18:32:26 mx1 postfix/smtp[1]: " + body)["event"] == "other"


def test_tls_to_a_server() -> None:
    assert fields(
        "postfix/smtp[1]: Untrusted TLS connection established to mx.tls.example[2001:db8:2::200]:25: TLSv1.3 with "
        "cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange x25519 server-signature RSA-PSS (2048 bits)"
    ) == {
        "event": "tls", "daemon": "smtp", "level": "info", "direction": "client", "trust": "Untrusted",
        "peer_host": "mx.tls.example", "peer_address": "2001:db8:2::200", "peer_port": 25, "family": "ipv6",
        "protocol": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256,
    }  # fmt: skip


def test_tls_from_a_client_names_the_client() -> None:
    found = fields(
        "postfix/smtpd[1]: Anonymous TLS connection established from unknown[198.51.100.6] to mx.example: TLSv1.2 "
        "with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits)"
    )
    assert (found["event"], found["direction"], found["bits"]) == ("tls", "server", 128)
    assert (found["client_host"], found["client_address"], found["family"]) == (
        "unknown",
        "198.51.100.6",
        "ipv4",
    )


@pytest.mark.parametrize(
    "start, trust", [("Trusted TLS connection reused", "Trusted"), ("TLS connection established", None)]
)
def test_tls_reused_and_before_trust_was_logged(start: str, trust: str | None) -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 postfix/tlsproxy[1]: {start} to mx[192.0.2.1]:25: TLSv1 with cipher X (112/168 bits)"
    )
    assert (found["event"], found["trust"], found["bits"]) == ("tls", trust, 112)


def test_a_number_too_long_to_be_one_raises_nothing() -> None:
    line = (
        "to=<u@a.example>, relay=none, conn_use="
        + 5000 * "9"
        + ", delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (x)"
    )
    assert fields(QID + line)["to"] == "u@a.example"  # read as a line that was cut


@pytest.mark.parametrize("where", ["delay=1, ", "delays=0/"])
def test_a_number_beyond_a_float_is_none(where: str) -> None:
    """Infinity is no JSON."""
    line = "to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (ok)"
    found = delivery(line.replace(where, where.replace("1", "0").replace("0", "9" * 400)))
    assert found["to"] == "a@b"
    assert "Infinity" not in json.dumps(found)
