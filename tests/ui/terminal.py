"""A program in a real pseudo-terminal, for what no pilot can show."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Terminal:
    """The master's side: read what was painted, press keys, hang up."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.master = master
        self.output = b""

    def read(self, seconds: float = 0.1) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                with contextlib.suppress(OSError):  # EIO: the other side is closed
                    self.output += os.read(self.master, 65536)
                    continue
                return

    def wait_for(self, text: str, seconds: float = 15.0) -> bytes:
        """All output once the text was painted; escape sequences within it do not count."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
            if text in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self.output).decode(errors="replace"):
                return self.output
        raise AssertionError(f"{text!r} was never painted: {self.output[-2000:]!r}")

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def exit_code(self, seconds: float = 15.0) -> int:
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if self.master >= 0:
                self.read()
            else:
                time.sleep(0.05)
        assert self.process.returncode is not None, "it did not end"
        return self.process.returncode


@contextmanager
def terminal(
    code: str, *, columns: int = 80, lines: int = 24, ignore_hangup: bool = False
) -> Iterator[Terminal]:
    """Run Python code in a new session on its own terminal; killed at the end if need be."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    trap = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" if ignore_hangup else ""
    own = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TMUX")}
    process = subprocess.Popen(
        [sys.executable, "-c", own + trap + code],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=ROOT,
        env={**environ, "TERM": "xterm-256color", "PYTHONPATH": f"{ROOT}:{ROOT / 'tui'}"},
    )  # fmt: skip
    os.close(slave)
    it = Terminal(process, master)
    try:
        yield it
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if it.master >= 0:
            it.hang_up()
