"""A person at a terminal, asked on stderr: a line, a password, or single keys while something runs.

Where stdin and stderr are not both terminals, nobody is there.  Restores the terminal whatever happens.
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from mxtop.mail.text import clean


def somebody() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def narrate(text: str) -> None:
    """A line on stderr, in the place of a status line where one is shown."""
    erase = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{erase}{clean(text)}", file=sys.stderr, flush=True)


class Status:
    """One line on stderr that is written over; where that is no terminal, a line each time it differs."""

    def __init__(self) -> None:
        self._shown = ""
        self._terminal = sys.stderr.isatty()

    def show(self, text: str) -> None:
        if text == self._shown:
            return
        self._shown = text
        if not self._terminal:
            narrate(text)
            return
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # 0: it does not know
        sys.stderr.write("\r\x1b[K" + clean(text)[: width - 1])
        sys.stderr.flush()

    def end(self) -> None:
        """Make room for other lines."""
        if self._terminal and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._shown = ""


@contextmanager
def _mode(*, line: bool) -> Iterator[None]:
    """No echo; whole lines, or each key at once.  Ctrl-C stays what it is."""
    terminal = sys.stdin.fileno()
    saved = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[3] &= ~termios.ECHO
    if not line:
        changed[3] &= ~termios.ICANON
    try:
        termios.tcsetattr(terminal, termios.TCSADRAIN, changed)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, saved)


async def _line() -> str | None:
    """One line from the terminal; None where it was closed."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[bytes] = loop.create_future()

    def ready() -> None:
        if not typed.done():
            typed.set_result(os.read(sys.stdin.fileno(), 4096))

    loop.add_reader(sys.stdin.fileno(), ready)
    try:
        data = await typed
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return data.decode("utf-8", "surrogateescape").removesuffix("\n") if data else None


async def ask(question: str) -> str:
    """The answer to a question; "" where there is none."""
    sys.stderr.write(f"{clean(question)} ")
    sys.stderr.flush()
    return (await _line() or "").strip()


async def ask_password(prompt: str) -> str | None:
    """What was typed without being shown."""
    sys.stderr.write(f"{clean(prompt)}: ")
    sys.stderr.flush()
    try:
        with _mode(line=True):
            return await _line()
    finally:
        sys.stderr.write("\n")


@contextmanager
def keys() -> Iterator[deque[str]]:
    """The keys pressed meanwhile, which whoever reads them takes out."""
    pressed: deque[str] = deque(maxlen=100)
    loop = asyncio.get_running_loop()
    terminal = sys.stdin.fileno()

    def ready() -> None:
        data = os.read(terminal, 100)
        if not data:
            loop.remove_reader(terminal)
        pressed.extend(data.decode("utf-8", "replace"))

    with _mode(line=False):
        loop.add_reader(terminal, ready)
        try:
            yield pressed
        finally:
            loop.remove_reader(terminal)
