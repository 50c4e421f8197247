"""Network namespaces by ip-netns(8): the sender's and the world's, one veth pair between them.

A namespace is known by its name; processes are found by living in it and are ended by that alone.
Needs root.  It does not promise isolation of files or users: the lab is for tests, not for safety.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

RUN_NETNS = Path("/run/netns")
ETC_NETNS = Path("/etc/netns")


def command(argv: Sequence[str], timeout: float = 20, check: bool = True) -> str:
    """The standard output of a system command; raises RuntimeError with its stderr when it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace; what runs through `run` and `popen` sees its own files over /etc.

    `prefix` is a command line that each of these is run by.
    """

    name: str
    prefix: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        return (RUN_NETNS / self.name).exists()

    def create(self, etc: Path | None = None) -> None:
        """Make it, loopback up.  Entries of `etc` cover their namesakes in /etc (ip-netns(8))."""
        if etc is not None:
            ETC_NETNS.mkdir(exist_ok=True)
            (ETC_NETNS / self.name).symlink_to(etc)
        command(["ip", "netns", "add", self.name])
        self.ip("link", "set", "lo", "up")
        # With maillog_file master(8) logs to a socket that only postlogd, its own child, empties: with the
        # kernel's ten datagrams a reload at the wrong moment blocks Postfix for ever.
        command(["ip", "netns", "exec", self.name, "sysctl", "-qw", "net.unix.max_dgram_qlen=1000"])

    def ip(self, *words: str) -> None:
        """`ip` inside it."""
        command(["ip", "-n", self.name, *words])

    def ip_batch(self, lines: Sequence[str]) -> None:
        """Many `ip` commands in one process."""
        batch = "".join(f"{line}\n" for line in lines)
        argv = ["ip", "-n", self.name, "-batch", "-"]
        done = subprocess.run(argv, input=batch, capture_output=True, text=True, timeout=20)
        if done.returncode:
            raise RuntimeError(f"ip -batch: {done.stderr.strip()}")

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside."""
        return ["ip", "netns", "exec", self.name, *self.prefix, *argv]

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 30,
        check: bool = False,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end, output captured as text.  `env` is added to the environment."""
        return subprocess.run(
            self.argv(argv),
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            check=check,
            input="" if input is None else input,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )

    def popen(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[Any]:
        """Start and return at once; what still runs when the namespace is deleted is killed."""
        return subprocess.Popen(self.argv(argv), env={**os.environ, **(env or {})}, **options)

    def daemon(self, argv: Sequence[str], log: IO[str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """A server with the machine's own /etc, in a session of its own so that no Ctrl-C meets it."""
        inside = ["nsenter", f"--net={RUN_NETNS / self.name}", *argv]
        return subprocess.Popen(
            inside, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, start_new_session=True
        )

    def pids(self) -> list[int]:
        """The processes that live in it."""
        return [int(word) for word in command(["ip", "netns", "pids", self.name], check=False).split()]

    def delete(self) -> None:
        """Kill what lives in it, then remove it.  Never fails because something is already gone."""
        deadline = time.monotonic() + 10
        while (pids := self.pids()) and time.monotonic() < deadline:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.02)
        command(["ip", "netns", "del", self.name], check=False)
        etc = ETC_NETNS / self.name
        if etc.is_symlink():
            etc.unlink()
        elif etc.exists():
            shutil.rmtree(etc)


def join(near: Namespace, far: Namespace) -> None:
    """A veth pair, `eth0` at both ends."""
    command(
        [
            "ip",
            "link",
            "add",
            "eth0",
            "netns",
            near.name,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            far.name,
        ]
    )
    near.ip("link", "set", "eth0", "up")
    far.ip("link", "set", "eth0", "up")


def names() -> list[str]:
    """All network namespaces of this machine that have a name."""
    return sorted(path.name for path in RUN_NETNS.iterdir()) if RUN_NETNS.is_dir() else []
