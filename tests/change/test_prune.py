"""Old changes go, but none that somebody may still want or has to look at."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest
from tests.change.bench import Bench

pytestmark = pytest.mark.lab

DAY = 86400
FINISHED = ("confirmed", "rolledback", "failed")


def past(bench: Bench, name: str, state: str, days: float) -> Path:
    """A change of that age, as the script leaves one."""
    path = bench.base / "txn" / name
    for directory in (bench.base, path.parent, path):
        directory.mkdir(mode=0o700, exist_ok=True)
    (path / "meta").write_text(f"id {name}\n")
    if state:
        (path / "state").write_text(f"{state} \n")
    then = time.time() - days * DAY
    for file in (*path.iterdir(), path):
        os.utime(file, (then, then))
    return path


def kept(bench: Bench) -> set[str]:
    return {path.name for path in (bench.base / "txn").iterdir() if path.name != bench.id}


def test_the_last_fifty_and_the_younger_ones_stay(bench: Bench) -> None:
    old = [past(bench, f"A{k:03}", FINISHED[k % 3], 100) for k in range(55)]
    young = [past(bench, f"0{k}", "confirmed", 89) for k in range(3)]  # sort before all of them
    looked_at = [
        past(bench, f"1{state.replace('-', '')}", state, 1000)
        for state in ("armed", "installed", "applied", "conflict", "rollback-failed")
    ]
    (bench.base / "txn" / "not-ours").mkdir()
    bench.staged()
    expected = {path.name for path in (*old[5:], *young, *looked_at)} | {"not-ours"}
    assert kept(bench) == expected
    listed = bench.run("list").stdout.split()
    assert bench.id in listed
    assert old[0].name not in listed


def test_previews_that_nobody_wanted_go_after_a_day(bench: Bench) -> None:
    past(bench, "A1", "prepared", 1.1)
    past(bench, "A2", "", 1.1)  # killed while it was staged
    past(bench, "A3", "prepared", 0.9)
    past(bench, "A4", "", 0.9)
    waits = past(bench, "A5", "prepared", 1.1)  # just begun: waits for the lock
    start = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(") ")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (waits / "begun").write_text(f"{os.getpid()} {start} {boot}\n")
    os.utime(waits, (0, 0))
    ended = past(bench, "A6", "prepared", 1.1)
    (ended / "begun").write_text(f"{os.getpid()} 1 {boot}\n")
    os.utime(ended, (0, 0))
    bench.staged()
    assert kept(bench) == {"A3", "A4", "A5"}


def test_nothing_goes_while_somebody_is_at_work(bench: Bench) -> None:
    past(bench, "A1", "prepared", 2)
    with (bench.base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bench.staged()
    assert kept(bench) == {"A1"}
    bench.staged()
    assert "A1" not in kept(bench)


def test_a_change_goes_on_after_others_were_pruned(bench: Bench) -> None:
    for k in range(60):
        past(bench, f"A{k:03}", "confirmed", 200)
    bench.applied()
    assert len(kept(bench)) == 50
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(bench.first)
