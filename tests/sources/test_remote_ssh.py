"""A log followed through a real sshd: cut, frozen, restarted and away while the log goes on and rotates."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.hosts.conftest import host_at
from tests.hosts.sshd import Sshd, free_port
from tests.sources.helpers import append, numbers_in

from mxtop.hosts.remote import SshHost
from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.sources.remote import Places, RemoteFollower

pytestmark = pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="needs openssh-server")

PAUSE = 0.05
"""Seconds before the next try: the session's supervisor waits longer."""


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path / "mx1", free_port()) as server:
        yield server


class Taken:
    """What came through all connections; a new follower each time one was lost."""

    def __init__(self, host: SshHost, log: Path) -> None:
        self.host, self.log = host, log
        self.batches: list[Batch] = []
        self.places: Places = ()
        self.losses = 0

    @property
    def numbers(self) -> list[int]:
        return numbers_in("".join(batch.text for batch in self.batches))

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._follow())
            yield
            task.cancel()
        await self.host.close()

    async def _follow(self) -> None:
        while True:
            follower = RemoteFollower(self.host, str(self.log), self.places)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(follower.run())
                    group.create_task(self._take(follower))
            except* (MxtopError, OSError):
                self.losses += 1
            self.places = follower.places
            await asyncio.sleep(PAUSE)

    async def _take(self, follower: RemoteFollower) -> None:
        async for batch in follower.batches():
            self.batches.append(batch)

    async def until(self, last: int, timeout: float = 20) -> None:
        async with asyncio.timeout(timeout):
            while not any(f" line {last}\n" in batch.text for batch in self.batches[-50:]):
                await asyncio.sleep(0.02)


async def test_thirteen_rotations_and_twenty_cuts_between_them(sshd: Sshd, tmp_path: Path) -> None:
    log = tmp_path / "log" / "mail.log"
    log.parent.mkdir()
    log.touch()
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("writer.py")),
        *(str(log), "rename", "2000", "300"),
        stdout=subprocess.PIPE,
    )
    taken = Taken(host_at(sshd), log)
    chance = random.Random(11)
    async with taken.following():
        end = time.monotonic() + 14.5  # a rotation each second
        while taken.losses < 20 or time.monotonic() < end:
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            before = len(taken.batches)
            while len(taken.batches) == before:  # connected, and reading
                await asyncio.sleep(0.02)
            await asyncio.to_thread(sshd.cut)
        writer.terminate()
        out, _ = await writer.communicate()
        last = int(out)
        await taken.until(last)
        await asyncio.sleep(1.5)
    assert last > 20_000
    assert taken.losses >= 20
    assert not [batch.gap for batch in taken.batches if batch.gap]
    came = Counter(taken.numbers)
    assert not [number for number in range(1, last + 1) if number not in came], "lost"
    assert not [number for number, times in came.items() if times > 1], "doubled"


async def test_sshd_away_for_a_while_and_the_log_rotated_meanwhile(sshd: Sshd, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    append(log, range(1, 11))
    taken = Taken(host_at(sshd), log)
    async with taken.following():
        await taken.until(10)
        await asyncio.to_thread(sshd.stop)
        for number in range(12, 0, -1):
            append(log, range(131 - number * 10, 141 - number * 10))
            log.rename(f"{log}.{number}")
        append(log, [131])
        await asyncio.sleep(1)
        await asyncio.to_thread(sshd.start)
        await taken.until(131)
    assert sorted(taken.numbers) == [*range(1, 11), *range(11, 132)]


async def test_bytes_that_are_no_text_and_a_long_line(sshd: Sshd, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(b"a \xff\x00\r b\n" + b"x" * 300_000 + b"\n")
    taken = Taken(host_at(sshd), log)
    async with taken.following(), asyncio.timeout(10):
        while not taken.batches:
            await asyncio.sleep(0.02)
    assert "".join(batch.text for batch in taken.batches) == "a \udcff\x00\r b\n" + "x" * 300_000 + "\n"
    assert taken.losses == 0


async def test_nothing_is_left_running_there(sshd: Sshd, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    append(log, [1])
    taken = Taken(host_at(sshd), log)
    async with taken.following():
        await taken.until(1)
    async with asyncio.timeout(10):
        while len(await asyncio.to_thread(sshd.pids)) > 1:
            await asyncio.sleep(0.1)
