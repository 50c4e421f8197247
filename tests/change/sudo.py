"""A user who is not root, and a real sudo with real PAM for that user alone.

The user, the password and the rules exist in the mount namespace of each command, over the machine's own
files; the machine is left as it is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.change.bench import Bench

from mxtop.hosts.base import Answer, Completed
from mxtop.hosts.local import LocalHost

NAME = "mxtop-alice"
UID = 47110
PASSWORD = "correct horse §42"

_ENTER = (
    "etc=$1; shift; mount --make-rprivate / && for f in passwd shadow group sudoers pam.d/sudo; do "
    'mount --bind "$etc/$f" "/etc/$f" || exit 99; done; '
    f'exec setpriv --reuid={UID} --regid={UID} --clear-groups -- "$@"'
)


class Alice(LocalHost):
    """The bench's host, seen by that user; `rule` and `defaults` are lines of her sudoers."""

    def __init__(self, bench: Bench, rule: str = "ALL=(ALL) ALL", *defaults: str) -> None:
        super().__init__("mx1")
        self._bench = bench
        self.etc = bench.root / "alice"
        self.log = self.etc / "sudo.log"
        self.argvs: list[tuple[str, ...]] = []
        (self.etc / "pam.d").mkdir(parents=True, exist_ok=True)
        user = f"{NAME}:x:{UID}:{UID}::/:/bin/sh\n"
        self._write("passwd", Path("/etc/passwd").read_text() + user, 0o644)
        self._write("group", Path("/etc/group").read_text() + f"{NAME}:x:{UID}:\n", 0o644)
        self._write("pam.d/sudo", "auth required pam_unix.so nodelay\naccount required pam_unix.so\n", 0o644)
        self.set_password(PASSWORD)
        path = f"{bench.bin}:/usr/sbin:/usr/bin:/sbin:/bin"
        common = [f'secure_path="{path}"', "!syslog", f"logfile={self.log}", "lecture=never"]
        common += [f"timestampdir={self.etc}/ts", f"lecture_status_dir={self.etc}/lectured", *defaults]
        rules = "".join(f"Defaults {line}\n" for line in common) + f"{NAME} {rule}\n"
        self._write("sudoers", "root ALL=(ALL) ALL\n" + (rules if rule else rules.replace(NAME, "#")), 0o440)
        self.log.unlink(missing_ok=True)

    def _write(self, name: str, text: str, mode: int) -> None:
        path = self.etc / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def set_password(self, password: str) -> None:
        done = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True, check=True
        )
        line = f"{NAME}:{done.stdout.strip()}:20000:0:99999:7:::\n"
        self._write("shadow", Path("/etc/shadow").read_text() + line, 0o640)

    def _inside(self, argv: Sequence[str]) -> list[str]:
        self.argvs.append(tuple(argv))
        inner = ["sh", "-c", _ENTER, "enter", str(self.etc), *argv]
        return self._bench.lab.namespace.argv(["unshare", "--mount", *inner])

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        return await super().run(self._inside(argv), stdin=stdin, timeout=timeout)

    async def converse(self, argv: Sequence[str], answer: Answer, *, timeout: float = 30.0) -> Completed:
        return await super().converse(self._inside(argv), answer, timeout=timeout)
