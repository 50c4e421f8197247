"""A resolver that fails on purpose: `python -m tests.lab.responder LISTEN UPSTREAM NAME/TYPE/KIND…`.

Listens on port 53 of LISTEN, UDP and TCP.  A question for NAME and TYPE gets SERVFAIL (KIND `servfail`)
or no answer at all (`silent`); everything else goes to UPSTREAM and back unchanged.  It caches nothing.
"""

from __future__ import annotations

import asyncio
import sys

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

PORT = 53
Faults = dict[tuple[str, int], str]
Client = tuple[str, int]


def fault_of(wire: bytes, faults: Faults) -> tuple[str | None, bytes]:
    """(kind, the SERVFAIL answer) for a question that is to fail, (None, b"") for any other."""
    query = dns.message.from_wire(wire, question_only=True)
    question = query.question[0]
    kind = faults.get((question.name.to_text(omit_final_dot=True).lower(), question.rdtype))
    if kind is None:
        return None, b""
    answer = dns.message.make_response(query, recursion_available=True)
    answer.set_rcode(dns.rcode.SERVFAIL)
    return kind, answer.to_wire()


class Upstream(asyncio.DatagramProtocol):
    """Questions to the real server: each gets an id of ours, and its answer the id it came with."""

    transport: asyncio.DatagramTransport
    clients: asyncio.DatagramTransport

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[bytes, Client]] = {}
        self.last = 0

    def ask(self, wire: bytes, client: Client) -> None:
        self.last = (self.last + 1) % 65536
        self.waiting[self.last] = (wire[:2], client)
        self.transport.sendto(self.last.to_bytes(2, "big") + wire[2:])

    def datagram_received(self, data: bytes, addr: Client) -> None:
        asked = self.waiting.pop(int.from_bytes(data[:2], "big"), None)
        if asked is not None:
            ident, client = asked
            self.clients.sendto(ident + data[2:], client)


class Udp(asyncio.DatagramProtocol):
    """Questions from clients by UDP."""

    def __init__(self, upstream: Upstream, faults: Faults) -> None:
        self.upstream, self.faults = upstream, faults

    def datagram_received(self, data: bytes, addr: Client) -> None:
        kind, answer = fault_of(data, self.faults)
        if kind is None:
            self.upstream.ask(data, addr)
        elif kind == "servfail":
            self.upstream.clients.sendto(answer, addr)


async def _tcp(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: str, faults: Faults
) -> None:
    """Questions from one client by TCP, answered in order."""
    real_reader, real_writer = await asyncio.open_connection(upstream, PORT)
    try:
        while True:
            wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            kind, answer = fault_of(wire, faults)
            if kind == "silent":
                continue
            if kind is None:
                real_writer.write(len(wire).to_bytes(2, "big") + wire)
                answer = await real_reader.readexactly(
                    int.from_bytes(await real_reader.readexactly(2), "big")
                )
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        real_writer.close()
        writer.close()


async def serve(listen: str, upstream: str, faults: Faults) -> None:
    loop = asyncio.get_running_loop()
    up = Upstream()
    up.transport, _ = await loop.create_datagram_endpoint(lambda: up, remote_addr=(upstream, PORT))
    up.clients, _ = await loop.create_datagram_endpoint(lambda: Udp(up, faults), local_addr=(listen, PORT))
    server = await asyncio.start_server(lambda r, w: _tcp(r, w, upstream, faults), listen, PORT)
    await server.serve_forever()


def main(argv: list[str]) -> None:
    listen, upstream, *words = argv
    faults: Faults = {}
    for word in words:
        name, rdtype, kind = word.split("/")
        faults[name, dns.rdatatype.from_text(rdtype)] = kind
    asyncio.run(serve(listen, upstream, faults))


if __name__ == "__main__":
    main(sys.argv[1:])
