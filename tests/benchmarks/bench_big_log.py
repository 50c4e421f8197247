"""A log of 1 GB: how soon the screen is useful, and what the rest and `report` cost.

`python -m tests.benchmarks.bench_big_log`.  Targets (issue: speed): the first useful screen within 1 s, the
older part read in the background with its progress shown; `report --json` within 200 MB of memory.  Peers:
`wc -l` (the floor), and pflogsumm on the first part of the same log where it is installed.
Needs 1.2 GB of room in the directory for temporary files.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import (
    MXTOP,
    Run,
    Terminal,
    children,
    cpu_seconds,
    has,
    key_answered,
    machine,
    median,
    memory_mb,
    spread,
    verdict,
)

SIZE = 1_000_000_000
PART = 500_000
RUNS = 3
TARGET_SCREEN, TARGET_MEMORY = 1.0, 200.0


def make(path: Path) -> int:
    """Write the log, the same lines on one day after the other, with queue ids of their own; how many.

    Holds little of it: what this process has held would count as memory of those that it starts.
    """
    part = path.with_name("first")
    with part.open("w") as first:
        first.writelines(f"{line}\n" for line in lines(PART))
    count = 0
    with path.open("wb") as log:
        for number, letter in enumerate(b"jklmnpqrstvwxyz"):
            with part.open("rb") as first:
                while block := b"".join(first.readlines(1_000_000)):
                    day = re.sub(rb"(?m)^2026-11-16T", b"2026-11-%02dT" % (16 + number), block)
                    log.write(re.sub(rb"(?<= )4j(?=\w+:)", b"4%c" % letter, day))
            count += PART
            if log.tell() >= SIZE:
                return count
    raise AssertionError("too few parts for this size")


def screen(log: Path) -> dict[str, float]:
    """Seconds until the first useful screen and until all is counted, memory, and keys meanwhile."""
    with Terminal((*MXTOP, str(log))) as terminal:
        useful = terminal.until(has(b"example", b"quit", b"lines"), 60) - terminal.started
        terminal.until(has(b"history"), 10)  # its progress is told
        worker_memory = worker_cpu = 0.0
        slowest = 0.0, 0.0
        while workers := children(terminal.pid):
            try:
                worker_memory = max(worker_memory, memory_mb(workers[0]))
                worker_cpu = cpu_seconds(workers[0])
            except (FileNotFoundError, ProcessLookupError):
                break
            slowest = max(slowest, key_answered(terminal, 0.2))
        for _ in range(10):  # what is newer is counted on top now
            slowest = max(slowest, key_answered(terminal, 0.2))
        return {
            "useful": useful,
            "whole": time.perf_counter() - terminal.started,
            "key": slowest[0],
            "key alone": slowest[1],
            "memory": memory_mb(terminal.pid),
            "worker memory": worker_memory,
            "worker CPU": worker_cpu,
            "CPU": cpu_seconds(terminal.pid),
        }


def cost(run: Run) -> str:
    return f"{run.wall:.1f} s, {run.cpu:.1f} s CPU, {run.memory:.0f} MiB"


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "mail.log"
        count = make(log)
        print(f"{log.stat().st_size / 1e6:,.0f} MB, {count:,} lines")
        seen = [screen(log) for _ in range(RUNS)]
        print(f"first useful screen  {spread([s['useful'] for s in seen])} s")
        print(f"the whole log in     {spread([s['whole'] for s in seen], digits=1)} s, in the background")
        print(f"slowest key          {spread([s['key'] for s in seen], 1000, 0)} ms meanwhile")
        alone = spread([s["key alone"] for s in seen], 1000, 0)
        print(f"                     {alone} ms without the wait for a core that others used")
        for what in ("memory", "worker memory", "CPU", "worker CPU"):
            print(f"{what:20} {spread([s[what] for s in seen], digits=1)} {'s' if 'CPU' in what else 'MiB'}")
        ours = Run((*MXTOP, "report", "--json", str(log)))
        told = json.loads(ours.output)["lines"]
        floor = Run(("wc", "-l", str(log)))
        print(f"report --json  {cost(ours)}, {told:,} lines")
        print(f"wc -l          {cost(floor)}")
        if pflogsumm := shutil.which("pflogsumm"):
            part = Path(directory) / "part.log"
            with log.open("rb") as whole:
                part.write_bytes(b"".join(next(whole) for _ in range(PART)))
            peer = Run((pflogsumm, str(part)))
            ours_speed, speed = told / ours.cpu, PART / peer.cpu
            print(f"pflogsumm      {cost(peer)}, {PART:,} lines")
            ratio = f"{ours_speed / speed:.1f} x"
            print(f"lines per second of CPU: {ours_speed:,.0f}, pflogsumm {speed:,.0f}: {ratio}")
    assert told == count
    verdict("first useful screen", median([s["useful"] for s in seen]), TARGET_SCREEN, "s")
    verdict("report's memory", ours.memory * 1.048576, TARGET_MEMORY, "MB", 0)


if __name__ == "__main__":
    main()
