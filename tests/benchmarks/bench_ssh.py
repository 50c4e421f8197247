"""SSH on loopback: a command on an open connection, and log streaming beside `ssh HOST cat LOG | wc -l`.

`python -m tests.benchmarks.bench_ssh`, as root with openssh-server.  Targets: a command under 2 ms; streaming
(bytes counted by lines, as a follower would) at no less than 0.8 of the ssh program's, both with
aes128-gcm, taking turns in one run.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.measure import machine, median, spread, verdict
from tests.hosts.sshd import Sshd, free_port
from tests.lab.needs import missing

from mxtop.hosts.connect import ssh_host
from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import Target

COMMANDS = 300
MEGABYTES = 300
TURNS = 7
LINE = b"Nov 23 10:00:00 mx1 postfix/smtp[4711]: 4F1B2C3D4E5F: to=<user@example.org>, status=sent\n"


async def command_seconds(host: SshHost) -> list[float]:
    times = []
    for _ in range(COMMANDS):
        began = time.perf_counter()
        await host.run(["true"])
        times.append(time.perf_counter() - began)
    return times


def local_seconds() -> float:
    """The same commands in a sh of this machine, each: what starting a process costs here and now."""
    text = "(exec true) </dev/null\necho x; echo x >&2\n" * COMMANDS
    began = time.perf_counter()
    subprocess.run(["sh"], input=text.encode(), capture_output=True, check=True, timeout=120)
    return (time.perf_counter() - began) / COMMANDS


async def ours(host: SshHost, log: Path) -> tuple[int, float]:
    """Lines and seconds."""
    began, lines = time.perf_counter(), 0
    async with host.output(["cat", str(log)]) as output:
        async for chunk in output:
            lines += chunk.count(b"\n")
    return lines, time.perf_counter() - began


def peers(server: Sshd, log: Path) -> tuple[int, float]:
    began = time.perf_counter()
    command = f"ssh -F {server.client_config} -c aes128-gcm@openssh.com {server.alias} cat {log} | wc -l"
    counted = subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=120).stdout
    return int(counted), time.perf_counter() - began


async def measure(server: Sshd, log: Path) -> bool:
    async with ssh_host(Target(server.alias), config=[str(server.client_config)]) as host:
        await host.run(["true"])
        times = await command_seconds(host)
        local = await asyncio.to_thread(local_seconds)
        print(f"a command: {spread(times, 1000)} ms; in a local sh: {local * 1000:.2f} ms")
        us, them = [], []
        for _ in range(TURNS):
            mine, theirs = await ours(host, log), await asyncio.to_thread(peers, server, log)
            assert mine[0] == theirs[0]
            us.append(MEGABYTES / mine[1])
            them.append(MEGABYTES / theirs[1])
    print(f"mxtop: {spread(us, digits=0)} MB/s; ssh | wc -l: {spread(them, digits=0)} MB/s")
    fast = verdict("a command on an open connection", median(times) * 1000, 2.0, "ms")
    # Turn by turn, since on a busy machine two turns are hardly alike.
    ratio = median([theirs / mine for mine, theirs in zip(us, them, strict=True)])
    return verdict("ssh | wc -l, times as fast as mxtop's stream", ratio, 1.25, "x") and fast


def main() -> int:
    print(machine())
    if reason := missing():
        print(f"not measured: {reason}")
        return 0
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        log = directory / "mail.log"
        log.write_bytes(LINE * (MEGABYTES * 1_000_000 // len(LINE)))
        with Sshd(directory / "mx1", free_port()) as server:
            asyncio.run(measure(server, log))
    return 0


if __name__ == "__main__":
    sys.exit(main())
