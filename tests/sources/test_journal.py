"""The journal, read by the real journalctl from files that systemd-journal-remote makes here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.sources.helpers import Reader

from mxtop.hosts.local import LocalHost
from mxtop.hosts.rights import THERE
from mxtop.mail.errors import CommandFailed, LogUnreadable
from mxtop.sources.journal import Journal, render

REMOTE = Path("/lib/systemd/systemd-journal-remote")
pytestmark = pytest.mark.skipif(not REMOTE.exists(), reason="needs systemd-journal-remote")

BEGIN = 1_795_459_166_656_367  # 2026-11-23T18:39:26.656367+00:00


def entry(message: bytes, number: int, **fields: str) -> bytes:
    """One entry in the export format; a field that is not plain text carries its length."""
    said = {
        "SYSLOG_IDENTIFIER": "postfix/smtp",
        "SYSLOG_FACILITY": "2",
        "PRIORITY": "6",
        "SYSLOG_PID": "1234",
        "_PID": "99",
        "_HOSTNAME": "mx1",
        **fields,
    }
    head = f"__REALTIME_TIMESTAMP={BEGIN + number * 1_000_000}\n__MONOTONIC_TIMESTAMP={number}\n"
    head += f"_BOOT_ID={'0' * 31}1\n" + "".join(f"{name}={value}\n" for name, value in said.items() if value)
    return head.encode() + b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"


class Machine:
    """A journal file that grows as a real one does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._remote = subprocess.Popen(
            [REMOTE, "-o", path, "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def log(self, entries: Sequence[bytes], seen: int) -> None:
        """Write; wait until journalctl shows `seen` entries in all."""
        assert self._remote.stdin is not None
        self._remote.stdin.write(b"".join(entries))
        self._remote.stdin.flush()
        deadline = time.monotonic() + 10
        while self.count() < seen:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def count(self) -> int:
        argv = ["journalctl", "--file", str(self.path), "-o", "export", "-q"]
        return subprocess.run(argv, stdout=subprocess.PIPE).stdout.count(b"__CURSOR=")

    def close(self) -> None:
        assert self._remote.stdin is not None
        self._remote.stdin.close()
        self._remote.wait(timeout=10)

    def journal(self, **options: object) -> Journal:
        return Journal(LocalHost(), arguments=["--file", str(self.path)], **options)  # type: ignore[arg-type]


@pytest.fixture
def machine(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Machine(tmp_path / "test.journal")
    yield made
    made.close()


async def read(journal: Journal) -> str:
    return "".join([batch.text async for batch in journal.batches()])


async def test_lines_as_a_syslog_daemon_writes_them(machine: Machine) -> None:
    machine.log(
        [
            entry(b"connect to mx.example", 0),
            entry("Grüße \u2028 here".encode(), 1),
            entry(b"latin-1 caf\xe9 \xff", 2),
            entry(b"no pid", 3, SYSLOG_PID="", _PID=""),
            entry(b"other pid", 4, SYSLOG_PID=""),
            entry(b"one\nNov 23 18:39:26 mx1 postfix/smtp[1]: forged", 5),
            entry(b"not mail", 6, SYSLOG_FACILITY="3"),
            entry(b"x" * 10_000, 7),
            entry(b"", 8),
        ],
        seen=9,
    )
    text = await read(machine.journal(follow=False))
    head = "+00:00 mx1 postfix/smtp"
    assert text.split("\n") == [
        f"2026-11-23T18:39:26.656367{head}[1234]: connect to mx.example",
        f"2026-11-23T18:39:27.656367{head}[1234]: Grüße \u2028 here",
        f"2026-11-23T18:39:28.656367{head}[1234]: latin-1 caf\udce9 \udcff",
        f"2026-11-23T18:39:29.656367{head}: no pid",
        f"2026-11-23T18:39:30.656367{head}[99]: other pid",
        f"2026-11-23T18:39:31.656367{head}[1234]: one#012Nov 23 18:39:26 mx1 postfix/smtp[1]: forged",
        f"2026-11-23T18:39:33.656367{head}[1234]: {'x' * 10_000}",
        f"2026-11-23T18:39:34.656367{head}[1234]: ",
        "",
    ]


async def test_history_then_live_then_on_from_the_cursor(machine: Machine) -> None:
    machine.log([entry(b"line %d" % n, n) for n in range(1, 301)], seen=300)
    journal = machine.journal()
    reader = Reader(journal.batches())
    await reader.until(300)
    assert journal.caught_up
    assert {batch.phase for batch in reader.batches} == {"history"}
    machine.log([entry(b"line 301", 301)], seen=301)
    await reader.until(301)
    assert reader.batches[-1].phase == "live"
    machine.log([entry(b"line %d" % n, n) for n in (302, 303)], seen=303)
    again = Reader(machine.journal(after=journal.cursor).batches())
    await again.until(303)
    assert again.numbers == [302, 303]
    assert reader.numbers == list(range(1, 302))


async def test_history_goes_back_beyond_the_last_boot(machine: Machine) -> None:
    boots = ["_BOOT_ID=" + "0" * 31 + mark + "\n" for mark in "12"]
    entries = [entry(b"line %d" % n, n) for n in range(1, 7)]
    later = [one.replace(boots[0].encode(), boots[1].encode()) for one in entries[3:]]
    machine.log([*entries[:3], *later], seen=6)
    journal = machine.journal(lines=4)
    reader = Reader(journal.batches())
    await reader.until(6)
    assert reader.numbers == [3, 4, 5, 6]


async def test_the_last_lines_only(machine: Machine) -> None:
    machine.log([entry(b"line %d" % n, n) for n in range(1, 31)], seen=30)
    reader = Reader(machine.journal(lines=7).batches())
    await reader.until(30)
    assert reader.numbers == list(range(24, 31))


async def test_since(machine: Machine) -> None:
    machine.log([entry(b"line %d" % n, n) for n in range(1, 31)], seen=30)
    text = await read(machine.journal(follow=False, since=f"@{BEGIN // 1_000_000 + 26}"))
    assert [line[-2:] for line in text.split("\n")[:-1]] == ["26", "27", "28", "29", "30"]


async def test_caught_up_at_once_where_nothing_is_there(machine: Machine) -> None:
    machine.log([entry(b"not mail", 1, SYSLOG_FACILITY="3")], seen=1)
    journal = machine.journal()
    reader = Reader(journal.batches())
    await reader.quiet(1)
    assert journal.caught_up and not reader.batches
    machine.log([entry(b"line 2", 2)], seen=2)
    await reader.until(2)
    assert reader.batches[0].phase == "live"


async def test_journalctl_ends_with_its_reader(machine: Machine) -> None:
    def running() -> bool:
        argv = ["pgrep", "-f", f"journalctl.*{machine.path}"]
        return subprocess.run(argv, stdout=subprocess.DEVNULL).returncode == 0

    machine.log([entry(b"line 1", 1)], seen=1)
    source = machine.journal().batches()
    await anext(source)
    assert running()
    await source.aclose()  # type: ignore[attr-defined]
    assert not running()


async def test_no_journal_at_all(tmp_path: Path) -> None:
    journal = Journal(LocalHost(), arguments=["-D", str(tmp_path)])
    with pytest.raises(LogUnreadable, match="--log FILE"):
        await anext(journal.batches())


NOBODY = """
import asyncio, os, sys
from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.journal import Journal
async def main(): await anext(Journal(LocalHost(), arguments=["--file", sys.argv[1]]).batches())
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try: asyncio.run(main())
except LogUnreadable as error: print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_not_permitted(machine: Machine) -> None:
    machine.log([entry(b"line 1", 1)], seen=1)
    argv = [sys.executable, "-c", NOBODY, str(machine.path)]
    said = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=20).stdout
    assert "`sudo usermod -aG systemd-journal nobody`" in said


class Elsewhere(LocalHost):
    """This machine, as if it were another."""

    rights = THERE


async def test_permitted_only_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of journalctl 252 to a user who has entries of his own; silent where the output is JSON."""
    hint = "Hint: You are currently not seeing messages from other users and the system."
    fake(tmp_path, monkeypatch, f'case "$*" in *json*) ;; *) echo "{hint}" >&2;; esac')
    with pytest.raises(LogUnreadable, match="sudo usermod -aG systemd-journal"):
        await anext(Journal(LocalHost()).batches())
    with pytest.raises(LogUnreadable, match=r"log in there as root, .* systemd-journal ") as caught:
        await anext(Journal(Elsewhere()).batches())
    assert "sudo mxtop" not in caught.value.remedy


async def test_journalctl_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, 'case "$*" in *--follow*) echo "Bus error" >&2; exit 3;; esac')
    with pytest.raises(CommandFailed, match="Bus error"):
        await anext(Journal(LocalHost()).batches())


def fake(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    (directory / "journalctl").write_text(f"#!/bin/sh\n{script}\n")
    (directory / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


async def test_an_entry_that_is_none_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = json.dumps({"__CURSOR": "c", "__REALTIME_TIMESTAMP": str(BEGIN), "MESSAGE": "m", "_HOSTNAME": "h"})
    lines = "\n".join(f"echo '{line}'" for line in ("[]", "{}", "7", good, "{"))
    fake(tmp_path, monkeypatch, f'case "$*" in *--follow*)\n{lines}\n;; esac; exit 0')
    batches = []
    with pytest.raises(CommandFailed, match="journalctl ended"):
        async for batch in Journal(LocalHost()).batches():  # in one piece, or each line by itself
            batches.append(batch)  # noqa: PERF401
    assert any(batch.gap for batch in batches)
    assert "".join(batch.text for batch in batches) == "2026-11-23T18:39:26.656367+00:00 h unknown: m\n"


def test_several_values_of_a_field() -> None:
    several = {"__REALTIME_TIMESTAMP": BEGIN, "MESSAGE": ["first", "second"], "_COMM": [102, 111, 111]}
    assert render(several).endswith(" localhost foo: first\n")
