"""SSH by the system's own client (`--ssh-command`): one master connection, every channel a mux client of it.

For what asyncssh leaves out: ControlMaster sites with a second factor, KnownHostsCommand, Kerberos, FIPS,
hardware tokens.  All of ssh_config(5) holds, known_hosts is ssh's own to enforce, and nothing is ever asked
(BatchMode): an unknown key or a password is refused with ssh's words.  The control socket is private and gone
with the connection.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mxtop.hosts.errors import HostDown, HostKeyTrouble, NeedsAuthentication
from mxtop.hosts.files import errno_of
from mxtop.hosts.target import Target
from mxtop.hosts.wire import Channel, Receiver, Wire

CONNECT_SECONDS: Final = 15.0
_STDERR_CAP: Final = 16 * 1024
_NEVER: Final = ("BatchMode=yes", "ForwardAgent=no", "ForwardX11=no", "RequestTTY=no", "RemoteCommand=none")
_ALIVE: Final = ("ServerAliveInterval=5", "ServerAliveCountMax=3", "ControlPersist=no")


class OpenSsh:
    """Makes connections by an ssh program: a `Dial`.

    `command` is the program and its options, as an argument list.
    """

    def __init__(
        self, target: Target, command: Sequence[str], *, connect_timeout: float = CONNECT_SECONDS
    ) -> None:
        self._target = target
        self._command = tuple(command)
        self._timeout = connect_timeout

    async def __call__(self) -> Wire:
        directory = Path(tempfile.mkdtemp(prefix="mxtop-ssh-"))
        master = _Process()
        wire = _OpenSshWire(str(self._target), self._argv(directory / "s"), directory, master)
        alive = [word for option in _ALIVE for word in ("-o", option)]
        try:
            await _start(master, [*wire.argv("-M", "-N", *alive), *self._place()])
            async with asyncio.timeout(self._timeout):
                while not (directory / "s").exists():
                    if master.over.is_set():
                        raise _refusal(str(self._target), master.said)
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            await wire.close()
            raise HostDown(f"{self._target} gave no answer in {self._timeout:g} s") from error
        except BaseException:
            await wire.close()
            raise
        return wire

    def _argv(self, socket: Path) -> _Argv:
        return _Argv(self._command, str(socket), self._place())

    def _place(self) -> list[str]:
        target = self._target
        user = ["-l", target.user] if target.user is not None else []
        port = ["-p", str(target.port)] if target.port is not None else []
        return [*user, *port, "--", target.host]


class _Argv:
    """Command lines of one connection."""

    def __init__(self, command: Sequence[str], socket: str, place: Sequence[str]) -> None:
        self.place = list(place)
        never = [word for option in _NEVER for word in ("-o", option)]
        self._begin = [*command, "-S", socket, *never]

    def __call__(self, *options: str) -> list[str]:
        return [*self._begin, *options]


def _refusal(name: str, said: bytes) -> HostDown:
    """Why ssh gave up, from its own words."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    last = lines[-1].strip() if lines else "ssh ended without a word"
    if "Host key verification failed" in last:
        told = next((line for line in lines if "key" in line and "@@@" not in line), last)
        return HostKeyTrouble(f"{name}: {last} {told.strip()}", f"connect once by `ssh {name}`", host=name)
    if "Permission denied" in last or "Too many authentication failures" in last:
        return NeedsAuthentication(
            f"{name}: {last}", "load the key into the agent (ssh-add), or try `ssh` by hand"
        )
    return HostDown(f"{name}: {last}", "try `ssh` by hand")


class _OpenSshWire:
    """See `Wire`."""

    def __init__(self, name: str, argv: _Argv, directory: Path, master: _Process) -> None:
        self.argv = argv
        self._name = name
        self._directory = directory
        self._master = master

    @property
    def gone(self) -> bool:
        return self._master.over.is_set()

    async def lost(self) -> str:
        await self._master.over.wait()
        return _refusal("ssh", self._master.said).title

    async def shell(self, receiver: Receiver) -> Channel:
        if self.gone:
            raise HostDown(f"{self._name}: {await self.lost()}")
        channel = _Process(receiver, self._master)
        await _start(channel, [*self.argv("-T", "-o", "ControlMaster=no"), *self.argv.place, "exec sh"])
        return channel

    async def stream(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """By `ssh -W`, whose debug word for an opened channel is waited for (OpenSSH, mux.c, since 5.4)."""
        if self.gone:
            raise HostDown(f"{self._name}: {await self.lost()}")
        place = f"[{host}]:{port}"
        process = await asyncio.create_subprocess_exec(
            *self.argv("-v", "-o", "ControlMaster=no", "-W", place), *self.argv.place,
            stdin=PIPE, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            while line := await process.stderr.readline():
                if b"master session id" in line:
                    return process.stdout, process.stdin
        except BaseException:
            process.kill()
            raise
        await process.wait()
        said = self._master.said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if "prohibited" in said:
            raise PermissionError(1, f"{self._name} forwards no TCP (AllowTcpForwarding in its sshd_config)")
        raise errno_of(said, place)

    async def close(self) -> None:
        self._master.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await asyncio.shield(self._master.closed)
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)


class _Process(asyncio.SubprocessProtocol):
    """One ssh: the `Channel` of its receiver, or the master, which has none and whose words are kept."""

    def __init__(self, receiver: Receiver | None = None, master: _Process | None = None) -> None:
        self.over = asyncio.Event()
        self.said = b""
        self._receiver = receiver
        self._master = master
        self._open = {1, 2}
        self._transport: asyncio.SubprocessTransport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._receiver is None:
            self.said = (self.said + data)[-_STDERR_CAP:]
        elif fd == 1:
            self._receiver.data(data)
        else:
            self._receiver.complaint(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open and not self.over.is_set():
            self.over.set()
            if self._receiver is not None:
                lost = self._master is not None and self._master.over.is_set()
                self._receiver.ended("the connection was lost" if lost else None)

    def process_exited(self) -> None:
        self.closed.set_result(None)

    def _pipe(self, fd: int) -> Any:
        """A pipe's transport, unless it is closed."""
        pipe = self._transport.get_pipe_transport(fd) if self._transport is not None else None
        return None if pipe is None or pipe.is_closing() else pipe

    def write(self, data: bytes | bytearray) -> None:
        if pipe := self._pipe(0):
            pipe.write(bytes(data))

    def write_eof(self) -> None:
        if pipe := self._pipe(0):
            pipe.write_eof()

    def pause(self) -> None:
        if pipe := self._pipe(1):
            pipe.pause_reading()

    def resume(self) -> None:
        if pipe := self._pipe(1):
            pipe.resume_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _start(process: _Process, argv: Sequence[str]) -> None:
    """Run an ssh.  HostDown where there is none."""
    loop = asyncio.get_running_loop()
    try:
        await loop.subprocess_exec(
            lambda: process, *argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        raise HostDown(f"{argv[0]}: {error.strerror}", "name an ssh program by --ssh-command") from error
