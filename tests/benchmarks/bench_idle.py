"""What the screen costs while nothing happens: on a followed log, and on a whole mail host.

`python -m tests.benchmarks.bench_idle`, the second part as root with what the lab needs.  Target (issue:
speed): at most 1 % of one core at one look a second, in a real pseudo-terminal.  The host is the lab's
sender, its Postfix running, its mail delivered or deferred a while ago: log, sockets, queue, settings and
DNS are looked at all the same.  Commands that mxtop runs (postqueue) are told beside it.  Peer: `htop`
where it is installed, else `top`, every second too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import (
    MXTOP,
    Terminal,
    children_seconds,
    cpu_seconds,
    has,
    machine,
    median,
    peer_path,
    verdict,
)
from tests.lab.needs import missing

SECONDS = 15.0
SETTLE = 10.0
RUNS = 3
TARGET = 1.0
REST = 10.0
"""Seconds in which the lab's mail is delivered or deferred."""

FILE, HOST = "mxtop FILE", "mxtop (a host)"


def share(command: tuple[str, ...], words: tuple[bytes, ...]) -> tuple[float, float, float]:
    """Percent of one core, that of ended children, and bytes a second to the terminal, at rest."""
    with Terminal(command) as terminal:
        terminal.until(has(*words), 30)
        terminal.spend(SETTLE)
        cpu, others, size = cpu_seconds(terminal.pid), children_seconds(terminal.pid), terminal.size
        terminal.spend(SECONDS)
        used = cpu_seconds(terminal.pid) - cpu, children_seconds(terminal.pid) - others
        return used[0] / SECONDS * 100, used[1] / SECONDS * 100, (terminal.size - size) / SECONDS


@contextmanager
def mail_host() -> Iterator[tuple[str, ...]]:
    """The command that opens the screen on a host of the lab."""
    from tests.lab import Lab

    with Lab() as lab:
        for domain in lab.destinations:
            lab.send(f"user@{domain}", count=5)
        time.sleep(REST)
        yield tuple(lab.namespace.argv(MXTOP))


def main() -> None:
    print(machine())
    with ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "mail.log"
        log.write_text("\n".join(lines(20_000)) + "\n")
        peer = peer_path("htop", "top")
        contenders = {
            FILE: ((*MXTOP, str(log)), (b"example", b"quit")),
            Path(peer).name: ((peer, "-d", "10" if peer.endswith("htop") else "1"), (b"CPU",)),
        }
        if reason := missing():
            print(f"{HOST}: not measured: {reason}")
        else:
            contenders[HOST] = (stack.enter_context(mail_host()), (b"example", b"quit"))
        shares: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(RUNS):
            for name, (command, words) in contenders.items():
                percent, others, written = share(command, words)
                shares[name].append(percent)
                print(
                    f"{name:16} {percent:5.2f} % of a core, its commands {others:4.2f} %, "
                    f"{written:6.0f} bytes/s to the terminal"
                )
    for name in filter(contenders.__contains__, (FILE, HOST)):
        ratio = median(shares[name]) / median(shares[Path(peer).name])
        print(f"{name} / {Path(peer).name}: {ratio:.2f} x")
        verdict(f"idle at 1 Hz, {name}", median(shares[name]), TARGET, "% of a core")


if __name__ == "__main__":
    main()
