"""The screen on a log that grows by 10,000 lines a second.

`python -m tests.benchmarks.bench_flood`.  Targets (issue: speed): at most 20 % of one core at one look a
second, and a key answered within 100 ms; answered means that what it changes is on the screen.  Peer:
lnav where it is installed, else `tail -F` in the same terminal, which writes every line and counts none.
The lines are makelog's with the present time; a process of its own writes them every 10 ms.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import (
    MXTOP,
    ROOT,
    Terminal,
    cpu_seconds,
    has,
    key_answered,
    machine,
    median,
    memory_mb,
    spread,
    verdict,
)

RATE = 10_000
BURSTS = 100  # a second
BEFORE = 50_000
SECONDS = 15.0
KEYS = 30
TARGET_CPU, TARGET_KEY = 20.0, 100.0


def write(path: str, source: str) -> None:
    """Append RATE lines a second until ended."""
    texts = [line.partition(" ")[2] for line in Path(source).read_text().splitlines()]
    place, start, written = 0, time.monotonic(), 0
    size = RATE // BURSTS
    with open(path, "a", encoding="utf-8") as log:
        while True:
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            log.write("".join(f"{now} {text}\n" for text in texts[place : place + size]))
            log.flush()
            place = (place + size) % (len(texts) - size)
            written += 1
            time.sleep(max(0.0, start + written / BURSTS - time.monotonic()))


@contextmanager
def flood(directory: Path, source: Path) -> Iterator[Path]:
    """A log that is being written to."""
    log = directory / "mail.log"
    shutil.copy(source, log)
    command = [sys.executable, "-m", "tests.benchmarks.bench_flood", "write", str(log), str(source)]
    writer = subprocess.Popen(command, cwd=ROOT)
    try:
        yield log
    finally:
        writer.kill()
        writer.wait()
        log.unlink()


def watch(terminal: Terminal, log: Path) -> tuple[float, float]:
    """Percent of one core, and lines a second that were written meanwhile."""
    cpu, size, start = cpu_seconds(terminal.pid), log.stat().st_size, time.perf_counter()
    terminal.spend(SECONDS)
    took = time.perf_counter() - start
    percent = (cpu_seconds(terminal.pid) - cpu) / took * 100
    with log.open("rb") as file:
        file.seek(size)
        return percent, file.read().count(b"\n") / took


def keys(terminal: Terminal) -> tuple[list[float], list[float]]:
    """What `key_answered` says of some keys, pressed at any moment of the tick."""
    chance = random.Random(1)
    answers, own = [], []
    for _ in range(KEYS):
        terminal.spend(chance.uniform(0.1, 0.6))
        wall, alone = key_answered(terminal, 0.2)
        answers.append(wall)
        own.append(alone)
    return answers, own


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        source = directory / "source"
        source.write_text("\n".join(lines(BEFORE)) + "\n")
        with flood(directory, source) as log, Terminal((*MXTOP, str(log))) as terminal:
            terminal.until(has(b"example", b"quit"), 30)
            terminal.spend(3)
            percent, rate = watch(terminal, log)
            memory = memory_mb(terminal.pid)
            print(f"mxtop    {percent:5.1f} % of a core at {rate:,.0f} lines/s, {memory:.0f} MiB")
            answers, own = keys(terminal)
            print(f"a key    {spread(answers, 1000, 0)} ms until it is answered, {len(answers)} keys")
            print(f"         {spread(own, 1000, 0)} ms without the wait for a core that others used")
        peer = (lnav, "-n") if (lnav := shutil.which("lnav")) else ("tail", "-F")
        with flood(directory, source) as log, Terminal((*peer, str(log))) as terminal:
            terminal.spend(3)
            other, rate = watch(terminal, log)
            print(f"{Path(peer[0]).name:8} {other:5.1f} % of a core at {rate:,.0f} lines/s")
    print(f"mxtop / {Path(peer[0]).name}: {percent / other:.1f} x" if other else "")
    verdict("flooded", percent, TARGET_CPU, "% of a core", 1)
    verdict("a key, median", median(answers) * 1000, TARGET_KEY, "ms", 0)
    verdict("a key, slowest", max(answers) * 1000, TARGET_KEY, "ms", 0)
    verdict("a key, slowest, without the wait for a core", max(own) * 1000, TARGET_KEY, "ms", 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(*sys.argv[2:])
    else:
        main()
