"""The follower, on real files, rotated in every way that logs are."""

from __future__ import annotations

import asyncio
import gzip
import os
import pickle
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.sources.helpers import Reader, append, numbered

from mxtop.hosts import beat
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.file import CALM, POLL, QUIET, Follower
from mxtop.sources.lines import LIMIT
from mxtop.sources.rotation import Cursor


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    append(path, range(1, 11))
    return path


def from_start(log: Path) -> Cursor:
    found = log.stat()
    return Cursor(found.st_dev, found.st_ino)


def follow(log: Path) -> tuple[Follower, Reader]:
    follower = Follower(log, from_start(log))
    return follower, Reader(follower.batches())


@pytest.mark.parametrize("mode", ["rename", "reopen"])
async def test_a_fast_writer_rotated_every_second(tmp_path: Path, mode: str) -> None:
    log = tmp_path / "mail.log"
    log.touch()
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("writer.py")),
        *(str(log), mode, "5000", "4.5"),
        stdout=subprocess.PIPE,
    )
    _, reader = follow(log)
    await reader.quiet(4.5)
    out, _ = await writer.communicate()
    last = int(out)
    await reader.until(last)
    assert last > 20_000
    assert len(reader.numbers) == last, "lost or doubled"
    assert sorted(reader.numbers) == list(range(1, last + 1))
    assert reader.numbers == sorted(reader.numbers), "out of order"
    assert not reader.gaps


async def test_starts_at_the_end_without_a_cursor(log: Path) -> None:
    reader = Reader(Follower(log).batches())
    await reader.quiet(0.3)
    assert reader.numbers == []


