"""A nameserver that misbehaves as told, on a loopback port: `async with faulty(behaviour) as server:`.

A behaviour gets the parsed query and whether it came by TCP; it returns what to send: messages, raw bytes,
several of them, or nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from tests.dns.nsd import free_port

from mxtop.dns.resolvconf import Endpoint, ResolvConf

Sent = dns.message.Message | bytes | Sequence[dns.message.Message | bytes] | None
Behaviour = Callable[[dns.message.Message, bool], Sent]


@dataclass
class Server(asyncio.DatagramProtocol):
    behaviour: Behaviour
    port: int
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # name, type, udp or tcp
    queries: list[dns.message.Message] = field(default_factory=list)

    @property
    def conf(self) -> ResolvConf:
        return ResolvConf((Endpoint("127.0.0.1", self.port),))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        for sent in self._react(data, tcp=False):
            self.transport.sendto(sent, sender)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        for sent in self._react(await reader.readexactly(size), tcp=True):
            writer.write(len(sent).to_bytes(2, "big") + sent)
        writer.close()

    def _react(self, data: bytes, *, tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype), "tcp" if tcp else "udp"))
        self.queries.append(query)
        sent = self.behaviour(query, tcp)
        several = [] if sent is None else [sent] if isinstance(sent, dns.message.Message | bytes) else sent
        return [each if isinstance(each, bytes) else each.to_wire() for each in several]


@asynccontextmanager
async def faulty(behaviour: Behaviour) -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    server = Server(behaviour, free_port("127.0.0.1"))
    transport, _ = await loop.create_datagram_endpoint(lambda: server, ("127.0.0.1", server.port))
    streams = await asyncio.start_server(server.stream, "127.0.0.1", server.port)
    try:
        yield server
    finally:
        transport.close()
        streams.close()


def asked_for(query: dns.message.Message) -> tuple[str, str]:
    """The name without its final dot, and the type."""
    question = query.question[0]
    return question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)


def answer(query: dns.message.Message, *records: str, rcode: str = "NOERROR") -> dns.message.Message:
    """A response with these records, `name ttl type data` each."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        name, ttl, rdtype, data = record.split(maxsplit=3)
        response.answer.append(dns.rrset.from_text(name + ".", int(ttl), "IN", rdtype, data))
    return response


def negative(
    query: dns.message.Message, rcode: str = "NOERROR", ttl: int = 600, minimum: int = 120
) -> dns.message.Message:
    """NODATA, or NXDOMAIN, with the SOA that says for how long."""
    response = answer(query, rcode=rcode)
    soa = f"ns.example. hostmaster.example. 1 3600 900 86400 {minimum}"
    response.authority.append(dns.rrset.from_text("example.", ttl, "IN", "SOA", soa))
    return response


def truncated(query: dns.message.Message) -> dns.message.Message:
    response = answer(query)
    response.flags |= dns.flags.TC
    return response
