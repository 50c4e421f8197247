"""The follower that reads through a host, on real files, rotated and cut off in every way."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.sources.helpers import append, numbered, numbers_in

from mxtop.hosts.local import LocalHost
from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.remote import Places, RemoteFollower, read_piece
from mxtop.sources.remotefiles import plan
from mxtop.sources.rotation import Cursor


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    append(path, range(1, 11))
    return path


def place(path: Path, offset: int = 0) -> Cursor:
    found = path.stat()
    return Cursor(found.st_dev, found.st_ino, offset, path.read_bytes()[:256])


class Taken:
    """What came: from one follower after another, each beginning where the last one was cut off."""

    def __init__(self, path: Path, start: Places = ()) -> None:
        self.path = path
        self.places = start
        self.batches: list[Batch] = []
        self.follower: RemoteFollower | None = None

    @property
    def numbers(self) -> list[int]:
        return numbers_in("".join(batch.text for batch in self.batches))

    @property
    def gaps(self) -> list[str]:
        return [batch.gap for batch in self.batches if batch.gap]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        self.follower = RemoteFollower(LocalHost(), str(self.path), self.places)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.follower.run()), group.create_task(self._take(self.follower))]
            yield
            for task in tasks:
                task.cancel()
        self.places = self.follower.places

    async def _take(self, follower: RemoteFollower) -> None:
        async for batch in follower.batches():
            self.batches.append(batch)

    async def up_to(self, last: int) -> None:
        """Follow until that line came, and be cut off there."""
        async with self.following():
            await self.until(last)

    async def until(self, last: int, timeout: float = 10) -> None:
        async with asyncio.timeout(timeout):
            while not any(  # late lines may follow it
                f" line {last}\n" in batch.text for batch in self.batches[-30:]
            ):
                await asyncio.sleep(0.02)


async def test_history_and_then_live(log: Path) -> None:
    taken = Taken(log, (place(log),))
    async with taken.following():
        await taken.until(10)
        append(log, [11])
        await taken.until(11)
        assert taken.follower and taken.follower.caught_up
    assert taken.numbers == list(range(1, 12))
    assert [batch.phase for batch in taken.batches] == ["history", "live"]
    assert abs(taken.batches[-1].reference - time.time()) < 5


async def test_a_partial_line_is_held_back_and_read_again_after_a_cut(log: Path) -> None:
    taken = Taken(log)
    line = numbered([11])
    with log.open("a") as file:
        async with taken.following():
            file.write(line[:30])
            file.flush()
            await taken.until(10)
            await asyncio.sleep(0.4)
        file.write(line[30:])
        file.flush()
    await taken.up_to(11)
    assert taken.numbers == list(range(1, 12))


async def test_bytes_that_are_no_text(log: Path) -> None:
    log.write_bytes(b"a \xff\x00\r b\nc\n")
    taken = Taken(log)
    async with taken.following(), asyncio.timeout(5):
        while not taken.batches:
            await asyncio.sleep(0.02)
    assert taken.batches[0].text == "a \udcff\x00\r b\nc\n"


@pytest.mark.parametrize("mode", ["rename", "reopen"])
async def test_rotations_every_second_and_twenty_cuts(tmp_path: Path, mode: str) -> None:
    log = tmp_path / "mail.log"
    log.touch()
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("writer.py")),
        *(str(log), mode, "3000", "8.5"),
        stdout=subprocess.PIPE,
    )
    taken = Taken(log)
    seed = random.Random(7)
    end = time.monotonic() + 8.5
    cuts = 0
    while time.monotonic() < end:
        async with taken.following():
            await asyncio.sleep(seed.uniform(0.02, 0.7))
        cuts += 1
    out, _ = await writer.communicate()
    last = int(out)
    async with taken.following():
        await taken.until(last)
        await asyncio.sleep(1.5)
    assert cuts > 5
    assert last > 10_000
    assert sorted(taken.numbers) == list(range(1, last + 1)), "lost or doubled"
    assert not taken.gaps


async def test_several_rotations_between_two_looks(log: Path) -> None:
    taken = Taken(log)
    await taken.up_to(10)
    for number in range(4):
        for old in range(9, 0, -1):
            if (file := log.with_name(f"mail.log.{old}")).exists():
                file.rename(log.with_name(f"mail.log.{old + 1}"))
        log.rename(log.with_name("mail.log.1"))
        append(log, range(11 + number * 10, 21 + number * 10))
    with log.with_name("mail.log.3").open("rb") as plain, gzip.open(f"{log}.3.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    log.with_name("mail.log.3").unlink()
    await taken.up_to(50)
    assert taken.numbers == list(range(1, 51))
    assert not taken.gaps


async def test_more_rotations_than_files_may_be_read_at_once(log: Path) -> None:
    taken = Taken(log)
    await taken.up_to(10)
    for number in range(20, 0, -1):
        append(log, range(211 - number * 10, 221 - number * 10))
        log.rename(f"{log}.{number}")
        os.utime(f"{log}.{number}", (time.time() - number * 60,) * 2)
    append(log, [211])
    async with taken.following():
        await taken.until(211)
        assert taken.follower
        async with asyncio.timeout(5):
            while len(taken.follower.places) > 5:
                await asyncio.sleep(0.02)
    assert taken.numbers == list(range(1, 212))
    assert not taken.gaps


async def test_the_place_itself_was_packed_meanwhile(log: Path) -> None:
    taken = Taken(log)
    await taken.up_to(10)
    append(log, range(11, 21))
    Path(f"{log}.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    append(log, range(21, 31))
    await taken.up_to(30)
    assert taken.numbers == list(range(1, 31))
    assert not taken.gaps


async def test_what_is_written_to_the_old_file_after_the_rotation(log: Path) -> None:
    taken = Taken(log)
    with log.open("a") as old:
        async with taken.following():
            await taken.until(10)
            log.rename(f"{log}.1")
            append(log, range(21, 31))
            await taken.until(30)
        old.write(numbered(range(11, 21)))
        old.flush()
    await taken.up_to(20)
    assert sorted(taken.numbers) == list(range(1, 31))


async def test_deleted_and_made_again(log: Path) -> None:
    taken = Taken(log)
    with log.open("a") as old:
        async with taken.following():
            await taken.until(10)
            log.unlink()
            old.write(numbered(range(11, 21)))
            old.flush()
            await taken.until(20)
            append(log, range(21, 31))
            await taken.until(30)
    assert taken.numbers == list(range(1, 31))


async def test_copytruncate_doubles_nothing(log: Path) -> None:
    taken = Taken(log)
    async with taken.following():
        await taken.until(10)
        append(log, range(11, 21))
        shutil.copy(log, f"{log}.1")
        os.truncate(log, 0)
        append(log, range(21, 41))
        await taken.until(40)
        assert taken.numbers == list(range(1, 41))
        assert len(taken.gaps) == 1


async def test_copytruncate_while_cut_off(log: Path) -> None:
    taken = Taken(log)
    await taken.up_to(10)
    append(log, range(11, 21))
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)
    append(log, range(21, 23))
    await taken.up_to(22)
    assert taken.numbers == list(range(1, 23))


async def test_rotated_out_of_sight(log: Path) -> None:
    taken = Taken(log)
    await taken.up_to(10)
    other = log.with_name("other")
    append(other, range(21, 31))
    other.replace(log)
    await taken.up_to(30)
    assert taken.numbers == [*range(1, 11), *range(21, 31)]
    assert "rotated out of sight" in taken.gaps[0]


async def test_no_such_log(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await RemoteFollower(LocalHost(), str(tmp_path / "mail.log")).run()
    assert caught.group_contains(LogUnreadable, match="no such file")


async def test_a_plan_and_the_follower_are_every_line_once(log: Path) -> None:
    log.rename(f"{log}.1")
    Path(f"{log}.2.gz").write_bytes(gzip.compress(numbered(range(101, 2001)).encode()))
    append(log, range(3001, 9001))
    host = LocalHost()
    divided = await plan(host, str(log), 100_000)
    assert [piece.end is None for piece in divided.older] == [True, True, False]
    text = ""
    for piece in divided.older:
        async for batch in read_piece(host, piece):
            assert batch.phase == "history"
            text += batch.text
    taken = Taken(log, divided.start)
    await taken.up_to(9000)
    numbers = numbers_in(text) + taken.numbers
    assert sorted(numbers) == [*range(1, 11), *range(101, 2001), *range(3001, 9001)]
    assert numbers[1900:] == list(range(1, 11)) + list(range(3001, 9001))
    assert sum(len(batch.text) for batch in taken.batches) < 200_000


async def test_a_plan_that_reaches_back(log: Path) -> None:
    log.rename(f"{log}.1")
    append(log, [11])
    divided = await plan(LocalHost(), str(log), 1_000_000)
    assert divided.older == ()
    taken = Taken(log, divided.start)
    async with taken.following():
        await taken.until(11)
        assert taken.follower
        async with asyncio.timeout(2):
            while not taken.follower.caught_up:
                await asyncio.sleep(0.02)
    assert taken.numbers == list(range(1, 12))
    assert {batch.phase for batch in taken.batches} == {"history"}
