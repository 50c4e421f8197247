"""Channels and streams of one real connection: bytes both ways, one end each, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.hosts.conftest import MakeSshd
from tests.hosts.sshd import Sshd, free_port

from mxtop.hosts import sshwire
from mxtop.hosts.errors import HostDown
from mxtop.hosts.ssh import Dialer
from mxtop.hosts.sshwire import SshWire
from mxtop.hosts.target import Target

pytestmark = pytest.mark.lab


class Heard:
    """A receiver; `news` is set at each word."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.err = bytearray()
        self.ends: list[str | None] = []
        self._news = asyncio.Event()

    def data(self, chunk: bytes) -> None:
        self.out += chunk
        self._news.set()

    def complaint(self, chunk: bytes) -> None:
        self.err += chunk
        self._news.set()

    def ended(self, why: str | None) -> None:
        self.ends.append(why)
        self._news.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not wanted():
                await self._news.wait()
                self._news.clear()


@asynccontextmanager
async def wire_to(server: Sshd) -> AsyncIterator[SshWire]:
    wire = await Dialer(Target("mx1"), config=[str(server.client_config)], connect_timeout=60)()
    try:
        yield wire
    finally:
        await wire.close()


async def test_a_shell_says_any_bytes_on_both_streams_and_ends_once(sshd: Sshd) -> None:
    heard = Heard()
    async with wire_to(sshd) as wire:
        channel = await wire.shell(heard)
        channel.write(b"printf 'a\\377\\000'; printf 'b\\376' >&2; cat\n")
        await heard.until(lambda: len(heard.out) == 3 and len(heard.err) == 2)
        channel.write(bytearray(b"\xfd"))
        channel.write_eof()
        await heard.until(lambda: bool(heard.ends))
        await asyncio.wait_for(asyncio.shield(channel.closed), 60)
        channel.write(b"into nothing")
        channel.write_eof()
        channel.pause()
        channel.resume()
        channel.close()
    assert (bytes(heard.out), bytes(heard.err), heard.ends) == (b"a\xff\0\xfd", b"b\xfe", [None])


async def test_no_word_of_ours_but_exec_sh_meets_the_login_shell(make_sshd: MakeSshd) -> None:
    """No variables, no terminal: what the operator has here is nobody's business there."""
    server = make_sshd(AcceptEnv="*")
    heard = Heard()
    async with wire_to(server) as wire:
        (await wire.shell(heard)).write(b'tty; echo "$SSH_ORIGINAL_COMMAND"; env; exit\n')
        await heard.until(lambda: bool(heard.ends))
    text = heard.out.decode()
    assert text.startswith("not a tty\n")
    assert (
        "LC_" not in text and "LANG=" not in text and "DISPLAY=" not in text and "SSH_AUTH_SOCK" not in text
    )


async def test_what_nobody_takes_waits_over_there(sshd: Sshd) -> None:
    heard = Heard()
    size = 32 * 1024 * 1024
    async with wire_to(sshd) as wire:
        channel = await wire.shell(heard)
        channel.write(f"head -c {size} /dev/zero; exit\n".encode())
        await heard.until(lambda: bool(heard.out))
        channel.pause()
        other = Heard()  # what another channel says came after all that was on its way
        (await wire.shell(other)).write(b"sleep 0.5; echo x; exit\n")
        await other.until(lambda: bool(other.out))
        waiting = len(heard.out)
        assert waiting < size // 2
        channel.resume()
        await heard.until(lambda: bool(heard.ends))
    assert (len(heard.out), heard.ends) == (size, [None])


async def test_a_paused_channel_can_be_closed(sshd: Sshd) -> None:
    heard = Heard()
    async with wire_to(sshd) as wire:
        channel = await wire.shell(heard)
        channel.write(b"cat /dev/zero\n")
        await heard.until(lambda: bool(heard.out))
        channel.pause()
        other = Heard()  # until more has come that waits behind the pause
        (await wire.shell(other)).write(b"echo x; exit\n")
        await other.until(lambda: bool(other.ends))
        channel.close()
        await asyncio.wait_for(asyncio.shield(channel.closed), 60)
    assert heard.ends == [None]


