"""DNS through a real sshd, with forwarding and without; a lost connection is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dns.faults import answer, asked_for, faulty
from tests.hosts.conftest import host_at
from tests.hosts.sshd import Sshd, free_port

from mxtop.dns.resolver import Resolver

pytestmark = pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="needs openssh-server")


@pytest.fixture(params=["yes", "no"])
def sshd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sshd]:
    with Sshd(tmp_path / "mx1", free_port(), AllowTcpForwarding=request.param) as server:
        yield server


async def test_answers_by_the_way_that_is_open(sshd: Sshd) -> None:
    allowed = "AllowTcpForwarding yes" in sshd.config.read_text()
    async with (
        faulty(lambda query, _: answer(query, f"{asked_for(query)[0]} 60 A 192.0.2.7")) as server,
        host_at(sshd) as host,
        Resolver(server.conf, ask_from=host) as resolver,
    ):
        for _ in range(2):
            reply = await resolver.query("a.example", "A")
            assert [record.value for record in reply.records] == ["192.0.2.7"], reply.detail
            assert resolver.ways == (("stream",) if allowed else ("command",))
            await asyncio.to_thread(sshd.cut)
            await asyncio.sleep(0.2)
        assert {protocol for _, _, protocol in server.asked} == {"tcp"}


async def test_a_closed_port_there(sshd: Sshd) -> None:
    async with faulty(lambda query, _: None) as server:
        conf = server.conf
    async with host_at(sshd) as host, Resolver(conf, ask_from=host) as resolver:
        reply = await resolver.query("a.example", "A")
        assert reply.status == "timeout"
        assert "refused" in reply.detail.lower()
