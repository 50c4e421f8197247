"""`python -m tests.benchmarks [NAME ...]`: the benchmarks one after the other, each in its own process.

`NAME` is `startup` for bench_startup.py, and so on; none means all.  At the end every verdict again.  Exits
with 1 where a benchmark itself broke; a missed target is told, and is no failure.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measure import ROOT


def main() -> int:
    names = sys.argv[1:] or sorted(path.stem[6:] for path in Path(__file__).parent.glob("bench_*.py"))
    verdicts, broken = [], []
    for name in names:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = False
            for line in process.stdout:
                print(line, end="", flush=True)
                if line.startswith(("PASS", "MISS", "target")):
                    told = True
                    verdicts.append(f"{name:10} {line}")
        if process.returncode and not told:
            broken.append(name)
    print("== verdicts\n" + "".join(verdicts) + "".join(f"{name:10} BROKEN\n" for name in broken), end="")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
