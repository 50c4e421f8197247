"""Many hosts at once: the screen on the tab of all hosts, each host over SSH with a busy log of its own.

`python -m tests.benchmarks.bench_hosts`, as root with openssh-server and postfix.  Target: 50 hosts at 200
lines/s each under 15 % of a core, mxtop's own CPU.  One real sshd stands for all of them: each host is an
account there, its log in that account's home.  What the hosts themselves do (their sshd, the readers of
their logs) runs on this machine too, and is told beside it, not counted.

`… bench_hosts HOSTS` measures with another number.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import MXTOP, Terminal, cpu_seconds, has, machine, memory_mb, spread, verdict
from tests.hosts.sshd import Sshd, free_port
from tests.lab.needs import missing

HOSTS = 50
RATE = 200
HISTORY = 4_000
"""Lines that each log has at the start."""

BYTES = 150
"""About so long is a line."""

SETTLE = 15.0
SECONDS = 4.0
RUNS = 5
TARGET = 15.0
_TURN = 0.1


def bodies(count: int) -> list[bytes]:
    """Lines without their time."""
    return [line.partition(" ")[2].encode() + b"\n" for line in lines(count)]


def stamp() -> bytes:
    return datetime.now(UTC).isoformat(timespec="microseconds").encode() + b" "


def write(logs: list[Path]) -> None:
    """Write to all of them at RATE until killed, from a place of its own in the same lines for each."""
    made = bodies(40_000)
    places = [itertools.cycle(made[n * 700 :] + made[: n * 700]) for n in range(len(logs))]
    files = [path.open("ab", buffering=0) for path in logs]
    due, each = time.monotonic(), int(RATE * _TURN)
    while True:
        for file, place in zip(files, places, strict=True):
            now = stamp()
            file.write(b"".join(now + line for line in itertools.islice(place, each)))
        due += _TURN
        time.sleep(max(0.0, due - time.monotonic()))


class Fleet:
    """The accounts `host1`… of one server, and the home directory of an operator who knows them."""

    def __init__(self, directory: Path, count: int) -> None:
        self.names = [f"host{n}" for n in range(1, count + 1)]
        self.home = directory / "operator"
        (self.home / ".ssh").mkdir(parents=True)
        self.server = Sshd(directory / "sshd", free_port(), MaxStartups=1000)
        entry = self.server.client_entry("User %n").replace(f"  User {self.server.user}\n", "")
        entry = entry.replace(f"Host {self.server.alias}", f"Host {' '.join(self.names)}")
        self.logs = []
        accounts: dict[str, list[str]] = {"passwd": [], "shadow": []}
        old = b"".join(stamp() + line for line in bodies(HISTORY))
        for name in self.names:
            home = directory / "homes" / name
            home.mkdir(parents=True)
            self.logs.append(home / "mail.log")
            self.logs[-1].write_bytes(old)
            accounts["passwd"].append(f"{name}:x:0:0::{home}:/bin/sh\n")
            accounts["shadow"].append(f"{name}:*:19000:0:99999:7:::\n")
        for file, those in accounts.items():
            path = self.server.directory / file
            path.write_text("".join(those) + path.read_text())
        (self.home / ".ssh" / "config").write_text(
            "".join(entry.replace(f"Host {' '.join(self.names)}", f"Host {name}").replace("%n", name)
                    for name in self.names)
        )  # fmt: skip
        self.instance = directory / "postfix"
        self.instance.mkdir()
        (self.instance / "main.cf").write_text(
            f"myhostname = mx.example\nqueue_directory = {directory}/spool\ncompatibility_level = 3.6\n"
        )
        (self.instance / "master.cf").write_text("smtp unix - - n - - smtp\n")

    def command(self) -> list[str]:
        return [*MXTOP, "--log", "mail.log", "--config-dir", str(self.instance), *self.names]

    def unread(self) -> list[int]:
        """Of each log that is being followed the bytes that its reader there has not handed out."""
        found = []
        for pid in self.server.pids():
            place = Path(f"/proc/{pid}")
            try:
                if b"mxtop-follow" in (place / "cmdline").read_bytes().split(b"\0"):
                    at = int((place / "fdinfo/3").read_text().split()[1])
                    found.append((place / "fd/3").stat().st_size - at)
            except OSError:
                pass  # it has just ended, or begun
        return found


def busy_cores() -> float:
    """CPU seconds that this machine has been busy since it started."""
    user, nice, system = Path("/proc/stat").read_text().split("\n")[0].split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(fleet: Fleet) -> bool:
    with Terminal(fleet.command(), env={"HOME": str(fleet.home)}) as terminal:
        terminal.until(has(b"Destinations of all hosts"), 60)
        limit = time.monotonic() + 300
        while len(unread := fleet.unread()) < len(fleet.names):
            if time.monotonic() > limit:
                raise TimeoutError(f"{len(unread)} of {len(fleet.names)} logs are read")
            terminal.spend(1)
        terminal.spend(SETTLE)
        shares, machine_shares, written = [], [], terminal.size
        began = time.perf_counter()
        for _ in range(RUNS):
            start, cpu, busy = time.perf_counter(), cpu_seconds(terminal.pid), busy_cores()
            terminal.spend(SECONDS)
            took = time.perf_counter() - start
            shares.append((cpu_seconds(terminal.pid) - cpu) / took * 100)
            machine_shares.append((busy_cores() - busy) / took * 100)
        written = int((terminal.size - written) / (time.perf_counter() - began))
        late = max(fleet.unread()) / (RATE * BYTES)
        print(
            f"{len(fleet.names)} hosts at {RATE} lines/s: {spread(shares)} % of a core, "
            f"{memory_mb(terminal.pid):.0f} MiB, {written} bytes/s to the terminal; "
            f"the slowest reader is {late:.1f} s behind; "
            f"all that runs on this machine: {spread(machine_shares, digits=0)} %"
        )
        return verdict(f"{len(fleet.names)} hosts at {RATE} lines/s", sorted(shares)[RUNS // 2], TARGET,
                       "% of a core")  # fmt: skip


def main() -> int:
    if sys.argv[1:2] == ["write"]:
        write([Path(word) for word in sys.argv[2:]])
    print(machine())
    if reason := missing():
        print(f"not measured: {reason}")
        return 0
    count = int(sys.argv[1]) if len(sys.argv) > 1 else HOSTS
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        fleet = Fleet(directory, count)
        with fleet.server:
            argv = [sys.executable, "-m", "tests.benchmarks.bench_hosts", "write", *map(str, fleet.logs)]
            with subprocess.Popen(argv) as writer:
                try:
                    measure(fleet)
                finally:
                    writer.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
