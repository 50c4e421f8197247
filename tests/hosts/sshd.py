"""A real sshd(8) of our own on a loopback port: its keys, its configuration and its accounts are its own.

`with Sshd(directory, port) as sshd:` starts it in a mount namespace where /etc/passwd and /etc/shadow are
ours, so that the account's shell and home are the test's choice and no dotfile of the machine takes part.
Everything that lives in that namespace, sessions and what they left running included, ends with it.
Needs root and Debian's openssh-server.  It does not isolate the network: give `prefix` for that.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

_INSIDE = 'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow && '
_INSIDE += '{ [ ! -e "$1/localtime" ] || mount --bind "$1/localtime" /etc/localtime; } && shift && exec "$@"'


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "", comment: str = "test") -> Path:
    """A key pair by ssh-keygen(1), `path` and `path`.pub; an existing one stays."""
    if not path.exists():
        _command("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", comment, "-f", str(path))
    return path


def _command(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout


class Sshd:
    """One server.

    `alias` is its name in `client_config`, an ssh_config(5) that finds it by key and knows its host key.
    `user` has uid 0 (`uid` for another), `shell`, and the home directory `directory`/home.  Capitalised
    keywords are lines of sshd_config(5): `AllowTcpForwarding="no"`.  `prefix` is a command line that starts
    the server elsewhere, as `["nsenter", "--net=/run/netns/x"]`; then `address` is one of that place.
    `localtime` is what it has as /etc/localtime, a zone file's bytes.
    """

    def __init__(
        self,
        directory: Path,
        port: int,
        *,
        alias: str = "mx1",
        address: str = "127.0.0.1",
        user: str = "root",
        uid: int = 0,
        gid: int = 0,
        shell: str = "/bin/sh",
        host_key: str = "ed25519",
        prefix: Sequence[str] = (),
        localtime: bytes = b"",
        **options: Any,
    ) -> None:
        self.directory, self.port, self.alias, self.address, self.user = directory, port, alias, address, user
        self._prefix = tuple(prefix)
        self._process: subprocess.Popen[bytes] | None = None
        self._namespace: str | None = None
        self._held = -1
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        self.home = directory / "home"
        self.home.mkdir(exist_ok=True)
        os.chown(self.home, uid, gid)
        self.key = make_key(directory / "id")
        self.host_key = make_key(directory / f"host_{host_key}", kind=host_key, comment=alias)
        self.known_hosts = directory / "known_hosts"
        self.known_hosts.write_text(f"{self.known_as} {self.public(self.host_key)}\n")
        self.authorized_keys = directory / "authorized_keys"
        self.authorized_keys.write_text(f"{self.public(self.key)}\n")
        self.log = directory / "sshd.log"
        if localtime:
            (directory / "localtime").write_bytes(localtime)
        self._accounts(user, uid, gid, shell)
        self.config = directory / "sshd_config"
        self.configure(**options)
        self.client_config = directory / "ssh_config"
        self.client_config.write_text(self.client_entry())

    @property
    def known_as(self) -> str:
        """Its name in known_hosts."""
        return self.address if self.port == 22 else f"[{self.address}]:{self.port}"

    @property
    def fingerprint(self) -> str:
        """The host key's, as ssh-keygen(1) shows it: `SHA256:…`."""
        return _command("ssh-keygen", "-lf", f"{self.host_key}.pub").split()[1]

    @staticmethod
    def public(key: Path) -> str:
        """Type and key, without the comment."""
        return " ".join(Path(f"{key}.pub").read_text().split()[:2])

    def client_entry(self, *lines: str) -> str:
        """Its section for an ssh_config(5), with further lines."""
        words = [
            f"Host {self.alias}",
            f"HostName {self.address}",
            f"Port {self.port}",
            f"User {self.user}",
            f"IdentityFile {self.key}",
            "IdentitiesOnly yes",
            "IdentityAgent none",
            f"UserKnownHostsFile {self.known_hosts}",
            "GlobalKnownHostsFile /dev/null",
            "StrictHostKeyChecking yes",
            *lines,
        ]
        return "\n  ".join(words) + "\n"

    def configure(self, **options: Any) -> None:
        """Write sshd_config anew; in force after `restart`."""
        settings: dict[str, Any] = {
            "Port": self.port,
            "ListenAddress": self.address,
            "HostKey": self.host_key,
            "AuthorizedKeysFile": self.authorized_keys,
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "UseDNS": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
            "LogLevel": "VERBOSE",
            "PrintMotd": "no",
            **options,
        }
        self.config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))

    def _accounts(self, user: str, uid: int, gid: int, shell: str) -> None:
        """passwd and shadow with our account first: the first entry of a name or number is the one found."""
        for name, entry in (
            ("passwd", f"{user}:x:{uid}:{gid}::{self.home}:{shell}\n"),
            ("shadow", f"{user}:*:19000:0:99999:7:::\n"),
        ):
            others = Path(f"/etc/{name}").read_text()
            path = self.directory / name
            path.write_text(entry + others)
            path.chmod(0o644 if name == "passwd" else 0o600)

    def password(self, password: str) -> None:
        """Give the account a password; sshd also needs PasswordAuthentication="yes"."""
        made = _command("openssl", "passwd", "-6", password).strip()
        path = self.directory / "shadow"
        _, _, others = path.read_text().partition("\n")
        # In place: the bind mount holds on to the file itself.
        with path.open("r+") as file:
            file.write(f"{self.user}:{made}:19000:0:99999:7:::\n{others}")
            file.truncate()

    def start(self) -> None:
        """Start and wait until it answers."""
        # Its privilege separation directory is compiled in; Debian's init script makes it the same way.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "/usr/sbin/sshd"
        inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _INSIDE, "sh"]
        argv = [*self._prefix, *inside, str(self.directory), server, "-D", "-e", "-f", str(self.config)]
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while b"Server listening" not in self.log.read_bytes()[begin:]:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"sshd does not start ({process.returncode}):\n{self.log.read_text()}")
            time.sleep(0.01)
        # Only now is it surely in its own: `stop` kills by namespace, and must never know the machine's.
        self._process, self._namespace = process, _mount_namespace(process.pid)
        self._held = os.open(f"/proc/{process.pid}/ns/mnt", os.O_RDONLY)  # else its number is used again
        assert self._namespace != _mount_namespace(os.getpid())

    def pids(self) -> list[int]:
        """All that lives in its mount namespace: the server, its sessions, their children."""
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return sorted(pid for pid in pids if self._namespace and _mount_namespace(pid) == self._namespace)

    def _signal(self, pids: Sequence[int], number: signal.Signals) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self) -> None:
        """SIGSTOP to the server and all sessions: connections stay open and nobody answers."""
        self._signal(self.pids(), signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(self.pids(), signal.SIGCONT)

    def cut(self) -> None:
        """End all sessions and what runs in them; the server itself goes on."""
        own = self._process.pid if self._process else 0
        self._signal([pid for pid in self.pids() if pid != own], signal.SIGKILL)

    def drop(self) -> None:
        """SIGKILL to all connections and all of their sessions; what has left its session goes on."""
        own = self._process.pid if self._process else 0
        living = {pid: _Stat.of(pid) for pid in self.pids() if pid != own}
        servers = {pid for pid, stat in living.items() if stat.name.startswith("sshd")}
        logins = {
            stat.session for pid, stat in living.items() if stat.parent in servers and pid not in servers
        }
        self._signal([pid for pid, stat in living.items() if stat.session in logins], signal.SIGKILL)
        self._signal(sorted(servers), signal.SIGKILL)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody is connected or let in, while what was started there and left its session goes on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        self.drop()
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End the server and all that lives with it."""
        if self._process is None:
            return
        deadline = time.monotonic() + 10
        while (pids := self.pids()) and time.monotonic() < deadline:
            self._signal(pids, signal.SIGKILL)
            self._process.poll()
            time.sleep(0.01)
        self._process.wait(10)
        os.close(self._held)
        self._process, self._namespace = None, None

    def restart(self, **options: Any) -> None:
        """Stop and start, with sshd_config lines where given."""
        self.stop()
        if options:
            self.configure(**options)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Stat(NamedTuple):
    """What proc(5) says in /proc/PID/stat."""

    name: str
    parent: int
    session: int

    @classmethod
    def of(cls, pid: int) -> _Stat:
        try:
            start, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")
        except OSError:
            return cls("", 0, 0)
        fields = rest.split()
        return cls(start.partition(" (")[2], int(fields[1]), int(fields[3]))


def _mount_namespace(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/mnt").readlink())
    except OSError:  # gone, or none of ours
        return None
