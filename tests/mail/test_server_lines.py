"""Lines about SMTP clients, captured and hostile."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail.lines import event, fields

SMTPD = "postfix/smtpd[1]: "


def smtpd(body: str, **expected: Any) -> None:
    assert fields(SMTPD + body) == {"daemon": "smtpd", "level": "info", **expected}


CLIENT = {"client_host": "client.example", "client_address": "2001:db8:2::250", "family": "ipv6"}
HOST = "client.example[2001:db8:2::250]"


def test_connect_and_disconnect() -> None:
    smtpd(f"connect from {HOST}", event="client_connect", **CLIENT)
    smtpd(f"connect from {HOST}:4711", event="client_connect", client_port=4711, **CLIENT)
    smtpd(f"disconnect from {HOST}", event="client_disconnect", **CLIENT)  # 2.11 counts nothing
    smtpd(
        f"disconnect from {HOST} ehlo=2 starttls=1 mail=1 rcpt=1/2 data=0/1 quit=1 notes=bare_lf commands=6/8",
        event="client_disconnect",
        commands={
            "ehlo": (2, 2), "starttls": (1, 1), "mail": (1, 1), "rcpt": (1, 2), "data": (0, 1), "quit": (1, 1),
            "commands": (6, 8),
        },
        **CLIENT,
    )  # fmt: skip
    smtpd(
        "disconnect from unknown[unknown] commands=0/0",
        event="client_disconnect",
        client_host="unknown",
        client_address="unknown",
        commands={"commands": (0, 0)},
    )


def test_client() -> None:
    smtpd(f"A820D54C76A: client={HOST}", event="client", queue_id="A820D54C76A", **CLIENT)
    smtpd(f"NOQUEUE: client={HOST}", event="client", **CLIENT)
    smtpd(
        f"A820D54C76A: client={HOST}, sasl_method=PLAIN, sasl_username=bob, x@y, sasl_sender=z, orig_queue_id=BEEF00, "
        "orig_client=evil[192.0.2.66]",
        event="client", queue_id="A820D54C76A", sasl_method="PLAIN", sasl_username="bob, x@y", **CLIENT,
    )  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "NOQUEUE: ", "96FB554A1B5: "])
@pytest.mark.parametrize(
    "what, stage",
    [
        ("lost connection after CONNECT", "CONNECT"),
        ("lost connection after DATA (16 bytes)", "DATA"),
        ("timeout after END-OF-MESSAGE", "END-OF-MESSAGE"),
        ("too many errors after UNKNOWN", "UNKNOWN"),
    ],
)
def test_client_lost(prefix: str, what: str, stage: str) -> None:
    found = event(f"Nov 23 18:32:26 mx1 {SMTPD}{prefix}{what} from {HOST}")
    assert (found["event"], found["stage"], found["client_address"]) == (
        "client_lost",
        stage,
        "2001:db8:2::250",
    )
    assert found["queue_id"] == ("96FB554A1B5" if prefix.startswith("9") else None)


def test_reject() -> None:
    smtpd(
        f"NOQUEUE: reject: RCPT from {HOST}: 554 5.7.1 <u@dual.example>: Relay access denied; "
        "from=<x@sender.example> to=<u@dual.example> proto=ESMTP helo=<client.example>",
        event="reject", action="reject", stage="RCPT", code=554, dsn="5.7.1",
        reason="<u@dual.example>: Relay access denied", to="u@dual.example", proto="ESMTP", helo="client.example",
        **{"from": "x@sender.example"}, **CLIENT,
    )  # fmt: skip
    smtpd(
        f"NOQUEUE: reject: MAIL from {HOST}: 552 5.3.4 Message size exceeds fixed limit; proto=ESMTP helo=<c>",
        event="reject", action="reject", stage="MAIL", code=552, dsn="5.3.4",
        reason="Message size exceeds fixed limit", proto="ESMTP", helo="c", **CLIENT,
    )  # fmt: skip
    smtpd(
        f"NOQUEUE: reject: RCPT from {HOST}: 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
        "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1; from=<> to=<c@d> proto=SMTP helo=<x> "
        "sasl_username=bob",
        event="reject", action="reject", stage="RCPT", code=554, dsn="5.7.1",
        reason="Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
        "https://www.spamhaus.org/query/ip/192.0.2.1",
        to="c@d", proto="SMTP", helo="x", **{"from": ""}, **CLIENT,
    )  # fmt: skip


@pytest.mark.parametrize(
    "action",
    [
        "reject_warning",
        "warn",
        "hold",
        "discard",
        "filter",
        "redirect",
        "milter-reject",
        "milter-hold",
        "info",
    ],
)
def test_every_action(action: str) -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 {SMTPD}A820D54C76A: {action}: END-OF-MESSAGE from {HOST}: "
        "<END-OF-MESSAGE>: action; from=<a@b> to=<c@d> proto=ESMTP helo=<x>"
    )
    assert (found["event"], found["action"], found["stage"]) == ("reject", action, "END-OF-MESSAGE")
    assert (found["code"], found["reason"]) == (None, "<END-OF-MESSAGE>: action")


def test_rejects_without_a_client_and_what_is_no_reject() -> None:
    smtpd(
        "NOQUEUE: proxy-reject: END-OF-MESSAGE: 554 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP helo=<x>",
        event="reject", action="proxy-reject", stage="END-OF-MESSAGE", code=554, dsn="5.7.1", reason="no",
        to="c@d", proto="SMTP", helo="x", **{"from": "a@b"},
    )  # fmt: skip
    smtpd(f"NOQUEUE: permit: RCPT from {HOST}: action=x; from=<a@b>", event="other", **CLIENT)
    smtpd("proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok; from=<a@b>", event="other")


def test_etrn_names_the_client_last() -> None:
    assert fields(f"{SMTPD}warning: reject: ETRN x from evil[192.0.2.66]... from {HOST}") == {
        "daemon": "smtpd", "level": "warning", "event": "reject", "action": "reject", "stage": "ETRN", **CLIENT,
    }  # fmt: skip


FORGED = st.lists(
    st.sampled_from(
        [" status=sent (250 Ok)", "; from=<x@y>", " to=<z@z>", " proto=ESMTP", " helo=<h>", ": ", "; ", "<", "a", "@b",
         " from evil[192.0.2.66]: ", "554 5.7.1 ", "postfix/smtp[1]: ABCDEF01: to=<", "reject: RCPT from evil[192.0.2.66]: "]
    ),
    max_size=6,
).map("".join)  # fmt: skip


@given(
    recipient=FORGED, sender=FORGED, helo=FORGED.map(lambda text: text.replace(" ", "?").replace("<", "?"))
)
def test_nobody_forges_a_reject(recipient: str, sender: str, helo: str) -> None:
    """Recipient and sender quoted as 3.5 and later log them, HELO without blanks and brackets as smtpd.c leaves it."""
    found = event(
        f"Nov 23 18:32:26 mx1 {SMTPD}NOQUEUE: reject: RCPT from {HOST}: 550 5.1.1 "
        f'<"{recipient}"@d>: Recipient address rejected: User unknown; '
        f'from=<"{sender}"@s> to=<"{recipient}"@d> proto=ESMTP helo=<{helo}>'
    )
    assert (found["event"], found["client_address"], found["code"]) == ("reject", "2001:db8:2::250", 550)
    assert found["reason"] == f'<"{recipient}"@d>: Recipient address rejected: User unknown'
    assert (found["from"], found["to"]) == (f'"{sender}"@s', f'"{recipient}"@d')
    assert (found["proto"], found["helo"]) == ("ESMTP", helo)


def test_a_helo_with_blanks_imitates_nothing() -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 {SMTPD}NOQUEUE: reject: RCPT from {HOST}: 504 5.5.2 <x status=sent>: Helo command rejected: "
        "no; from=<a@b> to=<c@d> proto=SMTP helo=<x status=sent (250 Ok)>"
    )
    assert (found["event"], found["helo"], found["to"]) == ("reject", "x status=sent (250 Ok)", "c@d")
    assert "status" not in found


@pytest.mark.parametrize(
    "body, host, address",
    [
        (
            "warning: hostname badptr.example does not resolve to address 203.0.113.251",
            "badptr.example",
            "203.0.113.251",
        ),
        (
            "warning: hostname x.example does not resolve to address 2001:db8::1: Name or service not known",
            "x.example",
            "2001:db8::1",
        ),
        (
            "warning: 192.0.2.1: hostname x.example verification failed: Name unknown",
            "x.example",
            "192.0.2.1",
        ),
        ("warning: 192.0.2.1: address not listed for hostname x.example", "x.example", "192.0.2.1"),
        ("warning: non-SMTP command from a[192.0.2.1]: GET from evil[192.0.2.66]: x", "a", "192.0.2.1"),
        ("warning: Illegal address syntax from a[192.0.2.1] in RCPT command: <a b@c>", "a", "192.0.2.1"),
        (
            "warning: a[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=evil[192.0.2.66]",
            "a",
            "192.0.2.1",
        ),
        ("warning: Connection rate limit exceeded: 61 from a[192.0.2.1] for service smtp", "a", "192.0.2.1"),
        (
            "improper command pipelining after EHLO from a[192.0.2.1]: X from evil[192.0.2.66]",
            "a",
            "192.0.2.1",
        ),
        ("SSL_accept error from a[192.0.2.1]: -1", "a", "192.0.2.1"),
        ("setting up TLS connection from a[192.0.2.1]", "a", "192.0.2.1"),
        ("warning: bad ETRN x from evil[192.0.2.66]... from a[192.0.2.1]", "a", "192.0.2.1"),
        ("< a[192.0.2.1]: EHLO from evil[192.0.2.66]", "a", "192.0.2.1"),
        ("certificate verification failed for a[192.0.2.1]:4711: untrusted issuer /CN=x", "a", "192.0.2.1"),
        (
            "using backwards-compatible default setting smtpd_relay_before_recipient_restrictions=no to reject "
            'recipient "x from client "evil[192.0.2.66]"" from client "a[192.0.2.1]"',
            "a",
            "192.0.2.1",
        ),
        (
            "using backwards-compatible default setting smtputf8_enable=no to accept non-ASCII sender address "
            '"x from evil[192.0.2.66]" from a[192.0.2.1]',
            "a",
            "192.0.2.1",
        ),
        ("warning: TLS library problem: error:0A00010B:SSL routines::wrong version number", None, None),
        ("warning: connect to Milter service inet:127.0.0.1:8891: Connection refused", None, None),
        ('warning: unknown thing "a from evil[192.0.2.66]: b"', None, None),
        ("dict_ldap_lookup[1]: Search found 1 match(es)", None, None),
    ],
)
def test_warnings_name_their_client(body: str, host: str | None, address: str | None) -> None:
    found = event(f"Nov 23 18:32:26 mx1 {SMTPD}{body}")
    assert (found["event"], found["client_host"], found["client_address"]) == ("other", host, address)
    assert (found["family"] is None) == (address is None)


@pytest.mark.parametrize(
    "body, verb, address, port",
    [
        ("CONNECT from [203.0.113.250]:48035 to [198.51.100.14]:2526", "CONNECT", "203.0.113.250", 48035),
        ("PASS NEW [2001:db8:2::250]:36169", "PASS NEW", "2001:db8:2::250", 36169),
        ("PASS OLD [192.0.2.1]:1", "PASS OLD", "192.0.2.1", 1),
        ("DISCONNECT [192.0.2.1]:1", "DISCONNECT", "192.0.2.1", 1),
        ("HANGUP after 0.5 from [192.0.2.1]:1 in tests before SMTP handshake", "HANGUP", "192.0.2.1", 1),
        ("PREGREET 20 after 0 from [192.0.2.1]:1: EHLO [192.0.2.66]:25\\r\\n", "PREGREET", "192.0.2.1", 1),
        ("DNSBL rank 6 for [192.0.2.1]:1", "DNSBL", "192.0.2.1", 1),
        ("WHITELIST VETO [192.0.2.1]:1", "WHITELIST VETO", "192.0.2.1", 1),
        ("DENYLISTED [192.0.2.1]:1", "DENYLISTED", "192.0.2.1", 1),
        (
            "COMMAND PIPELINING from [192.0.2.1]:1 after EHLO: X [192.0.2.66]",
            "COMMAND PIPELINING",
            "192.0.2.1",
            1,
        ),
        ("NON-SMTP COMMAND from [192.0.2.1]:1 after CONNECT: GET /", "NON-SMTP COMMAND", "192.0.2.1", 1),
        ("DATA without valid RCPT from [192.0.2.1]:1", "DATA", "192.0.2.1", 1),
    ],
)
def test_postscreen(body: str, verb: str, address: str, port: int) -> None:
    assert fields(f"postfix/postscreen[1]: {body}") == {
        "daemon": "postscreen", "level": "info", "event": "postscreen", "verb": verb, "client_address": address,
        "client_port": port, "family": "ipv6" if ":" in address else "ipv4",
    }  # fmt: skip


def test_postscreen_rejects() -> None:
    assert fields(
        "postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.1]:55: 550 5.3.2 Service currently unavailable; "
        "from=<a@b>, to=<c@d>, proto=SMTP, helo=<x>"
    ) == {
        "daemon": "postscreen", "level": "info", "event": "reject", "action": "reject", "stage": "RCPT", "code": 550,
        "dsn": "5.3.2", "reason": "Service currently unavailable", "from": "a@b", "to": "c@d", "proto": "SMTP",
        "helo": "x", "client_address": "192.0.2.1", "client_port": 55, "family": "ipv4",
    }  # fmt: skip
    busy = fields("postfix/postscreen[1]: NOQUEUE: reject: CONNECT from [192.0.2.1]:55: too many connections")
    assert (busy["event"], busy["reason"], busy["client_port"]) == ("reject", "too many connections", 55)
    assert fields("postfix/postscreen[1]: warning: psc_x: [192.0.2.1]:55 hm")["client_address"] == "192.0.2.1"


def test_dnsblog_and_tlsproxy() -> None:
    listed = fields("postfix/dnsblog[1]: addr 192.0.2.1 listed by domain zen.example as 127.0.0.2")
    assert (listed["event"], listed["verb"], listed["client_address"]) == (
        "postscreen",
        "listed",
        "192.0.2.1",
    )
    assert fields("postfix/dnsblog[1]: warning: dnsblog_query: lookup error for x")["event"] == "other"
    assert fields("postfix/tlsproxy[1]: CONNECT from [192.0.2.1]:4711")["client_port"] == 4711
    assert "client_address" not in fields("postfix/tlsproxy[1]: CONNECT to [203.0.113.200]:25")


@pytest.mark.parametrize(
    "words",
    [
        "SSL_accept error from {}: lost connection",
        "SSL_accept error from {}: -1",
        "setting up TLS connection from {}",
        "TLS SNI mx.example from {} not matched, using default chain",
        "warning: TLS SNI from {} is invalid: from [203.0.113.9]:9",
    ],
)
def test_tlsproxy_names_the_client_to_which_it_is_the_server(words: str) -> None:
    found = fields("postfix/tlsproxy[1]: " + words.format("[2001:db8::7]:4711"))
    named = {"client_address": "2001:db8::7", "client_port": 4711, "family": "ipv6", "event": "other"}
    assert named.items() <= found.items()
    assert fields("postfix/tlsproxy[1]: " + words.format(HOST)).items() >= CLIENT.items()


def test_tlsproxy_names_no_server_as_a_client() -> None:
    for words in ("SSL_connect error to {}: -1", "setting up TLS connection to {}", "DISCONNECT {}"):
        assert "client_address" not in fields("postfix/tlsproxy[1]: " + words.format("[203.0.113.2]:25"))


@pytest.mark.parametrize(
    "words",
    [
        "don't know if EHLO feature STARTTLS should be announced to {}",
        "don't know what EHLO features to announce to {}",
        "don't know if command XFORWARD should be allowed from {}",
    ],
)
def test_a_client_whose_features_cannot_be_looked_up(words: str) -> None:
    smtpd(f"warning: {words.format(HOST)}", event="other", **{**CLIENT, "level": "warning"})


@pytest.mark.parametrize(
    "ident, address, family",
    [
        ("smtp:203.0.113.250", "203.0.113.250", "ipv4"),
        ("smtp:2001:db8:1:1::/84", "2001:db8:1:1::/84", "ipv6"),
        ("127.0.0.1:10025:192.0.2.1", "192.0.2.1", "ipv4"),
        ("[::1]:25:2001:db8::5", "2001:db8::5", "ipv6"),
        ("submission:unknown", None, None),
    ],
)
def test_anvil(ident: str, address: str | None, family: str | None) -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 postfix/anvil[1]: statistics: max connection rate 2/60s for ({ident}) at Nov 23 18:35:07"
    )
    assert (found["event"], found["client_address"], found["family"]) == ("statistics", address, family)


def test_scache() -> None:
    assert (
        fields("postfix/scache[1]: statistics: domain lookup hits=60 miss=35 success=63%")["event"]
        == "statistics"
    )
