"""A real Postfix whose attempt over IPv6 hangs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.lab.lab import SENDER_IPV6

from mxtop.sockets.sampler import Sampler


@pytest.mark.lab
def test_a_hanging_attempt_is_shown_for_what_it_is(lab: Lab) -> None:
    lab.prefer("ipv6")
    pids = lab.namespace.pids()
    sampler = Sampler(str(lab.queue_directory), Path(f"/proc/{pids[0]}/net"))
    six = {address.ip for address in world.BLACK_HOLE.addresses if address.is_ipv6}
    lab.send(f"user@{world.BLACK_HOLE.domain}")
    known = dict.fromkeys(six, world.BLACK_HOLE.domain)
    deadline = time.monotonic() + 10
    while not (rows := [row for row in sampler.sample(known=known) if row.peer_address in six]):
        assert time.monotonic() < deadline, "no attempt seen"
        time.sleep(0.05)
    (row,) = rows
    assert (row.state, row.direction, row.family) == ("SYN_SENT", "out", "ipv6")
    assert (row.daemon, row.service, row.destination) == ("smtp", "smtp", world.BLACK_HOLE.domain)
    assert row.local_address == SENDER_IPV6 and row.peer_port == 25 and not row.filter_hop
    assert sampler.note == ""
    time.sleep(0.3)
    again = [row for row in sampler.sample() if row.peer_address in six]
    assert again and (again[0].age or 0) >= 0.3
