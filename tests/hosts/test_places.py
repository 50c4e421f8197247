"""Channels of one connection: their places on a server that is slow to free them, or has few."""

import asyncio
import time

import pytest
from tests.hosts.conftest import MakeSshd, host_at
from tests.hosts.sshd import Sshd

from mxtop.hosts import sshwire
from mxtop.hosts.errors import HostDown
from mxtop.hosts.remote import CHANNELS, SshHost
from mxtop.hosts.script import SMALL_INPUT
from mxtop.mail.errors import CommandFailed

pytestmark = pytest.mark.lab

GENEROUS = 60.0


def lingering(server: Sshd, seconds: str) -> dict[str, object]:
    """sshd options: whatever a session ran has ended, and its session goes on for `seconds`."""
    path = server.directory / "linger"
    path.write_text(f"#!/bin/sh\ntrap '' HUP\nsetsid -w sh\nsleep {seconds}\n")
    path.chmod(0o755)
    return {"ForceCommand": path}


async def said(host: SshHost, word: str) -> bytes:
    async with host.output(["printf", word]) as output:
        return b"".join([chunk async for chunk in output])


async def test_a_session_that_the_server_still_holds_is_waited_for(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sshd says that a channel is closed before the session's place is free."""
    monkeypatch.setattr(sshwire, "SESSION_SECONDS", GENEROUS)
    server = make_sshd()
    server.restart(MaxSessions=3, **lingering(server, "0.5"))
    async with host_at(server) as host:
        assert await asyncio.gather(*(said(host, f"{n}") for n in range(6))) == [b"%d" % n for n in range(6)]
        assert (await host.run(["printf", "x"], timeout=GENEROUS)).stdout == b"x"


async def test_a_place_is_taken_until_the_server_has_closed_the_channel(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    running = asyncio.Semaphore(0)

    async def stream() -> None:
        async with host.output(["sh", "-c", "echo begun; exec sleep 77"]) as output:
            async for _ in output:
                running.release()

    async with host_at(server) as host:
        streams = [asyncio.ensure_future(stream()) for _ in range(CHANNELS)]
        for _ in streams:
            await running.acquire()
        server.freeze()
        for task in streams:
            task.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        assert host._channels.locked()
        with pytest.raises(CommandFailed, match=r"no answer in 0\.3 s"):
            await host.run(["cat"], stdin=bytes(SMALL_INPUT + 1), timeout=0.3)
        server.thaw()
        assert await said(host, "x") == b"x"


async def test_a_channel_that_is_never_closed_there_takes_its_place_for_a_while(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sshwire, "CLOSE_SECONDS", 0.2)
    server = make_sshd()
    async with host_at(server) as host:
        process = await host._start(await host._ready(), "", "mark")
        server.freeze()
        await process.close()
        async with asyncio.timeout(GENEROUS):
            await process._channel.closed  # type: ignore[union-attr]
        assert not host._wire.gone  # type: ignore[union-attr]
        assert host._channels._value == CHANNELS


async def test_an_open_that_was_given_up_takes_no_session_for_good(make_sshd: MakeSshd) -> None:
    server = make_sshd(MaxSessions=2)
    async with host_at(server) as host:
        await host.connect()  # which takes one of them
        server.freeze()
        with pytest.raises(CommandFailed):
            async with host.output(["true"], timeout=0.3):
                pass
        server.thaw()
        assert await said(host, "x") == b"x"


async def test_a_stream_that_was_given_up_is_closed_there(make_sshd: MakeSshd) -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        ended.set()
        writer.close()

    server = make_sshd()
    async with host_at(server) as host, await asyncio.start_server(serve, "127.0.0.1", 0) as there:
        await host.run(["true"])
        server.freeze()
        with pytest.raises(TimeoutError):
            await host.open_stream("127.0.0.1", there.sockets[0].getsockname()[1], timeout=0.3)
        server.thaw()
        async with asyncio.timeout(GENEROUS):
            await ended.wait()


async def test_what_is_being_opened_ends_with_the_connection(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    host = host_at(server)
    await host.run(["true"])
    server.freeze()
    opening = [
        asyncio.ensure_future(said(host, "x")),
        asyncio.ensure_future(host.open_stream("127.0.0.1", 1, timeout=10 * GENEROUS)),
    ]
    while len(host._wire._openings) < len(opening):  # type: ignore[union-attr]
        await asyncio.sleep(0.01)
    await host.close()
    for each in await asyncio.gather(*opening, return_exceptions=True):
        assert isinstance(each, HostDown)


async def test_where_no_session_gets_free_it_says_so(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sshwire, "SESSION_SECONDS", 0.5, raising=False)
    async with host_at(make_sshd(MaxSessions=1)) as host:
        await host.run(["true"])
        with pytest.raises(HostDown, match="no further session") as caught:
            await said(host, "y")
        assert "MaxSessions" in caught.value.remedy
        assert (await host.run(["printf", "x"])).stdout == b"x"


async def test_where_there_is_never_a_session_it_says_so_at_once(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sshwire, "SESSION_SECONDS", 10 * GENEROUS, raising=False)
    async with host_at(make_sshd(MaxSessions=0)) as host:
        started = time.monotonic()
        with pytest.raises(HostDown, match="no further session"):
            await host.run(["true"], timeout=10 * GENEROUS)
        assert time.monotonic() - started < GENEROUS
