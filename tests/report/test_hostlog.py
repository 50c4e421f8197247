"""The log of an instance for the commands that read it once: which, whose, all of it or its end."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.postfix.fakes import fake_commands

from mxtop.hosts.base import Completed, Output
from mxtop.hosts.errors import HostDown
from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed, LogUnreadable
from mxtop.report import hostlog
from mxtop.report.hostlog import HostLog


class Machine(LocalHost):
    """A host with these answers (an exception is raised), and its own programs for the rest."""

    def __init__(self, **answers: str | Exception) -> None:
        super().__init__("there")
        self.answers = answers
        self.asked: list[list[str]] = []
        self.journal = "/dev/null"

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        answer = self.answers.get(argv[0])
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return Completed(tuple(argv), 0, answer.encode(), b"", 0.0)
        return await super().run(argv, stdin=stdin, timeout=timeout)

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        self.asked.append(list(argv))
        return super().output(["cat", self.journal] if argv[0] == "journalctl" else argv)


NO_POSTFIX = CommandFailed("postconf: no such command")


def written(path: Path, text: str, age: float) -> None:
    """A log that was last written so many seconds ago."""
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    os.utime(path, (time.time() - age,) * 2)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    written(tmp_path / "mail.log.2.gz", "one\n", 90_000)
    written(tmp_path / "mail.log.1", "two\n", 3_000)
    written(path, "three\n", 1)
    return path


async def read(machine: Machine, place: HostLog, since: float | None = None) -> list[tuple[bool, str]]:
    return [(first, batch.text) async for first, batch in hostlog.batches(machine, place, since)]


async def test_a_machine_without_postfix_still_has_a_log_and_a_name(log: Path) -> None:
    machine = Machine(postconf=NO_POSTFIX, uname="box.example\n")
    assert await hostlog.find(machine, None, str(log)) == HostLog("box.example", str(log), None)


async def test_an_instance_that_was_named_must_be_there(log: Path) -> None:
    with pytest.raises(CommandFailed, match="no such command"):
        await hostlog.find(Machine(postconf=NO_POSTFIX), "/etc/postfix-out", str(log))


async def test_a_host_that_is_lost_is_not_a_host_without_postfix(log: Path) -> None:
    with pytest.raises(HostDown):
        await hostlog.find(Machine(postconf=HostDown("gone")), None, str(log))


async def test_the_instance_gives_its_own_name_and_the_names_in_its_log(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin = tmp_path / "bin"
    bin.mkdir()
    fake_commands(bin, "3.7.11")
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    place = await hostlog.find(Machine(), None, str(log))
    assert place.host == "mx1.example"
    assert place.syslog_names is not None
    assert place.syslog_names[0] == "postfix"
    assert place.path == str(log)


async def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    machine = Machine(postconf=NO_POSTFIX)
    with pytest.raises(LogUnreadable) as missing:
        await hostlog.find(machine, None, str(tmp_path / "none"))
    assert "no such file" in missing.value.title
    assert "--log" in missing.value.remedy


def test_the_files_of_a_log_oldest_first(log: Path) -> None:
    assert [Path(name).name for name in hostlog.files(str(log))] == [
        "mail.log.2.gz",
        "mail.log.1",
        "mail.log",
    ]


async def test_every_file_is_read_and_its_first_batch_marked(log: Path) -> None:
    machine = Machine()
    place = HostLog("there", str(log), None)
    assert await read(machine, place) == [(True, "one\n"), (True, "two\n"), (True, "three\n")]
    assert await read(machine, place, since=86_400) == [(True, "two\n"), (True, "three\n")]
    assert await read(machine, place, since=60) == [(True, "three\n")]


async def test_only_the_first_batch_of_a_large_file_is_its_first(log: Path) -> None:
    written(log, "x" * 99 * 1024 + "\n" + "y\n" * 4_000_000, 1)
    machine = Machine()
    told = await read(machine, HostLog("there", str(log), None))
    assert len(told) > 3
    assert [first for first, _ in told] == [True, True, True] + [False] * (len(told) - 3)


async def test_the_log_itself_is_read_however_long_nobody_wrote_to_it(log: Path) -> None:
    written(log, "three\n", 100_000)
    assert await read(Machine(), HostLog("there", str(log), None), since=60) == [(True, "three\n")]


async def test_the_journal_is_read_from_a_moment_of_that_hosts_clock(tmp_path: Path) -> None:
    machine = Machine(date="1000000\n", journalctl="-- cursor: s=1\n")
    fields = {"__REALTIME_TIMESTAMP": "999000000000", "_HOSTNAME": "mx1", "SYSLOG_IDENTIFIER": "postfix/smtp"}
    entry = json.dumps({**fields, "SYSLOG_PID": "7", "MESSAGE": "connect to x"}) + "\n"
    machine.journal = str(tmp_path / "entries")
    Path(machine.journal).write_text(entry)
    told = await read(machine, HostLog("there", "", None), since=3600)
    assert [first for first, _ in told] == [True]
    assert told[0][1].endswith("mx1 postfix/smtp[7]: connect to x\n")
    assert "--since=@996400" in machine.asked[0]
    Path(machine.journal).write_text(entry * 5_000)
    told = await read(machine, HostLog("there", "", None), since=3600)
    assert len(told) > 1
    assert [first for first, _ in told] == [True] + [False] * (len(told) - 1)
    machine.asked.clear()
    await read(machine, HostLog("there", "", None))
    assert not [word for word in machine.asked[0] if word.startswith("--since")]


async def test_a_clock_that_does_not_say_is_ours() -> None:
    assert await hostlog.clock(Machine(date="1795458696\n")) == 1_795_458_696
    assert abs(await hostlog.clock(Machine(date="what?\n")) - time.time()) < 60
