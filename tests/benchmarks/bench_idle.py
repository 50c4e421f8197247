"""What the screen costs while nothing happens: a followed log that nobody writes to.

`python -m tests.benchmarks.bench_idle`.  Target (issue: speed): at most 1 % of one core at one look a
second, in a real pseudo-terminal.  Peer: `htop` where it is installed, else `top`, every second too.
On a machine with Postfix this host's own screen (sockets, queue, DNS, settings) is measured beside it;
it has no target of its own, since what it sees is never quite idle.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.makelog import lines
from tests.benchmarks.measure import MXTOP, Terminal, cpu_seconds, has, machine, median, peer_path, verdict

SECONDS = 15.0
SETTLE = 3.0
RUNS = 3
TARGET = 1.0


def share(command: tuple[str, ...], words: tuple[bytes, ...]) -> tuple[float, float]:
    """Percent of one core, and bytes a second to the terminal, once it has come to rest."""
    with Terminal(command) as terminal:
        terminal.until(has(*words), 30)
        terminal.spend(SETTLE)
        cpu, size = cpu_seconds(terminal.pid), terminal.size
        terminal.spend(SECONDS)
        return (cpu_seconds(terminal.pid) - cpu) / SECONDS * 100, (terminal.size - size) / SECONDS


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "mail.log"
        log.write_text("\n".join(lines(20_000)) + "\n")
        peer = peer_path("htop", "top")
        contenders = {
            "mxtop FILE": ((*MXTOP, str(log)), (b"example", b"quit")),
            Path(peer).name: ((peer, "-d", "10" if peer.endswith("htop") else "1"), (b"CPU",)),
        }
        if shutil.which("postconf"):
            contenders["mxtop (this host)"] = (MXTOP, (b"quit",))
        shares: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(RUNS):
            for name, (command, words) in contenders.items():
                percent, written = share(command, words)
                shares[name].append(percent)
                print(f"{name:18} {percent:5.2f} % of a core, {written:6.0f} bytes/s to the terminal")
    ratio = median(shares["mxtop FILE"]) / median(shares[Path(peer).name])
    print(f"mxtop / {Path(peer).name}: {ratio:.2f} x")
    verdict("idle at 1 Hz", median(shares["mxtop FILE"]), TARGET, "% of a core")


if __name__ == "__main__":
    main()