async def test_history_and_then_live(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    append(log, [11])
    await reader.until(11)
    assert [batch.phase for batch in reader.batches] == ["history", "live"]
    assert abs(reader.batches[-1].reference - time.time()) < 5


async def test_a_partial_line_is_held_back(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    whole = numbered([11])
    with log.open("a") as file:
        file.write(whole[:-7])
        file.flush()
        await reader.quiet(0.5)
        assert reader.numbers[-1] == 10
        file.write(whole[-7:])
    await reader.until(11)
    assert reader.text.endswith(whole)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("rotations", [1, 2, 3])
@pytest.mark.parametrize("scheme", ["number", "date", "packed"])
async def test_rotations_between_two_looks(log: Path, rotations: int, scheme: str) -> None:
    _, reader = follow(log)
    await reader.until(10)
    line = 10
    for rotation in range(rotations):
        append(log, [line := line + 1])
        if scheme == "date":
            log.rename(log.with_name(f"mail.log-2026112{rotation}"))
        else:
            for number in range(rotations, 0, -1):
                for packing in ("", ".gz"):
                    old = log.with_name(f"mail.log.{number}{packing}")
                    if old.exists():
                        old.rename(log.with_name(f"mail.log.{number + 1}{packing}"))
            log.rename(log.with_name("mail.log.1"))
            if scheme == "packed":
                pack(log.with_name("mail.log.1"))
        append(log, [line := line + 1])
    await reader.until(line)
    assert reader.numbers == list(range(1, line + 1))
    assert not reader.gaps


def pack(path: Path) -> None:
    """As gzip does: the modification time is kept."""
    found = path.stat()
    packed = path.with_name(path.name + ".gz")
    with gzip.open(packed, "wb") as file:
        file.write(path.read_bytes())
    os.utime(packed, ns=(found.st_atime_ns, found.st_mtime_ns))
    path.unlink()


async def test_the_writer_goes_on_with_the_renamed_file(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    with log.open("a") as writer:
        log.rename(log.with_name("mail.log.1"))
        log.touch()
        for number in (11, 12, 13):
            await reader.quiet(0.5)
            writer.write(numbered([number]))
            writer.flush()
        await reader.quiet(1.6)  # settled, yet not forgotten
        append(log, [14])
        await reader.until(14)
        writer.write(numbered([15]))
    append(log, [16])
    await reader.until(16)
    assert sorted(reader.numbers) == list(range(1, 17))
    assert reader.numbers[:14] == list(range(1, 15))


async def test_late_lines_of_the_renamed_file_come_first(log: Path) -> None:
    """Two daemons, of which one has opened the new file already."""
    _, reader = follow(log)
    await reader.until(10)
    with log.open("a") as writer:
        writer.write(numbered([11]))
        writer.flush()
        log.rename(log.with_name("mail.log.1"))
        append(log, [13])
        await reader.quiet(0.5)
        writer.write(numbered([12]))
    await reader.until(13)
    assert reader.numbers == list(range(1, 14))


@pytest.mark.usefixtures("impatient")
async def test_deletion(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    with log.open("a") as writer:
        log.unlink()
        writer.write(numbered([11]))
    await reader.until(11)
    append(log, [12])
    await reader.until(12)
    assert reader.numbers == list(range(1, 13))


@pytest.mark.usefixtures("impatient")
async def test_deleted_twice_between_two_looks(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    append(log, [11])
    log.unlink()
    append(log, [12])
    log.rename(log.with_name("mail.log.1"))
    append(log, [13])
    await reader.until(13)
    assert reader.numbers == list(range(1, 14))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("regrown", [1, 40])
async def test_copytruncate(log: Path, regrown: int) -> None:
    """Smaller than before, and larger again before we looked: none doubled, the gap is said."""
    _, reader = follow(log)
    await reader.until(10)
    append(log, [11])
    shutil.copy(log, log.with_name("mail.log.1"))
    os.truncate(log, 0)
    append(log, range(12, 12 + regrown))
    await reader.until(11 + regrown)
    assert reader.numbers == list(range(1, 12 + regrown))
    assert len(reader.gaps) == 1 and "truncated" in reader.gaps[0]


async def test_truncated_without_a_copy(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    os.truncate(log, 0)
    append(log, [11])
    await reader.until(11)
    assert reader.numbers == list(range(1, 12))
    assert len(reader.gaps) == 1


@pytest.mark.usefixtures("impatient")
async def test_goes_on_from_its_cursor(log: Path) -> None:
    """Also where the log was rotated and packed meanwhile, in a line's middle, in another process."""
    with log.open("a") as file:
        file.write(numbered([11])[:20])
    follower, reader = follow(log)
    await reader.quiet(0.3)
    assert reader.numbers == list(range(1, 11))
    cursor = pickle.loads(pickle.dumps(follower.cursor))
    with log.open("a") as file:
        file.write(numbered([11])[20:])
    log.rename(log.with_name("mail.log.1"))
    pack(log.with_name("mail.log.1"))
    append(log, [12])
    again = Reader(Follower(log, cursor).batches())
    await again.until(12)
    assert again.text == numbered([11, 12])
    assert not again.gaps


async def test_a_cursor_that_is_lost(log: Path) -> None:
    cursor = Cursor(1, 1, 500, b"another file")
    reader = Reader(Follower(log, cursor).batches())
    await reader.until(10)
    assert reader.numbers == list(range(1, 11))
    assert "out of sight" in reader.gaps[0]


@pytest.mark.usefixtures("impatient")
async def test_a_damaged_packed_file_in_between(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    log.rename(log.with_name("mail.log.2"))
    append(log, [11])
    log.rename(log.with_name("mail.log.1"))
    pack(log.with_name("mail.log.1"))
    os.truncate(log.with_name("mail.log.1.gz"), 30)
    append(log, [12])
    await reader.until(12)
    assert reader.numbers == [*range(1, 11), 12]
    assert "damaged" in reader.gaps[0]


async def test_a_line_without_end(log: Path) -> None:
    _, reader = follow(log)
    with log.open("a") as file:
        for _ in range(4):
            file.write("x" * LIMIT)
        file.write("\n" + numbered([11]))
    await reader.until(11, timeout=10)
    lines = reader.text.split("\n")
    assert [len(line) for line in lines if line.startswith("xxx")] == [LIMIT]
    assert lines[-2] == numbered([11])[:-1]


async def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match=r"no such file.*--log"):
        await anext(Follower(tmp_path / "mail.log").batches())


async def test_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(LogUnreadable, match="not a regular file"):
        await anext(Follower(tmp_path / "fifo").batches())


async def test_costs_nothing_while_nothing_comes(log: Path) -> None:
    _, reader = follow(log)
    await reader.until(10)
    before = resource.getrusage(resource.RUSAGE_SELF)
    await reader.quiet(2)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used / 2 < 0.005


async def test_a_quiet_log_is_looked_at_less_often(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == CALM + 3:
            append(log, range(11, 12))
        await asyncio.sleep(0)

    monkeypatch.setattr(beat, "rest", rest)
    source = Follower(log, from_start(log)).batches()
    for _ in range(2):
        await anext(source)
    task = asyncio.ensure_future(anext(source))
    while len(rests) < CALM + 5:
        await asyncio.sleep(0)
    task.cancel()
    assert rests[: CALM + 5] == [*[POLL] * CALM, *[QUIET] * 3, POLL, POLL]


async def test_leaves_nothing_open(log: Path) -> None:
    def held() -> int:
        links = (os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
        return sum(str(log) in link for link in links)

    source = Follower(log, from_start(log)).batches()
    await anext(source)
    assert held() == 1
    await source.aclose()  # type: ignore[attr-defined]
    assert held() == 0
