"""The bulk scanner, compiled or not, comes to the parser's sums on every text: captured, mixed, mutated, hostile."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mail.lines import REFERENCE, VERSIONS, captured

from mxtop.mail import heads
from mxtop.mail.parse import Parser
from mxtop.mail.scan import Scanner
from mxtop.mail.tracker import Caps, Tracker

LOGS = [f"{version}{form}" for version in VERSIONS for form in (".log", ".long.iso.log")]
NAMES = (None, ("postfix",), ("postfix-out", "postfix-out6"), ("nobody",))

HEADS = [
    "2026-11-23T18:34:37.130462+00:00 mx1 ",
    "2026-11-23T18:34:38+00:00 mx1 ",
    "2026-11-23T18:34:75.130462+00:00 mx1 ",
    "2026-02-30T18:34:37.130462+00:00 mx1 ",
    "2026-11-23T18:34:37.130462Z mx1 ",
    "2026-11-23T18:34:37.130462+00:00  ",
    "Nov 23 18:34:37 mx1 ",
    "Nov  3 18:34:37 mx1 ",
    "Feb 30 18:34:37 mx1 ",
    "Non 23 18:34:37 mx1 ",
    "<22>Nov 23 18:34:37 mx1 ",
    "",
]
TAGS = [
    "postfix/smtp[7]: ", "postfix/smtp[007]: ", "postfix/smtp: ", "postfix/smtp[7] ", "postfix/relay/smtp[7]: ",
    "postfix/smtpd[7]: ", "postfix/submission/smtpd[7]: ", "postfix/qmgr[7]: ", "postfix/cleanup[7]: ", "postfix/local[7]: ",
    "postfix/error[7]: ", "postfix/postscreen[7]: ", "postfix/pickup[7]: ", "postfix/anvil[7]: ", "postfix/postsuper[7]: ",
    "postfix-out/smtp[7]: ", "postfix-out/qmgr[7]: ", "postfix/policyd[7]: ", "smtp[7]: ", "dovecot: ", "opendkim[7]: ", "last message repeated ",
]  # fmt: skip
DELIVERY = "to=<u@A.example>, relay=mx.a.example[2001:db8::1]:25, delay=1.1, delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)"
REJECT = "reject: RCPT from c[192.0.2.7]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y> proto=ESMTP helo=<h>"
TEXTS = [
    DELIVERY, DELIVERY.replace("mx.a.example[2001:db8::1]:25", "127.0.0.1[127.0.0.1]:10024"),
    DELIVERY.replace(", delay", ", conn_use=2, delay"), DELIVERY.replace("<u@A.example>", '<"a> b"@c.example>'),
    "to=<u@a.example>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (connect to h[192.0.2.1]:25: Connection timed out)",
    "to=<u@a.example>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: x)",
    "from=<s@here>, size=1, nrcpt=1 (queue active)", "from=<s@here>, size=1, nrcpt=1", "from=<>, status=expired, returned to sender",
    "removed", "requeued", "message-id=<x@y>", "message-id=to=<u@a.example>", "uid=0 from=<root>",
    "client=c[192.0.2.7]", "client=c[192.0.2.7]:999, sasl_method=PLAIN", "client=c d[192.0.2.7]", REJECT,
    "reject: header Subject: to=<x> from c[192.0.2.7]; from=<a@b> to=<c@d> proto=SMTP helo=<x>: no",
    REJECT.replace("denied", "denied; client [192.0.2.9] blocked"), REJECT.replace("helo=<h>", "helo=<; from=<q> status=sent>"),
    REJECT.replace("<x@y>: ", "<x; from=<z>>: "), "milter-reject: END-OF-MESSAGE from c[192.0.2.7]: 4.7.1 later; from=<a@b>",
    "host mx.a.example[192.0.2.1] refused to talk to me: 421 busy", "Cannot start TLS: handshake failure",
    "Server certificate not verified", "Server certificate not trusted",
    "host mx.a.example[192.0.2.1] said: 450 later (in reply to RCPT TO command)",
    "to=<u@a.example>, relay=h[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (host h[192.0.2.1] said: 450 no (in reply to RCPT TO command)",
    DELIVERY.replace("delay=1.1", f"delay={'9' * 400}"), DELIVERY.replace("0.5/0.5", f"0.5/{'9' * 19}"), DELIVERY.replace("/0.5", f"/0.{'5' * 19}"),
    DELIVERY.replace("delay=1.1", "delay=1."), DELIVERY.replace("/0.5/", "/0.5.5/"), DELIVERY.replace("/0.5/", "/"), DELIVERY.replace("<u@A.example>", "<@>"),
    DELIVERY.replace(", delay", ", conn_use=1234567890, delay", 1), DELIVERY.replace(" delays", " delays=1/1/1/1, delays"), DELIVERY.replace("25, ", "25\t, "),
    "client=c[192.0.2.7]x[y]", "client=c[a, b], sasl_method=PLAIN", "client=c[192.0.2.7]\r", "client", "removed\r",
]  # fmt: skip
BARE = [
    "connect from c[192.0.2.7]", "connect from c[192.0.2.7]:99", "connect from c[192.0.2.7] x", "connect from unknown[unknown]",
    "disconnect from c[192.0.2.7] ehlo=1", "lost connection after AUTH from c[192.0.2.7]", "warning: hostname h does not resolve to address 192.0.2.1",
    "connect to h[192.0.2.1]:25: Connection refused", "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused",
    "Trusted TLS connection established to h[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)", "CONNECT from [192.0.2.7]:9 to [192.0.2.2]:25",
    "PASS NEW [192.0.2.7]:9", "addr 192.0.2.7 listed by domain bl.example as 127.0.0.2", "statistics: max connection count 1 for (smtp:192.0.2.7) at Nov 23 18:00:00",
    "warning: x: to=<u@a.example>, relay=none", "", "fatal: no", "hi", "connect", "warning: hi", "to:", "warning: connect from c[192.0.2.7]",
    "connect to h[192.0.2.1]: Connection refused", "connect to 127.0.0.1[127.0.0.1]:01024: no", "connect to h[192.0.2.1]:25: no\r", "connect to c d[192.0.2.1]:25: no",
    "connect from c[192.0.2.7]\r", "reject: RCPT from c[192.0.2.7]: 554 5.7.1 no; from=<a@b>", "warning: 4AAAAA1111: to=<u@a.example>, relay=none",
    "SSL_connect error to h[2001:db8::1]:25: -1", "SSL_connect error to h[192.0.2.1]:25: lost connection", "SSL_connect error to localhost[::1]:25: -1",
    "certificate verification failed for h[2001:db8::1]:25: self-signed certificate", "certificate verification failed for h[192.0.2.1]:25: untrusted issuer /CN=x",
    "server certificate verification failed for h[2001:db8::1]:25: num=62:hostname mismatch", "CA certificate verification failed for h[192.0.2.1]:25: certificate has expired",
    "h[2001:db8::1]:25: re-using session with untrusted certificate, look for details earlier in the log", "certificate to=<u@a.example>", "server", "CA ", "certificate ",
    "Certificate verification failed for h[192.0.2.1]:25: x", "client certificate verification failed for c[192.0.2.7]: certificate has expired",
    "BCDFGHJKLMNP: to=<u@a.example>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (x)",
]  # fmt: skip
PREFIXES = [
    "4AAAAA1111: ",
    "4BBBBB2222: ",
    "4jYFCF3k4Pzns9r: ",
    "NOQUEUE: ",
    "warning: ",
    "hello: ",
    "warning: 4AAAAA1111: ",
    "",
]


def sums(tracker: Tracker) -> dict[str, Any]:
    """Everything that a tracker tells."""
    return {
        "totals": tracker.totals(),
        "host": tracker.host,
        "rows": tracker.rows(REFERENCE),
        "rates": tracker.rates(REFERENCE),
        "reasons": {key: (row.count, row.example_queue_id) for key, row in tracker.reasons.items()},
        "rejects": {key: (row.count, row.example_queue_id) for key, row in tracker.rejects.items()},
        "clients": {k: (c.host, c.address, c.connections, c.messages, c.rejects) for k, c in tracker.clients.items()},
        "filters": {key: hop.counts() for key, hop in tracker.filters.items()},
        "messages": dict(tracker.messages),
        "relays": tracker.relays,
    }  # fmt: skip


def check(
    lines: Iterable[str],
    names: tuple[str, ...] | None = None,
    cuts: Iterable[int] = (),
    caps: Caps | None = None,
) -> Scanner:
    """All ways over the same lines, the scanner's text cut at `cuts`; the scanner, to ask more."""
    lines = list(lines)
    parser, slow = Parser(REFERENCE), Tracker(names, caps)
    for line in lines:
        slow.apply(parser.parse(line))
    bounds = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    for half in {None, heads.compiled}:
        with mock.patch.object(heads, "compiled", half):
            fast = Tracker(names, caps)
            scanner = Scanner(fast, REFERENCE)
            for start, end in pairwise(bounds):
                scanner.feed("".join(f"{line}\n" for line in lines[start:end]))
            assert sums(fast) == sums(slow)
    return scanner


