"""SIGKILL at every step, and system calls that fail (F1, F10, F11, F26, F28, F31, F32).

The signal comes from strace(1), at the n-th fork of the process that runs the script, or at a system call of
any of its commands.  Whatever was killed, main.cf is whole at the end and the recorded state is the true one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.change.bench import SETTLED, Bench, wait
from tests.lab import Lab

from mxtop.change import script

pytestmark = pytest.mark.lab

FORKS = "clone,clone3,fork,vfork"
MOMENTS = 50


def on_all(benches: list[Bench], work: Sequence[tuple[object, ...]], task) -> None:  # type: ignore[no-untyped-def]
    """Each piece of work on the next free bench; the first failure is raised."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def one(piece: tuple[object, ...]) -> None:
        bench = free.get()
        try:
            task(bench, *piece)
        finally:
            bench.reset()
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as pool:
        for done in [pool.submit(one, piece) for piece in work]:
            done.result()


def forks(bench: Bench, verb: str, trace: Path) -> list[tuple[str, int]]:
    """The processes that the verb starts from its own, in order: (system call, how many times until then)."""
    done = bench.run(verb, bench.id, before=["strace", "-o", str(trace), "-e", f"trace={FORKS}"])
    assert done.returncode == 0, done.stderr
    calls = re.findall(r"^(clone3?|v?fork)\(", trace.read_text(), re.M)
    return [(call, calls[: k + 1].count(call)) for k, call in enumerate(calls)]


def kill_at(call: str, number: int) -> list[str]:
    return [
        "strace",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=SIGKILL:when={number}",
    ]


def spread(moments: list[tuple[str, int]], count: int) -> list[tuple[str, int]]:
    """`count` of them, but for the last few: how often it looks for its watchdog differs between runs."""
    places = sorted({round(k * (len(moments) - 8) / (count - 1)) for k in range(count)})
    return [moments[place] for place in places]


def killed_while_applying(bench: Bench, call: str, number: int) -> None:
    bench.staged(window=2)
    assert bench.start("apply", before=kill_at(call, number)).wait(60)
    if not (bench.txn / "armed").exists():  # killed before the watchdog: nothing has begun
        wait(lambda: bench.state in ("prepared", "failed"), 5)
        time.sleep(0.3)  # a watchdog that was just started says so at once
    if (bench.txn / "armed").exists():
        watchdog = bench.watchdog()
        wait(
            lambda: not Path(f"/proc/{watchdog}").exists(), 40, f"watchdog of {call} {number}: {bench.detail}"
        )
    if bench.state != "prepared":
        assert bench.state == "rolledback", f"{call} {number}: {bench.detail}"
    bench.wait_free()
    bench.assert_sound(bench.first)


def test_apply_killed_at_fifty_moments(change_lab: Lab, benches: list[Bench]) -> None:
    """F1, with a window of 2 s."""
    bench = benches[0]
    bench.staged(window=60)
    every = forks(bench, "apply", bench.root / "trace")
    bench.reset()
    moments = spread(every, MOMENTS)
    assert len(moments) == MOMENTS
    on_all(benches, moments, killed_while_applying)


def killed_while_rolling_back(bench: Bench, call: str, number: int) -> None:
    bench.applied(window=60)
    os.kill(bench.watchdog(), signal.SIGKILL)
    assert bench.start("rollback", before=kill_at(call, number)).wait(60)
    bench.wait_free()
    assert bench.main_cf.read_bytes() in (bench.first, bench.after)
    told = bench.state
    assert told in ("applied", "rolledback")
    assert told != "rolledback" or bench.main_cf.read_bytes() == bench.first
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.state == "rolledback"
    bench.assert_sound(bench.first)


def test_rollback_killed_and_asked_again(benches: list[Bench]) -> None:
    """F1, F28: a rollback cut short leaves old or new, and the next one finishes it."""
    bench = benches[0]
    bench.applied(window=60)
    every = forks(bench, "rollback", bench.root / "trace")
    bench.reset()
    on_all(benches, spread(every, 12), killed_while_rolling_back)


def a_command_dies(bench: Bench, call: str, fault: str, number: int) -> None:
    bench.staged(window=2)
    strace = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:{fault}:when={number}",
    ]
    code = bench.run("apply", bench.id, before=strace).returncode
    bench.wait_free()
    armed = (bench.txn / "armed").exists()
    if armed:
        bench.wait_state(*SETTLED)
    at = f"{call} {fault} {number}: exit {code}, {bench.detail}"
    assert bench.state in ("rolledback", "failed") or (not armed and bench.state == "prepared"), at
    assert code in (0, 1, 2, 75), at
    bench.wait_free()
    bench.assert_sound(bench.first)


FAULTS = [
    *(
        ("renameat2,renameat,rename", fault, n)
        for fault in ("signal=SIGKILL", "error=ENOSPC")
        for n in (1, 2)
    ),
    *(("fsync", fault, n) for fault in ("signal=SIGKILL", "error=EIO") for n in (1,)),
    ("flock", "error=EINTR", 1),
    ("copy_file_range", "error=ENOSPC", 1),
    ("write", "error=ENOSPC", 1),
    ("fchown", "error=EPERM", 1),
]


def test_commands_killed_and_calls_that_fail(benches: list[Bench]) -> None:
    """Each process counts its own calls: `when=1` meets every mv(1), sync(1), … of run and watchdog."""
    on_all(benches, FAULTS, a_command_dies)


