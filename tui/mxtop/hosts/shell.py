"""One sh on a remote machine that stays and runs one framed command after the other: 0.5 ms each, not 100.

Memory is bounded: output up to a cap, 64 KiB of stderr, nothing of what comes between commands.  A command
that times out, is cancelled or prints too much leaves the shell `broken`: its owner kills it on the far side.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Final

from mxtop.hosts import script
from mxtop.hosts.base import OUTPUT_CAP, Completed
from mxtop.hosts.errors import HostDown
from mxtop.hosts.wire import Channel, Wire
from mxtop.mail.errors import CommandFailed

STDERR_CAP: Final = 64 * 1024
NOISE_CAP: Final = 256 * 1024
"""Bytes that a login shell may print before our sh answers."""

LOGIN_SECONDS: Final = 15.0
"""How long a login may take until our sh answers."""

AT_LOGIN: Final = "mend what runs there at login (~/.bashrc, ~/.ssh/rc, a ForceCommand)"

_LAST: Final = 200
_TAIL: Final = 64
"""Longer than any mark with what follows it."""

_WORD: Final = re.compile(rb"(?: ([0-9]{1,10}))?\n")


def flooded(name: str) -> HostDown:
    """It printed more than NOISE_CAP, and no sh of ours answered."""
    return HostDown(f"{name} floods the login with output, so that nothing can be run there", AT_LOGIN)


class Until:
    """Bytes up to a mark, at most `cap` of them kept; the number behind the mark, if there is one, is `word`.

    A mark that anything else follows is none: it takes a sh of ours to put it there.
    """

    def __init__(self, mark: str, cap: int) -> None:
        self._mark = mark.encode()
        self._cap = cap
        self._searched = 0
        self.kept = bytearray()
        self.rest = b""
        self.word: bytes | None = None
        self.overflow = False

    def feed(self, chunk: bytes) -> bool:
        """Whether the mark has been seen, its whole line included; `rest` is then what came after."""
        self.kept += chunk
        at = self.kept.find(self._mark, self._searched)
        while at >= 0:
            if found := _WORD.match(self.kept, at + len(self._mark)):
                self.word = bytes(found[1] or b"")
                self.rest = bytes(self.kept[found.end() :])
                del found  # it holds on to the buffer
                del self.kept[min(at, self._cap) :]
                return True
            at = self.kept.find(self._mark, at + 1)
        if len(self.kept) > self._cap + _TAIL:
            self.overflow = True
            del self.kept[self._cap : -_TAIL]
        self._searched = max(0, len(self.kept) - _TAIL)
        return False


class _Frame:
    """The answer to one command, as it arrives on two streams."""

    def __init__(self, mark: str, cap: int, *, login: bool = False) -> None:
        self.stdout = Until(mark, cap)
        self.stderr = Until(mark, cap if login else STDERR_CAP)
        self._login = login
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def said(self) -> str:
        """The last line of what was printed instead of an answer."""
        text = bytes(self.stderr.kept or self.stdout.kept).decode("utf-8", "replace")
        return text.strip().rpartition("\n")[2][-_LAST:]

    def check(self) -> None:
        if self.done.done():
            return
        both = self.stdout.word is not None and self.stderr.word is not None
        if both or self.stdout.overflow or (self._login and self.stderr.overflow):
            self.done.set_result(None)


class Shell:
    """A running sh; made by `Shell.start`.  One command at a time: the caller sees to that."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._channel: Channel | None = None
        self._frame: _Frame | None = None
        self._end: str | None = None
        self.pid = 0
        self.broken = False
        self.heard = time.monotonic()

    @classmethod
    async def start(cls, wire: Wire, name: str) -> Shell:
        """Start it and hear its first answer.  HostDown where the login does not lead to a sh."""
        shell = cls(name)
        mark = script.nonce()
        frame = shell._frame = _Frame(mark, NOISE_CAP, login=True)
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                shell._channel = await wire.shell(shell)
                shell._channel.write(script.encoded(script.prelude(mark) + "\n"))
                await frame.done
            if frame.stdout.word is None or frame.stderr.word is None:
                raise flooded(name)
            shell.pid = int(frame.stdout.word)
        except (TimeoutError, ValueError) as error:
            shell.close()
            said = frame.said
            title = f"{name} starts no shell" + (f"; its login says: {said}" if said else "")
            raise HostDown(title, f"{AT_LOGIN}, or try `ssh` by hand") from error
        except BaseException:
            shell.close()
            raise
        shell._frame = None
        return shell

    def data(self, chunk: bytes) -> None:
        self.heard = time.monotonic()
        if self._frame is not None and self._frame.stdout.word is None:
            self._frame.stdout.feed(chunk)
            self._frame.check()

    def complaint(self, chunk: bytes) -> None:
        self.heard = time.monotonic()
        if self._frame is not None and self._frame.stderr.word is None:
            self._frame.stderr.feed(chunk)
            self._frame.check()

    def ended(self, why: str | None) -> None:
        self.broken = True
        self._end = why or ""
        if self._frame is not None and not self._frame.done.done():
            self._frame.done.set_exception(self._lost(self._frame))

    def _lost(self, frame: _Frame | None = None) -> HostDown:
        if self._end:
            return HostDown(f"{self._name}: {self._end}")
        last = frame.said if frame is not None and not self.pid else ""
        title = f"{self._name}: the shell ended" + (f": {last}" if last else "")
        return HostDown(title, "" if self.pid else "the login's shell must be able to run sh")

    def close(self) -> None:
        self.broken = True
        self._frame = None  # nobody waits for an answer
        if self._channel is not None:
            self._channel.close()

    async def run(
        self, argv: Sequence[str], stdin: bytes, *, timeout: float | None, cap: int = OUTPUT_CAP
    ) -> Completed:
        """One command; see `Host.run`.  Whatever it raises leaves the shell broken."""
        mark = script.nonce()
        text = script.encoded(script.framed(argv, stdin, mark))
        if self._channel is None or self._end is not None:
            raise self._lost()
        started = time.monotonic()
        frame = self._frame = _Frame(mark, cap)
        finished = False
        try:
            async with asyncio.timeout(timeout):
                self._channel.write(text)
                await frame.done
            finished = frame.stdout.word is not None and not frame.stdout.overflow
        finally:
            self._frame = None
            self.broken = self.broken or not finished
        if frame.stdout.word == b"":
            self.broken = True
            raise HostDown(f"{self._name} answers without an exit code")
        if not finished or frame.stdout.word is None:
            raise CommandFailed(f"{argv[0]} printed more than {cap // 1024 // 1024} MiB on {self._name}")
        return Completed(
            tuple(argv),
            script.exit_code(int(frame.stdout.word)),
            bytes(frame.stdout.kept),
            bytes(frame.stderr.kept),
            time.monotonic() - started,
        )
