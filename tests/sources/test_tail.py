"""One open file: what was read, where to go on, and when it is no longer the same file."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from mxtop.sources.tail import Damaged, Tail, Truncated


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_bytes(b"one\ntwo\n")
    return path


def test_the_cursor_stands_after_the_last_whole_line(log: Path) -> None:
    with log.open("ab") as writer:
        writer.write(b"thr")
    tail = Tail(log)
    assert tail.lines.feed(tail.read(100)) == "one\ntwo\n"
    assert (tail.offset, tail.cursor.offset) == (11, 8)
    with log.open("ab") as writer:
        writer.write(b"ee\n")
    assert tail.lines.feed(tail.read(100)) == "three\n"
    assert tail.cursor.offset == 14
    assert tail.read(100) == b"", "none yet"
    tail.close()


def test_it_goes_on_in_the_middle_and_knows_the_head_it_did_not_read(log: Path) -> None:
    tail = Tail(log, 4)
    assert tail.read(100) == b"two\n"
    assert tail.cursor.head.startswith(b"one\n")
    tail.close()


@pytest.mark.parametrize("left", [b"", b"on", b"ONE\ntwo\nthree\n"], ids=["emptied", "cut", "other lines"])
def test_a_file_cut_or_written_anew_in_its_place_is_noticed(log: Path, left: bytes) -> None:
    """copytruncate: shorter, or (the third) longer by now but with another beginning."""
    tail = Tail(log)
    tail.read(100)
    with log.open("r+b") as writer:
        writer.truncate(0)
        writer.write(left)
    with pytest.raises(Truncated):
        tail.read(100)
    tail.restart()
    assert tail.read(100) == left
    assert tail.offset == len(left)
    tail.close()


def test_a_file_renamed_or_deleted_is_read_to_its_end(log: Path) -> None:
    tail = Tail(log)
    with log.open("ab") as writer:
        log.unlink()
        writer.write(b"last\n")
    assert tail.read(100) == b"one\ntwo\nlast\n"
    tail.close()


def test_a_damaged_packed_file_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(os.urandom(100_000))[:50_000])
    tail = Tail(path)
    with pytest.raises(Damaged, match=r"mail\.log\.1\.gz: damaged after \d+ bytes"):
        while tail.read(4096):
            pass
    assert tail.read(4096) == b""
    tail.close()


def test_quiet_by_the_file_s_clock(log: Path) -> None:
    tail = Tail(log)
    assert not tail.quiet(5)
    os.utime(log, (time.time() - 10,) * 2)
    assert tail.quiet(5)
    tail.close()
    packed = log.with_name("mail.log.1.gz")
    packed.write_bytes(gzip.compress(b"x\n"))
    still = Tail(packed)
    assert still.quiet(5), "nobody writes to a packed file"
    still.close()
