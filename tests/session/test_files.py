"""Log files as a session: the newest part is shown at once, whatever is left to read."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.benchmarks.makelog import lines

from mxtop.mail.errors import LogUnreadable
from mxtop.mail.sample import Sample
from mxtop.mail.snapshot import Snapshot
from mxtop.session import base, files
from mxtop.session.files import FilesSession


class _Enough(Exception):
    pass


async def test_the_first_snapshot_does_not_wait_for_the_older_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "mail.log"
    log.write_text("\n".join(lines(3000)) + "\n")
    monkeypatch.setattr(files, "NEWEST", 50_000)
    monkeypatch.setattr(base, "PATIENCE", 30.0)  # else it comes without anything being ready

    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("mxtop.session.history.read", never)
    shown: list[Snapshot] = []

    def publish(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        raise _Enough

    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(10):
            await FilesSession([str(log)]).run(publish)
    assert 0 < shown[0].totals.lines < 3000
    assert shown[0].feeds["log"].state == "history"


def written(path: Path, first: int, count: int, age: float) -> Path:
    """A log of some lines, last written to so many seconds ago."""
    text = ("\n".join([*lines(first + count)][first:]) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    modified = path.stat().st_mtime - age
    os.utime(path, (modified, modified))
    return path


@asynccontextmanager
async def running(session: FilesSession) -> AsyncIterator[Callable[[str, int], Awaitable[None]]]:
    """The session's life; gives what waits for a state of the log and a number of lines."""
    shown: list[Snapshot] = []

    def at() -> tuple[str, int]:
        if not shown or "log" not in shown[-1].feeds:
            return "", 0
        return shown[-1].feeds["log"].state, shown[-1].totals.lines

    async def reaches(state: str, count: int) -> None:
        async with asyncio.timeout(30):
            while at() != (state, count):
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        life = group.create_task(session.run(shown.append))
        try:
            yield reaches
        finally:
            life.cancel()


async def test_a_plain_file_is_live_once_it_is_read_and_followed_then(tmp_path: Path) -> None:
    log = written(tmp_path / "mail.log", 0, 100, 0)
    async with running(FilesSession([str(log)], interval=0.02)) as reaches:
        await reaches("live", 100)
        with log.open("a") as file:
            file.write([*lines(101)][100] + "\n")
        await reaches("live", 101)


async def test_a_packed_file_ends(tmp_path: Path) -> None:
    log = written(tmp_path / "mail.log.1.gz", 0, 100, 0)
    async with running(FilesSession([str(log)], interval=0.02)) as reaches:
        await reaches("ended", 100)


@pytest.mark.parametrize(("recorded", "count"), [(False, 300), (True, 100)])
async def test_older_files_are_read_behind_the_last_unless_somebody_records(
    tmp_path: Path, recorded: bool, count: int
) -> None:
    """Either way it is live in the end, and nothing is kept for a reading that does not come."""
    newest = written(tmp_path / "mail.log", 200, 100, 0)
    older = [written(tmp_path / "b.log.gz", 0, 100, 200), written(tmp_path / "a.log.gz", 100, 100, 100)]
    session = FilesSession([str(newest), *map(str, older)], interval=0.02)
    samples: list[Sample] = []
    if recorded:
        session.tap(samples.append)
    async with running(session) as reaches:
        await reaches("live", count)
    assert bool(samples) == recorded


def test_standard_input_cannot_be_put_in_order_with_files(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="in order"):
        FilesSession(["-", str(tmp_path)])
