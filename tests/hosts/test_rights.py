"""What helps who may not: here sudo, on another machine another login, and the group on both."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import mxtop
from mxtop.hosts.base import Completed, FileStat
from mxtop.hosts.connect import ssh_host
from mxtop.hosts.local import LocalHost
from mxtop.hosts.remembering import Remembering
from mxtop.hosts.rights import HERE, THERE, Rights, to_read
from mxtop.hosts.target import parse_target
from mxtop.mail.errors import CommandFailed

GROUP_FILE = FileStat(mode=0o100640, size=0, mtime=0.0, inode=1, device=1, uid=0, gid=4)


class Machine(LocalHost):
    """A host of the user alice, whose group 4 is adm."""

    def __init__(self, rights: Rights, answers: dict[str, str]) -> None:
        super().__init__("mx1")
        self._rights = rights
        self._answers = answers

    @property
    def rights(self) -> Rights:
        return self._rights

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        if argv[0] not in self._answers:
            raise CommandFailed(f"{argv[0]}: no such command here")
        return Completed(tuple(argv), 0, self._answers[argv[0]].encode(), b"", 0.0)


ANSWERS = {"getent": "adm:x:4:\n", "id": "alice\n"}


def test_the_words() -> None:
    assert HERE.by_group("adm", "alice") == (
        "run `sudo mxtop`, or join the group that may read it (`sudo usermod -aG adm alice`) and log in again"
    )
    assert THERE.by_group("adm", "alice") == (
        "log in there as root, or join the group that may read it (there: `sudo usermod -aG adm alice`) "
        "and start mxtop again"
    )


def test_each_host_has_its_own() -> None:
    ssh = ssh_host(parse_target("mx1"))
    assert (LocalHost().rights, ssh.rights) == (HERE, THERE)
    assert Remembering(ssh, lambda argv: False).rights is THERE


@pytest.mark.parametrize("rights", [HERE, THERE])
async def test_a_file_of_a_group(rights: Rights) -> None:
    assert await to_read(Machine(rights, ANSWERS), GROUP_FILE) == rights.by_group("adm", "alice")


@pytest.mark.parametrize("rights", [HERE, THERE])
@pytest.mark.parametrize(
    ("mode", "gid", "answers"),
    [
        (0o100600, 4, ANSWERS),
        (0o100640, 0, ANSWERS),
        (0o100640, 4, {"id": "alice\n"}),
        (0o100640, 4, {"getent": "", "id": "alice\n"}),
        (0o100640, 4, {"getent": "adm:x:4:\n"}),
    ],
)
async def test_root_alone(rights: Rights, mode: int, gid: int, answers: dict[str, str]) -> None:
    file = FileStat(mode=mode, size=0, mtime=0.0, inode=1, device=1, uid=0, gid=gid)
    assert await to_read(Machine(rights, answers), file) == rights.root


def test_nobody_else_says_sudo_mxtop() -> None:
    """But the examples of `--help`: on another host it would be the wrong machine's."""
    root = Path(mxtop.__file__).parent
    saying = [str(p.relative_to(root)) for p in root.rglob("*.py") if "sudo mxtop" in p.read_text()]
    assert sorted(saying) == ["arguments.py", "hosts/rights.py"]
