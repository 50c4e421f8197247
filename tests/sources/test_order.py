"""Several logs in time order, and where the last one's newest part begins."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from mxtop.mail.errors import LogUnreadable
from mxtop.sources.file import Follower
from mxtop.sources.history import read_piece
from mxtop.sources.order import in_time_order, plan_files


def log(path: Path, day: int, lines: int = 3) -> str:
    text = "".join(
        f"2026-11-{day:02}T10:00:{second:02}.000000+00:00 mx1 postfix/qmgr[1]: {day}{second:04}AA: removed\n"
        for second in range(lines)
    )
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def test_the_first_time_decides_not_the_name_nor_the_age_of_the_file(tmp_path: Path) -> None:
    newest = log(tmp_path / "a.log", 23)
    oldest = log(tmp_path / "b.log.gz", 9)
    middle = log(tmp_path / "c.log", 10)
    os.utime(oldest, (2e9, 2e9))
    assert in_time_order([newest, middle, oldest]) == [oldest, middle, newest]
    assert in_time_order([newest, oldest]) == [oldest, newest]
    assert in_time_order([oldest]) == [oldest]


def test_what_has_no_time_comes_last_in_the_order_given(tmp_path: Path) -> None:
    timed = log(tmp_path / "a.log", 23)
    (tmp_path / "empty").touch()
    (tmp_path / "prose").write_text("no log at all\n")
    names = ["-", str(tmp_path / "prose"), str(tmp_path / "empty"), timed]
    assert in_time_order(names) == [timed, "-", str(tmp_path / "prose"), str(tmp_path / "empty")]


async def test_the_pieces_and_the_follower_together_are_every_line_once(tmp_path: Path) -> None:
    files = [log(tmp_path / "m.log.1.gz", 21, 50), log(tmp_path / "m.log", 22, 50)]
    older, start = plan_files(files, newest=500)
    assert start is not None
    text = "".join(batch.text for piece in older for batch in read_piece(piece))
    follower = Follower(files[-1], start)
    async for batch in follower.batches():
        text += batch.text
        if text.count("\n") >= 100:
            break
    whole = gzip.decompress(Path(files[0]).read_bytes()) + Path(files[1]).read_bytes()
    assert text == whole.decode()


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="gone: no such file; name one that is there"):
        plan_files([str(tmp_path / "gone")], newest=500)


def test_a_packed_last_file_is_read_as_a_whole(tmp_path: Path) -> None:
    older, start = plan_files([log(tmp_path / "a", 1), log(tmp_path / "b.gz", 2)], newest=500)
    assert start is None
    assert [piece.log.name for piece in older] == ["a"]
