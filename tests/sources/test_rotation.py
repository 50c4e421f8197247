"""Rotated siblings: which files they are, in what order, and which of them a reader was in."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest

from mxtop.sources.rotation import (
    HEAD,
    Cursor,
    LogFile,
    agreed,
    find,
    head_of,
    line_start,
    look,
    open_log,
    recognise,
    rotated,
)


def put(path: Path, text: str, modified: float = 0.0) -> Path:
    path.write_text(text)
    os.utime(path, (modified, modified))
    return path


def names(path: Path) -> list[str]:
    return [log.path.name for log in rotated(path)]


def cursor(path: Path, length: int = HEAD) -> Cursor:
    log = look(path)
    return Cursor(log.device, log.inode, log.size, head_of(path, length))


@pytest.mark.parametrize(
    "oldest_first",
    [
        ["mail.log.12345", "mail.log.10", "mail.log.9.gz", "mail.log.2.gz", "mail.log.1"],
        ["mail.log-20251231.gz", "mail.log-20260101.xz", "mail.log-20260102"],
        ["mail.log-2025-12-31", "mail.log-2026-01-01T12:00", "mail.log-2026-01-02"],
        ["mail-20251231.log.bz2", "mail-20260101.log"],  # logrotate's `extension .log`
        ["mail.log.20251231-235959.gz", "mail.log.20260101-000001"],  # postfix logrotate
        ["mail.1.log.gz", "mail.0.log"],
    ],
)
def test_the_names_that_rotation_gives_oldest_first(tmp_path: Path, oldest_first: list[str]) -> None:
    for name in sorted(oldest_first):
        put(tmp_path / name, name)  # all written at the same moment: only the names tell
    put(tmp_path / "mail.log", "now")
    assert names(tmp_path / "mail.log") == oldest_first


def test_numbers_and_dates_together_go_by_when_they_were_written(tmp_path: Path) -> None:
    """As after a change from numbers to `dateext`."""
    put(tmp_path / "mail.log.2", "a", 100)
    put(tmp_path / "mail.log.1", "b", 200)
    put(tmp_path / "mail.log-20260101", "c", 300)
    put(tmp_path / "mail.log-20260102", "d", 400)
    assert names(tmp_path / "mail.log") == [
        "mail.log.2",
        "mail.log.1",
        "mail.log-20260101",
        "mail.log-20260102",
    ]


def test_what_is_no_sibling(tmp_path: Path) -> None:
    for name in (
        *("mail.log", "mail.log.gz", "mail.logs.1", "mail.log.1.zip", "mail.log.1.old", "mail.log.x1"),
        *("Mail.log.1", "mail.log.123456", "mailxlog.1", "mail.err.1", "xmail.log.1", "mail.log.1~"),
    ):
        put(tmp_path / name, name)
    assert names(tmp_path / "mail.log") == []
    assert rotated(tmp_path / "nowhere" / "mail.log") == ()


def test_a_file_that_is_being_packed_counts_once_and_unpacked(tmp_path: Path) -> None:
    put(tmp_path / "mail.log.1", "whole")
    put(tmp_path / "mail.log.1.gz", "half")
    put(tmp_path / "mail.log.2.gz", "packed")
    assert names(tmp_path / "mail.log") == ["mail.log.2.gz", "mail.log.1"]


def test_a_directory_or_a_dangling_link_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "mail.log.2").symlink_to(tmp_path / "gone")
    put(tmp_path / "mail.log.1", "x")
    assert names(tmp_path / "mail.log") == ["mail.log.1"]


def test_a_cursor_finds_its_file_through_renaming_packing_and_copying(tmp_path: Path) -> None:
    log = put(tmp_path / "mail.log", "first line\nsecond\n")
    here = cursor(log)
    assert (found := find(log, here)) is not None
    assert found.path == log

    log.rename(tmp_path / "mail.log.1")
    put(log, "another file\n")
    assert (found := find(log, here)) is not None
    assert found.path.name == "mail.log.1"

    packed = tmp_path / "mail.log.2.gz"
    packed.write_bytes(gzip.compress((tmp_path / "mail.log.1").read_bytes()))
    (tmp_path / "mail.log.1").unlink()
    assert (found := find(log, here)) is not None
    assert found.path == packed

    packed.unlink()
    assert find(log, here) is None
    log.unlink()
    assert find(log, here) is None


def test_the_same_inode_with_another_beginning_is_another_log(tmp_path: Path) -> None:
    """copytruncate empties the file in place, and a file system gives inodes out again."""
    log = put(tmp_path / "mail.log", "old beginning\n")
    here = cursor(log)
    put(tmp_path / "mail.log.1", "old beginning\n")
    put(log, "new beginning\n")
    assert look(log).identity == (here.device, here.inode)
    assert (found := find(log, here)) is not None
    assert found.path.name == "mail.log.1"


def test_without_a_beginning_only_the_inode_can_tell(tmp_path: Path) -> None:
    one, other = put(tmp_path / "mail.log", ""), put(tmp_path / "mail.log.1", "text")
    here = cursor(one, 0)
    assert recognise([look(other), look(one)], here) == look(one)
    assert recognise([look(other)], here) is None


def test_of_copies_the_newest_is_meant(tmp_path: Path) -> None:
    here = Cursor(0, 0, 0, b"same\n")
    for name in ("mail.log.2", "mail.log.1"):
        put(tmp_path / name, "same\nrest\n")
    assert (found := find(tmp_path / "mail.log", here)) is not None
    assert found.path.name == "mail.log.1"


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_the_content_is_the_same_however_it_is_packed(tmp_path: Path, suffix: str, pack) -> None:  # type: ignore[no-untyped-def]
    text = b"line\n" * 100
    path = tmp_path / f"mail.log.1{suffix}"
    path.write_bytes(pack(text))
    content, raw = open_log(path)
    with raw, content:
        assert content.read() == text
    assert head_of(path) == text[:HEAD]
    assert head_of(path, 3) == b"lin"


@pytest.mark.parametrize("name", ["x.gz", "x.xz", "x.bz2"])
def test_a_damaged_file_has_no_beginning(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, "not packed at all")
    assert head_of(tmp_path / name) == b""
    assert head_of(tmp_path / "missing") == b""


@pytest.mark.parametrize("length", [1, 70, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000])
def test_the_line_that_holds_a_place(tmp_path: Path, length: int) -> None:
    path = put(tmp_path / "log", "first\n" + "x" * length + "\nlast\n")
    assert line_start(path, 0) == 0
    assert line_start(path, 5) == 0  # on the newline: it still belongs to its line
    assert line_start(path, 6) == 6
    assert line_start(path, 6 + length) == 6
    assert line_start(path, 6 + length + 1) == 6 + length + 1
    assert line_start(path, 6 + length + 3) == 6 + length + 1


def test_two_listings_agree_where_names_and_files_do() -> None:
    one = LogFile(Path("mail.log.1"), 1, 2, 10, 5.0)
    assert agreed([one], [LogFile(Path("mail.log.1"), 1, 2, 99, 9.0)])  # grown meanwhile
    assert not agreed([one], [LogFile(Path("mail.log.2"), 1, 2, 10, 5.0)])  # renamed
    assert not agreed([one], [LogFile(Path("mail.log.1"), 1, 3, 10, 5.0)])  # another file
    assert not agreed([one], [])
