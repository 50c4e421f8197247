"""A machine behind SSH as a `Host`: one connection, a few shells that stay, a state that can be shown.

Commands go through at most two shells; what streams and what converses has a channel of its own; together
they stay under MaxSessions (10).  Nothing is uploaded.  The connection is made at first use, or kept up by
`keep`, which a session runs: then a call on a machine that is down fails at once and says why.
When the connection is lost, what streams is killed over there; a command of `run` goes on to its end unheard.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final, TypeVar

from mxtop.hosts import script
from mxtop.hosts.base import OUTPUT_CAP, Answer, Completed, FileStat, Output
from mxtop.hosts.errors import HostDown
from mxtop.hosts.files import errno_of, file_stat, stat_commands
from mxtop.hosts.keeper import Kept
from mxtop.hosts.process import Process
from mxtop.hosts.rights import THERE, Rights
from mxtop.hosts.shell import Shell
from mxtop.hosts.target import Target
from mxtop.hosts.wire import Dial, Wire
from mxtop.mail.errors import CommandFailed

SHELLS: Final = 2
CHANNELS: Final = 6
"""At once beside the shells; OpenSSH's MaxSessions is 10, and some are needed to kill."""

_KILL_SECONDS: Final = 3.0
_T = TypeVar("_T")


class SshHost(Kept):
    """One machine; see `Host`.  `async with` or `close` ends the connection.

    `dial` makes connections (`mxtop.hosts.ssh.Dialer`), `at` tells whom it is talking to.
    """

    def __init__(self, target: Target, dial: Dial, at: Callable[[], str] | None = None) -> None:
        super().__init__(dial, at)
        self.target = target
        self._channels = asyncio.Semaphore(CHANNELS)
        self._turns = asyncio.Semaphore(SHELLS)
        self._idle: list[Shell] = []
        self._stat_flavour = 0

    @property
    def name(self) -> str:
        return str(replace(self.target, user=None))

    @property
    def whole_name(self) -> str:
        return str(self.target)

    @property
    def rights(self) -> Rights:
        return THERE

    def _forget(self) -> None:
        self._idle.clear()

    async def _begin(self, wire: Wire) -> None:
        self._idle.append(await Shell.start(wire, self.name))

    async def _sign(self, wire: Wire) -> None:
        if self._turns.locked():  # slow commands have the shells: no sign of a machine that is away
            mark = script.nonce()
            process = await Process.start(wire, self.name, f"{script.prelude(mark)}; exit\n", mark)
            try:
                await process.started()
                self._hear()
            finally:
                await process.close()
            return
        shell = await self._shell(wire)
        try:
            await shell.run(["true"], b"", timeout=None)
            self._hear()
        finally:
            await self._give_back(wire, shell)

    # Commands ------------------------------------------------------------------------------------------

    async def _shell(self, wire: Wire) -> Shell:
        """A shell that waits for commands; give it back."""
        await self._turns.acquire()
        try:
            while self._idle:
                shell = self._idle.pop()
                if not shell.broken:
                    return shell
            return await Shell.start(wire, self.name)
        except BaseException:
            self._turns.release()
            raise

    async def _give_back(self, wire: Wire, shell: Shell) -> None:
        try:
            if not shell.broken:
                self._hear()
                if self._wire is wire:
                    self._idle.append(shell)
            elif shell.pid:
                await self._kill(wire, shell.pid)
        finally:
            if shell.broken:
                shell.close()
            self._turns.release()

    async def _kill(self, wire: Wire, pid: int) -> None:
        """End what runs there, as far as the connection still allows."""
        mark = script.nonce()
        with suppress(HostDown, TimeoutError):
            async with asyncio.timeout(_KILL_SECONDS):
                process = await Process.start(
                    wire, self.name, f"{script.prelude(mark)}; {script.killing(pid)}", mark
                )
                try:
                    while not process.over:
                        await process.news()
                finally:
                    await process.close()

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        return await self._run(argv, stdin, timeout, OUTPUT_CAP)

    async def _run(self, argv: Sequence[str], stdin: bytes, timeout: float, cap: int) -> Completed:
        script.quoted(argv)
        if len(stdin) > script.SMALL_INPUT:
            return self._judged(await self._converse(argv, None, stdin, timeout))
        wire = await self._ready()  # which has a time limit of its own, and may ask a person
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                shell = await self._shell(wire)
                try:
                    done = await shell.run(argv, stdin, timeout=None, cap=cap)
                finally:
                    await self._give_back(wire, shell)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise self._no_answer(argv, timeout) from error
        return self._judged(done)

    def _no_answer(self, argv: Sequence[str], timeout: float) -> CommandFailed:
        return CommandFailed(
            f"{argv[0]} gave no answer in {timeout:g} s on {self.name}", "try it there by hand"
        )

    def _judged(self, done: Completed) -> Completed:
        """The same, unless the command did not even start."""
        self._judge(done.argv, done.exit_code, done.complaint)
        return done

    def _judge(self, argv: Sequence[str], code: int | None, complaint: str) -> None:
        match script.refusal(argv, 0 if code is None else code, complaint):
            case "missing":
                raise CommandFailed(f"{argv[0]}: no such command on {self.name}", "install it there")
            case "forbidden":
                raise CommandFailed(
                    f"{argv[0]} may not be run by this user on {self.name}",
                    "log in as one who may, or use sudo",
                )
            case _:
                pass

    async def converse(self, argv: Sequence[str], answer: Answer, *, timeout: float = 30.0) -> Completed:
        return self._judged(await self._converse(argv, answer, b"", timeout))

    async def _converse(
        self, argv: Sequence[str], answer: Answer | None, stdin: bytes, timeout: float
    ) -> Completed:
        started = time.monotonic()
        mark = script.nonce()
        printed = bytearray()
        async with self._process(argv, script.conversing(argv, mark), mark, timeout) as (process, deadline):
            await process.started()
            if answer is None:
                process.write(stdin)
                process.write_eof()
            asked = answer is not None
            told = 0
            while True:
                if answer is not None and asked and len(process.stderr) > told:
                    told = len(process.stderr)
                    reply = await _unhurried(deadline, answer(process.stderr))
                    process.write(reply.data)
                    if reply.last:
                        asked = False
                        process.write_eof()
                elif process.over:  # its last words may come together with its end
                    break
                else:
                    await process.news()
                printed += process.taken()
                if len(printed) > OUTPUT_CAP:
                    raise CommandFailed(f"{argv[0]} printed more than {OUTPUT_CAP // 1024 // 1024} MiB")
            printed += process.taken()
            await process.finished()
        assert process.exit_code is not None
        return Completed(
            tuple(argv), process.exit_code, bytes(printed), process.stderr, time.monotonic() - started
        )

    @asynccontextmanager
    async def _process(
        self, argv: Sequence[str], text: str, mark: str, timeout: float | None
    ) -> AsyncIterator[tuple[Process, asyncio.Timeout]]:
        """A channel of its own for one command, which is killed where it has not ended by itself."""
        wire = await self._ready()
        process: Process | None = None
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                process = await self._start(wire, text, mark)
                yield process, deadline
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise self._no_answer(argv, timeout or 0.0) from error
        finally:
            try:
                if process and process.exit_code is None and not process.over and process.pid:
                    await self._kill(wire, process.pid)
            finally:
                if process is not None:
                    await process.close()

    async def _start(self, wire: Wire, text: str, mark: str) -> Process:
        """With a channel of its own, whose place is taken until the far side, too, has closed it."""
        await self._channels.acquire()
        try:
            process = await Process.start(wire, self.name, text, mark)
        except BaseException:
            self._channels.release()
            raise
        process.when_closed(self._channels.release)
        return process

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        return self._output(argv, timeout)

    @asynccontextmanager
    async def _output(self, argv: Sequence[str], timeout: float | None) -> AsyncIterator[Output]:
        mark = script.nonce()
        async with self._process(argv, script.guarded(argv, mark), mark, timeout) as (process, _):
            yield process
            self._judge(argv, process.exit_code, _last_line(process.stderr))

    # Files and streams ---------------------------------------------------------------------------------

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        done = await self._run(["head", "-c", str(limit), "--", path], b"", 60.0, max(limit, OUTPUT_CAP))
        if done.exit_code:
            raise errno_of(done.complaint, path)
        return done.stdout

    async def stat(self, path: str) -> FileStat | None:
        flavours = stat_commands(path)
        for flavour in range(self._stat_flavour, len(flavours)):
            done = await self.run(flavours[flavour])
            if done.exit_code == 0 and (found := file_stat(done.text)) is not None:
                self._stat_flavour = flavour
                return found
            error = errno_of(done.complaint, path)
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                return None
            if error.errno is not None or flavour == len(flavours) - 1:
                raise error
        raise AssertionError("the last flavour returns or raises")

    async def can_read(self, path: str) -> bool:
        return (await self.run(["test", "-r", path])).exit_code == 0

    async def open_stream(
        self, host: str, port: int, *, timeout: float = 10.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        wire = await self._ready()
        async with asyncio.timeout(timeout):
            return await wire.stream(host, port)


async def _unhurried(deadline: asyncio.Timeout, answer: Awaitable[_T]) -> _T:
    """Await what a person may be thinking about: that time does not count."""
    limit = deadline.when()
    began = time.monotonic()
    deadline.reschedule(None)
    result = await answer
    deadline.reschedule(None if limit is None else limit + time.monotonic() - began)
    return result


def _last_line(stderr: bytes) -> str:
    return Completed((), 0, b"", stderr, 0.0).complaint
