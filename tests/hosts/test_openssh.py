"""The system's own ssh as transport gives the same host."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hosts.conftest import MakeSshd
from tests.hosts.sshd import Sshd, free_port, make_key
from tests.hosts.test_remote import quiet

from mxtop.hosts.base import Reply
from mxtop.hosts.connect import ssh_host
from mxtop.hosts.errors import HostDown, HostKeyTrouble, NeedsAuthentication
from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import Target
from mxtop.mail.errors import CommandFailed

pytestmark = pytest.mark.lab


def by_ssh(server: Sshd) -> SshHost:
    return ssh_host(Target(server.alias), command=["ssh", "-F", str(server.client_config)])


@pytest.fixture
async def host(sshd: Sshd) -> AsyncIterator[SshHost]:
    async with by_ssh(sshd) as made:
        yield made


async def test_commands(host: SshHost) -> None:
    nasty = ["", "$(id)", "a'b\"c", "a\nb", "\udcff"]
    done = await host.run(["printf", "%s\\0", *nasty])
    assert done.stdout == b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in nasty)
    data = os.urandom(1024) * 3000
    assert (await host.run(["sh", "-c", "cat; exit 4"], stdin=data)).stdout == data
    assert (await host.stat("/etc/passwd")) is not None


async def test_output_to_its_end(host: SshHost) -> None:
    async with host.output(["sh", "-c", "head -c 9000000 /dev/zero; echo e >&2; exit 5"]) as output:
        size = sum([len(chunk) async for chunk in output])
    assert (size, output.exit_code, output.stderr) == (9_000_000, 5, b"e\n")


async def test_converse(host: SshHost) -> None:
    async def answer(said: bytes) -> Reply:
        return Reply(b"me\n", last=True)

    assert (await host.converse(["sh", "-c", "printf who? >&2; cat"], answer)).stdout == b"me\n"


async def test_going_away_and_timeout_kill(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with by_ssh(server) as host:
        async with host.output(["sh", "-c", "echo first; exec sleep 77"]) as output:
            async for _ in output:
                break
        with pytest.raises(CommandFailed, match=r"0\.3 s"):
            await host.run(["sleep", "77"], timeout=0.3)
        assert await quiet(server) == []


async def test_streams(make_sshd: MakeSshd) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = make_sshd()
    async with by_ssh(server) as host, await asyncio.start_server(serve, "127.0.0.1", 0) as there:
        reader, writer = await host.open_stream("127.0.0.1", there.sockets[0].getsockname()[1])
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await host.open_stream("127.0.0.1", free_port())


async def test_no_streams_where_forwarding_is_forbidden(make_sshd: MakeSshd) -> None:
    async with by_ssh(make_sshd(AllowTcpForwarding="no")) as host:
        with pytest.raises(PermissionError, match="AllowTcpForwarding"):
            await host.open_stream("127.0.0.1", free_port())


async def test_lost_and_made_again(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with by_ssh(server) as host:
        await host.run(["true"])
        async with asyncio.TaskGroup() as group:
            running = group.create_task(lost(host))
            await asyncio.sleep(0.3)
            server.cut()
        assert "mx1" in running.result().title
        assert (await host.run(["printf", "again"])).stdout == b"again"


async def lost(host: SshHost) -> HostDown:
    with pytest.raises(HostDown) as caught:
        await host.run(["sleep", "30"])
    return caught.value


async def test_refusals(make_sshd: MakeSshd, tmp_path: Path) -> None:
    server = make_sshd()
    server.authorized_keys.write_text("")
    with pytest.raises(NeedsAuthentication, match="Permission denied"):
        await by_ssh(server).run(["true"])
    server.known_hosts.write_text(f"{server.known_as} {Sshd.public(make_key(tmp_path / 'other'))}\n")
    with pytest.raises(HostKeyTrouble):
        await by_ssh(server).run(["true"])
    server.stop()
    with pytest.raises(HostDown, match="refused"):
        await by_ssh(server).run(["true"])
    with pytest.raises(HostDown, match="No such file"):
        await ssh_host(Target("mx1"), command=["/no/such/ssh"]).run(["true"])
