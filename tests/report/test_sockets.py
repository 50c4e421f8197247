"""`mxtop sockets`: the keys of the contract, and a table that a stranger's text cannot spoil."""

from __future__ import annotations

import json
from dataclasses import replace

from mxtop.mail.sockets import SocketRow
from mxtop.report.sockets import document, lines

HANGING = SocketRow(
    direction="out",
    family="ipv6",
    state="SYN_SENT",
    local_address="2001:db8::25",
    local_port=40961,
    peer_address="2001:db8:18::1",
    peer_port=25,
    daemon="smtp",
    service="relay",
    pid=4711,
    destination="example.org",
    age=12.5,
)
UNKNOWN = SocketRow(
    direction="in",
    family="ipv4",
    state="ESTABLISHED",
    local_address="192.0.2.25",
    local_port=25,
    peer_address="198.51.100.7",
    peer_port=50000,
)


def test_the_document_has_the_keys_of_the_contract() -> None:
    assert json.loads(json.dumps(document([HANGING, UNKNOWN]))) == [
        {
            "direction": "out",
            "family": "ipv6",
            "state": "SYN_SENT",
            "local_address": "2001:db8::25",
            "local_port": 40961,
            "peer_address": "2001:db8:18::1",
            "peer_port": 25,
            "daemon": "smtp",
            "service": "relay",
            "pid": 4711,
            "destination": "example.org",
            "age": 12.5,
        },
        {
            "direction": "in",
            "family": "ipv4",
            "state": "ESTABLISHED",
            "local_address": "192.0.2.25",
            "local_port": 25,
            "peer_address": "198.51.100.7",
            "peer_port": 50000,
            "daemon": None,
            "service": None,
            "pid": None,
            "destination": None,
            "age": None,
        },
    ]


HELD = ("smtp", "relay", "4711", "12s", "example.org")


def test_the_table() -> None:
    assert [line.split() for line in lines([HANGING, UNKNOWN])] == [
        ["DIR", "FAMILY", "STATE", "LOCAL", "PEER", "DAEMON", "SERVICE", "PID", "AGE", "DESTINATION"],
        [*("out", "ipv6", "SYN_SENT", "[2001:db8::25]:40961", "[2001:db8:18::1]:25"), *HELD],
        [*("in", "ipv4", "ESTABLISHED", "192.0.2.25:25", "198.51.100.7:50000"), *"–––––"],
    ]
    starts = {
        line.index(word) for line, word in zip(lines([HANGING, UNKNOWN]), ("PEER", "[2001:db8:18", "198."))
    }
    assert len(starts) == 1


def test_nothing_is_said_in_words() -> None:
    assert document([]) == []
    assert lines([]) == ["no SMTP connections at this moment"]


def test_hostile_text_is_made_visible() -> None:
    text = "\n".join(lines([replace(HANGING, destination="\x1b]0;x\x07\u202e", service="a\nb")]))
    assert "\x1b" not in text and "\u202e" not in text
    assert len(text.split("\n")) == 2
