"""`mxtop report --json` beside pflogsumm on a million lines, each pinned to one core.

`python -m tests.benchmarks.bench_report [LINES]`.  Target (issue: speed): at least four times pflogsumm.
The programs take turns, RUNS times with each form of the time; the medians are of CPU time, which
other work on the machine disturbs less than wall time.  Peak memory is told as well, and what it takes
where nothing is compiled (`mail.heads`).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import MXTOP, Run, machine, median, peer_path, spread

from mxtop.mail import heads

LINES = 1_000_000
RUNS = 3
TARGET = 4.0

NOT_COMPILED = (
    "import sys; sys.modules['mxtop.mail._heads'] = None; from mxtop.__main__ import run; sys.exit(run())"
)


def compare(log: Path, count: int, core: str, runs: int) -> float:
    """Print the figures of one log; how many times faster mxtop is."""
    pinned = ("taskset", "-c", core)
    peer = peer_path("pflogsumm", "/usr/sbin/pflogsumm")
    ours, plain, theirs = [], [], []
    for _ in range(runs):
        ours.append(Run([*pinned, *MXTOP, "report", "--json", str(log)]))
        plain.append(Run([*pinned, sys.executable, "-c", NOT_COMPILED, "report", "--json", str(log)]))
        theirs.append(Run([*pinned, peer, str(log)]))
    assert all(run.code == 0 for run in ours + plain + theirs)
    assert json.loads(ours[0].output)["lines"] == count
    assert ours[0].output == plain[0].output
    print(
        "  (compiled)"
        if heads.compiled
        else "  (not compiled here: no gcc, or no headers of Python, when it was installed)"
    )
    for name, taken in (("mxtop report --json", ours), ("… not compiled", plain), ("pflogsumm", theirs)):
        cpu = [run.cpu for run in taken]
        print(
            f"  {name:<20} CPU {spread(cpu)} s, wall {spread([run.wall for run in taken])} s, "
            f"{count / median(cpu) / 1e6:.2f} M lines/s, {max(run.memory for run in taken):.0f} MiB"
        )
    ratio = median([run.cpu for run in theirs]) / median([run.cpu for run in ours])
    print(f"{'PASS' if ratio >= TARGET else 'MISS'}  {ratio:.2f} x pflogsumm, target at least {TARGET:g} x")
    return ratio


def main(count: int = LINES, runs: int = RUNS) -> None:
    print(machine())
    core = str(max(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as directory:
        for form in ("RFC 3339", "classic"):
            log = Path(directory) / "mail.log"
            with log.open("w") as out:
                out.writelines(f"{line}\n" for line in lines(count, classic=form == "classic"))
            print(f"{count} lines, {form} times, {log.stat().st_size / 1e6:.0f} MB:")
            compare(log, count, core, runs)


def test_report_is_faster_than_pflogsumm() -> None:
    main()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
