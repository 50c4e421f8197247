"""A person at a terminal, by a pseudo-terminal: what is asked, what is not shown, what is left as it was."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from typing import Self

ASK = "print(repr(await terminal.ask('Change it?')), flush=True)"
PASSWORD = "print(repr(await terminal.ask_password('Password')), flush=True)"
KEYS = """
with terminal.keys() as pressed:
    print('ready', flush=True)
    while 'q' not in pressed:
        await asyncio.sleep(0.01)
    print(''.join(pressed), flush=True)
"""
STATUS = """
status = terminal.Status()
status.show('one \\x1b[2J')
status.show('two')
terminal.narrate('line')
status.end()
"""


class Person:
    """Sits before `body`, a coroutine's lines, with the terminal's other end in hand."""

    def __init__(self, body: str) -> None:
        inside = "".join(f"    {line}\n" for line in body.strip().split("\n"))
        head = "import asyncio\nfrom mxtop.report import terminal\n"
        program = f"{head}async def main():\n{inside}asyncio.run(main())\n"
        self.end, near = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=near,
            stderr=near,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.near = near
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.end)
        os.close(self.near)

    def wait(self, text: str) -> None:
        deadline = time.monotonic() + 20
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.end], [], [], 0.1)[0]:
                self.seen += os.read(self.end, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def said(self) -> str:
        return self.process.communicate(timeout=20)[0]

    def modes(self) -> int:
        modes: int = termios.tcgetattr(self.near)[3]
        return modes


def test_a_question_is_answered_by_a_line() -> None:
    with Person(ASK) as person:
        person.wait("Change it? ")
        person.type(" yes \n")
        assert person.said() == "'yes'\n"


def test_a_password_is_not_shown() -> None:
    with Person(PASSWORD) as person:
        before = person.modes()
        person.wait("Password: ")
        while person.modes() & termios.ECHO:
            time.sleep(0.01)
        person.type("s3cret\n")
        assert person.said() == "'s3cret'\n"
        person.wait("\n")
        assert "s3cret" not in person.seen
        assert person.modes() == before


def test_end_of_file_is_no_password() -> None:
    with Person(PASSWORD) as person:
        person.wait("Password: ")
        person.type("\x04")
        assert person.said() == "None\n"


def test_keys_come_one_by_one_and_the_terminal_is_as_before() -> None:
    with Person(KEYS) as person:
        before = person.modes()
        assert person.process.stdout is not None
        assert person.process.stdout.readline() == "ready\n"
        person.type("ku")
        person.type("q")
        assert person.said() == "kuq\n"
        assert person.modes() == before
        assert "k" not in person.seen


def test_a_status_is_written_over_and_cannot_clear_the_screen() -> None:
    with Person(STATUS) as person:
        person.wait("line")
        assert person.said() == ""
        assert person.seen.startswith("\r\x1b[Kone ␛[2J\r\x1b[Ktwo\r\x1b[Kline")
