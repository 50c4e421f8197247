"""Processes are remembered while they are in use, and peers have the family of their address."""

from __future__ import annotations

import pytest

from mxtop.mail.attempts import Attempt, Peers, Processes, peer_at


def test_a_process_in_use_is_never_forgotten() -> None:
    processes = Processes(10)
    busy = processes["busy"]
    for n in range(1000):
        processes[f"p{n}"]
        assert processes["busy"] is busy


def test_the_least_recently_seen_go_and_their_attempts_are_counted() -> None:
    processes = Processes(10)
    peer = Peers()["h[192.0.2.1]:25"]
    processes["old"].pending.append(Attempt(None, None, "connect_failed", peer, "", False))
    for n in range(20):
        processes[f"p{n}"]
    assert processes.forgotten == 1
    assert processes["old"].pending == []


@pytest.mark.parametrize(
    ("relay", "family", "loopback"),
    [
        ("mx[192.0.2.1]:25", "ipv4", False),
        ("mx[2001:db8::1]:25", "ipv6", False),
        ("mx[private/lmtp]", "unix", False),
        ("127.0.0.1[127.0.0.1]:10024", "ipv4", True),
        ("localhost[::1]:10024", "ipv6", True),
        ("none", "none", False),
        ("local", "none", False),
    ],
)
def test_peers(relay: str, family: str, loopback: bool) -> None:
    peer = Peers()[relay]
    assert (peer.family, peer.loopback) == (family, loopback)
    if peer.address is not None:
        again = peer_at(peer.host, peer.address, peer.port)
        assert (again.relay, again.family, again.loopback) == (relay, family, loopback)
