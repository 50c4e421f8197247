"""The input thread on a real pseudo-terminal: what is typed comes, and while nothing is nobody wakes."""

from __future__ import annotations

import asyncio
import os
import pty
import selectors
import signal
import time
import tty
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from textual import constants
from textual.app import App
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from mxtop.ui.app import MxtopApp
from mxtop.ui.driver import QuietDriver, TerminalLost, quiet


class Recorder(App[None]):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Message] = []

    def post_message(self, message: Message) -> bool:
        self.posted.append(message)
        return True


class Typed(QuietDriver):
    """On a terminal of its own; keeps what the thread makes of the keys."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        super().__init__(self.recorder)
        self.master, self.fileno = pty.openpty()
        tty.setraw(self.fileno)
        self.messages: list[Message] = []
        self.thread: Thread | None = None

    def process_message(self, message: Message) -> None:
        self.messages.append(message)

    def begin(self) -> None:
        self.thread = Thread(target=self.run_input_thread, daemon=True)
        self.thread.start()

    def end(self) -> None:
        assert self.thread is not None
        self.exit_event.set()
        self.thread.join(5)
        assert not self.thread.is_alive()
        self.exit_event.clear()

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.messages if isinstance(message, Key)]

    def wait(self, keys: list[str]) -> None:
        until(lambda: self.keys == keys, lambda: self.keys)


def until(holds: Any, shown: Any) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, shown()
        time.sleep(0.005)


@pytest.fixture
def typed() -> Iterator[Typed]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}

    async def make() -> Typed:
        return Typed()

    driver = asyncio.run(make())
    for number, handler in handlers.items():
        signal.signal(number, handler)
    driver.begin()
    yield driver
    driver.end()
    for descriptor in (driver.master, driver.fileno, driver._rung, driver.exit_event._descriptor):
        if descriptor >= 0:
            os.close(descriptor)


def test_keys_come_in_order(typed: Typed) -> None:
    typed.type(b"ab\x1b[A")
    typed.wait(["a", "b", "up"])
    typed.type(b"\r")
    typed.wait(["a", "b", "up", "enter"])


def test_escape_alone_is_a_key_after_its_delay(typed: Typed) -> None:
    began = time.monotonic()
    typed.type(b"\x1b")
    typed.wait(["escape"])
    assert time.monotonic() - began >= constants.ESCAPE_DELAY
    typed.type(b"\x1b[")  # what no key begins with comes as what was typed
    until(lambda: len(typed.keys) > 1, lambda: typed.keys)


def test_a_character_in_two_pieces_is_one_key(typed: Typed) -> None:
    typed.type("ä".encode()[:1])
    time.sleep(0.05)
    assert typed.keys == []
    typed.type("ä".encode()[1:])
    until(
        lambda: [m.character for m in typed.messages if isinstance(m, Key)] == ["ä"], lambda: typed.messages
    )


def test_bytes_that_are_no_text_do_not_end_it(typed: Typed) -> None:
    typed.type(b"\xff\xfea")
    until(lambda: typed.keys[-1:] == ["a"], lambda: typed.keys)
    typed.type(b"b")
    until(lambda: typed.keys[-1:] == ["b"], lambda: typed.keys)


def test_its_end_wakes_it_and_it_begins_again(typed: Typed) -> None:
    typed.end()
    typed.begin()
    typed.type(b"x")
    typed.wait(["x"])


def test_a_lost_terminal_is_told_once(typed: Typed) -> None:
    os.close(typed.master)
    typed.master = -1
    until(lambda: typed.recorder.posted, lambda: "nothing was told")
    time.sleep(0.1)
    assert [type(message) for message in typed.recorder.posted] == [TerminalLost]
    assert typed.thread is not None
    assert typed.thread.is_alive(), "it waits for its end"


def test_nobody_wakes_while_nothing_is_typed(monkeypatch: pytest.MonkeyPatch, typed: Typed) -> None:
    typed.end()
    looks: list[float | None] = []
    select = selectors.SelectSelector.select

    def counted(self: selectors.SelectSelector, timeout: float | None = None) -> Any:
        looks.append(timeout)
        return select(self, timeout)

    monkeypatch.setattr(selectors.SelectSelector, "select", counted)
    typed.begin()
    until(lambda: looks, lambda: "it does not look")
    time.sleep(0.3)
    assert looks == [None]
    typed.type(b"a")
    typed.wait(["a"])
    time.sleep(3 * constants.ESCAPE_DELAY)
    assert [look is None for look in looks] == [True, False, True], "one look for the rest of a sequence"


@pytest.mark.parametrize(("found", "taken"), [(LinuxDriver, QuietDriver), (HeadlessDriver, HeadlessDriver)])
def test_which_driver(found: type[Driver], taken: type[Driver]) -> None:
    assert quiet(found) is taken


def test_the_application_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", None)
    assert MxtopApp.get_driver_class is not App.get_driver_class
    assert App.get_driver_class(object.__new__(MxtopApp)) is LinuxDriver
    assert MxtopApp.get_driver_class(object.__new__(MxtopApp)) is QuietDriver