def test_power_loss(bench: Bench) -> None:
    """F31: the new file is on disk before it gets its name, and the directory after."""
    bench.staged(window=1)
    trace = bench.root / "trace"
    calls = "fsync,syncfs,renameat2,rename,renameat"
    done = bench.run(
        "apply", bench.id, before=["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={calls}"]
    )
    assert done.returncode == 0
    lines = trace.read_text().splitlines()
    own = f".main.cf.mxtop-{bench.id}"
    written = next(k for k, line in enumerate(lines) if "fsync(" in line and f"{own}.new>" in line)
    swapped = next(k for k, line in enumerate(lines) if "RENAME_EXCHANGE" in line)
    directory = next(
        k for k, line in enumerate(lines) if "fsync(" in line and f"<{bench.main_cf.parent}>" in line
    )
    backup = next(
        k
        for k, line in enumerate(lines)
        if "fsync(" in line and line.rstrip().split("<")[1].startswith(f"{bench.txn}/backup")
    )
    assert backup < written < swapped < directory
    assert bench.state == "rolledback"  # strace has waited for the watchdog too
    bench.assert_sound(bench.first)


def test_confirm_against_the_timer(benches: list[Bench]) -> None:
    """F32: at the last moment exactly one wins, and both tell the same story."""
    won: list[str] = []

    def race(bench: Bench, early: float) -> None:
        bench.applied(window=1)
        at, _ = (bench.txn / "applied").read_text().split()
        up = float(Path("/proc/uptime").read_text().split()[0])
        time.sleep(max(0, int(at) / 100 + 1 - up - early))
        done = bench.run("confirm", bench.id)
        bench.wait_state(*SETTLED)
        bench.wait_free()
        state = bench.state
        won.append(state)
        assert (state, done.returncode) in (("confirmed", 0), ("rolledback", 1)), (bench.detail, done.stderr)
        wanted = {"confirmed": bench.after, "rolledback": bench.first}[state]
        assert bench.main_cf.read_bytes() == wanted
        time.sleep(0.3)
        assert bench.state == state
        assert bench.main_cf.read_bytes() == wanted

    on_all(benches, [(0.2 - k * 0.02,) for k in range(20)], race)
    assert set(won) == {"confirmed", "rolledback"}


def test_reboot_before_the_answer(bench: Bench) -> None:
    """F26, without a reboot: the watchdog is gone, the boot id another; the change waits for its answer."""
    bench.applied(window=1)
    os.kill(bench.watchdog(), signal.SIGKILL)
    for name in ("applied", "armed"):
        path = bench.txn / name
        path.write_text(re.sub(r"\S+$", "00000000-0000-0000-0000-000000000000", path.read_text()))
    told = bench.run("status", bench.id).stdout.splitlines()
    assert {"state applied ", "watchdog gone"} <= set(told)
    assert not [line for line in told if line.startswith("remaining")]
    assert bench.run("recover", bench.id).returncode == 0
    assert bench.state == "applied"
    assert bench.run("confirm", bench.id).returncode == 0
    assert bench.run("undo", bench.id).returncode == 0
    bench.assert_sound(bench.first)


def test_killed_with_its_watchdog(bench: Bench) -> None:
    """F1, F26: what a crash of the machine leaves in `installed` goes back with the next start."""
    bench.staged()
    bench.stub(
        "postfix", '[ "$3" != check ] || { : >"${0%/*}/here"; sleep 30; }\nexec /usr/sbin/postfix "$@"'
    )
    apply = bench.start("apply")
    wait(lambda: (bench.bin / "here").exists())
    assert bench.state == "installed"
    os.kill(bench.watchdog(), signal.SIGKILL)
    os.killpg(apply.pid, signal.SIGKILL)
    apply.wait()
    (bench.bin / "postfix").unlink()
    assert bench.main_cf.read_bytes() == bench.after
    assert bench.run("recover", bench.id).returncode == 1
    assert bench.state == "rolledback"
    bench.assert_sound(bench.first)


def test_the_terminal_closes(bench: Bench) -> None:
    """F11, here: what started it is killed with its whole session; the change goes on, and back."""
    bench.staged(window=1)
    starter = bench.start("start")
    assert starter.wait(20) == 0
    try:
        os.killpg(starter.pid, signal.SIGHUP)
        os.killpg(starter.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    bench.wait_state("rolledback")
    bench.wait_free()
    bench.assert_sound(bench.first)


def test_a_script_cut_off_anywhere_does_nothing(tmp_path: Path) -> None:
    """F10: the shell, fed with any beginning of the script, starts no verb."""
    whole = script.text()
    cuts = {*range(0, len(whole), 331), *range(len(whole) - len(script.LAST_LINE) - 2, len(whole) - 2)}
    for shell in ("dash", "bash"):
        for cut in sorted(cuts):
            part = tmp_path / "part.sh"
            part.write_bytes(whole[:cut])
            base = tmp_path / "base"
            done = subprocess.run(
                [shell, str(part), "stage", str(base), "X", "/etc", "set - a b"],
                capture_output=True,
                text=True,
                timeout=20,
            )
            assert not base.exists(), (shell, cut)
            assert "not a directory" not in done.stderr


def test_a_script_that_did_not_arrive_whole_is_not_run(tmp_path: Path) -> None:
    """F10: the receiving end compares the digest of the command line."""
    whole = script.text()
    argv = script.sent(["list", str(tmp_path / "none")])
    assert subprocess.run(argv, input=whole, timeout=20).returncode == 0
    for cut in (0, 100, len(whole) - 1):
        done = subprocess.run(argv, input=whole[:cut], capture_output=True, timeout=20)
        assert done.returncode == 2
        assert b"arrive whole" in done.stderr
