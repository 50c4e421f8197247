"""One nameserver: datagrams, TCP where they do not suffice, and a breaker for when it is dead.

Nothing is parsed here beyond id and question.  Against forged replies: a connected socket (the kernel drops
what comes from elsewhere), a port of the kernel's choice that changes every few hundred
queries, ids from the system's random source, and the question compared (RFC 5452).
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from mxtop.dns import wire
from mxtop.dns.resolvconf import Endpoint

QUERIES_PER_PORT: Final = 512
RECEIVE_BUFFER: Final = 1 << 20  # octets asked of the kernel: the default loses replies above 200 in flight
DATAGRAMS_PER_WAKE: Final = 32
BREAK_AFTER: Final = 5  # queries without any reply between
BREAK_SECONDS: Final = 30.0
PROBE_SECONDS: Final = 1.0
_ROOT: Final = wire.question((), "MX")  # every resolver has it at hand, if only as a refusal


class Nameserver:
    """Asks one endpoint.  `close` when done; usable from one event loop only."""

    def __init__(
        self, endpoint: Endpoint, *, use_tcp: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.endpoint = endpoint
        self._use_tcp = use_tcp
        self._clock = clock
        self._port: _Port | None = None
        self._silent = 0
        self._paused_until = float("-inf")

    @property
    def paused(self) -> bool:
        """True while it is given a rest: BREAK_AFTER queries in a row, and one for the root, had no reply."""
        return self._clock() < self._paused_until

    async def ask(self, asked: bytes, *, timeout: float, edns: bool = True, dnssec: bool = False) -> bytes:
        """The response to the question section `asked`; by TCP where the datagram was truncated.

        `timeout` seconds in all.  TimeoutError or another OSError where there is none: not
        reachable, port closed, connection lost.
        """
        try:
            async with asyncio.timeout(timeout):
                reply = await self._ask(asked, edns, dnssec)
        except OSError:  # TimeoutError is one
            if not self.paused:
                self._silent += 1
                if self._silent == BREAK_AFTER:
                    await self._rest_if_dead()
            raise
        self._silent = 0
        return reply

    async def _rest_if_dead(self) -> None:
        """Pause it, unless only some dead domains were silent: then it still answers for the root.

        Those who wait for it are told at once.  A probe that is cancelled with its query is the next one's.
        """
        silent_then = BREAK_AFTER - 1
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._ask(_ROOT, edns=False, dnssec=False)
            silent_then = 0
        except OSError:
            self._paused_until = self._clock() + BREAK_SECONDS
            silent_then = 0
            self._abandon(TimeoutError("no reply"))
        finally:
            self._silent = silent_then

    async def _ask(self, asked: bytes, edns: bool, dnssec: bool) -> bytes:
        if not self._use_tcp:
            reply = await self._datagram(asked, edns, dnssec)
            if not wire.truncated(reply):
                return reply
        return await self._stream(asked, edns, dnssec)

    async def _datagram(self, asked: bytes, edns: bool, dnssec: bool) -> bytes:
        port = self._port
        if port is None or port.used >= QUERIES_PER_PORT:
            if port is not None:
                port.retire()
            port = self._port = _Port(self.endpoint)
        reply, message_id = port.expect(asked)
        try:
            port.send(wire.query(message_id, asked, edns=edns, dnssec=dnssec))
            return await reply
        finally:
            port.forget(message_id)

    async def _stream(self, asked: bytes, edns: bool, dnssec: bool) -> bytes:
        message_id = secrets.randbits(16)
        reader, writer = await asyncio.open_connection(self.endpoint.address, self.endpoint.port)
        try:
            query = wire.query(message_id, asked, edns=edns, dnssec=dnssec)
            writer.write(len(query).to_bytes(2, "big") + query)
            reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("connection closed without a reply") from error
        finally:
            writer.close()
        if wire.message_id(reply) != message_id or not wire.answers(reply, asked):
            raise ConnectionError("the reply is to another question")
        return reply

    def close(self) -> None:
        """Queries still waiting end with a ConnectionError."""
        self._abandon(ConnectionAbortedError("resolver closed"))

    def _abandon(self, error: OSError) -> None:
        if self._port is not None:
            self._port.close(error)
            self._port = None


class _Port:
    """One connected UDP socket and the questions that wait on it; closes itself once retired and empty."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.used = 0
        self._waiting: dict[int, tuple[bytes, asyncio.Future[bytes]]] = {}
        self._retired = False
        self._loop = asyncio.get_running_loop()
        family, kind, protocol, _, address = socket.getaddrinfo(
            endpoint.address,
            endpoint.port,
            type=socket.SOCK_DGRAM,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )[0]
        self._socket = socket.socket(family, kind, protocol)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._readable)

    def expect(self, asked: bytes) -> tuple[asyncio.Future[bytes], int]:
        """A future for the reply, and the id that the query must carry."""
        message_id = secrets.randbits(16)
        while message_id in self._waiting:
            message_id = secrets.randbits(16)
        reply: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting[message_id] = asked, reply
        self.used += 1
        return reply, message_id

    def send(self, message: bytes) -> None:
        with suppress(BlockingIOError):  # the send buffer is full: as good as lost on the way
            self._socket.send(message)

    def forget(self, message_id: int) -> None:
        self._waiting.pop(message_id, None)
        self._close_if_idle()

    def retire(self) -> None:
        """Ask nothing more here; replies on their way still count."""
        self._retired = True
        self._close_if_idle()

    def close(self, error: OSError) -> None:
        self._fail(error)
        self._retired = True
        self._waiting.clear()
        self._close_if_idle()

    def _readable(self) -> None:
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                message = self._socket.recv(65535)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error, such as a closed port: it names no query
                self._fail(error)
                return
            asked, reply = self._waiting.get(wire.message_id(message), (b"", None))
            if reply is not None and not reply.done() and wire.answers(message, asked):
                reply.set_result(message)

    def _fail(self, error: OSError) -> None:
        for _, reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(error)

    def _close_if_idle(self) -> None:
        if self._retired and not self._waiting and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
