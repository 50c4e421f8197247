"""How long until `mxtop demo` shows its first whole screen, and until `--help` and `--version` answer.

`python -m tests.benchmarks.bench_startup`.  Target (issue: speed): the demo's first paint within 0.4 s
from exec, in a real pseudo-terminal; whole means a destination's row and the key bar.  Peers: a bare
Python, and the smallest Textual app there can be, in the same terminal.  Our bytecode is there as after an
installation by pip, also where PYTHONDONTWRITEBYTECODE keeps Python from storing it.
"""

from __future__ import annotations

import compileall
import sys

from tests.benchmarks.measure import (
    MXTOP,
    ROOT,
    Run,
    Terminal,
    cpu_seconds,
    has,
    machine,
    median,
    spread,
    verdict,
)

RUNS = 15
TARGET = 0.4
ROW = (b"example", b"quit")
"""In every destination of the demo, and in the key bar."""

SMALLEST = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("first paint")
Smallest().run()
"""


def painted(command: tuple[str, ...], words: tuple[bytes, ...]) -> tuple[float, float]:
    """Wall and CPU seconds until the words are on the screen."""
    with Terminal(command) as terminal:
        wall = terminal.until(has(*words), 20) - terminal.started
        return wall, cpu_seconds(terminal.pid)


def main() -> None:
    print(machine())
    compileall.compile_dir(ROOT / "tui", quiet=1)
    screens = {
        "mxtop demo": ((*MXTOP, "demo"), ROW),
        "smallest Textual app": ((sys.executable, "-c", SMALLEST), (b"first paint",)),
    }
    commands = {
        "mxtop --help": (*MXTOP, "--help"),
        "mxtop --version": (*MXTOP, "--version"),
        "python -c pass": (sys.executable, "-c", "pass"),
    }
    walls: dict[str, list[float]] = {name: [] for name in (*screens, *commands)}
    cpus: dict[str, list[float]] = {name: [] for name in (*screens, *commands)}
    for _ in range(RUNS):  # in turn, so that a busy moment hits all of them
        for name, (command, words) in screens.items():
            wall, cpu = painted(command, words)
            walls[name].append(wall)
            cpus[name].append(cpu)
        for name, command in commands.items():
            run = Run(command)
            walls[name].append(run.wall)
            cpus[name].append(run.cpu)
    for name in walls:
        print(f"{name:22} wall {spread(walls[name], 1000, 0)} ms   CPU {spread(cpus[name], 1000, 0)} ms")
    ratio = median(walls["mxtop demo"]) / median(walls["smallest Textual app"])
    print(f"mxtop demo / smallest Textual app: {ratio:.2f} x")
    verdict("first paint of the demo", median(walls["mxtop demo"]), TARGET, "s")


if __name__ == "__main__":
    main()
