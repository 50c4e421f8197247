"""What counts as a session, a request, a failed connect, a message: the contract's words one by one."""

from __future__ import annotations

import pytest
from tests.mail.track import V4, V6, families, to, track

CONNECT_V6 = "postfix/smtp[7]: connect to mx.a.example[2001:db8::1]:25: Connection timed out"


def test_a_message_with_three_recipients_is_one_session() -> None:
    tracker = track(*(to(f"u{n}@a.example", V4) for n in range(3)))
    assert families(tracker) == {"ipv4": (1, 0, 0)}
    assert tracker.totals().families.ipv4.sent == 3


@pytest.mark.parametrize(
    ("second", "sessions"),
    [
        (to("u@a.example", V4, queue_id="4BBBBB2222"), 2),  # another message
        (to("u@a.example", V4, pid=8), 2),  # another process
        (to("u@a.example", V4, daemon="relay/smtp"), 2),  # another service
        (to("u@a.example", "mx.a.example[192.0.2.2]:25"), 2),  # another address
        (to("u@a.example", "other.name[192.0.2.1]:25"), 1),  # the same address
    ],
)
def test_a_session_is_of_one_tag_pid_queue_id_and_address(second: str, sessions: int) -> None:
    assert families(track(to("u@a.example", V4), second)) == {"ipv4": (sessions, 0, 0)}


def test_lines_of_another_message_between_end_the_session() -> None:
    tracker = track(
        to("u@a.example", V4), to("v@a.example", V4, queue_id="4BBBBB2222"), to("u@a.example", V4)
    )
    assert families(tracker) == {"ipv4": (3, 0, 0)}


def test_a_used_connection_is_a_reused_session_and_no_new_one() -> None:
    tracker = track(to("u@a.example", V6, conn_use=2), to("v@a.example", V6, conn_use=2))
    assert families(tracker) == {"ipv6": (0, 1, 0)}
    assert families(track(to("v@a.example", V6, conn_use=3), tracker=tracker)) == {"ipv6": (0, 2, 0)}


def test_a_queue_id_that_is_used_again_is_another_message() -> None:
    active = "postfix/qmgr[2]: 4AAAAA1111: from=<s@here>, size=1, nrcpt=1 (queue active)"
    removed = "postfix/qmgr[2]: 4AAAAA1111: removed"
    once = (active, to("u@a.example", V4), removed)
    tracker = track(*once, *once)
    totals = tracker.totals()
    assert (totals.queued, totals.removed, totals.in_flight) == (2, 2, 0)
    assert families(tracker) == {"ipv4": (2, 0, 0)}


def test_a_retry_is_no_new_message() -> None:
    active = "postfix/qmgr[2]: 4AAAAA1111: from=<s@here>, size=1, nrcpt=1 (queue active)"
    totals = track(active, active).totals()
    assert (totals.queued, totals.removed, totals.in_flight) == (1, 0, 1)


def test_a_requeued_message_leaves_under_its_old_queue_id() -> None:
    totals = track(
        "postfix/qmgr[2]: 4AAAAA1111: from=<s@here>, size=1, nrcpt=1 (queue active)",
        "postfix/postsuper[3]: 4AAAAA1111: requeued",
    ).totals()
    assert (totals.queued, totals.removed, totals.in_flight) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("host mx.a.example[2001:db8::1] refused to talk to me: 421 busy", 1),
        ("lost connection with mx.a.example[2001:db8::1] while receiving the initial server greeting", 1),
        ("conversation with mx.a.example[2001:db8::1] timed out while performing the EHLO handshake", 1),
        ("lost connection with mx.a.example[2001:db8::1] while performing the HELO handshake", 1),
        ("TLS is required, but was not offered by host mx.a.example[2001:db8::1]", 1),
        ("host mx.a.example[2001:db8::1] said: 450 later (in reply to RCPT TO command)", 0),
        ("lost connection with mx.a.example[2001:db8::1] while sending RCPT TO", 0),
        ("conversation with mx.a.example[2001:db8::1] timed out while sending message body", 0),
    ],
)
def test_an_attempt_failed_is_a_session_at_the_greeting_ehlo_or_tls(text: str, sessions: int) -> None:
    tracker = track(f"postfix/smtp[7]: 4AAAAA1111: {text}", to("u@a.example", V4))
    totals = tracker.totals().families
    assert (totals.ipv6.connections, totals.ipv4.connections) == (sessions, 1)
    row = tracker.rows(0)[0]
    assert row.families.ipv6.connections == sessions
    assert row.first_try_ipv6_share == 1
    assert [failure.status for failure in row.failures] == ["attempt_failed"]


