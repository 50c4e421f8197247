"""What the benchmarks share: a program in a pseudo-terminal, its CPU time and memory, and the verdict.

Wall time is what an admin waits; CPU time (user + system) is told beside it, since it is what stays
comparable on a machine that does other things too.  A miss is printed, never raised: a benchmark tells.
Linux only (/proc).  Does not emulate a terminal: it answers no question and sees text as it is written.
"""

from __future__ import annotations

import fcntl
import os
import platform
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
MXTOP = (str(Path(sys.executable).with_name("mxtop")),)
"""The command as it is installed beside this Python."""

WIDTH, HEIGHT = 120, 36
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_\]].*?(?:\x1b\\|\x07)|\x1b[ -/]*[0-~]", re.DOTALL)


def machine() -> str:
    """One line: what the figures were made on, and how busy it was."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    cores = len(os.sched_getaffinity(0))
    name = model[1] if model else platform.machine()
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"machine: {cores} x {name}, {system}; load {load}"


def verdict(what: str, value: float, target: float, unit: str, digits: int = 2) -> bool:
    """Say whether a figure is at or under its target."""
    held = value <= target
    word = "PASS" if held else "MISS"
    print(f"{word}  {what}: {value:.{digits}f} {unit}, target at most {target:g} {unit}")
    return held


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float], scale: float = 1.0, digits: int = 2) -> str:
    """`0.31 (0.30 to 0.34)`: the median, then the extremes."""
    low, middle, high = (f"{v * scale:.{digits}f}" for v in (min(values), median(values), max(values)))
    return f"{middle} ({low} to {high})"


class Run:
    """One whole process without a terminal: wall and CPU seconds, peak memory in MiB, its output."""

    def __init__(self, command: Sequence[str], *, cwd: Path = ROOT, timeout: float = 600.0) -> None:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=cwd)
        assert process.stdout is not None
        self.output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.code = process.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024


def cpu_seconds(pid: int) -> float:
    """CPU time that a living process's threads have used, to the nanosecond (proc(5), schedstat)."""
    return _scheduled(pid, 0)


def children_seconds(pid: int) -> float:
    """CPU time of its children that have ended and were waited for, to the tick (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def queued_seconds(pid: int) -> float:
    """Time that its threads were ready to run and waited for a core: what a busy machine adds."""
    return _scheduled(pid, 1)


def _scheduled(pid: int, column: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[column])
        except (FileNotFoundError, ProcessLookupError):
            pass  # a thread that has just ended
    return total / 1e9


def memory_mb(pid: int, field: str = "VmHWM") -> float:
    """Peak (VmHWM) or present (VmRSS) resident memory in MiB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def children(pid: int) -> list[int]:
    """Child processes at this moment."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Terminal:
    """`with Terminal(command) as terminal`: the command runs in a pseudo-terminal of WIDTH x HEIGHT.

    `text` is everything written so far without escape sequences, `size` its bytes with them.
    """

    def __init__(self, command: Sequence[str], *, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._raw = b""
        self.size = 0
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=ROOT,
            env={**environment, **(env or {})},
        )  # fmt: skip
        os.close(slave)
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            limit = time.perf_counter() + 3
            while self._process.poll() is None and time.perf_counter() < limit:
                self.read(0.05)
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
        os.close(self._master)

    def read(self, seconds: float) -> None:
        """Take what is written within so many seconds, at most one piece."""
        if select.select([self._master], [], [], max(0.0, seconds))[0]:
            try:
                data = os.read(self._master, 1 << 20)
            except OSError:  # the other end is closed
                time.sleep(min(seconds, 0.01))
                return
            self.size += len(data)
            self._raw = (self._raw + data)[-(1 << 20) :]

    @property
    def text(self) -> bytes:
        return _ESCAPES.sub(b"", self._raw)

    def forget(self) -> None:
        """What was written until now is not looked at again."""
        self._raw = b""

    def until(self, found: Callable[[bytes], bool], timeout: float) -> float:
        """Read until the text fulfils a condition; the moment.  TimeoutError with what was there."""
        limit = time.perf_counter() + timeout
        while time.perf_counter() < limit:
            self.read(limit - time.perf_counter())
            now = time.perf_counter()
            if found(self.text):
                return now
        raise TimeoutError(f"not shown within {timeout:g} s; the end of the screen: {self.text[-500:]!r}")

    def spend(self, seconds: float) -> None:
        """Let it run, reading all it writes."""
        limit = time.perf_counter() + seconds
        while (left := limit - time.perf_counter()) > 0:
            self.read(left)

    def press(self, key: bytes) -> float:
        """Press a key; the moment."""
        self.forget()
        now = time.perf_counter()
        os.write(self._master, key)
        return now


def key_answered(terminal: Terminal, pause: float) -> tuple[float, float]:
    """Seconds until the help that `?` opens is on the screen, a whole repaint; then the same without the
    time in which other processes had the core.  The help is closed again after `pause` seconds.
    """
    queued = queued_seconds(terminal.pid)
    pressed = terminal.press(b"?")
    took = terminal.until(has(b"Everywhere"), 30) - pressed
    own = max(0.0, took - (queued_seconds(terminal.pid) - queued))
    terminal.spend(pause)
    terminal.press(b"?")
    terminal.until(has(b"Destinations"), 30)
    return took, own


def has(*words: bytes) -> Callable[[bytes], bool]:
    """A condition: all of these words are on the screen."""
    return lambda text: all(word in text for word in words)


def peer_path(*names: str) -> str:
    """The first of these programs that is installed; the last one is always there."""
    return next((path for name in names if (path := shutil.which(name))), names[-1])