@pytest.mark.parametrize("log", LOGS)
def test_captured_logs(log: str) -> None:
    lines = captured(log)
    check(lines, cuts=range(0, len(lines), 700))


def test_captured_logs_of_several_instances() -> None:
    for names in NAMES:
        check(captured("3.7.11.long.iso.log"), names)


def test_all_logs_in_one_text_and_shuffled() -> None:
    everything = [line for log in LOGS for line in captured(log)]
    check(everything, cuts=range(0, len(everything), 3000))
    random.Random(1).shuffle(everything)
    check(everything[:12_000])


@pytest.mark.parametrize("seed", range(4))
def test_mutated_logs(seed: int) -> None:
    rng = random.Random(seed)
    lines = rng.sample([line for log in LOGS[seed::4] for line in captured(log)], 4000)
    for at, line in enumerate(lines):
        place = rng.randrange(len(line) + 1)
        lines[at] = rng.choice(
            [
                lambda line=line, place=place: line[:place],
                lambda line=line, place=place: (
                    line[:place] + rng.choice(":;<>[](), \r\x00٣é\udc80") + line[place:]
                ),
                lambda line=line, place=place: line[:place] + line[place + 1 :],
                lambda line=line, place=place: line[:place] + rng.choice(lines)[place:],
                lambda line=line: line,
            ]
        )()
    check(lines, NAMES[seed], cuts=range(0, 4000, 333))


