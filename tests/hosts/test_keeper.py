"""A connection that is lost: noticed, told as a state, made again; nobody waits for ever."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.hosts.conftest import MakeSshd, host_at

from mxtop.hosts import keeper, trust
from mxtop.hosts.connect import ssh_host
from mxtop.hosts.errors import HostDown, UnknownHostKey
from mxtop.hosts.link import Link
from mxtop.hosts.remote import SshHost
from mxtop.hosts.ssh import Dialer
from mxtop.hosts.target import Target

lab = pytest.mark.lab


@asynccontextmanager
async def kept(host: SshHost) -> AsyncIterator[SshHost]:
    """A host whose connection a task keeps."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(host.keep())
        yield host
        task.cancel()


async def until(host: SshHost, wanted: Callable[[Link], bool], seconds: float = 10.0) -> Link:
    async with asyncio.timeout(seconds):
        while not wanted(host.link):
            await host.changed()
    return host.link


@lab
async def test_nothing_is_connected_before_the_first_command(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        assert host.link.state == "idle"
        assert "Connection from" not in server.log.read_text()
        await host.run(["true"])
        assert (host.link.state, host.generation) == ("live", 1)
    assert host.link.state == "closed"


@lab
async def test_a_session_killed_in_the_middle_of_a_command(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        await host.run(["true"])
        async with asyncio.TaskGroup() as group:
            running = group.create_task(refused(host.run(["sleep", "30"])))
            await asyncio.sleep(0.3)
            server.cut()
        assert "mx1" in running.result().title
        assert (await host.run(["printf", "again"])).stdout == b"again"
        assert host.generation == 2


async def refused(work: object) -> HostDown:
    started = time.monotonic()
    with pytest.raises(HostDown) as caught:
        await work  # type: ignore[misc]
    assert time.monotonic() - started < 25
    return caught.value


@lab
async def test_a_session_killed_in_the_middle_of_output(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        with pytest.raises(HostDown):
            async with host.output(["sh", "-c", "echo first; exec sleep 30"]) as output:
                async for chunk in output:
                    assert chunk == b"first\n"
                    server.cut()
        assert output.exit_code is None


@lab
async def test_a_frozen_machine_is_stale_then_down_and_comes_back(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(keeper, "STALE_SECONDS", 0.3)
    server = make_sshd()
    dial = Dialer(Target("mx1"), config=[str(server.client_config)], keepalive=0.5, connect_timeout=1.0)
    async with kept(SshHost(Target("mx1"), dial)) as host:
        assert await host.connected() == 1
        server.freeze()
        stale = await until(host, lambda link: link.state == "stale")
        assert (stale.age(time.time()) or 0) >= 0.3
        assert stale.up
        down = await until(host, lambda link: link.state == "down")
        assert down.next_try is not None
        assert isinstance(down.trouble, HostDown)
        await refused(host.run(["true"]))
        server.thaw()
        host.retry()
        async with asyncio.timeout(10):
            while await host.connected() < 2:
                await host.changed()
        assert (await host.run(["printf", "x"])).stdout == b"x"


@lab
async def test_a_short_freeze_is_no_loss(make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(keeper, "STALE_SECONDS", 0.2)
    server = make_sshd()
    async with kept(host_at(server)) as host:
        await host.connected()
        server.freeze()
        await until(host, lambda link: link.state == "stale")
        server.thaw()
        await until(host, lambda link: link.state == "live")
        assert host.generation == 1


@lab
async def test_a_machine_that_works_hard_is_not_stale(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(keeper, "STALE_SECONDS", 0.5)
    async with kept(host_at(make_sshd())) as host:
        await host.connected()
        work = asyncio.gather(host.run(["sleep", "1.5"]), host.run(["sleep", "1.5"]))
        states = {host.link.state}
        while not work.done():
            states.add((await host.changed()).state)
        await work
        assert states == {"live"}


@lab
async def test_a_machine_that_is_down_is_tried_again_by_itself(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.stop()
    async with kept(host_at(server)) as host:
        link = await until(host, lambda link: link.state == "down")
        assert "refused" in str(link.trouble)
        assert time.time() - 1 < (link.next_try or 0) < time.time() + 31
        error = await refused(host.run(["true"]))
        assert "refused" in error.title
        server.start()
        async with asyncio.timeout(15):
            await host.connected()


@lab
async def test_a_key_that_nobody_knows_waits_for_a_person(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.known_hosts.write_text("")
    async with kept(host_at(server)) as host:
        link = await until(host, lambda link: link.state == "unknown host key")
        assert link.next_try is None
        await asyncio.sleep(0.8)
        assert server.log.read_text().count("Connection from") == 1
        assert isinstance(link.trouble, UnknownHostKey)
        trust.accept(link.trouble)
        host.retry()
        async with asyncio.timeout(5):
            await host.connected()


@lab
async def test_no_way_in_waits_for_a_person(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.authorized_keys.write_text("")
    async with kept(host_at(server)) as host:
        link = await until(host, lambda link: link.state == "needs authentication")
        assert link.next_try is None


async def test_a_keeper_that_is_cancelled_leaves_nothing() -> None:
    host = ssh_host(Target("127.0.0.1", port=1), config=[])
    async with kept(host):
        await until(host, lambda link: link.state in ("down", "needs authentication"))
    assert host.link.state == "closed"


@lab
async def test_the_jump_host_that_is_waited_for_is_told(make_sshd: MakeSshd) -> None:
    bastion, server = make_sshd("bastion"), make_sshd("mx1")
    server.client_config.write_text(server.client_entry("ProxyJump bastion") + bastion.client_entry())
    bastion.freeze()
    async with kept(host_at(server)) as host:
        async with asyncio.timeout(30):
            while host.hop != "bastion":
                await asyncio.sleep(0.02)
        assert host.link.state == "connecting"
        bastion.thaw()
        await until(host, lambda link: link.state == "live", 30)
        assert host.hop == ""


@lab
async def test_a_login_that_floods_is_down_until_it_is_mended(make_sshd: MakeSshd) -> None:
    server = make_sshd(shell="/bin/bash")
    login = server.home / ".bashrc"
    login.write_text("yes hello\n")
    async with kept(host_at(server)) as host:
        down = await until(host, lambda link: link.state == "down", 60)
        assert down.next_try is not None
        assert "floods the login" in str(down.trouble)
        login.write_text("")
        async with asyncio.timeout(60):
            assert await host.connected() == 1
        assert (await host.run(["printf", "x"])).stdout == b"x"