NO_TLS = "postfix/smtp[7]: 4AAAAA1111: Cannot start TLS: handshake failure"
SSL_ERROR = "postfix/smtp[7]: SSL_connect error to mx.a.example[2001:db8::1]:25: -1"


def test_a_failed_tls_handshake_is_a_session_with_the_address_of_the_line_before() -> None:
    library = "postfix/smtp[7]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version:"
    tracker = track(SSL_ERROR, library, NO_TLS, to("u@a.example", V4))
    assert families(tracker) == {"ipv4": (1, 0, 0), "ipv6": (1, 0, 0)}
    row = tracker.rows(0)[0]
    assert (row.families.ipv6.connections, row.first_try_ipv6_share) == (1, 1)
    assert [(f.status, f.address, f.text) for f in row.failures] == [
        ("attempt_failed", "2001:db8::1", "Cannot start TLS: handshake failure")
    ]


@pytest.mark.parametrize(
    "between",
    [
        (),
        (SSL_ERROR.replace("smtp[7]", "smtp[8]"),),  # another process
        (SSL_ERROR.replace("smtp[7]", "tlsproxy[7]"),),
        (SSL_ERROR, to("v@a.example", V6, queue_id="4BBBBB2222")),  # that session's line has come
        (SSL_ERROR, NO_TLS.replace("4AAAAA1111", "4BBBBB2222")),
        (SSL_ERROR.replace("mx.a.example[2001:db8::1]:25", "mx.a.example"),),
    ],
)
def test_a_failed_tls_handshake_that_no_line_before_names_has_no_address(between: tuple[str, ...]) -> None:
    tracker = track(*between, NO_TLS, to("u@a.example", V4))
    counts = families(tracker)
    assert (counts["ipv4"], counts["none"]) == ((1, 0, 0), (1, 0, 0))
    assert tracker.rows(0)[0].failures[-1].address is None


def test_the_last_try_s_failed_handshake_is_the_session_of_its_delivery_line() -> None:
    tracker = track(SSL_ERROR, to("u@a.example", V6, status="deferred"))
    assert families(tracker) == {"ipv6": (1, 0, 0)}


REFUSED = (
    "certificate verification failed for {}: self-signed certificate",
    "certificate verification failed for {}: untrusted issuer /CN=CA",
    "certificate verification failed for {}: not trusted by local or TLSA policy",
    "server certificate verification failed for {}: certificate has expired",
    "server certificate verification failed for {}: num=62:hostname mismatch",
    "server certificate verification failed for {}: num=65:no matching DANE TLSA records",
    "CA certificate verification failed for {}: certificate has expired",
    "{}: re-using session with untrusted certificate, look for details earlier in the log",
    "{}: re-using session with untrusted peer credential, look for details earlier in the log",
)
"""What smtp(8) says of a certificate just before it refuses it, with any smtp_tls_loglevel since 2.9."""


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("end", ["Server certificate not verified", "Server certificate not trusted"])
def test_a_refused_certificate_is_a_session_with_the_address_of_the_line_before(text: str, end: str) -> None:
    """As captured: two addresses refused, the third mail host takes the message."""
    tls = "postfix/smtp[7]: Untrusted TLS connection established to {}: TLSv1.3 with cipher X (256/256 bits)"
    lines = [
        (f"postfix/smtp[7]: {text}".format(far), tls.format(far), f"postfix/smtp[7]: 4AAAAA1111: {end}")
        for far in (V6, V4)
    ]
    tracker = track(*lines[0], *lines[1], to("u@a.example", "mx2.a.example[192.0.2.2]:25"))
    assert families(tracker) == {"ipv4": (2, 0, 0), "ipv6": (1, 0, 0)}
    row = tracker.rows(0)[0]
    assert (row.families.ipv6.connections, row.families.ipv4.connections) == (1, 2)
    assert row.first_try_ipv6_share == 1
    assert [(f.status, f.address, f.text) for f in row.failures] == [
        ("attempt_failed", address, end) for address in ("2001:db8::1", "192.0.2.1")
    ]


