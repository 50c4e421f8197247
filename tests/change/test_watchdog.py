"""Who takes an unanswered change back: under systemd and without it, whatever the wall clock says (F27).

No systemd runs in the lab: systemd-run(1) is a stub that does what it is told, in a mount namespace where
/run/systemd/system exists.  Nor is the machine's clock touched: date(1), by which alone the script reads it,
is a stub that jumps, and strace(1) shows that nothing waits for a wall-clock time.
"""

from __future__ import annotations

import re
import time

import pytest
from tests.change.bench import Bench

pytestmark = pytest.mark.lab

SYSTEMD = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec "$@"',
    "sh",
]


def test_a_service_of_systemd(bench: Bench) -> None:
    bench.stub("systemd-run", 'echo "$*" >"${0%/*}/told"\nshift 4; exec setsid "$@" >/dev/null 2>&1 &')
    bench.staged(window=1)
    assert bench.run("apply", bench.id, before=SYSTEMD).returncode == 0
    told = (bench.bin / "told").read_text()
    command = f"/bin/sh {bench.txn}/run.sh watchdog {bench.base} {bench.id}\n"
    assert told.startswith(f"--quiet --collect --unit=mxtop-rollback-{bench.id} --setenv=PATH=")
    assert told.endswith(command)
    bench.wait_state("rolledback")
    bench.wait_free()
    bench.assert_sound(bench.first)


def test_systemd_says_no(bench: Bench) -> None:
    """A session of its own is the next best."""
    bench.stub("systemd-run", "exit 1")
    bench.staged(window=1)
    assert bench.run("apply", bench.id, before=SYSTEMD).returncode == 0
    bench.wait_state("rolledback")
    bench.wait_free()
    bench.assert_sound(bench.first)


def test_no_watchdog_no_change(bench: Bench) -> None:
    """It is armed before the change, or there is no change."""
    bench.staged()
    bench.stub("setsid", "exit 1")
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (2, "failed")
    assert "watchdog" in done.stderr
    bench.assert_sound(bench.first)


@pytest.mark.parametrize("jump", ["yesterday", "tomorrow"])
def test_the_wall_clock_jumps_in_the_window(bench: Bench, jump: str) -> None:
    """F27."""
    bench.stub(
        "date", f'[ -e "${{0%/*}}/jumped" ] && exec /usr/bin/date -d {jump} "$@"\nexec /usr/bin/date "$@"'
    )
    trace = bench.root / "sleeps"
    calls = "clock_nanosleep,nanosleep,timer_settime,timerfd_settime"
    bench.staged(window=3)
    apply = bench.start("apply", before=["strace", "-f", "-o", str(trace), "-e", f"trace={calls}"])
    bench.wait_state("applied")
    applied = time.monotonic()
    (bench.bin / "jumped").touch()
    assert bench.main_cf.read_bytes() == bench.after
    bench.wait_state("rolledback")
    assert 2.5 < time.monotonic() - applied < 25
    assert apply.wait(30) == 0
    assert re.search(r"nanosleep\(", trace.read_text())
    assert "TIMER_ABSTIME" not in trace.read_text()
    bench.assert_sound(bench.first)
