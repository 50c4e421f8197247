"""Samples through a host: the same rows as the local sampler's, by ss(8) and by /proc."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sockets.conftest import Start

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.mail.sockets import SocketRow
from mxtop.sockets.remote import RemoteSampler, processes, take
from mxtop.sockets.sampler import Sampler

root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to see whose a socket is")


def listen(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.bind((address, 0))
    made.listen(20)
    return made


def connect(to: socket.socket) -> str:
    address, port = to.getsockname()[:2]
    return f"held.append(socket.create_connection(({address!r}, {port})))"


async def sample(sampler: RemoteSampler, *ports: int, times: int = 1) -> tuple[SocketRow, ...]:
    async with asyncio.timeout(10):
        taken: list[tuple[SocketRow, ...]] = []
        async for rows in sampler.samples(lambda: ports):
            taken.append(rows)
            if len(taken) == times:
                break
        return taken[-1]


def ours(rows: tuple[SocketRow, ...], *servers: socket.socket) -> list[SocketRow]:
    ports = {server.getsockname()[1] for server in servers}
    return [row for row in rows if row.peer_port in ports or row.local_port in ports]


@root
async def test_the_same_rows_as_the_local_sampler(daemons: Start, tmp_path: Path) -> None:
    v4, v6 = listen("127.0.0.94"), listen("::1")
    daemons(
        ("smtp", connect(v4), ["-t", "unix", "-u"]),
        ("smtp", connect(v6), ["-n", "relay", "-t", "unix"]),
        ("python", connect(v4), []),
        cwd=tmp_path,
    )
    daemons(("smtp", connect(v4), ["-t", "unix"]))  # another instance
    port = v4.getsockname()[1]
    sampler = RemoteSampler(LocalHost(), str(tmp_path))
    rows = ours(await sample(sampler, port), v4, v6)
    local = ours(Sampler(str(tmp_path)).sample([port]), v4, v6)
    assert rows == local
    assert [row.service for row in rows if row.service] == ["smtp", "relay"]
    assert len(rows) == 4
    assert "belong to no Postfix daemon" in sampler.note


async def test_without_ss_the_owners_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ss").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "ss").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    server = listen("127.0.0.94")
    port = server.getsockname()[1]
    with socket.create_connection(("127.0.0.94", port)):
        sampler = RemoteSampler(LocalHost())
        (row,) = ours(await sample(sampler, port, times=2), server)
        (local,) = ours(Sampler().sample([port]), server)
        assert replace(row, age=None) == local
        assert row.age is not None
        assert "there is no ss(8)" in sampler.note


async def test_the_end_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sleep").write_text("#!/bin/sh\nkill $PPID\n")
    (tmp_path / "sleep").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CommandFailed, match="was lost"):
        await sample(RemoteSampler(LocalHost()), times=2)


LISTED = b"""\
LISTEN     0      100    0.0.0.0:25     0.0.0.0:* users:(("smtpd",pid=9,fd=6),("master",pid=1,fd=13))
SYN-SENT   0      1      198.51.100.7%eth0:40000     192.0.2.1:25 users:(("smtp",pid=7,fd=14))
ESTAB  0      0 [2001:db8::7]:40001 [2001:db8:1::1]:25 users:(("tlsproxy",pid=8,fd=9),("smtp",pid=7,fd=13))
ESTAB      0      0      [::ffff:198.51.100.7]:25 [::ffff:203.0.113.9]:55555
TIME-WAIT  0      0      198.51.100.7:40002     192.0.2.1:25
ESTAB      0      0      nonsense:40002     192.0.2.1:25
ESTAB
"""


def test_what_ss_lists() -> None:
    held = bytearray(LISTED + b"word ss 0 0\nrest")
    seen = take(held, b"word")
    assert seen is not None
    assert held == b"rest"
    assert seen.root
    assert seen.table.listening == {25}
    told = [(c.family, c.state, c.local_address, c.peer_address, c.peer_port) for c in seen.table.connections]
    assert told == [
        ("ipv4", "SYN_SENT", "198.51.100.7", "192.0.2.1", 25),
        ("ipv6", "ESTABLISHED", "2001:db8::7", "2001:db8:1::1", 25),
        ("ipv4", "ESTABLISHED", "198.51.100.7", "203.0.113.9", 55555),
    ]
    assert list(seen.holders.values()) == [(("smtp", 7),), (("tlsproxy", 8), ("smtp", 7))]


def test_a_sample_that_is_not_all_there() -> None:
    held = bytearray(LISTED + b"word ss 0 ")
    assert take(held, b"word") is None
    assert held.startswith(b"LISTEN")


@given(st.binary())
def test_any_bytes_are_a_sample_or_refused(listed: bytes) -> None:
    seen = take(bytearray(listed + b"\0word\0 ss 1000 0\n"), b"\0word\0")
    assert seen is None or not seen.root
    try:
        take(bytearray(listed + b"\0word\0 proc 0 0\n"), b"\0word\0")
    except CommandFailed:
        pass


@given(st.text())
def test_any_text_about_processes(text: str) -> None:
    for pid, *_ in processes(text):
        assert pid >= 0
