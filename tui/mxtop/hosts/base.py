"""What a machine must offer to be looked at: run a command, read a file, open a TCP stream.

A protocol of few calls, each with a time limit and none with a shell, so that this machine and one behind SSH
look the same to everything above.  It does not promise privileges: a call does what its user may do, and
says PermissionError where that is not enough.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from mxtop.hosts.rights import Rights

OUTPUT_CAP: Final = 16 * 1024 * 1024
"""Bytes of output that `run` keeps; a command that prints more is ended."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended.  `seconds` is wall-clock time; a negative `exit_code` is a signal's number."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def text(self) -> str:
        """stdout as text; bytes that are not UTF-8 as lone surrogates."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def complaint(self) -> str:
        """The last line of stderr, which is where Postfix commands say why they gave up; "" where none."""
        lines = self.stderr.decode("utf-8", "surrogateescape").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


@dataclass(frozen=True, slots=True)
class FileStat:
    """What stat(2) says: size in bytes, mtime in seconds since the epoch."""

    mode: int
    size: int
    mtime: float
    inode: int
    device: int
    uid: int
    gid: int

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)


class Output(Protocol):
    """A running command: iterate over chunks of its stdout.

    `exit_code` and `stderr` are there once the context is left; `exit_code` stays None where the reader
    went away before the end, and the command was killed.
    """

    exit_code: int | None
    stderr: bytes

    def __aiter__(self) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What to write to a command's stdin now; `last`: then its end."""

    data: bytes | bytearray = b""
    last: bool = False


Answer = Callable[[bytes], Awaitable[Reply]]
"""From all that a command has written to stderr so far to what it is told."""


class Host(Protocol):
    """One machine.

    Commands run with LC_ALL=C and a PATH that contains the sbin directories.  `CommandFailed` where a
    command is missing, may not be run, gives no answer in `timeout` seconds or prints more than
    OUTPUT_CAP; an exit code is the caller's to judge.
    """

    @property
    def name(self) -> str:
        """What to call this machine on screen."""
        ...

    @property
    def rights(self) -> Rights:
        """What to tell a user who may not do something on it."""
        ...

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        """Run a command to its end."""
        ...

    async def converse(self, argv: Sequence[str], answer: Answer, *, timeout: float = 30.0) -> Completed:
        """Run a command that asks on stderr and reads answers from stdin; neither is a terminal.

        `answer` is asked each time there is more on stderr, until its last Reply.  The time that it takes
        (a human may be thinking) does not count.  What it gives is written at once and not kept.
        """
        ...

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        """Run a command and read its stdout as it comes; leaving the context ends the command."""
        ...

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        """The first `limit` bytes of a file.  OSError as open(2) says."""
        ...

    async def stat(self, path: str) -> FileStat | None:
        """stat(2), links followed; None where there is no such file, PermissionError where nobody says."""
        ...

    async def can_read(self, path: str) -> bool:
        """Whether this user may open the file for reading."""
        ...

    async def open_stream(
        self, host: str, port: int, *, timeout: float = 10.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TCP connection made from that machine.  OSError (TimeoutError included) where it fails."""
        ...
