"""One host live, on captured Postfix commands: each feed by itself, and what makes one look again."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.postfix.fakes import fake_commands

from mxtop.hosts.base import Completed, FileStat, Output
from mxtop.hosts.local import LocalHost
from mxtop.mail.batch import Batch
from mxtop.mail.sample import Sample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Feed, QueueCounts, Snapshot
from mxtop.mail.sockets import SocketRow
from mxtop.session import local
from mxtop.session.local import LocalSession

LIMIT = 30.0
LINE = (
    "2026-11-23T18:41:28+00:00 mx1 {}/smtp[7]: connect to mx.d.example[2001:db8::9]:25: Connection refused\n"
)


class Machine(LocalHost):
    """This host with the commands of Postfix 3.7.11; main.cf is written when a test says so."""

    def __init__(self) -> None:
        super().__init__("mx1")
        self.asked: list[str] = []
        self.written = 1.0

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        self.asked.append(argv[0])
        return await super().run(argv, stdin=stdin, timeout=timeout)

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        self.asked.append(argv[0])
        return super().output(argv, timeout=timeout)

    async def stat(self, path: str) -> FileStat | None:
        if path.endswith(("/main.cf", "/master.cf")):
            return FileStat(0o100644, 1, self.written, 1, 1, 0, 0)
        return await super().stat(path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    bin = tmp_path / "bin"
    bin.mkdir()
    fake_commands(bin, "3.7.11")
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    return Machine()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(session: LocalSession) -> AsyncIterator[list[Snapshot]]:
    """The session's life, and the snapshots it publishes."""
    seen: list[Snapshot] = []
    async with asyncio.TaskGroup() as group:
        life = group.create_task(session.run(seen.append))
        try:
            yield seen
        finally:
            life.cancel()
    await session.close()


def feed(session: LocalSession, name: str) -> Any:
    found = session.core.look(session.now()).feeds.get(name)
    return found.state if found else None


async def test_a_log_that_is_not_there_costs_the_log_alone(machine: Machine, tmp_path: Path) -> None:
    session = LocalSession(log=str(tmp_path / "none"), interval=0.05, host=machine)
    async with running(session) as seen:
        await until(lambda: feed(session, "log") == "down")
        await until(lambda: feed(session, "queue") == "live" and feed(session, "sockets") == "live")
        await until(lambda: seen and seen[-1].queue)
    shown = seen[-1]
    assert shown.feeds["log"].detail == f"{tmp_path / 'none'}: no such file"
    assert "--log FILE" in shown.feeds["log"].remedy
    assert shown.feeds["settings"].state == "live"
    assert shown.host == "mx1.example"
    assert shown.queue is not None
    assert shown.queue.hold == 2


async def test_lines_of_another_instance_are_not_this_ones(machine: Machine, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text(LINE.format("postfix") + LINE.format("postfix-out"))
    session = LocalSession(log=str(log), interval=0.05, host=machine)
    async with running(session) as seen:
        await until(lambda: seen and seen[-1].totals.lines)
        with log.open("a") as file:
            file.write(LINE.format("postfix"))
        await until(lambda: seen[-1].totals.lines == 3)
    assert seen[-1].totals.families.ipv6.failed_connects == 2
    assert seen[-1].totals.other_instances == 1
    assert len(seen[-1].log) == 3


async def test_settings_are_read_again_when_their_files_were_written_and_only_then(
    machine: Machine, tmp_path: Path
) -> None:
    session = LocalSession(log=str(tmp_path / "none"), interval=60, host=machine)
    async with running(session):
        await until(lambda: session.core.settings is not None)
        read = machine.asked.count("postconf")
        session.settings_changed()  # a rumour
        await until(lambda: not session._settings_due.is_set())
        assert machine.asked.count("postconf") == read
        machine.written += 1
        session.settings_changed()
        await until(lambda: machine.asked.count("postconf") == 2 * read)


@pytest.mark.parametrize(("recorded", "lines"), [(False, 4), (True, 1)])
async def test_the_older_log_is_read_too_unless_somebody_records(
    machine: Machine, tmp_path: Path, recorded: bool, lines: int
) -> None:
    """Either way the log is live in the end, and what was kept for the second reading is let go."""
    log = tmp_path / "mail.log"
    log.write_text(LINE.format("postfix"))
    log.with_name("mail.log.1.gz").write_bytes(gzip.compress(LINE.format("postfix").encode() * 3))
    samples: list[Sample] = []
    session = LocalSession(log=str(log), interval=0.05, host=machine)
    if recorded:
        session.tap(samples.append)
    async with running(session):
        await until(lambda: feed(session, "log") == "live")
        await until(lambda: feed(session, "queue") == "live")
        assert session.core.tracker.lines == lines
    kinds = {type(one) for one in samples}
    assert (kinds >= {Batch, QueueCounts, Settings}) == recorded
    assert Feed not in kinds


async def test_every_batch_reaches_whoever_watches_a_change(machine: Machine) -> None:
    session = LocalSession(host=machine)
    fed: list[Batch] = []
    session.live_fixing.feed = fed.append  # type: ignore[method-assign]
    batch = Batch(text=LINE.format("postfix"), reference=0.0)
    session.take(batch)
    session.take(QueueCounts())
    assert fed == [batch]
    assert session.core.tracker.lines == 1


def test_a_peer_that_nothing_knows_has_the_queue_looked_at_once(machine: Machine) -> None:
    row = SocketRow(
        direction="out", family="ipv6", state="SYN_SENT", local_address="2001:db8::25", local_port=4711,
        peer_address="2001:db8::9", peer_port=25, daemon="smtp", service="smtp", pid=7, destination=None,
        age=0.0,
    )  # fmt: skip
    session = LocalSession(host=machine)
    session._take_rows(
        (replace(row, destination="d.example"), replace(row, direction="in"), replace(row, filter_hop=True)),
        "",
    )
    assert not session._puzzled.is_set()
    session._take_rows((row,), "")
    assert session._puzzled.is_set()
    session._puzzled.clear()
    session._take_rows((row,), "")  # known to be unknown
    assert not session._puzzled.is_set()
    session._take_rows((), "")
    session._take_rows((row,), "")  # new again
    assert session._puzzled.is_set()


@pytest.mark.parametrize("quick", [True, False])
async def test_sockets_are_looked_at_in_a_thread_unless_that_takes_no_time(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    threads: list[int] = []

    class Looked:
        note = ""

        def __init__(self, queue_directory: str | None) -> None:
            self.quick = quick

        def sample(self, ports: object, known: object) -> tuple[SocketRow, ...]:
            threads.append(threading.get_ident())
            return ()

    monkeypatch.setattr(local, "Sampler", Looked)
    monkeypatch.setattr(local, "SOCKETS_LOOK", 0.02)
    async with running(LocalSession(host=machine, log="/nowhere")):
        await until(lambda: len(threads) > 2)
    assert (threading.get_ident() in threads) == quick


async def test_another_selection_is_looked_up_at_once(machine: Machine) -> None:
    session = LocalSession(host=machine)
    assert session.foremost() == []
    session.select("d.example")
    assert session.selected == "d.example"
    async with asyncio.timeout(LIMIT):
        await session._names._turned.wait()


async def test_a_password_is_forgotten_at_the_end(machine: Machine) -> None:
    session = LocalSession(host=machine)
    forgotten: list[None] = []
    session.live_fixing.forget = lambda: forgotten.append(None)  # type: ignore[method-assign]
    await session.close()
    assert forgotten == [None]
