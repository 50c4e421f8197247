"""Questions through another machine: pipelined on one stream, or by a command where none is forwarded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.message
import pytest
from tests.dns.faults import answer, asked_for, faulty
from tests.dns.nsd import free_port

from mxtop.dns import wire
from mxtop.dns.resolvconf import Endpoint, ResolvConf
from mxtop.dns.resolver import Resolver
from mxtop.dns.stream import BREAK_AFTER, StreamNameserver
from mxtop.hosts.local import LocalHost


class Counting(LocalHost):
    """Counts the streams it opens; forwards none where `forbids`."""

    def __init__(self, *, forbids: bool = False) -> None:
        super().__init__("mx1")
        self.opened = 0
        self.forbids = forbids

    async def open_stream(
        self, host: str, port: int, *, timeout: float = 10.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.opened += 1
        if self.forbids:
            raise PermissionError(1, "mx1 forwards no TCP")
        return await super().open_stream(host, port, timeout=timeout)


Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[ResolvConf]:
    port = free_port("127.0.0.1")
    async with await asyncio.start_server(server, "127.0.0.1", port):  # type: ignore[arg-type]
        yield ResolvConf((Endpoint("127.0.0.1", port),))


async def question(reader: asyncio.StreamReader) -> dns.message.Message:
    size = int.from_bytes(await reader.readexactly(2), "big")
    return dns.message.from_wire(await reader.readexactly(size))


def reply(query: dns.message.Message) -> bytes:
    name = asked_for(query)[0]
    message = answer(query, f"{name} 60 A 192.0.2.{name.partition('.')[0]}").to_wire()
    return len(message).to_bytes(2, "big") + message


async def backwards(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers ten questions in the order of a stack, in small pieces."""
    try:
        while True:
            queries = [await question(reader) for _ in range(10)]
            data = b"".join(reply(query) for query in reversed(queries))
            for at in range(0, len(data), 7):
                writer.write(data[at : at + 7])
                await asyncio.sleep(0)
    except asyncio.IncompleteReadError:
        writer.close()


async def ask(resolver: Resolver, numbers: range) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(resolver.query(f"{number}.example", "A")) for number in numbers]
    return [
        task.result().records[0].value if task.result().records else task.result().detail for task in tasks
    ]


async def test_many_questions_on_one_stream_answered_in_any_order() -> None:
    host = Counting()
    async with serving(backwards) as conf, Resolver(conf, ask_from=host) as resolver:
        assert await ask(resolver, range(100)) == [f"192.0.2.{number}" for number in range(100)]
        assert resolver.ways == ("stream",)
    assert host.opened == 1


@pytest.mark.parametrize("forbids", [False, True])
async def test_a_server_that_closes_after_each_reply(forbids: bool) -> None:
    host = Counting(forbids=forbids)
    async with faulty(lambda query, _: answer(query, f"{asked_for(query)[0]} 60 A 192.0.2.7")) as server:
        async with Resolver(server.conf, ask_from=host) as resolver:
            assert await ask(resolver, range(8)) == ["192.0.2.7"] * 8
            assert resolver.ways == (("command",) if forbids else ("stream",))
        assert {protocol for _, _, protocol in server.asked} == {"tcp"}


async def test_a_stream_that_was_closed_while_idle() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(await question(reader)))
        await asyncio.sleep(0.1)
        writer.close()

    host = Counting()
    async with serving(once) as conf, Resolver(conf, ask_from=host) as resolver:
        assert await ask(resolver, range(1)) == ["192.0.2.0"]
        await asyncio.sleep(0.3)
        assert await ask(resolver, range(1)) == ["192.0.2.0"]
    assert host.opened == 2


async def test_one_that_gives_up_takes_nothing_from_the_others() -> None:
    """A reader that is cancelled in the middle of a message does not lose its place."""
    go = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, second = reply(await question(reader)), reply(await question(reader))
        writer.write(first[:20])
        await go.wait()
        writer.write(first[20:] + second)
        await asyncio.sleep(1)
        writer.close()

    host = Counting()
    async with serving(slow) as conf:
        nameserver = StreamNameserver(conf.nameservers[0], host)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(nameserver.ask(wire.question((b"1", b"example"), "A"), timeout=5))
            second = group.create_task(nameserver.ask(wire.question((b"2", b"example"), "A"), timeout=5))
            await asyncio.sleep(0.2)
            first.cancel()
            await asyncio.sleep(0.05)
            go.set()
            assert b"\xc0\x00\x02\x02" in await second
        nameserver.close()


@pytest.mark.parametrize("forbids", [False, True])
async def test_a_closed_port(forbids: bool) -> None:
    conf = ResolvConf((Endpoint("127.0.0.1", free_port("127.0.0.1")),))
    async with Resolver(conf, ask_from=Counting(forbids=forbids)) as resolver:
        (detail,) = await ask(resolver, range(1))
    assert "refused" in detail.lower() or "Connect call failed" in detail


async def test_silence_and_then_a_rest() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serving(silent) as conf:
        nameserver = StreamNameserver(conf.nameservers[0], Counting())
        asked = wire.question((b"a", b"example"), "A")
        for _ in range(BREAK_AFTER):
            assert not nameserver.paused
            with pytest.raises(TimeoutError):
                await nameserver.ask(asked, timeout=0.1)
        assert nameserver.paused
        nameserver.close()


async def test_replies_to_other_questions_are_not_taken() -> None:
    async def forging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await question(reader)
        other = dns.message.make_query("9.example", "A", id=query.id)
        writer.write(reply(other) + b"\0\0" + reply(query))
        await reader.read()
        writer.close()

    async with serving(forging) as conf, Resolver(conf, ask_from=Counting()) as resolver:
        assert await ask(resolver, range(1)) == ["192.0.2.0"]
