"""Where a report's lines come from: several files in time order, packed, piped, the last hour only."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mail.track import START, V4, head, to

from mxtop.mail.errors import LogUnreadable
from mxtop.mail.tracker import Tracker
from mxtop.report.reading import collect


def lines(*seconds: int) -> str:
    return "".join(f"{head(s)}{to('u@a.example', V4, queue_id=f'4AAAA{s:05d}')}\n" for s in seconds)


def log(path: Path, text: str) -> str:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return str(path)


def read(
    *files: str, since: float | None = None, until: float | None = None, year: int | None = None
) -> Tracker:
    tracker = Tracker()
    collect(tracker, files, since=since, until=until, year=year)
    return tracker


def test_files_are_read_in_time_order(tmp_path: Path) -> None:
    new, old = log(tmp_path / "mail.log", lines(100, 101)), log(tmp_path / "mail.log.2.gz", lines(1, 2, 3))
    tracker = read(new, old)
    assert tracker.lines == 5
    assert (tracker.first, tracker.last) == (head(1).split()[0], head(101).split()[0])


@pytest.mark.parametrize("name", ["mail.log", "mail.log.gz"])
def test_since_counts_back_from_the_last_line(tmp_path: Path, name: str) -> None:
    text = lines(*range(0, 4000, 2)) + "no log line\n"
    assert read(log(tmp_path / name, text), since=3600).lines == 1801 + 1
    assert read(log(tmp_path / name, text), since=10).lines == 6 + 1
    assert read(log(tmp_path / name, text), since=10**9).lines == 2001


def test_since_until_a_moment(tmp_path: Path) -> None:
    assert read(log(tmp_path / "a", lines(0, 10, 20)), since=60, until=START + 75).lines == 1
    assert read(log(tmp_path / "a", lines(0, 10, 20)), since=60, until=START + 500).lines == 0


def test_since_reaches_over_files(tmp_path: Path) -> None:
    files = [log(tmp_path / "b", lines(3000, 3600)), log(tmp_path / "a.gz", lines(0, 10, 2000))]
    assert read(*files, since=1700).lines == 3


def test_since_of_a_log_much_larger_than_its_tail(tmp_path: Path) -> None:
    text = lines(*(n // 10 for n in range(20_000)))
    assert len(text) > 2_000_000
    assert read(log(tmp_path / "a", text), since=9).lines == 100
    # no line of the tail has a time: the one before counts
    assert read(log(tmp_path / "a", text + "x\n" * 400_000), since=0).lines == 10 + 400_000


def test_years_that_are_not_logged(tmp_path: Path) -> None:
    path = tmp_path / "a"
    log(
        path,
        "Dec 31 23:59:59 mx1 postfix/qmgr[1]: 4AAAAA1111: removed\n"
        "Jan  1 00:00:01 mx1 postfix/qmgr[1]: 4BBBBB2222: removed\n",
    )
    os.utime(path, (1767225700, 1767225700))  # 2026-01-01 00:01:40 UTC
    tracker = read(str(path))
    assert (tracker.first, tracker.last) == ("2025-12-31T23:59:59", "2026-01-01T00:00:01")
    assert read(str(path), since=5).lines == 2
    assert (tracker := read(str(path), year=2001)).first == "2001-12-31T23:59:59" and tracker.lines == 2


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="no such file"):
        read(str(tmp_path / "none"))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines(*range(5000)).encode())[:-2000])
    with pytest.raises(LogUnreadable, match="damaged"):
        read(str(tmp_path / "cut.gz"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("options", ["", "since=3"])
def test_standard_input(options: str, packed: bool) -> None:
    script = (
        "from mxtop.report.reading import collect; from mxtop.mail.tracker import Tracker; "
        f"t = Tracker(); collect(t, ['-'], {options}); print(t.lines, t.deliveries)"
    )
    text = lines(1, 2, 3, 4, 5).encode()
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=gzip.compress(text) if packed else text,
        capture_output=True,
        timeout=30,
        check=True,
    )
    counted = 5 if not options else 4
    assert done.stdout.decode().split() == [
        str(counted),
        "defaultdict(<class",
        "'int'>,",
        "{'sent':",
        f"{counted}}})",
    ]


def test_a_packed_standard_input_that_is_cut_says_so() -> None:
    script = "from mxtop.report import reading, report; reading.collect(report.Tracker(), ['-'])"
    text = gzip.compress(lines(*range(100)).encode())[:-20]
    done = subprocess.run([sys.executable, "-c", script], input=text, capture_output=True, timeout=30)
    assert b"standard input: damaged (it ends too early)" in done.stderr


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("since", [None, 3.0])
def test_a_pipe_is_read_once(tmp_path: Path, since: float | None, packed: bool) -> None:
    """`mxtop report --since 1h <(zcat mail.log.2.gz)`: a second look would find nothing, or wait for ever."""
    text = lines(1, 2, 3, 4, 5).encode()
    source = tmp_path / "source"
    source.write_bytes(gzip.compress(text) if packed else text)
    with subprocess.Popen(["cat", str(source)], stdout=subprocess.PIPE) as cat:
        assert cat.stdout
        tracker = read(f"/dev/fd/{cat.stdout.fileno()}", since=since)
    assert tracker.lines == (5 if since is None else 4)