async def test_the_place_of_a_closed_channel_is_free_again(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sshwire, "SESSION_SECONDS", 0.2)  # for the one that is not given
    async with wire_to(make_sshd(MaxSessions="1")) as wire:
        for _ in range(3):
            channel = await wire.shell(Heard())
            with pytest.raises(HostDown, match="mx1 gives no further session") as caught:
                await wire.shell(Heard())
            assert "MaxSessions" in caught.value.remedy
            channel.close()
            await asyncio.wait_for(asyncio.shield(channel.closed), 60)
            await asyncio.sleep(0)
        assert not wire.gone, "one session too many is no lost connection"


async def test_who_goes_away_while_the_shell_starts_leaves_none(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = asyncio.Event()

    class Noted(sshwire._Session):
        def connection_made(self, chan: object) -> None:
            super().connection_made(chan)  # type: ignore[arg-type]
            there.set()

    server = make_sshd(MaxSessions="1")
    async with wire_to(server) as wire:
        with monkeypatch.context() as patched:
            patched.setattr(sshwire, "_Session", Noted)
            task = asyncio.ensure_future(wire.shell(Heard()))
            await there.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(60):
            while True:  # its place is free again
                try:
                    channel = await wire.shell(Heard())
                except HostDown:
                    await asyncio.sleep(0.02)
                else:
                    break
        channel.close()


async def test_a_lost_connection_ends_everything_on_it_with_its_reason(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    heard, other = Heard(), Heard()
    async with wire_to(server) as wire:
        for one in (heard, other):
            (await wire.shell(one)).write(b"echo x\n")
            await one.until(lambda one=one: bool(one.out))  # type: ignore[misc]
        assert not wire.gone
        server.cut()
        why = await asyncio.wait_for(wire.lost(), 60)
        await heard.until(lambda: bool(heard.ends))
        await other.until(lambda: bool(other.ends))
        assert wire.gone and why
        assert len(heard.ends) == len(other.ends) == 1
        with pytest.raises(HostDown, match="mx1: "):
            await wire.shell(Heard())
        with pytest.raises(HostDown, match="mx1: "):
            await wire.stream("127.0.0.1", 25)


async def test_streams_carry_any_bytes_and_each_end_by_itself(sshd: Sshd) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read())[::-1])
        await writer.drain()
        writer.close()

    port = free_port()
    async with wire_to(sshd) as wire, await asyncio.start_server(echo, "127.0.0.1", port):
        reader, writer = await wire.stream("127.0.0.1", port)
        assert writer.can_write_eof() and not writer.is_closing()
        writer.write(b"\0\xff" * 100_000)
        await asyncio.wait_for(writer.drain(), 60)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 60) == b"\xff\0" * 100_000
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), 60)
        writer.write(b"into nothing")


async def test_why_there_is_no_stream(sshd: Sshd, make_sshd: MakeSshd) -> None:
    async with wire_to(sshd) as wire:
        with pytest.raises(ConnectionRefusedError):
            await wire.stream("127.0.0.1", free_port())
        with pytest.raises(OSError):
            await wire.stream("no.such.host.invalid", 25)
        assert not wire.gone
    async with wire_to(make_sshd(AllowTcpForwarding="no")) as wire:
        with pytest.raises(PermissionError, match="AllowTcpForwarding"):
            await wire.stream("127.0.0.1", 25)


async def test_a_stream_of_a_lost_connection_is_a_connection_error(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    port = free_port()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with wire_to(server) as wire, await asyncio.start_server(silent, "127.0.0.1", port):
        reader, writer = await wire.stream("127.0.0.1", port)
        writer.write(b"x")
        server.cut()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(reader.read(), 60)
            await asyncio.wait_for(writer.drain(), 60)
        writer.close()
