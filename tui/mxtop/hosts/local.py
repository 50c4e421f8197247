"""This machine.

Commands are argument lists in their own process group, which is killed with all its children on timeout,
on cancellation and when its reader goes away.  Nothing is promised about a child that makes a session of
its own.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import IO, Final

from mxtop.hosts.base import OUTPUT_CAP, Answer, Completed, FileStat, Output
from mxtop.hosts.rights import HERE, Rights
from mxtop.mail.errors import CommandFailed

SYSTEM_PATH: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_CHUNK: Final = 64 * 1024
_STDERR_CAP: Final = 64 * 1024


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """The environment of every command: LC_ALL=C, and the PATH with the directories that users' lack."""
    own = [part for part in base.get("PATH", "").split(os.pathsep) if part]
    path = os.pathsep.join([*own, *(part for part in SYSTEM_PATH if part not in own)])
    return {**base, "PATH": path, "LC_ALL": "C"}


class LocalHost:
    """This machine as a `Host`; `name` is its host name unless one is given."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name or socket.gethostname()

    @property
    def name(self) -> str:
        return self._name

    @property
    def rights(self) -> Rights:
        return HERE

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        started = time.monotonic()
        kept = bytearray()
        async with _running(argv, stdin, timeout) as output:
            async for chunk in output:
                kept += chunk
                if len(kept) > OUTPUT_CAP:
                    raise _too_much(argv)
        assert output.exit_code is not None
        seconds = time.monotonic() - started
        return Completed(tuple(argv), output.exit_code, bytes(kept), output.stderr, seconds)

    async def converse(self, argv: Sequence[str], answer: Answer, *, timeout: float = 30.0) -> Completed:
        started = time.monotonic()
        # stdout goes to a file that has no name: stderr is the only thing to wait for
        with tempfile.TemporaryFile() as printed:
            process = await _start(argv, PIPE, PIPE, printed)
            exit_code: int | None = None
            deadline = asyncio.timeout(timeout)
            try:
                async with deadline:
                    said = await _talk(process, answer, deadline)
                    exit_code = await process.wait()
            except TimeoutError as error:
                if not deadline.expired():
                    raise
                raise _no_answer(argv, timeout) from error
            finally:
                if exit_code is None:
                    await _end(process)
            if printed.seek(0, os.SEEK_END) > OUTPUT_CAP:
                raise _too_much(argv)
            printed.seek(0)
            stdout = printed.read()
        return Completed(tuple(argv), exit_code, stdout, said, time.monotonic() - started)

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        return _running(argv, b"", timeout)

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        def read() -> bytes:
            with open(path, "rb") as file:  # noqa: PTH123 (a path of the host, not ours)
                return file.read(limit)

        return await asyncio.to_thread(read)

    async def stat(self, path: str) -> FileStat | None:
        try:
            found = os.stat(path)  # noqa: PTH116 (cheaper than waking a thread; settings are local)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileStat(
            mode=found.st_mode,
            size=found.st_size,
            mtime=found.st_mtime,
            inode=found.st_ino,
            device=found.st_dev,
            uid=found.st_uid,
            gid=found.st_gid,
        )

    async def can_read(self, path: str) -> bool:
        return await asyncio.to_thread(os.access, path, os.R_OK)

    async def open_stream(
        self, host: str, port: int, *, timeout: float = 10.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(timeout):
            return await asyncio.open_connection(host, port)


class _Output:
    """stdout of one process; see `Output`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.exit_code: int | None = None
        self.stderr = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(_CHUNK):
            yield chunk


@asynccontextmanager
async def _running(argv: Sequence[str], stdin: bytes, timeout: float | None) -> AsyncIterator[_Output]:
    """Start, hand out the output, and leave no process of the group behind.

    Input and complaints go through files that have no name, so that stdout is the only thing to wait for and
    a command cannot get stuck on the other two.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(stdin)
        given.seek(0)
        process = await _start(argv, given, complaints, PIPE)
        output = _Output(process)
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                yield output
                if process.stdout is not None and process.stdout.at_eof():
                    output.exit_code = await process.wait()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            assert timeout is not None
            raise _no_answer(argv, timeout) from error
        finally:
            if output.exit_code is None:
                await _end(process)
        complaints.seek(0)
        output.stderr = complaints.read(_STDERR_CAP)


async def _talk(process: Process, answer: Answer, deadline: asyncio.Timeout) -> bytes:
    """All of stderr, each piece answered until the last reply; the clock stands while `answer` thinks."""
    assert process.stdin is not None
    assert process.stderr is not None
    said = bytearray()
    talking = True
    while chunk := await process.stderr.read(_CHUNK):
        said += chunk[: max(0, _STDERR_CAP - len(said))]
        if not talking:
            continue
        until = deadline.when()
        asked = asyncio.get_running_loop().time()
        deadline.reschedule(None)
        reply = await answer(bytes(said))
        if until is not None:
            deadline.reschedule(until + asyncio.get_running_loop().time() - asked)
        process.stdin.write(reply.data)
        if reply.last:
            process.stdin.close()
            talking = False
    return bytes(said)


def _no_answer(argv: Sequence[str], timeout: float) -> CommandFailed:
    return CommandFailed(f"{argv[0]} gave no answer in {timeout:g} s", f"try it by hand: {shlex.join(argv)}")


def _too_much(argv: Sequence[str]) -> CommandFailed:
    return CommandFailed(f"{argv[0]} printed more than {OUTPUT_CAP // 1024 // 1024} MiB")


async def _start(
    argv: Sequence[str], stdin: IO[bytes] | int, stderr: IO[bytes] | int, stdout: IO[bytes] | int
) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment(os.environ),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise CommandFailed(
            f"{argv[0]}: no such command here", "install it, or add its directory to PATH"
        ) from error
    except PermissionError as error:
        raise CommandFailed(f"{argv[0]} may not be run by this user", "try again with sudo") from error


async def _end(process: Process) -> None:
    """Kill the process group, and take the exit code so that no zombie stays."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # all gone; or a set-uid command, which ends by itself
        pass
    if process.stdin is not None:  # which is what it may be waiting for
        process.stdin.close()
    await process.wait()
