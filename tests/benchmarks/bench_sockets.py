"""2,000 SMTP connections sampled, each with the Postfix daemon that owns it.

`python -m tests.benchmarks.bench_sockets`.  Target (issue: sockets): 2,000 sockets in under 100 ms.  The
connections are real ones over loopback (so the kernel's table holds both ends, 4,000 sockets), held by
processes named as Postfix's: a `master` with 40 children `smtp`.  Sampled by one Sampler as the screen does,
the first time (every owner is looked for) and later.  Peer: `ss -tnp`, beside whole `mxtop sockets --json`.
As an ordinary user the owners stay unknown, for both.  The command reads the settings of a configuration made
for it: where there is no main.cf, postconf(1) sleeps a second before it fails, which tells nothing of mxtop.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measure import MXTOP, Run, machine, median, spread, verdict

from mxtop.sockets.sampler import Sampler

CONNECTIONS = 2000
DAEMONS = 40
RUNS = 10
TARGET = 100.0


def _named(name: str) -> None:
    Path("/proc/self/comm").write_text(name)


def _daemon(address: tuple[str, int], ready: int) -> None:
    _named("smtp")
    held = [socket.create_connection(address) for _ in range(CONNECTIONS // DAEMONS)]
    os.write(ready, b".")
    signal.pause()
    del held


def _master(address: tuple[str, int], ready: int) -> None:
    """Fork the daemons, wait for the order to stop, then take them along."""
    _named("master")
    pids = []
    for _ in range(DAEMONS):
        pid = os.fork()
        if not pid:
            _daemon(address, ready)
            os._exit(0)
        pids.append(pid)
    signal.sigwait({signal.SIGTERM})
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@contextmanager
def connections() -> Iterator[int]:
    """The connections, and the port they go to."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * CONNECTIONS + 100), most))
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as server:
        done, ready = os.pipe()
        pid = os.fork()
        if not pid:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            _master(server.getsockname(), ready)
            os._exit(0)
        accepted = [server.accept()[0] for _ in range(CONNECTIONS)]
        up = 0
        while up < DAEMONS:
            up += len(os.read(done, DAEMONS))
        try:
            yield server.getsockname()[1]
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            for each in accepted:
                each.close()


@contextmanager
def configured() -> Iterator[None]:
    """MAIL_CONFIG (postconf(1)) names a configuration of defaults; a machine without Postfix needs none."""
    before = os.environ.get("MAIL_CONFIG")
    with tempfile.TemporaryDirectory() as directory:
        for name in ("main.cf", "master.cf"):
            (Path(directory) / name).touch()
        os.environ["MAIL_CONFIG"] = directory
        try:
            yield
        finally:
            del os.environ["MAIL_CONFIG"]
            if before is not None:
                os.environ["MAIL_CONFIG"] = before


def sampled(port: int) -> tuple[float, list[float], int, int]:
    """Milliseconds of the first sample and of later ones; rows, and those whose owner is known."""
    sampler = Sampler()
    took = []
    for _ in range(RUNS):
        start = time.perf_counter()
        rows = sampler.sample({port})
        took.append((time.perf_counter() - start) * 1000)
    mine = [row for row in rows if row.peer_port == port]
    return took[0], took[1:], len(mine), sum(row.daemon == "smtp" for row in mine)


def main() -> None:
    print(machine())
    gc.freeze()  # as the screen does once it stands
    with configured(), connections() as port:
        firsts, laters = [], []
        for _ in range(RUNS):
            first, later, rows, owned = sampled(port)
            firsts.append(first)
            laters += later
        print(f"a sample: {rows:,} connections, the owners of {owned:,} known")
        print(f"first     {spread(firsts, digits=1)} ms")
        print(f"later     {spread(laters, digits=1)} ms")
        commands = {
            "mxtop sockets --json --filters": (*MXTOP, "sockets", "--json", "--filters"),
            "ss -tnp": ("ss", "-tnp"),
        }
        runs = {name: [Run(command) for _ in range(RUNS)] for name, command in commands.items()}
        for name, each in runs.items():
            walls, cpus = [run.wall for run in each], [run.cpu for run in each]
            print(f"{name:31} wall {spread(walls, 1000, 0)} ms   CPU {spread(cpus, 1000, 0)} ms")
    ours, peer = (median([run.wall for run in each]) for each in runs.values())
    print(f"whole mxtop sockets / ss -tnp: {ours / peer:.2f} x")
    assert rows == CONNECTIONS
    verdict("2,000 sockets, the first sample", median(firsts), TARGET, "ms", 1)
    verdict("2,000 sockets, later samples", median(laters), TARGET, "ms", 1)


if __name__ == "__main__":
    main()
