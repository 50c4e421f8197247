"""Several hosts with a real sshd and, where asked, a real Postfix, and an operator who reaches them over SSH.

    with Fleet(Member("mx1", [world.DUAL]), Member("mx2", [world.DUAL], AllowTcpForwarding="no")) as fleet:
        fleet["mx1"].lab.send("user@dual.example", count=60)
        done = fleet.mxtop("report", "mx1", "--json")
        fleet.cut("mx2")

The operator has a namespace and a home of his own, whose ~/.ssh/config knows every member by its name.  All
are on one bridge; those `behind` the bastion are on the bastion's instead, and ~/.ssh/config jumps.  Each
member has a /var/lib of its own; what else it does not share of the file system is told by its `covers`.
"""

from __future__ import annotations

import grp
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hosts.sshd import Sshd
from tests.lab import claims
from tests.lab.lab import Lab, closed, is_open, taken_down_by_signals
from tests.lab.namespaces import Namespace, command
from tests.lab.world import Destination

MXTOP = (str(Path(sys.executable).with_name("mxtop")),)
BASTION = "bastion"
_MOST = 200

_COVERED = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 99; shift 2; done; shift; exec "$@"'


class Member:
    """What a host of the fleet is to be; running, it has `sshd`, `namespace` and, with Postfix, `lab`.

    `destinations`: the world of its Postfix (`settings` as for `Lab`); without any it has no Postfix.
    `lab`: one that runs already and outlives the fleet.  `user` logs in: root, or an unprivileged one in
    `group`.  `covers`: path -> the text that stands there on this host, {directory} being its own.
    Capitalised keywords are lines of its sshd_config(5).
    """

    def __init__(
        self,
        name: str,
        destinations: Sequence[Destination] = (),
        *,
        settings: Mapping[str, str] | None = None,
        lab: Lab | None = None,
        user: str = "root",
        group: str = "nogroup",
        shell: str = "/bin/sh",
        covers: Mapping[str, str] | None = None,
        behind: bool = False,
        **options: Any,
    ) -> None:
        self.name, self.behind = name, behind
        self.directory = Path()
        self.port = ""
        """Of the bridge."""
        self._owned = lab is None
        self._lab = lab or (Lab(destinations, settings=settings) if destinations else None)
        self._covers = dict(covers or {})
        ids = (0, 0) if user == "root" else (47111, grp.getgrnam(group).gr_gid)
        self._login: dict[str, Any] = {"user": user, "uid": ids[0], "gid": ids[1], "shell": shell}
        self._options = options

    @property
    def lab(self) -> Lab:
        assert self._lab is not None
        return self._lab

    @property
    def main_cf(self) -> bytes:
        return self.lab.main_cf.read_bytes()

    def enter(self, stack: ExitStack, fleet: Path) -> None:
        """Begin with the namespace, and Postfix where it is to be."""
        if self._lab is not None:
            if self._owned:
                stack.enter_context(self._lab)
            self.directory, self.namespace = self._lab.directory, self._lab.namespace
        else:
            self.directory = fleet / self.name
            self.directory.mkdir(mode=0o755)
            self.namespace = claims.namespace_of(fleet, self.name)
            self.namespace.create()

    def listen(self, stack: ExitStack, address: str) -> None:
        """End with sshd; nobody's files but its own are changed by what it runs."""
        (self.directory / "lib").mkdir(mode=0o755)
        words = [str(self.directory / "lib"), "/var/lib"]
        for number, (path, text) in enumerate(self._covers.items()):
            cover = self.directory / f"cover{number}"
            cover.write_text(text.format(directory=self.directory))
            cover.chmod(Path(path).stat().st_mode & 0o777)
            words = [str(cover), path, *words]
        inside = ["unshare", "--mount", "sh", "-c", _COVERED, "sh", *words, "--"]
        self.sshd = Sshd(
            self.directory / "ssh",
            22,
            alias=self.name,
            address=address,
            prefix=self.namespace.argv(inside),
            **self._login,
            **self._options,
        )
        stack.enter_context(self.sshd)

    def entry(self) -> str:
        """Its section of the operator's ~/.ssh/config."""
        return self.sshd.client_entry(*([f"ProxyJump {BASTION}"] if self.behind else []))

    @property
    def state(self) -> Path:
        """What it takes for /var/lib/mxtop."""
        return self.directory / "lib" / "mxtop"


