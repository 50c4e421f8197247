"""The terminal's side of the application: waits for keys without looking ten times a second for them.

Textual 8.2's input thread (drivers/linux_driver.py) wakes every 0.1 s, which is a third of what an idle mxtop
costs.  Here it sleeps until there is input, the end, or an escape sequence to be given up.  Bytes that are
no UTF-8 become `�`; there they end the thread.  Understanding the input stays Textual's.
"""

from __future__ import annotations

import contextlib
import os
import selectors
from codecs import getincrementaldecoder
from threading import Event
from typing import Any, Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_READ: Final = 4096
_LATE: Final = 0.01
"""Seconds after the escape delay in which it is over for certain."""


class TerminalLost(Message):
    """The terminal has hung up: no key will come any more, and nothing be seen."""


def quiet(found: type[Driver]) -> type[Driver]:
    """The driver instead of the one that Textual found; another that TEXTUAL_DRIVER names stays."""
    return QuietDriver if found is LinuxDriver else found


class _Bell(Event):
    """An event that also writes to a descriptor."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def set(self) -> None:
        super().set()
        with contextlib.suppress(OSError):  # full: it has been rung often enough
            os.write(self._descriptor, b"\0")


class QuietDriver(LinuxDriver):
    """Textual's driver with an input thread that sleeps while no key is pressed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rung, rope = os.pipe()  # stays open: `close` comes before each stop of the process too
        for descriptor in (self._rung, rope):
            os.set_blocking(descriptor, False)
        self.exit_event = _Bell(rope)

    def run_input_thread(self) -> None:
        """Hand on what is typed until `exit_event` is set.  A second thread may begin when the first has
        ended.
        """
        with contextlib.suppress(BlockingIOError):
            os.read(self._rung, _READ)  # what ended the thread before
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        waiting = False  # for the rest of what may be an escape sequence
        with selectors.SelectSelector() as selector:  # poll(2) knows no terminals on macOS
            selector.register(self._rung, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                found = selector.select(constants.ESCAPE_DELAY + _LATE if waiting else None)
                waiting = any(key.fd == self.fileno for key, _ in found)
                if waiting:
                    data = self._read()
                    if not data:
                        selector.unregister(self.fileno)
                        self._app.post_message(TerminalLost())
                        continue
                    if text := decode(data):  # "" is the end to the parser
                        for message in parser.feed(text):
                            self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _read(self) -> bytes:
        """What was typed; b"" where the terminal is gone: in raw mode no key means the end."""
        try:
            return os.read(self.fileno, _READ)
        except OSError:
            return b""
