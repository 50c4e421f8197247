"""A real Postfix whose attempt over IPv6 hangs, seen by both ways to look at the sockets of its namespace."""

from __future__ import annotations

import ctypes
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.lab.lab import SENDER_IPV6

from mxtop.sockets import diag, table
from mxtop.sockets.sampler import Sampler
from mxtop.sockets.table import Table

CLONE_NEWNET = 0x40000000


def ask(pid: int) -> Table:
    """The kernel, by a thread that moves into the namespace of this process, and ends with the look."""

    def move() -> None:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            assert ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) == 0, ctypes.get_errno()
        finally:
            os.close(namespace)

    with ThreadPoolExecutor(1, initializer=move) as inside:
        return inside.submit(diag.read).result(timeout=30)


@pytest.mark.lab
def test_a_hanging_attempt_is_shown_for_what_it_is(lab: Lab) -> None:
    lab.prefer("ipv6")
    pids = lab.namespace.pids()
    sampler = Sampler(str(lab.queue_directory), partial(ask, pids[0]))
    reader = Sampler(str(lab.queue_directory), partial(table.read, Path(f"/proc/{pids[0]}/net")))
    six = {address.ip for address in world.BLACK_HOLE.addresses if address.is_ipv6}
    lab.send(f"user@{world.BLACK_HOLE.domain}")
    known = dict.fromkeys(six, world.BLACK_HOLE.domain)
    deadline = time.monotonic() + 10
    while not (rows := [row for row in sampler.sample(known=known) if row.peer_address in six]):
        assert time.monotonic() < deadline, "no attempt seen"
        time.sleep(0.05)
    (row,) = rows
    (read,) = (row for row in reader.sample(known=known) if row.peer_address in six)
    assert read == replace(row, age=None)
    assert (row.state, row.direction, row.family) == ("SYN_SENT", "out", "ipv6")
    assert (row.daemon, row.service, row.destination) == ("smtp", "smtp", world.BLACK_HOLE.domain)
    assert row.local_address == SENDER_IPV6 and row.peer_port == 25 and not row.filter_hop
    assert sampler.note == ""
    time.sleep(0.3)
    again = [row for row in sampler.sample() if row.peer_address in six]
    assert again and (again[0].age or 0) >= 0.3
