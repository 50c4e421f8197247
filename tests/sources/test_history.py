"""What a log already holds, divided into the newest part and the rest."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import pickle
import subprocess
import threading
from pathlib import Path

import pytest
from tests.sources.helpers import Reader, append, numbered, numbers_in

from mxtop.mail.errors import LogUnreadable
from mxtop.sources.file import Follower
from mxtop.sources.history import files, plan, read, read_piece, tail_start

LINE = len(numbered([41]))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Lines 1 to 60: ten in each of four rotated files, oldest packed, and twenty in the log."""
    for number, begin in ((4, 1), (3, 11), (2, 21), (1, 31)):
        old = tmp_path / f"mail.log.{number}"
        append(old, range(begin, begin + 10))
        if number > 2:
            subprocess.run(["gzip", str(old)], check=True)
    append(tmp_path / "mail.log", range(41, 61))
    return tmp_path / "mail.log"


def test_rotated_files_oldest_first(log: Path) -> None:
    names = [file.path.name for file in files(log)]
    assert names == ["mail.log.4.gz", "mail.log.3.gz", "mail.log.2", "mail.log.1"]


@pytest.mark.parametrize(
    "names",
    [
        ["mail.log-20261101.gz", "mail.log-20261108", "mail.log-20261115"],
        ["mail.log-2026110123.gz", "mail.log-2026110200"],
        ["mail.log-1750000000.gz", "mail.log-1760000000"],
        ["mail.log.20261101-030000.gz", "mail.log.20261102-030000"],
        ["mail.log.2026-11-01.xz", "mail.log.2026-11-02"],
        ["mail-20261101.log.gz", "mail-20261108.log"],
        ["mail.2.log.gz", "mail.1.log"],
        ["mail.log.10.gz", "mail.log.9.gz", "mail.log.1", "mail.log.0"],
    ],
)
def test_names_of_rotated_files(tmp_path: Path, names: list[str]) -> None:
    others = [
        "mail.log",
        "mail.log.gz.tmp",
        "mail.login.1",
        "mail.log.old",
        "xmail.log.1",
        "mail.err.1",
        "mail.info",
    ]
    for name in [*names, *others]:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    assert [file.path.name for file in files(tmp_path / "mail.log")] == names


def test_a_file_being_packed_counts_once(log: Path) -> None:
    log.with_name("mail.log.2.gz").touch()
    assert [file.path.name for file in files(log)][2:] == ["mail.log.2", "mail.log.1"]


@pytest.mark.parametrize(("suffix", "opener"), [(".gz", gzip.open), (".xz", lzma.open), (".bz2", bz2.open)])
def test_packed(tmp_path: Path, suffix: str, opener: object) -> None:
    path = tmp_path / f"mail.log.1{suffix}"
    with opener(path, "wb") as file:  # type: ignore[operator]
        file.write(numbered(range(100_000)).encode())
    batches = list(read(path))
    assert "".join(batch.text for batch in batches) == numbered(range(100_000))
    assert len(batches) > 3
    done = [batch.done for batch in batches]
    assert done == sorted(done) and 0 < done[0] < done[-1] == path.stat().st_size


def test_from_and_to_an_offset(log: Path) -> None:
    batches = list(read(log, 5 * LINE, 12 * LINE, chunk=100))
    assert numbers_in("".join(batch.text for batch in batches)) == list(range(46, 53))
    assert batches[-1].done == 12 * LINE


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=(tmp_path / "fifo").write_text, args=("one\ntwo",))
    writer.start()
    assert "".join(batch.text for batch in read(tmp_path / "fifo")) == "one\ntwo"
    writer.join()


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "mail.log.1.gz"
    packed = bytearray(gzip.compress(numbered(range(50_000)).encode()))
    if damage == "cut":
        del packed[-1000:]
    else:
        packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    batches = list(read(path, chunk=10_000))
    assert "damaged after" in batches[-1].gap
    if damage == "cut":
        text = "".join(batch.text for batch in batches)
        assert numbered(range(50_000)).startswith(text) and len(text) > 1_000_000


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="no such file"):
        list(read(tmp_path / "nothing"))
    with pytest.raises(LogUnreadable, match="is a directory"):
        list(read(tmp_path))
    with pytest.raises(LogUnreadable):
        plan(tmp_path / "nothing")


@pytest.mark.parametrize("size", [0, 1, LINE, LINE + 1, 5 * LINE, 10_000])
def test_tail_start_is_a_line_start(log: Path, size: int) -> None:
    start = tail_start(log, size)
    assert start % LINE == 0
    assert 0 <= 20 * LINE - start - min(size, 20 * LINE) < LINE


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("newest", [0, 1, 5 * LINE, 20 * LINE, 27 * LINE, 10_000])
@pytest.mark.parametrize("meanwhile", ["nothing", "rotated"])
async def test_the_plan_gives_every_line_once(log: Path, newest: int, meanwhile: str) -> None:
    division = pickle.loads(pickle.dumps(plan(log, newest)))
    if meanwhile == "rotated":
        log.with_name("mail.log.1").rename(log.with_name("mail.log.2x"))
        subprocess.run(["gzip", str(log.with_name("mail.log.2"))], check=True)
        log.with_name("mail.log.2.gz").rename(log.with_name("mail.log.5.gz"))
        log.with_name("mail.log.4.gz").rename(log.with_name("mail.log.7.gz"))
        log.with_name("mail.log.3.gz").rename(log.with_name("mail.log.6.gz"))
        log.with_name("mail.log.2x").rename(log.with_name("mail.log.2"))
        log.rename(log.with_name("mail.log.1"))
    append(log, [61])
    batches = [batch for piece in division.older for batch in read_piece(piece)]
    assert not [batch.gap for batch in batches if batch.gap]
    older = numbers_in("".join(batch.text for batch in batches))
    reader = Reader(Follower(log, division.start).batches())
    await reader.until(61)
    assert older + reader.numbers == list(range(1, 62))
    assert not reader.gaps
    wanted = min(newest // LINE, 40)
    assert wanted <= len(reader.numbers) - 1 <= wanted + 1
    assert division.size == sum(piece.size for piece in division.older)


def test_a_file_that_went_away(log: Path) -> None:
    division = plan(log, 0)
    log.with_name("mail.log.4.gz").unlink()
    batches = [batch for piece in division.older for batch in read_piece(piece)]
    assert len([batch for batch in batches if batch.gap]) == 1
    assert numbers_in("".join(batch.text for batch in batches)) == list(range(11, 61))
