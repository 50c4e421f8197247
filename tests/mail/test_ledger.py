"""Rows that stay the same objects, rates that fade, and tables that end."""

from __future__ import annotations

import pickle
import time

from tests.mail.track import START, V4, V6, to, track

from mxtop.mail.parse import Parser
from mxtop.mail.tracker import Caps, Tracker


def test_unchanged_rows_are_the_same_objects() -> None:
    tracker = track(to("u@a.example", V4), to("u@b.example", V4, queue_id="4BBBBB2222"))
    later = START + 10_000
    before = tracker.rows(later)
    assert tracker.rows(later) is before
    track(to("u@b.example", V6, queue_id="4CCCCC3333"), tracker=tracker)
    after = tracker.rows(later)
    assert after[0] is before[0]
    assert after[1] is not before[1] and after[1].sent == 2
    assert [row.destination for row in after] == ["a.example", "b.example"]


def test_a_hundred_thousand_sleeping_destinations_cost_nothing() -> None:
    tracker = Tracker(caps=Caps(destinations=100_000))
    peer = tracker.peers[V4]
    for n in range(100_000):
        name = f"d{n}.example"
        tracker.delivery("postfix/smtp[7]:", f"Q{n}", None, name, peer, 1, 0.1, None, "sent", "250 ok")
    first = tracker.rows(START)
    assert len(first) == 100_000
    began = time.process_time()
    for _ in range(1000):
        assert tracker.rows(START) is first
    assert time.process_time() - began < 0.1
    tracker.delivery("postfix/smtp[7]:", "QX", None, "d5.example", peer, 1, 0.1, None, "sent", "250 ok")
    began = time.process_time()
    changed = tracker.rows(START)
    assert time.process_time() - began < 0.05
    assert sum(a is not b for a, b in zip(first, changed, strict=True)) == 1


def test_rates_fade_and_the_row_with_them() -> None:
    tracker = track(to("u@a.example", V4), to("u@a.example", V4, status="deferred"))
    (row,) = tracker.rows(START + 5)
    assert row.sent_rate == row.deferred_rate == 1 / 60
    assert tracker.rates(START + 5) == (1 / 60, 1 / 60, 0)
    assert tracker.rows(START + 6)[0] is row
    (faded,) = tracker.rows(START + 120)
    assert faded.sent_rate == faded.deferred_rate == 0
    assert tracker.rows(START + 121)[0] is faded


def test_the_domain_is_what_follows_the_last_at_sign_in_lower_case() -> None:
    tracker = track(
        to("u@A.Example", V4), to('"odd@local"@a.example', V4), to("root", "local"), to("", "local")
    )
    assert [(row.destination, row.sent) for row in tracker.rows(0)] == [("a.example", 2), ("", 2)]


def test_every_table_ends_and_says_what_it_turned_away() -> None:
    caps = Caps(messages=1, destinations=1, processes=2, reasons=1, filters=1, clients=1, rejects=1)
    reject = "postfix/smtpd[9]: NOQUEUE: reject: RCPT from c[192.0.2.7]: 554 5.7.1 no; from=<a@b> to=<x@y>"
    lines = [
        "postfix/qmgr[2]: 4AAAAA1111: from=<s@here>, size=1, nrcpt=1 (queue active)",
        "postfix/qmgr[2]: 4BBBBB2222: from=<s@here>, size=1, nrcpt=1 (queue active)",
        to("u@a.example", V4),
        to("u@b.example", V6, status="deferred", reason="one thing"),
        to("u@c.example", V4, status="deferred", reason="another"),
        to("u@a.example", V4, status="deferred", reason="one thing"),
        to("u@a.example", V4, status="deferred", reason="another"),
        to("u@a.example", "127.0.0.1[127.0.0.1]:10024"),
        to("u@a.example", "127.0.0.1[127.0.0.1]:10025"),
        "postfix/smtpd[9]: connect from c[192.0.2.7]",
        "postfix/smtpd[9]: connect from d[192.0.2.8]",
        reject,
        reject.replace(" no;", " never;"),
    ]
    totals = track(*lines, caps=caps).totals()
    assert totals.dropped == {
        "messages": 1, "destinations": 2, "reasons": 3, "filters": 1, "clients": 1, "rejects": 1,
    }  # fmt: skip
    # what is turned away still counts in the sums
    assert totals.queued == 2 and totals.families.ipv6.connections == 1
    assert totals.deliveries == {"sent": 1, "deferred": 4}


def test_failed_attempts_that_never_meet_their_delivery_are_counted() -> None:
    failed = "postfix/smtp[{}]: connect to h[192.0.2.1]:25: Connection refused"
    tracker = track(*(failed.format(pid) for pid in range(1, 11)), caps=Caps(processes=4))
    assert tracker.totals().dropped == {"attempts": 6}
    assert tracker.totals().families.ipv4.failed_connects == 10
    tracker = track(*(failed.format(1) for _ in range(70)))
    assert tracker.totals().dropped == {"attempts": 6}


def test_a_tracker_survives_pickling_in_the_middle() -> None:
    lines = ["postfix/smtp[7]: connect to h[2001:db8::1]:25: Connection refused", to("u@a.example", V4)]
    whole = track(*lines)
    half = pickle.loads(pickle.dumps(track(lines[0])))
    joined = track(lines[1], tracker=half)
    assert joined.rows(START) == whole.rows(START)
    assert joined.totals() == whole.totals()


def test_the_processes_seen_are_known() -> None:
    tracker, parser = Tracker(), Parser(0.0)
    for daemon in ("smtp[7]", "lmtp[8]", "smtp[7]"):
        lines = (
            f"{daemon}: connect to mx.a.example[192.0.2.1]:25: Connection refused",
            f"{daemon}: 4A5B6C7D8E: to=<u@a.example>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, "
            "status=deferred (x)",
            "qmgr[9]: 4A5B6C7D8E: removed",
        )
        for line in lines:
            tracker.apply(parser.parse(f"Nov 23 18:31:36 mx1 postfix/{line}"))
    assert tracker.processes == {"postfix/smtp[7]:", "postfix/lmtp[8]:"}
