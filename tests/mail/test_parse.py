"""The parser on whole captured logs of four versions, on mutated lines, and on lines made to be slow."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import random
import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail.lines import REFERENCE, VERSIONS, captured, event

from mxtop.mail.event import as_dict
from mxtop.mail.parse import Parser

MUTATIONS = 100_000

LOGS = [f"{version}{form}" for version in VERSIONS for form in (".log", ".long.iso.log")]

SENT = {  # delivery lines by status, as counted when the logs were captured
    "2.11.11.log": {"sent": 410, "deferred": 253, "bounced": 49, "SOFTBOUNCE": 10, "undeliverable": 6, "deliverable": 4},
    "2.11.11.long.iso.log": {"sent": 410, "deferred": 277, "bounced": 50, "SOFTBOUNCE": 11, "undeliverable": 6, "deliverable": 4},
    "3.5.27.log": {"sent": 455, "deferred": 371, "bounced": 52, "SOFTBOUNCE": 9, "undeliverable": 6, "deliverable": 4},
    "3.5.27.long.iso.log": {"sent": 458, "deferred": 358, "bounced": 52, "SOFTBOUNCE": 9, "undeliverable": 6, "deliverable": 4},
    "3.7.11.log": {"sent": 455, "deferred": 392, "bounced": 51, "SOFTBOUNCE": 10, "undeliverable": 6, "deliverable": 4},
    "3.7.11.long.iso.log": {"sent": 458, "deferred": 357, "bounced": 51, "SOFTBOUNCE": 9, "undeliverable": 6, "deliverable": 4},
    "3.11.6.log": {"sent": 413, "deferred": 402, "bounced": 55, "undeliverable": 6, "SOFTBOUNCE": 4, "deliverable": 4},
    "3.11.6.long.iso.log": {"sent": 473, "deferred": 363, "bounced": 54, "SOFTBOUNCE": 8, "undeliverable": 6, "deliverable": 4},
}  # fmt: skip

ID = r"\]: (?:[0-9A-F]{8,}|[0-9A-Za-z]{14,}): "
NAIVE = {  # each event by a search that knows nothing of the parser
    "delivery": ID + r"to=<.*, status=",
    "connect_failed": r"smtp\[\d+\]: connect to |lmtp\[\d+\]: connect to ",
    "queued": ID + r"from=<.*\(queue active\)$",
    "removed": r"(?:qmgr|postsuper)\[\d+\]: [0-9A-Za-z]+: removed$",
    "expired": r", status=(?:force-)?expired, returned|postsuper\[\d+\]: [0-9A-Za-z]+: expired$",
    "message_id": ID + "message-id=",
    "pickup": ID + "uid=",
    "client": ID + "client=",
    "client_connect": r"smtpd\[\d+\]: connect from ",
    "client_disconnect": r"smtpd\[\d+\]: disconnect from ",
    "client_lost": r"smtpd\[\d+\]: (?:\S+: )?(?:lost connection|timeout|too many errors) after ",
    "reject": r"(?:smtpd|postscreen)\[\d+\]: \S+ reject: |cleanup\[\d+\]: \S+ [a-z]+: header ",
    "tls": r" TLS connection (?:established|reused) ",
    "bounce_notice": r" notification: [0-9A-Za-z]+$",
    "postscreen": r"postscreen\[\d+\]: [A-Z]",
    "statistics": r"\]: statistics: ",
    "reload": r"refreshing the Postfix|reload -- ",
    "start": r"starting the Postfix|daemon started -- ",
    "stop": r"(?:stopping|aborting) the Postfix|terminating on signal",
    "throttle": r"-- throttling$",
    "process_died": r"warning: process \S+ pid ",
    "attempt_failed": ID + r"(?:host \S+ (?:said|refused to talk to me): |lost connection with |conversation with "
    r"|TLS is required|Cannot start TLS|Server certificate not|message requires SMTPUTF8"
    r"|Sender requested REQUIRETLS, but TLS service)",
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_captured_logs(name: str) -> None:
    lines = captured(name)
    parser = Parser(REFERENCE)
    events = [parser.parse(line) for line in lines]
    assert [it.line for it in events] == list(range(1, len(lines) + 1))
    kinds = Counter(it.kind for it in events)
    assert kinds["unparsed"] == 0
    assert kinds["foreign"] == sum(" rsyslogd: " in line for line in lines)
    for kind, pattern in NAIVE.items():
        assert kinds[kind] == sum(re.search(pattern, line) is not None for line in lines), kind
    deliveries = [as_dict(it) for it in events if it.kind == "delivery"]
    assert Counter(it["status"] for it in deliveries) == SENT[name]
    for it in deliveries:
        assert None not in [
            it[field] for field in ("to", "relay", "delay", "delays", "dsn", "reason", "time", "pid")
        ]
        assert (it["family"] is None) == ("[" not in it["relay"]), it["relay"]
    assert all(
        it.time and it.time.startswith("2026-11-23T18:") and it.text in line
        for it, line in zip(events, lines)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_other_lines_are_none_of_the_rest(version: str) -> None:
    """What is left as `other` names no message outcome: a list that only grows with a reason."""
    known = re.compile(
        r"(?:warning|fatal): |[0-9A-Za-z]+: (?:removed \(|requeued|placed on hold|released from hold|skipped, still|"
        r"Sender requested REQUIRETLS, but my)|(?:Deleted|Requeued|Placed on hold|Released from hold|Force-expired): "
        r"|(?:waiting for )?the Postfix mail system |table hash:|cache internal:|SSL_(?:connect|accept) error |"
        r"(?:server )?certificate verification failed |(?:DIS)?CONNECT |Compiled against|Run-time linked|"
        r"tls_library_init|myflock|name_mask|inet_addr_local|[a-z_]+[: ]"
    )
    parser = Parser(REFERENCE)
    for line in captured(f"{version}.long.iso.log"):
        found = parser.parse(line)
        if found.kind == "other":
            assert known.match(found.text), found.text


@pytest.mark.parametrize(
    "line, kind, level",
    [
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]: hello", "other", "info"),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]:", "other", "info"),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]: warning: hello", "other", "warning"),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]: error: hello", "other", "error"),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]: fatal: hello", "other", "fatal"),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1]: panic: hello", "other", "panic"),
        ("Nov 23 18:32:26 mx1 pipe[5247]: fatal: pipe_command: execvp /x: No such file", "other", "fatal"),
        ("Nov 23 18:32:26 mx1 pipe[5247]: something else", "foreign", None),
        ("Nov 23 18:32:26 mx1 opendkim[1]: C3CD21F3E90: DKIM-Signature field added", "foreign", None),
        ("Nov 23 18:32:26 mx1 dovecot: lmtp(alice)<1><x>: saved", "foreign", None),
        ("Nov 23 18:32:26 mx1 sendmail[1]: 4ANHWQ00: to=<a@b>, delay=00:00:01, stat=Sent", "foreign", None),
        ("Nov 23 18:32:26 mx1 kernel: [12.3] eth0: link up", "foreign", None),
        ("Nov 23 18:32:26 mx1 last message repeated 2 times", "foreign", None),
        ("Nov 23 18:32:26 mx1 postfix/smtp[1", "unparsed", None),
        ("", "unparsed", None),
        ("\tat Foo.bar(Foo.java)", "unparsed", None),
        ("\0\0\0", "unparsed", None),
    ],
)
def test_whose_line_and_how_grave(line: str, kind: str, level: str | None) -> None:
    found = event(line)
    assert (found["event"], found["level"]) == (kind, level)
    if kind == "unparsed":
        assert found["text"] == line
        assert found["time"] is found["host"] is found["tag"] is None


@pytest.mark.parametrize(
    "head",
    [
        "Nov 23 18:32:26 mx1 postfix/qmgr[31]: ",
        "Nov 23 18:32:26 mx1 postfix/qmgr[31]: [ID 197553 mail.info] ",
        "<22>Nov 23 18:32:26 mx1 postfix/qmgr[31]: ",
        "<22>1 2026-11-23T18:32:26 mx1 postfix/qmgr 31 - - ",
        "\0\0\0\0Nov 23 18:32:26 mx1 postfix/qmgr[31]: ",
        "2026-11-23T18:32:26 mx1 postfix/qmgr[31]: ",
    ],
)
def test_every_head(head: str) -> None:
    found = event(head + "3Pt2mN2VXxznjll: removed")
    assert (found["event"], found["queue_id"], found["time"]) == (
        "removed",
        "3Pt2mN2VXxznjll",
        "2026-11-23T18:32:26",
    )
    assert (found["host"], found["tag"], found["daemon"], found["pid"]) == ("mx1", "postfix/qmgr", "qmgr", 31)


def test_text_is_verbatim() -> None:
    found = event("Nov 23 18:32:26 mx1 postfix/smtpd[1]: NOQUEUE: reject:  \udcff\u2028\r x ")
    assert found["text"] == "NOQUEUE: reject:  \udcff\u2028\r x "
    assert found["queue_id"] is None
    assert event("Nov 23 18:32:26 mx1 postfix/qmgr[1]: BEEF0123: removed\r")["event"] == "removed"


@pytest.mark.parametrize(
    "word", ["warning", "statistics", "NOQUEUE", "connect", "TLSRPT", "DEAD", "BDFGHJK", "c3cd21f3e90"]
)
def test_words_that_are_no_queue_ids(word: str) -> None:
    assert event(f"Nov 23 18:32:26 mx1 postfix/smtp[1]: {word}: hello")["queue_id"] is None


def test_mutated_lines_raise_nothing() -> None:
    """Bytes cut, doubled, swapped and strewn into real lines."""
    dice = random.Random(20261123)
    lines = [line for name in LOGS for line in dice.sample(captured(name), 300)]
    spice = [
        '"',
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        ", relay=",
        ">, orig_to=<",
        "; from=<",
        ": ",
        "\0",
        "\udc80",
        "٣",
        "delay=9.9.9",
        "\\",
    ]
    parser = Parser(REFERENCE)
    for _ in range(MUTATIONS):
        line = dice.choice(lines)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(line) + 1)
            way = dice.randrange(4)
            if way == 0:
                line = line[:at]
            elif way == 1:
                line = line[:at] + dice.choice(spice) + line[at:]
            elif way == 2:
                line = line[:at] + line[at + dice.randrange(1, 30) :]
            else:
                line = line[:at] + dice.choice(lines)[-at:]
        found = parser.parse(line)
        assert found.text in line or found.text in line.replace(" - - ", ": ")
    assert parser.line == MUTATIONS


@given(st.text())
def test_no_text_raises(line: str) -> None:
    event(line)
    for daemon in ("smtp", "smtpd", "cleanup", "postscreen", "qmgr", "master", "tlsproxy", "anvil"):
        found = event(f"Nov 23 18:32:26 mx1 postfix/{daemon}[1]: BEEF0123: {line}")
        assert found["text"].endswith(line)


SLOW = [
    "smtp[1]: BEEF0123: to=<" + ">, relay=" * 900,
    "smtp[1]: BEEF0123: to=<" + ">, orig_to=<" * 700,
    "smtp[1]: BEEF0123: to=<" + '"\\' * 4000,
    "smtp[1]: BEEF0123: to=<a>, relay=" + "x[" * 4000,
    "smtp[1]: BEEF0123: to=<a>, relay=" + ">, relay=b[" * 700,
    "smtp[1]: BEEF0123: to=<a>, relay=none, delay=" + "1." * 4000,
    "smtp[1]: BEEF0123: to=<a@b>, relay=none, delay=1, dsn=2.0.0, status=sent (" + "queued as " * 800,
    "smtp[1]: BEEF0123: host x[1.2.3.4] said: " + " (in reply to " * 580,
    "smtp[1]: connect to " + "a[b" * 2700,
    "smtp[1]: connect to a[1.2.3.4]: " + "(port 1" * 1100,
    "smtp[1]: Trusted TLS connection established to " + "a[b]: x with cipher " * 400,
    "smtpd[1]: " + "<a> from " * 900,
    "smtpd[1]: warning: " + "a from " * 1100,
    "smtpd[1]: warning: reject: ETRN " + " from a[1.2.3.4]" * 500,
    "smtpd[1]: NOQUEUE: reject: RCPT from a[1.2.3.4]: 550 <" + ">: ; from=<" * 700,
    "smtpd[1]: NOQUEUE: reject: RCPT from a[1.2.3.4]: 550 x; from=<" + "> to=<" * 1300,
    "smtpd[1]: disconnect from a[1.2.3.4]" + " a=1/" * 1600,
    "smtpd[1]: BEEF0123: client=a[1.2.3.4]" + ", sasl_method=" * 570,
    "postscreen[1]: " + "A " * 4000,
    "postscreen[1]: " + "A-" * 4000,
    "anvil[1]: statistics: max rate 1 for (" + ":1" * 4000,
    "cleanup[1]: BEEF0123: reject: header " + " from a; from=<" * 530,
    "cleanup[1]: BEEF0123: message-id=" + "<" * 8000,
    "qmgr[1]: BEEF0123: from=<" + ", size=1" * 1000,
    "pickup[1]: BEEF0123: uid=0 from=<" + " orig_id=a" * 800,
    "bounce[1]: BEEF0123: sender " + "a-" * 4000,
    "master[1]: warning: " + ": fork: " * 1000,
    "master[1]: warning: process " + " pid 1" * 1300,
    "tlsproxy[1]: " + "[" * 8000,
    "B" * 8000,
]


@pytest.mark.parametrize("body", SLOW, ids=lambda body: body[:30])
def test_hostile_lines_cost_linear_time(body: str) -> None:
    """Eight kilobytes in less than a millisecond, whatever they say."""
    parser = Parser(REFERENCE)
    line = "2026-11-23T18:32:26+00:00 mx1 postfix/" + body
    best = 1.0
    for _ in range(20):
        begin = time.thread_time()
        parser.parse(line)
        best = min(best, time.thread_time() - begin)
    assert best < 0.001


@pytest.mark.parametrize(
    "line",
    [
        "<22>1 " * 1300,
        "<1>1 2026-11-23T18:32:26Z a b c d [" + "a]" * 4000,
        "Nov 23 18:32:26 " + "[" * 8000,
        "\0" * 8000,
    ],
)
def test_hostile_heads_cost_linear_time(line: str) -> None:
    parser = Parser(REFERENCE)
    begin = time.thread_time()
    for _ in range(10):
        parser.parse(line)
    assert time.thread_time() - begin < 0.01