@dataclass(frozen=True, slots=True)
class _Bridge:
    """The network `prefix`.0/24 in one namespace, which has the last address there."""

    namespace: Namespace
    prefix: str

    def create(self) -> None:
        self.namespace.ip_batch(
            ["link add lan type bridge", f"addr add {self.prefix}.254/24 dev lan", "link set lan up"]
        )

    def join(self, other: Namespace, number: int) -> tuple[str, str]:
        """The other one's address, and the port that it is connected to."""
        port, address = f"port{number}", f"{self.prefix}.{number}"
        ends = ["ssh0", "netns", other.name, "type", "veth", "peer", port, "netns", self.namespace.name]
        command(["ip", "link", "add", *ends])
        self.namespace.ip_batch([f"link set {port} master lan", f"link set {port} up"])
        other.ip_batch([f"addr add {address}/24 dev ssh0", "link set ssh0 up"])
        return address, port


class Fleet:
    """Running members, as a context manager; a bastion is there where somebody is behind it.

    Where anything does not start, or the process that owns it dies, all is taken down as a `Lab` is.
    """

    def __init__(self, *members: Member) -> None:
        assert len(members) < _MOST
        self._members = {member.name: member for member in members}
        if any(member.behind for member in members):
            self._members = {BASTION: Member(BASTION), **self._members}
        self._stack = ExitStack()

    def __enter__(self) -> Fleet:
        claims.sweep()
        self.directory, self._lock = claims.claim()
        taken_down_by_signals(self)
        try:
            self._start(self._stack)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take everything down; a second call does nothing."""
        if not is_open(self):
            return
        self._stack.close()
        claims.remove(self.directory)
        os.close(self._lock)
        closed(self)

    def _start(self, stack: ExitStack) -> None:
        self.home = self.directory / "home"
        (self.home / ".ssh").mkdir(parents=True)
        self.namespace = claims.namespace_of(self.directory, "operator")
        self.namespace.create()
        lan = _Bridge(self.namespace, "10.77.0")
        lan.create()
        inner = lan
        for number, member in enumerate(self._members.values(), 1):
            member.enter(stack, self.directory)
            address, member.port = (inner if member.behind else lan).join(member.namespace, number)
            member.listen(stack, address)
            if member.name == BASTION:
                inner = _Bridge(member.namespace, "10.78.0")
                inner.create()
        self.write_config()

    def write_config(self) -> None:
        """~/.ssh/config anew."""
        entries = (member.entry() for member in self._members.values())
        (self.home / ".ssh" / "config").write_text("".join(entries))

    def __getitem__(self, name: str) -> Member:
        return self._members[name]

    @property
    def labs(self) -> list[Lab]:
        """Those of the members with Postfix, in their order."""
        return [member.lab for member in self._members.values() if member._lab is not None]

    # -- the operator ---------------------------------------------------------------

    @property
    def run(self) -> Callable[..., subprocess.CompletedProcess[str]]:
        """`Namespace.run` where the operator is."""
        return self.namespace.run

    @property
    def popen(self) -> Callable[..., subprocess.Popen[Any]]:
        """`Namespace.popen` where the operator is."""
        return self.namespace.popen

    def argv(self, *words: str, program: Sequence[str] = MXTOP) -> list[str]:
        """The command line of mxtop, or of `program`, with the operator's home."""
        return ["env", f"HOME={self.home}", f"XDG_CONFIG_HOME={self.home}", *program, *words]

    def mxtop(
        self, *words: str, program: Sequence[str] = MXTOP, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        return self.run(self.argv(*words, program=program), timeout=timeout)

    # -- the network ----------------------------------------------------------------

    def cut(self, name: str) -> None:
        """Nothing goes to the member or comes from it any more, and nobody is told."""
        member = self._members[name]
        self._bridge_of(member).ip("link", "set", member.port, "down")

    def mend(self, name: str) -> None:
        member = self._members[name]
        self._bridge_of(member).ip("link", "set", member.port, "up")

    def _bridge_of(self, member: Member) -> Namespace:
        return self._members[BASTION].namespace if member.behind else self.namespace
