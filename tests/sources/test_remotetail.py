"""The reading command in each shell there is, and replies that nobody can trust."""

from __future__ import annotations

import asyncio
import shutil
import stat
import sys
from pathlib import Path

import pytest
from tests.sources.helpers import append, numbered

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.sources.remotetail import RemoteTail
from mxtop.sources.rotation import Cursor


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    append(path, range(1, 3001))
    return path


def shell(directory: Path, *argv: str) -> None:
    """Make `sh` that program, and busybox's own commands those that it runs."""
    directory.mkdir()
    (directory / "sh").write_text(f'#!/bin/sh\nexec {" ".join(argv)} "$@"\n')
    (directory / "sh").chmod(stat.S_IRWXU)
    if argv[0] == "busybox":
        for name in ("dd", "stat", "sleep"):
            (directory / name).symlink_to(shutil.which("busybox") or "")


@pytest.mark.parametrize("argv", [("dash",), ("bash", "--posix"), ("busybox", "sh")], ids=lambda a: a[0])
async def test_every_byte_in_each_shell(
    log: Path, tmp_path: Path, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which(argv[0]):
        pytest.skip(f"no {argv[0]} here")
    shell(tmp_path / "bin", *argv)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    begin = 70_001
    place = Cursor(0, 0, begin, log.read_bytes()[:256])
    tail = RemoteTail(LocalHost(), str(log), str(log), asyncio.Event(), place)
    taken = b""
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(tail.pump())
        await tail.opened.wait()
        append(log, [3001])
        while len(taken) < log.stat().st_size - begin:
            taken += tail.read()
            await asyncio.sleep(0.02)
        task.cancel()
    assert taken == log.read_bytes()[begin:]
    assert tail.identity == (log.stat().st_dev, log.stat().st_ino) == tail.newest


async def test_another_file_in_the_same_place(log: Path) -> None:
    tail = RemoteTail(
        LocalHost(), str(log), str(log), asyncio.Event(), Cursor(0, 0, 300, log.read_bytes()[:256])
    )
    log.write_text(numbered(range(5000, 9000)))  # the same inode, and longer
    async with asyncio.timeout(5):
        await tail.pump()
    assert tail.state == "truncated"
    assert tail.read() == b""


async def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> RemoteTail:
    """A tail whose command is that Python program."""
    (tmp_path / "sh").write_text(
        f"#!{sys.executable}\nimport sys, time\nwrite = sys.stdout.buffer.write\n{program}\n"
    )
    (tmp_path / "sh").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tail = RemoteTail(LocalHost(), "mail.log", "mail.log", asyncio.Event())
    async with asyncio.timeout(10):
        await tail.pump()
    return tail


@pytest.mark.parametrize(
    "program",
    [
        "write(b'You have new mail.\\n')",
        "write(b'S 1 2 3\\n')",
        "write(b'S 1 2 -3 4\\n')",
        "write(b'D 99999999999\\n')",
        "write(b'x' * 1000)",
        "write(b'S 1 2 9 4\\nD 5\\nhello' + b'goodbye\\n')",
    ],
)
async def test_garbage_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    with pytest.raises(CommandFailed, match="nobody understands"):
        await said(tmp_path, monkeypatch, program)


async def test_a_frame_that_was_cut_off_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandFailed, match="was lost"):
        await said(
            tmp_path, monkeypatch, "write(b'S 1 2 9 4\\nD 5\\nhello'); sys.stdout.flush(); sys.exit(1)"
        )


async def test_shorter_after_reading_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = await said(tmp_path, monkeypatch, "write(b'S 1 2 9 4\\nD 5\\nhelloS 1 2 3 4\\n')")
    assert tail.state == "truncated"
    assert tail.read() == b""
