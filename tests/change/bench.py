"""A small Postfix in the lab's sender namespace, a change to it, and what must be true of both at the end.

An instance has its own settings, queue, data and log; it accepts mail by sendmail(1) only, so that many live
side by side.  `Bench` runs the shipped script as the sender's root would; faults come from outside it.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.lab import Lab
from tests.lab.postfix import Postfix

from mxtop.change import script

LOGGER = 'printf "%s\\n" "$*" >>"${0%/*}/syslog"'
SETTLED = ("confirmed", "rolledback", "conflict", "rollback-failed", "failed")
_number = itertools.count(1)


def wait(what: Callable[[], object], timeout: float = 40, why: str = "") -> None:
    """Until `what()` is true; TimeoutError else."""
    deadline = time.monotonic() + timeout
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(why or f"not within {timeout} s")
        time.sleep(0.03)


class Bench:
    """One instance and its changes; `base` is mxtop's state directory, `id` the latest change."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.root = lab.directory / f"bench{next(_number)}"
        self.postfix = Postfix(lab.namespace, self.root / "etc", self.root / "state")
        self.postfix.configure({**lab.settings, "myhostname": "mail.sender.example", "mail_name": "Bench"})
        master = self.postfix.master_cf.read_text()
        self.postfix.master_cf.write_text(re.sub(r"^smtp +inet .*\n", "", master, flags=re.M))
        self.postfix.settle()
        self.base = self.root / "mxtop"
        self.script = self.root / "run.sh"
        self.script.write_bytes(script.text())
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.stub("logger", LOGGER)
        self.first = self.main_cf.read_bytes()
        self.id = ""
        self.postfix.start()

    @property
    def main_cf(self) -> Path:
        return self.postfix.main_cf

    @property
    def txn(self) -> Path:
        return self.base / "txn" / self.id

    def stub(self, name: str, body: str) -> Path:
        """A command that comes first on PATH."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    @property
    def syslog(self) -> str:
        path = self.bin / "syslog"
        return path.read_text() if path.exists() else ""

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

    def argv(self, verb: str, *arguments: str, shell: str = "dash") -> list[str]:
        return [shell, str(self.script), verb, str(self.base), *arguments]

    def run(
        self, verb: str, *arguments: str, before: Sequence[str] = (), shell: str = "dash", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """A verb to its end; `before` is a command line (strace, unshare, …) that it runs under."""
        argv = self.lab.namespace.argv([*before, *self.argv(verb, *arguments, shell=shell)])
        return subprocess.run(
            argv,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )

    def start(
        self, verb: str, before: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """The verb on the latest change, in a session of its own."""
        return subprocess.Popen(
            self.lab.namespace.argv([*before, *self.argv(verb, self.id)]),
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stage(
        self, *edits: str, window: int = 60, limit: int = 30, before: Sequence[str] = (), swap: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A new change, prepared; by default IPv6 first."""
        self.id = f"T{next(_number):06}"
        wanted = edits or ("set - smtp_address_preference ipv6",)
        options = [
            f"window {window}",
            f"limit {limit}",
            "operator tester",
            *([f"swap {swap}"] if swap else []),
        ]
        return self.run(
            "stage", self.id, str(self.postfix.config_directory), *options, *wanted, before=before
        )

    def staged(self, *edits: str, window: int = 60, limit: int = 30, swap: str = "") -> None:
        done = self.stage(*edits, window=window, limit=limit, swap=swap)
        assert done.returncode == 0, done.stderr

    def applied(self, *edits: str, window: int = 60) -> None:
        self.staged(*edits, window=window)
        done = self.run("apply", self.id)
        assert done.returncode == 0, done.stderr
        assert self.state == "applied"

    @property
    def state(self) -> str:
        path = self.txn / "state"
        return path.read_text().split()[0] if path.exists() else ""

    @property
    def detail(self) -> str:
        return (self.txn / "state").read_text()

    @property
    def after(self) -> bytes:
        return (self.txn / "after").read_bytes()

    def wait_state(self, *states: str, timeout: float = 40) -> None:
        wait(lambda: self.state in states, timeout, f"{self.state}, not {states}, within {timeout} s")

    def watchdog(self) -> int:
        return int((self.txn / "armed").read_text().split()[0])

    def wait_free(self) -> None:
        """Until nobody works on a change here."""
        done = subprocess.run(["flock", "-w", "40", str(self.base / "lock"), "true"], timeout=60)
        assert done.returncode == 0

    def leftovers(self) -> list[str]:
        names = (path.name for path in self.main_cf.parent.iterdir())
        return [name for name in names if "mxtop" in name or name.endswith(".tmp")]

    def assert_sound(self, *contents: bytes) -> None:
        """main.cf is one of these, nothing is left beside it, Postfix runs, takes edits and sends mail."""
        assert self.main_cf.read_bytes() in contents
        assert not [name for name in self.leftovers() if "mxtop" in name], self.leftovers()
        self.postfix.settle()  # it has been tested long enough by now
        assert self.postfix.command("postfix", "status").returncode == 0
        assert self.postfix.command("postconf", "-e", "mail_name=Again", timeout=20).returncode == 0
        assert b"mail_name = Again" in self.main_cf.read_bytes()
        assert not self.leftovers()
        self.postfix.settle()
        self.assert_drains()

    def assert_drains(self) -> None:
        mark = self.postfix.mark()
        argv = [
            "sendmail",
            "-C",
            str(self.postfix.config_directory),
            "-i",
            "-f",
            "a@sender.example",
            "u@dual.example",
        ]
        self.lab.run(argv, input="Subject: bench\n\nbench\n", check=True)
        self.postfix.wait_lines(r"to=<u@dual\.example>.* status=sent ", since=mark)

    def reset(self) -> None:
        """As it was at first; every change is forgotten, every process of one is gone."""
        for path in (self.base / "txn").glob("*/armed"):
            pid = int(path.read_text().split()[0])
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                if str(self.base).encode() in command:
                    os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass
        self.main_cf.write_bytes(self.first)
        self.postfix.settle()
        shutil.rmtree(self.base, ignore_errors=True)
        for path in self.bin.iterdir():
            path.unlink()
        self.stub("logger", LOGGER)
        if self.postfix.command("postfix", "status").returncode:
            self.postfix.start()
        else:
            self.postfix.reload()
