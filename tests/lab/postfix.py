"""A private Postfix instance (Debian's binaries): its own settings, queue, data and log, in one namespace.

`Postfix` knows files and commands of one instance and nothing about the rest of the lab.  It says
nothing about the machine's own Postfix, which it never reads or touches.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.namespaces import Namespace

DIST = Path("/usr/share/postfix")
CHROOT_FILES = ("hosts", "nsswitch.conf", "resolv.conf", "services")

DEFAULTS: dict[str, str] = {
    "compatibility_level": "3.6",
    "inet_interfaces": "loopback-only",
    "inet_protocols": "all",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "mynetworks_style": "host",
    "biff": "no",
}


class Postfix:
    """One instance: `config_directory` for main.cf and master.cf, `state` for queue, data and log.

    `begin` is where `lines` and `wait_lines` start to read: 0, or the `mark()` that a test sets.
    """

    def __init__(self, namespace: Namespace, config_directory: Path, state: Path) -> None:
        self.namespace = namespace
        self.config_directory = config_directory
        self.queue_directory = state / "queue"
        self.data_directory = state / "data"
        self.log_path = state / "mail.log"
        self.begin = 0

    @property
    def main_cf(self) -> Path:
        return self.config_directory / "main.cf"

    @property
    def master_cf(self) -> Path:
        return self.config_directory / "master.cf"

    def configure(self, settings: Mapping[str, str], *, chroot: bool = False) -> None:
        """Write the files of a new instance; `chroot` is column 5 of master.cf (Debian's default: y)."""
        self.config_directory.mkdir(parents=True)
        self.queue_directory.mkdir(parents=True)
        self.data_directory.mkdir()
        shutil.chown(self.data_directory, "postfix")
        for name in ("dynamicmaps.cf", "postfix-files"):
            source = Path("/etc/postfix") / name
            if source.exists():
                shutil.copy(source, self.config_directory)
        master = (DIST / "master.cf.dist").read_text()
        if not chroot:
            master = re.sub(r"^(\S+\s+\S+\s+\S+\s+\S+\s+)y(\s)", r"\1n\2", master, flags=re.M)
        self.master_cf.write_text(master)
        places = {
            "queue_directory": self.queue_directory,
            "data_directory": self.data_directory,
            "maillog_file": self.log_path,
            "maillog_file_prefixes": self.log_path.parent,
        }
        lines = {**DEFAULTS, **{name: str(path) for name, path in places.items()}, **settings}
        self.main_cf.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        self.settle()
        if chroot:
            (self.queue_directory / "etc").mkdir()

    def fill_chroot(self) -> None:
        """What Debian's configure-instance.sh copies: the chroot's etc/ as the namespace sees /etc."""
        for name in CHROOT_FILES:
            self.namespace.run(["cp", f"/etc/{name}", str(self.queue_directory / "etc")], check=True)

    def settle(self) -> None:
        """Make the settings look old: Postfix waits for a main.cf to be 2 s old (dict_load_file_xt)."""
        long_ago = time.time() - 60
        for path in (self.main_cf, self.master_cf):
            os.utime(path, (long_ago, long_ago))

    def command(self, name: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """`postfix`, `postconf`, `postqueue`, `postsuper`, … on this instance, without a terminal."""
        return self.namespace.run([name, "-c", str(self.config_directory), *arguments], timeout=timeout)

    def start(self) -> None:
        done = self.command("postfix", "start")
        if done.returncode:
            raise RuntimeError(f"postfix start: exit {done.returncode}: {done.stderr}{''.join(self.lines())}")

    def postconf(self, name: str) -> str:
        """The effective value, `$name` expanded (`postconf -xh`)."""
        return self.command("postconf", "-xh", name).stdout.rstrip("\n")

    def postconf_e(self, *settings: str) -> subprocess.CompletedProcess[str]:
        """`postconf -e`, then `settle`: what starts from now on sees the new settings."""
        done = self.command("postconf", "-e", *settings)
        self.settle()
        return done

    def reload(self, timeout: float = 15) -> subprocess.CompletedProcess[str]:
        """`postfix reload`; returns when master has logged that it reread its settings."""
        before = self.mark()
        done = self.command("postfix", "reload")
        if done.returncode == 0:
            self.wait_lines(r"/master\[\d+\]: reload -- version ", since=before, timeout=timeout)
        return done

    def prefer(self, preference: str) -> None:
        """Set smtp_address_preference and reload."""
        self.postconf_e(f"smtp_address_preference={preference}")
        self.reload()

    def mark(self) -> int:
        """The end of the log now, for `since`."""
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def lines(self, since: int | None = None) -> list[str]:
        """Whole log lines written after `since` (a `mark()`; default `begin`), without their line ends."""
        if not self.log_path.exists():
            return []
        with self.log_path.open("rb") as log:
            log.seek(self.begin if since is None else since)
            text = log.read().decode("utf-8", "surrogateescape")
        return text.split("\n")[:-1]

    def wait_lines(
        self, pattern: str, count: int = 1, *, since: int | None = None, timeout: float = 30
    ) -> list[str]:
        """The lines that match (re.search) as soon as there are `count`; TimeoutError shows the log's end."""
        deadline = time.monotonic() + timeout
        while True:
            lines = self.lines(since)
            found = [line for line in lines if re.search(pattern, line)]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                end = "\n".join(lines[-20:])
                raise TimeoutError(
                    f"{len(found)} of {count} lines match {pattern!r} after {timeout} s:\n{end}"
                )
            time.sleep(0.05)

    def queue_files(self, *queues: str) -> list[Path]:
        """The messages in these queues (`incoming`, `active`, `deferred`, `maildrop`, `hold`)."""
        found: list[Path] = []
        for queue in queues:
            for directory, _, names in os.walk(self.queue_directory / queue):
                found += [Path(directory) / name for name in names]
        return found

    def wait_idle(self, timeout: float = 60) -> None:
        """Return when no message waits for a first try or is being tried, and the log has come to rest.

        Deferred messages stay where they are.  TimeoutError when messages are still active.
        """
        deadline = time.monotonic() + timeout
        before = -1
        while True:
            busy = self.queue_files("maildrop", "incoming", "active")
            now = self.mark()
            if not busy and now == before:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{len(busy)} messages still in maildrop, incoming or active after {timeout} s"
                )
            before = now if not busy else -1
            time.sleep(0.2)

    def flush(self) -> None:
        """Try every deferred message now (`postqueue -f`)."""
        self.command("postqueue", "-f")

    def clear_queue(self) -> None:
        """Delete every message (`postsuper -d ALL`)."""
        self.command("postsuper", "-d", "ALL")
