"""One nameserver: sockets, forged and lost datagrams, TCP, the breaker."""

from __future__ import annotations

import asyncio
import socket

import dns.message
import pytest
from tests.dns.faults import answer, asked_for, faulty, truncated
from tests.dns.nsd import free_port

from mxtop.dns import wire
from mxtop.dns.names import labels
from mxtop.dns.nameserver import BREAK_AFTER, BREAK_SECONDS, QUERIES_PER_PORT, Nameserver
from mxtop.dns.resolvconf import Endpoint

ASKED = wire.question(labels("a.example"), "A")


def good(query: dns.message.Message, address: str = "192.0.2.1") -> dns.message.Message:
    return answer(query, f"{asked_for(query)[0]} 60 A {address}")


async def ask(nameserver: Nameserver, timeout: float = 0.5) -> str:
    reply = wire.read(await nameserver.ask(ASKED, timeout=timeout), labels("a.example"), "A")
    assert isinstance(reply, wire.Reply)
    return reply.records[0].value


async def failure(nameserver: Nameserver, timeout: float = 0.02) -> OSError | None:
    try:
        await ask(nameserver, timeout)
    except OSError as error:
        return error
    return None


def with_id(message: bytes, offset: int) -> bytes:
    return ((int.from_bytes(message[:2], "big") + offset) & 0xFFFF).to_bytes(2, "big") + message[2:]


async def test_forged_and_broken_datagrams_are_passed_over() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> list[bytes | dns.message.Message]:
        forged = good(query, "203.0.113.66").to_wire()
        other = dns.message.make_query("b.example", "A", id=query.id)
        return [b"", b"\0", with_id(forged, 1), good(other, "203.0.113.66"), query.to_wire(), good(query)]

    async with faulty(behave) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        assert await ask(nameserver) == "192.0.2.1"
        nameserver.close()


async def test_a_reply_from_another_address_is_not_taken() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> None:
        elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        (port,) = client_ports(server.port)
        elsewhere.sendto(good(query).to_wire(), ("127.0.0.1", port))
        elsewhere.close()

    async with faulty(behave) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        with pytest.raises(TimeoutError):
            await ask(nameserver, 0.2)
        assert len(server.asked) == 1
        nameserver.close()


def client_ports(server_port: int) -> list[int]:
    """Local ports of the UDP sockets connected to a port of 127.0.0.1."""
    with open("/proc/net/udp") as table:
        rows = [line.split() for line in table][1:]
    return [int(row[1][-4:], 16) for row in rows if row[2] == f"0100007F:{server_port:04X}"]


async def test_truncated_goes_to_tcp() -> None:
    async with faulty(lambda query, tcp: good(query) if tcp else truncated(query)) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        assert await ask(nameserver) == "192.0.2.1"
        assert [how for _, _, how in server.asked] == ["udp", "tcp"]
        nameserver.close()


async def test_use_vc_never_sends_a_datagram() -> None:
    async with faulty(lambda query, tcp: good(query)) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port), use_tcp=True)
        assert await ask(nameserver) == "192.0.2.1"
        assert [how for _, _, how in server.asked] == ["tcp"]


@pytest.mark.parametrize("fault", ["closed", "other id", "other question"])
async def test_tcp_faults_are_errors(fault: str) -> None:
    def behave(query: dns.message.Message, tcp: bool) -> bytes | dns.message.Message | None:
        if not tcp or fault == "closed":
            return None if tcp else truncated(query)
        if fault == "other id":
            return with_id(good(query).to_wire(), 1)
        return good(dns.message.make_query("b.example", "A", id=query.id))

    async with faulty(behave) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        with pytest.raises(ConnectionError):
            await ask(nameserver)
        nameserver.close()


async def test_a_closed_port_is_known_at_once() -> None:
    nameserver = Nameserver(Endpoint("127.0.0.1", free_port("127.0.0.1")))
    with pytest.raises(ConnectionRefusedError):
        await ask(nameserver, 60)
    nameserver.close()


async def test_ids_and_ports_change() -> None:
    ports: set[int] = set()

    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        ports.update(client_ports(server.port))
        return good(query)

    async with faulty(behave) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        for _ in range(QUERIES_PER_PORT + 1):
            await ask(nameserver)
        assert len({query.id for query in server.queries}) > QUERIES_PER_PORT * 0.9
        assert len(ports) == 2
        assert len(client_ports(server.port)) == 1, "the first socket is closed"
        nameserver.close()
        assert client_ports(server.port) == []


async def test_close_ends_what_still_waits() -> None:
    async with faulty(lambda query, tcp: None) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(failure(nameserver, 5))
            await asyncio.sleep(0.05)
            nameserver.close()
        assert isinstance(waiting.result(), ConnectionAbortedError)
        assert client_ports(server.port) == []


async def test_a_dead_nameserver_gets_a_rest() -> None:
    now = 100.0
    async with faulty(lambda query, tcp: None) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port), clock=lambda: now)
        for count in range(BREAK_AFTER):
            assert not nameserver.paused, count
            assert isinstance(await failure(nameserver), TimeoutError)
        assert nameserver.paused
        assert server.asked[-1][:2] == (".", "MX"), "asked for the root before the verdict"
        now += BREAK_SECONDS - 0.1
        assert nameserver.paused
        now += 0.2
        assert not nameserver.paused
        nameserver.close()


async def test_silence_about_one_domain_is_not_a_dead_nameserver() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message | None:
        return None if asked_for(query)[0] == "a.example" else answer(query, rcode="REFUSED")

    async with faulty(behave) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        for _ in range(BREAK_AFTER * 2):
            assert await failure(nameserver) is not None
        assert not nameserver.paused
        nameserver.close()


async def test_ipv6_nameserver_with_a_zone() -> None:
    """`fe80::1%lo` cannot be reached, but it is understood: the error is the network's."""
    nameserver = Nameserver(Endpoint("fe80::1%lo"))
    error = await failure(nameserver)
    assert error is not None and not isinstance(error, socket.gaierror)
    nameserver.close()


async def test_a_probe_that_is_cancelled_is_made_again() -> None:
    async with faulty(lambda query, tcp: None) as server:
        nameserver = Nameserver(Endpoint("127.0.0.1", server.port))
        for _ in range(BREAK_AFTER + 3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await failure(nameserver, 0.01)
                    raise TimeoutError
        assert not nameserver.paused
        await failure(nameserver)
        assert nameserver.paused
