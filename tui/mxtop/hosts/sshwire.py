"""One asyncssh connection as a `Wire`: bytes, callbacks, flow control; no StreamReader in the way.

Imports asyncssh.  Lines and meaning are made elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

import asyncssh

from mxtop.hosts.errors import HostDown
from mxtop.hosts.files import errno_of
from mxtop.hosts.wire import CLOSE_SECONDS, Channel, Receiver

SESSION_SECONDS: Final = 10.0
"""How long a session is waited for where all that the far side allows are taken."""

_LEAVE_SECONDS: Final = 2.0
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.5
_TAKEN: Final = (asyncssh.OPEN_CONNECT_FAILED, asyncssh.OPEN_RESOURCE_SHORTAGE)
"""What sshd says where MaxSessions are taken, and what RFC 4254 has for it."""


class _Ending(Protocol):
    """How a connection ended."""

    reason: str
    over: asyncio.Event


class SshWire:
    """See `Wire`."""

    def __init__(
        self,
        name: str,
        connection: asyncssh.SSHClientConnection,
        ending: _Ending,
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._connection = connection
        self._ending = ending
        self._close = close
        self._given = False
        self._openings: set[asyncio.Future[object]] = set()

    @property
    def gone(self) -> bool:
        return self._ending.over.is_set()

    async def lost(self) -> str:
        await self._ending.over.wait()
        return self._ending.reason

    async def close(self) -> None:
        await self._close()
        if self._openings:  # which end with the connection; to cancel one would cancel who waits for it
            await asyncio.wait(self._openings, timeout=_LEAVE_SECONDS)

    async def shell(self, receiver: Receiver) -> Channel:
        until, pause = time.monotonic() + SESSION_SECONDS, _FIRST_PAUSE
        while True:
            try:
                session = await self._session(receiver)
            except asyncssh.ChannelOpenError as error:
                if self.gone:
                    raise HostDown(f"{self._name}: {self._ending.reason}") from error
                # sshd holds a session until its processes have ended, and does not tell when that is.
                if not self._given or error.code not in _TAKEN or time.monotonic() + pause > until:
                    raise HostDown(
                        f"{self._name} gives no further session: {error.reason}",
                        "set MaxSessions there to 10, its default; --ssh-command ssh does with less",
                    ) from error
            except asyncssh.Error as error:
                raise HostDown(f"{self._name}: {error.reason}") from error
            else:
                return session
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _session(self, receiver: Receiver) -> _Session:
        """One try to open one."""
        session = _Session(receiver, self._ending)

        def given() -> _Session:
            self._given = True
            return session

        opening = self._connection.create_session(
            given,
            "exec sh",
            env=None,
            send_env=None,
            request_pty=False,
            x11_forwarding=False,
            encoding=None,
        )
        await self._open(opening, session.abandon)
        return session

    async def _open(self, opening: Coroutine[Any, Any, object], abandon: Callable[[], None]) -> None:
        """Open a channel; one that nobody waits for any more is closed as soon as it is there.

        asyncssh forgets a channel whose opening is cancelled, and the far side would keep it: it goes on to
        its end, which that of the connection is at the latest.
        """
        task = asyncio.ensure_future(opening)
        self._openings.add(task)
        task.add_done_callback(self._opened)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            abandon()
            raise

    def _opened(self, task: asyncio.Future[object]) -> None:
        self._openings.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits is told; nobody may

    async def stream(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        session = _Stream(protocol)
        try:
            opening = self._connection.create_connection(lambda: session, host, port, encoding=None)
            await self._open(opening, session.abandon)
        except asyncssh.ChannelOpenError as error:
            if self.gone:
                raise HostDown(f"{self._name}: {self._ending.reason}") from error
            if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                raise PermissionError(
                    1, f"{self._name} forwards no TCP (AllowTcpForwarding or PermitOpen in its sshd_config)"
                ) from error
            raise errno_of(error.reason, f"[{host}]:{port}") from error
        except asyncssh.Error as error:
            raise HostDown(f"{self._name}: {error}") from error
        assert session.transport is not None
        return reader, asyncio.StreamWriter(session.transport, protocol, reader, loop)


class _Session(asyncssh.SSHClientSession[bytes]):
    """One channel that runs a sh; the `Channel` of its receiver."""

    def __init__(self, receiver: Receiver, ending: _Ending) -> None:
        self._receiver = receiver
        self._ending = ending
        self._chan: asyncssh.SSHClientChannel[bytes] | None = None
        self._over = False
        self._abandoned = False
        self._limit: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan
        if self._abandoned:
            self.close()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._receiver.complaint(data)
        else:
            self._receiver.data(data)

    def eof_received(self) -> bool:
        self._end(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        lost = exc is not None or self._ending.over.is_set()
        self._end((str(exc) if exc else self._ending.reason) if lost else None)
        self._chan = None
        if self._limit is not None:
            self._limit.cancel()
        self._free()

    def _free(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def _end(self, why: str | None) -> None:
        if not self._over:
            self._over = True
            self._receiver.ended(why)

    def abandon(self) -> None:
        """Nobody waits for it any more: to be closed as soon as it is there."""
        self._abandoned = True
        self.close()

    def write(self, data: bytes | bytearray) -> None:
        if self._chan is not None and not self._chan.is_closing():
            self._chan.write(bytes(data))

    def write_eof(self) -> None:
        if self._chan is not None and not self._chan.is_closing():
            self._chan.write_eof()

    def pause(self) -> None:
        if self._chan is not None:
            self._chan.pause_reading()

    def resume(self) -> None:
        if self._chan is not None:
            self._chan.resume_reading()

    def close(self) -> None:
        if self._chan is not None:
            # Data that waits behind a pause, or for room on the far side, would hold the close back.
            self._chan.resume_reading()
            self._chan.abort()
            self._limit = self._limit or asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._free)


class _Stream(asyncssh.SSHTCPSession[bytes]):
    """A forwarded TCP connection, told to an asyncio protocol."""

    def __init__(self, protocol: asyncio.StreamReaderProtocol) -> None:
        self._protocol = protocol
        self.transport: _Transport | None = None
        self._abandoned = False

    def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        self.transport = _Transport(chan)
        self._protocol.connection_made(self.transport)
        if self._abandoned:
            self.transport.abort()

    def abandon(self) -> None:
        """As a session's."""
        self._abandoned = True
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool:
        return bool(self._protocol.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        # What asyncssh calls lost is a ConnectionError to those who read streams.
        error = ConnectionResetError(str(exc)) if exc is not None else None
        self._protocol.connection_lost(error)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


class _Transport(asyncio.Transport):
    """The channel as an asyncio transport."""

    def __init__(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        super().__init__()
        self._chan = chan

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._chan.is_closing():
            self._chan.write(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._chan.write_eof()

    def close(self) -> None:
        self._chan.close()

    def abort(self) -> None:
        self._chan.abort()

    def is_closing(self) -> bool:
        return self._chan.is_closing()

    def pause_reading(self) -> None:
        self._chan.pause_reading()

    def resume_reading(self) -> None:
        self._chan.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._chan.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._chan.get_extra_info(name, default)
