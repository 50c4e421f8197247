"""One nameserver asked by TCP through another machine: many questions on one stream (RFC 7766).

Where that machine forwards no TCP, a command there carries the questions: bash with its /dev/tcp.  Which
of the two is told by `way`.  A stream that ends is opened again.  Nothing is parsed here beyond id and
question.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Final, Literal

from mxtop.dns import wire
from mxtop.dns.resolvconf import Endpoint
from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed

OPEN: Final = 5.0
"""Seconds for opening a stream."""

COMMANDS: Final = 4
"""Commands at once, where they carry the questions."""

BREAK_AFTER: Final = 5
BREAK_SECONDS: Final = 30.0

_NO_BASH: Final = 127
_CONVERSE: Final = """
exec 3<>"/dev/tcp/$1/$2" || exit 7
cat >&3
set -- $(dd bs=1 count=2 <&3 2>/dev/null | od -An -v -tu1)
[ $# -eq 2 ] || exit 8
head -c $(($1 * 256 + $2)) <&3
"""
"""One question and its reply, both with their length before them; address and port are its arguments."""


class StreamNameserver:
    """Asks one endpoint through `host`, as `mxtop.dns.nameserver.Nameserver` does from here."""

    def __init__(
        self, endpoint: Endpoint, host: Host, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.endpoint = endpoint
        self.way: Literal["stream", "command"] = "stream"
        self._host = host
        self._clock = clock
        self._stream: _Stream | None = None
        self._opening = asyncio.Lock()
        self._commands = asyncio.Semaphore(COMMANDS)
        self._silent = 0
        self._paused_until = float("-inf")

    @property
    def paused(self) -> bool:
        """True while it is given a rest: BREAK_AFTER questions in a row had no reply."""
        return self._clock() < self._paused_until

    async def ask(self, asked: bytes, *, timeout: float, edns: bool = True, dnssec: bool = False) -> bytes:
        """The response to the question section `asked`.

        `timeout` seconds in all, opening the stream not counted.  TimeoutError or another OSError where there
        is none: not reachable, port closed, connection lost.
        """
        try:
            reply = await self._ask(asked, timeout, edns, dnssec)
        except OSError:  # TimeoutError is one
            self._silent += 1
            if self._silent >= BREAK_AFTER:
                self._silent = 0
                self._paused_until = self._clock() + BREAK_SECONDS
            raise
        self._silent = 0
        return reply

    async def _ask(self, asked: bytes, timeout: float, edns: bool, dnssec: bool) -> bytes:
        failed = False
        while (stream := await self._open()) is not None:
            try:
                async with asyncio.timeout(timeout):
                    return await stream.ask(asked, edns, dnssec)
            except TimeoutError:
                raise
            except OSError:
                self._forget(stream)
                if failed and not stream.served:
                    raise
                failed = True  # an idle stream may have been closed; one that gave replies is worth another
        return await self._command(asked, timeout, edns, dnssec)

    async def _open(self) -> _Stream | None:
        """The stream, opened where there is none; None where the machine forwards none."""
        async with self._opening:
            if self.way == "command":
                return None
            if self._stream is None or self._stream.ended:
                try:
                    self._stream = _Stream(
                        *await self._host.open_stream(self.endpoint.address, self.endpoint.port, timeout=OPEN)
                    )
                except PermissionError:
                    self.way = "command"
                    return None
            return self._stream

    def _forget(self, stream: _Stream) -> None:
        stream.close()
        if self._stream is stream:
            self._stream = None

    async def _command(self, asked: bytes, timeout: float, edns: bool, dnssec: bool) -> bytes:
        message_id = secrets.randbits(16)
        query = wire.query(message_id, asked, edns=edns, dnssec=dnssec)
        argv = ["bash", "-c", _CONVERSE, "mxtop-dns", self.endpoint.address, str(self.endpoint.port)]
        try:
            async with self._commands:
                done = await self._host.run(
                    argv, stdin=len(query).to_bytes(2, "big") + query, timeout=timeout + OPEN
                )
        except ConnectionError:
            raise
        except CommandFailed as error:
            raise ConnectionError(f"{error.title} (forwarding is not allowed there either)") from error
        if done.exit_code:
            raise ConnectionRefusedError(done.complaint.rpartition(": ")[2] or "no reply")
        if wire.message_id(done.stdout) != message_id or not wire.answers(done.stdout, asked):
            raise ConnectionError("the reply is to another question")
        return done.stdout

    def close(self) -> None:
        """Questions still waiting end with a ConnectionError."""
        if self._stream is not None:
            self._forget(self._stream)


class _Question:
    """One that waits: `news` is set when its reply is there, or when it is its turn to read for all."""

    def __init__(self, asked: bytes) -> None:
        self.asked = asked
        self.reply: bytes | None = None
        self.news = asyncio.Event()


class _Stream:
    """One open stream and the questions that wait on it; one of those who wait reads for all."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ended = False
        self.served = False  # any reply at all
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, _Question] = {}
        self._read_by: _Question | None = None
        self._length: int | None = None  # of the message that is being read

    async def ask(self, asked: bytes, edns: bool, dnssec: bool) -> bytes:
        """The reply; ConnectionError where the stream ends before."""
        message_id = secrets.randbits(16)
        while message_id in self._waiting:
            message_id = secrets.randbits(16)
        question = self._waiting[message_id] = _Question(asked)
        try:
            query = wire.query(message_id, asked, edns=edns, dnssec=dnssec)
            self._writer.write(len(query).to_bytes(2, "big") + query)
            while question.reply is None:
                if self.ended:
                    raise ConnectionError("connection closed without a reply")
                if self._read_by in (None, question):
                    self._read_by = question
                    await self._read()
                else:
                    await question.news.wait()
                    question.news.clear()
            return question.reply
        finally:
            del self._waiting[message_id]
            if self._read_by is question:
                self._read_by = None
                for other in self._waiting.values():
                    other.news.set()

    async def _read(self) -> None:
        """One message, to whom it belongs.  May be cancelled: what was read so far is not lost."""
        try:
            if self._length is None:
                self._length = int.from_bytes(await self._reader.readexactly(2), "big")
            message = await self._reader.readexactly(self._length)
        except (asyncio.IncompleteReadError, OSError):
            self.close()
            return
        self._length = None
        question = self._waiting.get(wire.message_id(message))
        if question is not None and wire.answers(message, question.asked):
            question.reply, self.served = message, True
            question.news.set()

    def close(self) -> None:
        self.ended = True
        self._writer.close()
        for question in self._waiting.values():
            question.news.set()