def test_the_last_try_s_refused_certificate_is_the_session_of_its_delivery_line() -> None:
    refused = f"postfix/smtp[7]: {REFUSED[0]}"
    end = "postfix/smtp[7]: 4AAAAA1111: Server certificate not verified"
    last = to("u@a.example", V4, status="deferred", reason="Server certificate not verified")
    tracker = track(refused.format(V6), end, refused.format(V4), last)
    assert families(tracker) == {"ipv4": (1, 0, 0), "ipv6": (1, 0, 0)}
    next_one = to("u@b.example", "mx.b.example[192.0.2.9]:25", queue_id="4BBBBB2222")
    track(end.replace("4AAAAA1111", "4BBBBB2222"), next_one, tracker=tracker)
    assert families(tracker) == {"ipv4": (2, 0, 0), "ipv6": (1, 0, 0), "none": (1, 0, 0)}


def test_a_certificate_that_nobody_asked_for_is_no_session() -> None:
    """Postfix 2.8 and before tell of it, and go on: the session's own line counts, wherever it is."""
    refused = f"postfix/smtp[7]: {REFUSED[0]}".format(V6)
    assert families(track(refused, to("u@a.example", V6))) == {"ipv6": (1, 0, 0)}
    later = f"postfix/smtp[7]: 4AAAAA1111: host {V6} said: 450 later (in reply to RCPT TO command)"
    assert families(track(refused, later, to("u@a.example", V4))) == {"ipv4": (1, 0, 0)}
    assert families(track(refused)) == {}


@pytest.mark.parametrize(
    "body",
    [
        f"postfix/tlsproxy[7]: {REFUSED[0]}",  # its handshake, not smtp(8)'s: which session's, nobody says
        f"postfix/smtpd[7]: {REFUSED[0]}",
        f"postfix/smtp[8]: {REFUSED[0]}",
        f"postfix/smtp[7]: warning: {REFUSED[0]}",
        f"postfix/smtp[7]: 4AAAAA1111: {REFUSED[0]}",
        f"postfix/smtp[7]: NOQUEUE: {REFUSED[0]}",
        f"postfix/smtp[7]: client {REFUSED[0]}",
        f"postfix/smtp[7]: {REFUSED[0]}".replace("certificate ver", "certificate  ver"),
        f"postfix/smtp[7]: {REFUSED[0]}".replace("{}", "mx.b.example x{}"),
        f"postfix/smtp[7]: {REFUSED[0]}".replace("{}: ", "{}x: "),
        # what another writes: a subject or a name in a certificate, a reply
        f"postfix/smtp[7]: mx.b.example: subject_CN={REFUSED[0]}, issuer_CN=x",
        f"postfix/smtp[7]: certificate verification failed for mx.b: untrusted issuer /CN={REFUSED[0]}",
        f"postfix/smtp[7]: certificate verification failed for unix: num=1: {{}}: {REFUSED[7]}",
        "postfix/smtp[7]: {} said: re-using session with untrusted certificate, look for details",
    ],
)
def test_only_smtp_s_own_word_of_a_certificate_names_an_address(body: str) -> None:
    end = "postfix/smtp[7]: 4AAAAA1111: Server certificate not verified"
    counts = families(track(body.replace("{}", V6), end, to("u@a.example", V4)))
    assert counts == {"ipv4": (1, 0, 0), "none": (1, 0, 0)}


