"""A real terminal on the lab's sender host or a fleet's operator's: a tmux server with one program in it.

    with Terminal(lab, ["mxtop"], 100, 30) as screen:
        screen.wait("dual.example")
        screen.keys("Enter")
        assert "Last errors" in screen.text()

What a person would see is read with capture-pane.  Nothing here sleeps for a fixed time: `wait`
and `wait_for` look again until a deadline, and show the screen when it passes.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

Found = TypeVar("Found")
_LOOK = 0.1
_numbers = itertools.count()

BIN = Path(sys.executable).parent


class Place(Protocol):
    """A lab's sender, or a fleet's operator."""

    directory: Path

    @property
    def run(self) -> Callable[..., subprocess.CompletedProcess[Any]]: ...


class Terminal:
    """`argv` runs in the namespace of `lab`, `mxtop` being this checkout's; `home` holds no configuration."""

    def __init__(self, lab: Place, argv: Sequence[str], width: int, height: int) -> None:
        self._lab = lab
        self._argv = list(argv)
        self._size = width, height
        self._name = f"mxtop-{os.getpid()}-{next(_numbers)}"

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix="story-", dir=self._lab.directory))
        self.home.chmod(0o755)
        env = {
            "TMUX_TMPDIR": str(self.home),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
        }
        (self.home / "tmux.conf").write_text(
            "set -g default-terminal screen-256color\nset -g remain-on-exit on\nset -g status off\n"
            "set -sg escape-time 0\nset -g history-limit 0\n"
        )
        width, height = (str(number) for number in self._size)
        start = ["new-session", "-d", "-s", "story", "-x", width, "-y", height, *self._argv]
        done = self._lab.run([*self._tmux(), "-f", str(self.home / "tmux.conf"), *start], env=env)
        assert done.returncode == 0, done.stderr
        self.pid = int(self.ask("#{pane_pid}"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_server()
        shutil.rmtree(self.home, ignore_errors=True)

    def _tmux(self) -> list[str]:
        return ["tmux", "-S", str(self.home / self._name)]

    def command(self, *words: str) -> str:
        """The output of a tmux command on this server."""
        done = subprocess.run([*self._tmux(), *words], capture_output=True, text=True, timeout=20)
        if done.returncode:
            raise RuntimeError(f"tmux {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def ask(self, form: str) -> str:
        return self.command("display-message", "-p", "-t", "story", form).rstrip("\n")

    def kill_server(self) -> None:
        """The terminal goes away, as when a connection is lost."""
        subprocess.run([*self._tmux(), "kill-server"], capture_output=True, timeout=20)

    def keys(self, *names: str) -> None:
        """Press keys, by tmux's names (`Down`, `Enter`, `C-c`), one after the other."""
        for name in names:
            self.command("send-keys", "-t", "story", name)

    def type(self, text: str) -> None:
        self.command("send-keys", "-t", "story", "-l", text)

    def resize(self, width: int, height: int) -> None:
        self.command("resize-window", "-t", "story", "-x", str(width), "-y", str(height))

    def text(self) -> str:
        """The whole screen."""
        return self.command("capture-pane", "-p", "-t", "story")

    def lines(self) -> list[str]:
        return self.text().split("\n")

    def words(self) -> str:
        """The whole screen as one line without frames: sentences as they were before they were wrapped."""
        return " ".join(re.sub(r"[│╭╮╰╯─▇▅▃▁▂▄▆█]", " ", self.text()).split())

    def select(self, destination: str) -> None:
        """On the main screen: filter for a destination, put the cursor on it, clear the filter; MX beside."""
        self.keys("3")
        self.wait(r"3 MX")
        self.keys("2", "/")
        self.wait("words that must match")
        self.type(destination)
        self.keys("Enter")
        self.wait(rf"^│▸.*{re.escape(destination[:13])}")
        self.keys("Down", "Up", "Escape")
        self.wait_gone(r" · filter ")
        self.wait(rf"MX · {re.escape(destination)} ")

    def wait_for(self, look: Callable[[str], Found], what: str, timeout: float = 20) -> Found:
        """What `look` finds on the screen, as soon as it is something."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text()
            if found := look(text):
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {timeout} s there is no {what} on the screen:\n{text}")
            time.sleep(_LOOK)

    def wait(self, pattern: str, timeout: float = 20) -> re.Match[str]:
        """The first match of a regular expression on the screen; lines as they stand."""
        compiled = re.compile(pattern, re.M)
        found = self.wait_for(compiled.search, repr(pattern), timeout)
        assert found is not None
        return found

    def wait_gone(self, pattern: str, timeout: float = 20) -> None:
        compiled = re.compile(pattern, re.M)
        self.wait_for(lambda text: compiled.search(text) is None, f"end of {pattern!r}", timeout)

    def exit_code(self, timeout: float = 20) -> int:
        """How the program ended; from the kernel where tmux missed the end of its child."""
        deadline = time.monotonic() + timeout
        while not (status := self.ask("#{pane_dead_status}")):  # comes a moment after the end
            if (code := self._zombie()) is not None:
                return code
            if time.monotonic() > deadline:
                raise TimeoutError(f"still runs after {timeout} s:\n{self.text()}")
            time.sleep(_LOOK)
        return int(status)

    def _zombie(self) -> int | None:
        """The exit code of a program that ended and was not waited for (proc(5): state and exit_code)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return int(fields[49]) >> 8 if fields[0] == "Z" else None
