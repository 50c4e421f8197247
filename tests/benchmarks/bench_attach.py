"""Attaching to one host over SSH on loopback: from the command line to the first screen with its mail on it.

`python -m tests.benchmarks.bench_attach`, as root with openssh-server and postfix.  Target: under 1.5 s.
Beside it, what a login alone takes here: `ssh HOST true`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_hosts import Fleet
from tests.benchmarks.measure import Terminal, has, machine, median, spread, verdict
from tests.lab.needs import missing

RUNS = 7
TARGET = 1.5


def attach(fleet: Fleet) -> float:
    """Seconds until the connection is live and destinations are on the screen."""
    with Terminal(fleet.command(), env={"HOME": str(fleet.home)}) as terminal:
        return terminal.until(has("● live".encode(), b".example "), 60) - terminal.started


def login(fleet: Fleet) -> float:
    began = time.perf_counter()
    config = fleet.home / ".ssh" / "config"
    subprocess.run(["ssh", "-F", str(config), fleet.names[0], "true"], check=True, timeout=60)
    return time.perf_counter() - began


def main() -> int:
    print(machine())
    if reason := missing():
        print(f"not measured: {reason}")
        return 0
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        fleet = Fleet(directory, 1)
        with fleet.server:
            turns = [(attach(fleet), login(fleet)) for _ in range(RUNS)]
    ours, theirs = [own for own, _ in turns], [peer for _, peer in turns]
    print(f"attached: {spread(ours)} s; `ssh HOST true`: {spread(theirs)} s")
    verdict("attach to first screen", median(ours), TARGET, "s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
