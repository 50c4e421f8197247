"""Which log, on a machine laid out below a temporary directory."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from mxtop.hosts.base import Completed, FileStat
from mxtop.hosts.local import LocalHost
from mxtop.hosts.rights import THERE
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Settings
from mxtop.postfix.logplace import LogPlace, find

START = 1_700_000_000.0


class Machine(LocalHost):
    """A host whose root is a directory, seen by a user who is in no group and not root."""

    def __init__(self, root: Path, commands: dict[str, str]) -> None:
        super().__init__("there")
        self.root = root
        self.commands = commands

    def put(self, path: str, mtime: float = START, mode: int = 0o644, gid: int = 0, text: str = "") -> None:
        file = Path(f"{self.root}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        os.chown(file, -1, gid)
        os.utime(file, (mtime, mtime))

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        if argv[0] not in self.commands:
            raise CommandFailed(f"{argv[0]}: no such command here")
        return Completed(tuple(argv), 0, self.commands[argv[0]].encode(), b"", 0.0)

    async def stat(self, path: str) -> FileStat | None:
        if path.startswith("/closed/"):
            raise PermissionError(path)
        return await super().stat(f"{self.root}{path}")

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        return await super().read_file(f"{self.root}{path}", limit=limit)

    async def can_read(self, path: str) -> bool:
        return bool(Path(f"{self.root}{path}").stat().st_mode & 0o004)


class Elsewhere(Machine):
    rights = THERE


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, {"getent": "adm:x:4:\n", "id": "alice\n", "journalctl": "systemd 252\n"})
    made.put("/queue/pid/master.pid", START)
    return made


def settings(maillog_file: str = "") -> Settings:
    return Settings(queue_directory="/queue", maillog_file=maillog_file)


def with_journal(machine: Machine, directory: str = "/var/log/journal", mode: int = 0o644) -> None:
    machine.put("/etc/machine-id", text="0123abcd\n")
    machine.put(f"{directory}/0123abcd/system.journal", mode=mode, gid=4)


async def test_maillog_file_comes_first(machine: Machine) -> None:
    machine.put("/var/log/postfix.log", START - 9999)
    machine.put("/var/log/mail.log", START + 1)
    assert await find(machine, settings("/var/log/postfix.log")) == LogPlace(
        kind="file", path="/var/log/postfix.log"
    )


async def test_maillog_file_on_standard_output(machine: Machine) -> None:
    (machine.root / "dev").mkdir()
    os.mkfifo(machine.root / "dev/stdout")
    machine.put("/var/log/mail.log", START + 1)
    got = await find(machine, settings("/dev/stdout"))
    assert (got.path, got.tried) == ("/var/log/mail.log", ("/dev/stdout is not a regular file",))


@pytest.mark.parametrize("path", ["/var/log/mail.log", "/var/log/maillog"])
async def test_a_syslog_file_of_this_run(machine: Machine, path: str) -> None:
    machine.put(path, START - 0.5)  # "starting the Postfix mail system" comes before master's pid file
    got = await find(machine, settings())
    assert (got.kind, got.path, got.problem) == ("file", path, "")


@pytest.mark.parametrize("directory", ["/var/log/journal", "/run/log/journal"])
async def test_a_syslog_file_of_an_earlier_run_gives_way_to_the_journal(
    machine: Machine, directory: str
) -> None:
    machine.put("/var/log/mail.log", START - 60)
    with_journal(machine, directory)
    got = await find(machine, settings())
    assert (got.kind, got.problem) == ("journal", "")
    assert got.tried == (
        "/var/log/mail.log was not written since Postfix started",
        "/var/log/maillog does not exist",
    )


async def test_a_postfix_that_never_started(machine: Machine) -> None:
    os.unlink(machine.root / "queue/pid/master.pid")
    machine.put("/var/log/mail.log", START - 60)
    assert (await find(machine, settings())).path == "/var/log/mail.log"
    assert (await find(machine, None)).path == "/var/log/mail.log"


async def test_nothing(machine: Machine) -> None:
    got = await find(machine, settings())
    assert got.kind == "none"
    assert "/var/log/mail.log does not exist" in got.problem
    assert "no systemd journal" in got.problem
    assert "--log" in got.remedy


async def test_an_empty_journal(machine: Machine) -> None:
    machine.put("/etc/machine-id", text="0123abcd\n")
    assert "journal is empty" in (await find(machine, settings())).problem


async def test_no_journalctl(machine: Machine) -> None:
    with_journal(machine)
    del machine.commands["journalctl"]
    assert (await find(machine, settings())).kind == "none"


@pytest.mark.parametrize(
    ("mode", "gid", "remedies"),
    [
        (0o640, 4, ("sudo mxtop", "sudo usermod -aG adm alice")),
        (0o600, 4, ("sudo mxtop",)),
        (0o640, 0, ("sudo mxtop",)),
    ],
)
async def test_the_remedy_for_a_closed_file(
    machine: Machine, mode: int, gid: int, remedies: tuple[str, ...]
) -> None:
    machine.put("/var/log/mail.log", START + 1, mode, gid)
    got = await find(machine, settings())
    assert (got.kind, got.path) == ("file", "/var/log/mail.log")
    assert got.problem
    assert all(one in got.remedy for one in remedies)
    assert ("usermod" in got.remedy) == (len(remedies) > 1)


async def test_the_remedy_on_another_machine_is_another_login_there(machine: Machine) -> None:
    there = Elsewhere(machine.root, machine.commands)
    there.put("/var/log/mail.log", START + 1, 0o640, 4)
    got = await find(there, settings())
    assert got.remedy == THERE.by_group("adm", "alice")
    closed = await find(there, settings("/closed/mail.log"))
    assert closed.remedy == THERE.root


async def test_a_closed_directory(machine: Machine) -> None:
    got = await find(machine, settings("/closed/mail.log"))
    assert (got.kind, got.path) == ("file", "/closed/mail.log")
    assert "sudo mxtop" in got.remedy


async def test_a_closed_journal(machine: Machine) -> None:
    with_journal(machine, mode=0o640)
    got = await find(machine, settings())
    assert got.kind == "journal"
    assert "usermod -aG" in got.remedy


async def test_log_option(machine: Machine) -> None:
    machine.put("/var/log/mail.log", START + 1)
    machine.put("/srv/other", START - 99)
    assert await find(machine, settings(), log_option="/srv/other") == LogPlace(
        kind="file", path="/srv/other"
    )
    missing = await find(machine, settings(), log_option="/srv/none")
    assert (missing.kind, missing.path) == ("file", "/srv/none")
    assert "no such file" in missing.problem
    assert "directory" in (await find(machine, settings(), log_option="/srv")).problem
    with_journal(machine)
    assert (await find(machine, settings(), log_option="journal")).kind == "journal"
