"""`mxtop record` as a process: files, a followed log, standard input, signals, a disk that fills up."""

from __future__ import annotations

import gzip
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mxtop.mail.batch import Batch
from mxtop.recording.file import header, samples

LINE = "2026-11-23T18:31:36+00:00 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed \udcff\x1b[2J\n"


def argv(*words: str) -> list[str]:
    return [sys.executable, "-m", "mxtop", "record", *words]


def text_of(path: Path) -> str:
    return "".join(sample.text for _, sample in samples(path) if isinstance(sample, Batch))


def write(path: Path, lines: int) -> Path:
    path.write_bytes(LINE.encode("utf-8", "surrogateescape") * lines)
    return path


@contextmanager
def recording(*words: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    """`mxtop record`, after its first word on stderr; killed at the end if it still runs."""
    process = subprocess.Popen(  # type: ignore[call-overload]
        argv(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    try:
        assert process.stderr.readline().startswith("mxtop: recording ")
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_0_and_a_whole_file(tmp_path: Path, number: signal.Signals) -> None:
    log, out = write(tmp_path / "mail.log", 3), tmp_path / "r.mxtop"
    with recording(str(out), str(log)) as process:
        time.sleep(1)
        with log.open("ab") as file:
            file.write(LINE.encode("utf-8", "surrogateescape"))
        time.sleep(1)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (0, "")
    assert re.search(rf" 4 lines \(\d+/min\), \d+ kB; play it with `mxtop replay {out}`\n$", stderr)
    assert text_of(out) == LINE * 4
    assert header(out).host == "mail.log"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_standard_input_ends_by_itself(tmp_path: Path) -> None:
    out = tmp_path / "r.mxtop"
    data = LINE.encode("utf-8", "surrogateescape") * 1000
    done = subprocess.run(argv(str(out), "-"), input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert text_of(out) == LINE * 1000


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    log, out = write(tmp_path / "mail.log", 3), write(tmp_path / "precious", 1)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (out, link):
        done = subprocess.run(argv(str(path), str(log)), capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert done.stderr == f"mxtop: {path} cannot be written: File exists; name a new file\n"
    assert out.stat().st_size == log.stat().st_size // 3
    assert not (tmp_path / "elsewhere").exists()


def test_a_log_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "r.mxtop"
    for words in ([str(tmp_path / "no.log")], ["--log", str(tmp_path / "no.log")]):
        done = subprocess.run(argv(str(out), *words), capture_output=True, text=True, timeout=60)
        assert done.returncode == 2, words
        assert "no.log: no such file; " in done.stderr or "no.log does not exist; " in done.stderr
        assert "Traceback" not in done.stderr
        assert not out.exists()


def test_a_damaged_log_is_told_of(tmp_path: Path) -> None:
    log, out = tmp_path / "mail.log.2.gz", tmp_path / "r.mxtop"
    log.write_bytes(gzip.compress(os.urandom(5000))[:1000])
    done = subprocess.run(argv(str(out), str(log)), capture_output=True, text=True, timeout=60)
    assert f"\nmxtop: log: lines are missing: {log}: damaged after " in done.stderr


def test_a_full_disk_ends_it_with_what_came_before(tmp_path: Path) -> None:
    out = tmp_path / "r.mxtop"

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    process = subprocess.Popen(
        argv(str(out), "-"), stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=little_room
    )
    assert process.stdin and process.stderr
    try:
        for _ in range(200):
            process.stdin.write(
                b"2026-11-23T18:31:36+00:00 mx1 x: " + os.urandom(3000).hex().encode() + b"\n"
            )
            process.stdin.flush()
            time.sleep(0.002)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.wait(30) == 2
    stderr = process.stderr.read().decode()
    process.stderr.close()
    assert f"{out}: File too large; what was recorded before is kept" in stderr
    assert "Traceback" not in stderr
    assert 0 < len(text_of(out)) < 1_200_000


def test_a_killed_recording_plays_up_to_its_last_seconds(tmp_path: Path) -> None:
    log, out = write(tmp_path / "mail.log", 50), tmp_path / "r.mxtop"
    with recording(str(out), str(log)) as process:
        deadline = time.monotonic() + 20
        while not text_of_started(out):
            assert time.monotonic() < deadline
            with log.open("ab") as file:
                file.write(LINE.encode("utf-8", "surrogateescape"))
            time.sleep(0.3)
        process.kill()
        process.wait(10)
    assert text_of(out).startswith(LINE * 50)


def text_of_started(path: Path) -> bool:
    """Whether something was flushed that can be read."""
    return path.stat().st_size > 200 and len(list(samples(path))) > 1


def test_what_it_says_is_safe_for_a_terminal(tmp_path: Path) -> None:
    log = write(tmp_path / "a\x1b]0;PWNED\x07.log", 1)
    out = tmp_path / "r\x1b[2J.mxtop"
    data = log.read_bytes()
    done = subprocess.run(argv(str(out), str(log), "--json"), capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    done = subprocess.run(argv(str(out), "-"), input=data, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"\x1b" not in done.stderr