def test_the_address_is_the_connection_s_whatever_the_certificate_says() -> None:
    text = f"certificate verification failed for {V6}: untrusted issuer /CN={REFUSED[0].format(V4)}"
    end = "postfix/smtp[7]: 4AAAAA1111: Server certificate not verified"
    assert families(track(f"postfix/smtp[7]: {text}", end)) == {"ipv6": (1, 0, 0)}


def test_a_failed_handshake_with_a_content_filter_is_a_session_of_the_filter() -> None:
    tracker = track(SSL_ERROR.replace("mx.a.example[2001:db8::1]", "localhost[::1]"), NO_TLS)
    assert families(tracker) == {}
    assert [hop.connections for hop in tracker.filters.values()] == [1]


def test_failed_connects_belong_to_the_delivery_that_follows_in_the_process() -> None:
    tracker = track(
        CONNECT_V6,
        to("u@other.example", V4, pid=8, queue_id="4BBBBB2222"),
        to("u@a.example", V4),
    )
    assert families(tracker) == {"ipv4": (2, 0, 0), "ipv6": (0, 0, 1)}
    other, row = tracker.rows(0)
    assert other.families.ipv6.failed_connects == 0
    assert row.families.ipv6.failed_connects == 1
    assert (other.first_try_ipv6_share, row.first_try_ipv6_share) == (0, 1)
    assert [(f.status, f.address, f.text) for f in row.failures] == [
        ("connect_failed", "2001:db8::1", "Connection timed out")
    ]


def test_failed_connects_before_another_message_s_attempt_are_not_the_next_one_s() -> None:
    tracker = track(
        CONNECT_V6,
        "postfix/smtp[7]: 4BBBBB2222: host mx.b.example[192.0.2.9] refused to talk to me: 421 busy",
        to("u@a.example", V4),
    )
    assert families(tracker) == {"ipv4": (2, 0, 0), "ipv6": (0, 0, 1)}
    assert tracker.rows(0)[0].families.ipv6.failed_connects == 0


def test_a_failed_connect_of_long_ago_is_another_process_s() -> None:
    for wait, attributed in ((600, 1), (1000, 0)):
        tracker = track(CONNECT_V6, f"@{wait} " + to("u@a.example", V4))
        assert tracker.rows(0)[0].families.ipv6.failed_connects == attributed
        assert families(tracker)["ipv6"] == (0, 0, 1)


def test_no_connection_counts_as_none() -> None:
    failed = "connect to mx.a.example[2001:db8::1]:25: Connection timed out"
    tracker = track(CONNECT_V6, to("u@a.example", "none", status="deferred", reason=failed))
    counts = tracker.totals().families
    assert (counts.none.deferred, counts.none.connections, counts.ipv6.failed_connects) == (1, 0, 1)
    assert tracker.rows(0)[0].first_try_ipv6_share == 1


def test_the_share_is_of_requests_that_tried_a_new_connection() -> None:
    tracker = track(
        to("u@a.example", V6),
        to("v@a.example", V6),
        to("u@a.example", V4, queue_id="4BBBBB2222"),
        to("u@a.example", V4, queue_id="4CCCCC3333", conn_use=2),
        to("u@a.example", V4, queue_id="4DDDDD4444"),
    )
    assert tracker.rows(0)[0].first_try_ipv6_share == pytest.approx(1 / 3)
    for relay in ("local", "mx1[private/dovecot-lmtp]", "none"):
        assert track(to("u@a.example", relay)).rows(0)[0].first_try_ipv6_share is None


def test_each_destination_of_a_request_through_a_relayhost_has_its_first_try() -> None:
    domains = ("a", "b", "a", "b")
    tracker = track(*(to(f"u{n}@{name}.example", V6) for n, name in enumerate(domains)))
    assert [row.first_try_ipv6_share for row in tracker.rows(0)] == [1, 1]
    assert [tally.first_tries for tally in tracker.destinations.values()] == [1, 1]
    assert families(tracker) == {"ipv6": (1, 0, 0)}