LINE = st.builds(
    lambda head, tag, text: head + tag + text,
    st.sampled_from(HEADS),
    st.sampled_from(TAGS),
    st.one_of(st.builds("".join, st.tuples(st.sampled_from(PREFIXES), st.sampled_from(TEXTS))), st.sampled_from(BARE)),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(LINE, min_size=1, max_size=30), st.sampled_from(NAMES), st.lists(st.integers(0, 30), max_size=3)
)
def test_random_lines(lines: list[str], names: tuple[str, ...] | None, cuts: list[int]) -> None:
    check(lines, names, cuts)


def test_each_shape_after_each_head_and_tag() -> None:
    every = [h + t + p + x for h in HEADS[:7:2] for t in TAGS for p in PREFIXES for x in TEXTS]
    every += [h + t + x for h in HEADS for t in TAGS for x in BARE]
    random.Random(2).shuffle(every)
    check(every, cuts=range(0, len(every), 500))


def test_a_text_without_its_last_newline_and_one_without_lines() -> None:
    fast = Tracker()
    scanner = Scanner(fast, REFERENCE)
    scanner.feed("")
    assert fast.lines == 0
    scanner.feed(HEADS[0] + TAGS[0] + PREFIXES[0] + DELIVERY)
    scanner.feed("\n")
    assert (fast.lines, fast.unparsed, fast.deliveries) == (2, 1, {"sent": 1})


def test_a_tag_does_not_reach_over_the_end_of_its_line() -> None:
    ordinary = HEADS[0] + TAGS[0] + "hello there"
    check([ordinary, HEADS[0] + "word", "dovecot: hello there", ordinary])
    check([ordinary, HEADS[0] + "word", TAGS[0] + PREFIXES[0] + DELIVERY, ordinary])


def test_full_tables_turn_away_the_same_whichever_way() -> None:
    """Clients are counted many at a time, and still in the order of the log."""
    caps = Caps(clients=3)
    names = [f"c{n * n % 7}[192.0.2.{n * n % 7}]" for n in range(40)]
    lines = [
        HEADS[0]
        + TAGS[5]
        + (f"connect from {name}", f"4AAAAA1111: client={name}", f"NOQUEUE: {REJECT}")[n % 3]
        for n, name in enumerate(names)
    ]
    lines[20:20] = [HEADS[0] + TAGS[5] + f"4BBBBB2222: {REJECT.replace('c[', 'z[')}"]  # the parser's
    check(lines, cuts=(7, 30), caps=caps)
    check(lines, caps=Caps(clients=100))


def test_ordinary_lines_do_not_need_the_parser() -> None:
    """What is fast must stay fast: most lines of a log of ordinary traffic are read here."""
    usual = [
        TAGS[5] + BARE[0], TAGS[5] + PREFIXES[2] + TEXTS[14], TAGS[8] + PREFIXES[2] + TEXTS[11],
        TAGS[7] + PREFIXES[2] + TEXTS[6], TAGS[0] + PREFIXES[2] + DELIVERY, TAGS[9] + PREFIXES[2] + DELIVERY,
        TAGS[7] + PREFIXES[2] + "removed", TAGS[5] + BARE[4], TAGS[5] + "NOQUEUE: " + REJECT, "dovecot: hi there",
        TAGS[11] + BARE[10], TAGS[0] + BARE[7], TAGS[5] + BARE[6], TAGS[5] + "NOQUEUE: " + "client=c[192.0.2.7]",
    ]  # fmt: skip
    for head in (HEADS[0], HEADS[1], HEADS[6], HEADS[7]):
        scanner = check([head + body for body in usual * 20])
        assert scanner.parsed <= 2  # the first line; the last, where nothing is tallied from it