def test_suspended_delivery_is_no_attempt() -> None:
    text = "delivery temporarily suspended: connect to mx.a.example[192.0.2.1]:25: Connection refused"
    tracker = track(to("u@a.example", "none", daemon="error", status="deferred", reason=text))
    totals = tracker.totals()
    assert totals.deliveries == {"deferred": 1}
    assert totals.families.none.deferred == 0
    assert tracker.rows(0) == () and not tracker.reasons


def test_whoever_else_says_suspended_was_tried_all_the_same() -> None:
    text = "Command output: delivery temporarily suspended: ha"
    tracker = track(to("u@a.example", "maildrop", daemon="pipe", status="deferred", reason=text))
    assert tracker.totals().families.none.deferred == 1
    tracker = track(to("u@a.example", V4, status="deferred", reason="delivery temporarily suspended: ha"))
    assert tracker.totals().families.ipv4.deferred == 1


def test_loopback_hops_are_filters_only() -> None:
    relay = "127.0.0.1[127.0.0.1]:10024"
    tracker = track(
        "postfix/smtp[7]: connect to 127.0.0.1[127.0.0.1]:10024: Connection refused",
        to("u@a.example", relay),
        to("v@a.example", relay, conn_use=2),
        to("u@a.example", "localhost[::1]:10026", pid=8),
    )
    totals = tracker.totals()
    assert totals.deliveries == {} and families(tracker) == {} and tracker.rows(0) == ()
    shown = {r: (f.connections, f.reused, f.failed_connects, f.sent) for r, f in tracker.filters.items()}
    assert shown == {relay: (1, 1, 1, 2), "localhost[::1]:10026": (1, 0, 0, 1)}


def test_a_unix_socket_is_a_family_of_its_own() -> None:
    tracker = track(to("u@a.example", "mx1[private/dovecot-lmtp]", daemon="lmtp"))
    assert families(tracker) == {"unix": (1, 0, 0)}


def test_lines_of_another_instance_are_not_counted_as_this_one_s() -> None:
    other = to("u@a.example", V4).replace("postfix/", "postfix-out/")
    tracker = track(to("u@a.example", V4), to("v@a.example", V4, daemon="relay/smtp"), other, "dovecot: hi")
    assert families(tracker) == {"ipv4": (3, 0, 0)}
    tracker = track(
        to("u@a.example", V4),
        to("v@a.example", V4, daemon="relay/smtp"),
        other,
        "dovecot: hi",
        syslog_names=("postfix",),
    )
    totals = tracker.totals()
    assert families(tracker) == {"ipv4": (2, 0, 0)}
    assert (totals.lines, totals.other_instances, totals.foreign) == (4, 1, 1)


def test_clients_and_rejects() -> None:
    tracker = track(
        "postfix/smtpd[9]: connect from c.example[192.0.2.7]",
        "postfix/smtpd[9]: 4AAAAA1111: client=c.example[192.0.2.7], sasl_method=PLAIN, sasl_username=u",
        "postfix/smtpd[9]: NOQUEUE: reject: RCPT from c.example[192.0.2.7]: 554 5.7.1 <x@y.example>: "
        "Relay access denied; from=<a@b.example> to=<x@y.example> proto=ESMTP helo=<h>",
        "postfix/smtpd[9]: NOQUEUE: reject: RCPT from c.example[192.0.2.7]: 554 5.7.1 <z@y.example>: "
        "Relay access denied; from=<a@b.example> to=<z@y.example> proto=ESMTP helo=<h>",
    )
    (client,) = tracker.clients.values()
    assert (client.host, client.address) == ("c.example", "192.0.2.7")
    assert (client.connections, client.messages, client.rejects) == (1, 1, 2)
    ((key, row),) = tracker.rejects.items()
    assert key == ("reject", "RCPT", 554, "5.7.1", "<…@…>: Relay access denied")
    assert row.count == 2


def test_first_last_host_and_what_is_not_understood() -> None:
    tracker = track("dovecot: hi", "postfix/qmgr[2]: 4AAAAA1111: removed")
    parser_lines = tracker.totals()
    assert (tracker.host, parser_lines.first) == ("mx1", "2026-11-23T19:00:00.000000+00:00")
    assert parser_lines.last == "2026-11-23T19:00:01.000000+00:00"
