"""`mxtop parse` on files, gzip, standard input and closed pipes."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import bz2
import fcntl
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import termios
import time
from datetime import datetime
from pathlib import Path
from typing import IO

import pytest
from tests.mail.lines import captured

from mxtop.mail.errors import LogUnreadable
from mxtop.report.parse import run
from mxtop.sources.order import in_time_order

LINE = "Nov 23 18:32:26 mx1 postfix/qmgr[1]: C3CD21F3E90: removed"


def parsed(*files: Path, year: int | None = None) -> list[dict[str, object]]:
    out = io.BytesIO()
    assert run([str(file) for file in files], out, year=year) == 0
    return [json.loads(line) for line in out.getvalue().decode().split("\n")[:-1]]


def log(path: Path, text: str, *, written: float | None = None) -> Path:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    if written is not None:
        os.utime(path, (written, written))
    return path


def test_one_event_a_line_in_order(tmp_path: Path) -> None:
    lines = captured("3.11.6.long.iso.log")
    events = parsed(log(tmp_path / "log", "\n".join(lines) + "\n"))
    assert [event["line"] for event in events] == list(range(1, len(lines) + 1))
    assert all(str(event["text"]) in line for event, line in zip(events, lines))


def test_lines_end_at_newlines_only(tmp_path: Path) -> None:
    events = parsed(log(tmp_path / "log", f"{LINE} \r\x0b\x0c\x1c\u2028x\x85\n\n{LINE}"))
    assert [event["event"] for event in events] == ["other", "unparsed", "removed"]
    assert events[0]["text"] == "C3CD21F3E90: removed \r\x0b\x0c\x1c\u2028x\x85"


def test_every_key_of_a_delivery_is_there(tmp_path: Path) -> None:
    line = "Nov 23 18:32:26 mx1 postfix/smtp[1]: C3CD21F3E90: to=<a@b>, relay=none, delay=0.5, status=deferred (x)"
    (event,) = parsed(log(tmp_path / "log", line), year=2020)
    assert event == {
        "line": 1, "time": "2020-11-23T18:32:26", "host": "mx1", "tag": "postfix/smtp", "daemon": "smtp", "pid": 1,
        "level": "info", "queue_id": "C3CD21F3E90", "event": "delivery", "text": line[37:], "client_host": None,
        "client_address": None, "client_port": None, "family": None, "to": "a@b", "orig_to": None, "relay": "none",
        "relay_host": None, "relay_address": None, "relay_port": None, "conn_use": 1, "delay": 0.5, "delays": None,
        "tls": None, "dsn": None, "status": "deferred", "reason": "x", "queued_as": None,
    }  # fmt: skip


def test_bytes_that_are_not_utf8_survive_in_valid_utf8(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(LINE.encode() + b" \xff\xc3\xa9\n" + LINE.encode() + " é\n".encode())
    out = io.BytesIO()
    run([str(file)], out)
    first, second = out.getvalue().decode("utf-8").splitlines()
    assert "\\udcff\\u00e9" in first
    assert "é" in second
    assert json.loads(first)["text"].encode("utf-8", "surrogateescape").endswith(b" \xff\xc3\xa9")


def test_the_year_follows_from_when_the_file_was_written(tmp_path: Path) -> None:
    file = log(tmp_path / "log", LINE + "\n", written=datetime(2019, 12, 1).timestamp())
    assert parsed(file)[0]["time"] == "2019-11-23T18:32:26"
    file = log(tmp_path / "log", LINE + "\n", written=datetime(2019, 11, 1).timestamp())
    assert parsed(file)[0]["time"] == "2018-11-23T18:32:26"


def test_rotated_and_packed_logs_come_in_time_order(tmp_path: Path) -> None:
    newest = log(tmp_path / "mail.log", f"garbage\n{LINE.replace('23', '25', 1)}\n")
    middle = log(tmp_path / "mail.log.1", LINE.replace("23", "24", 1) + "\n")
    oldest = tmp_path / "mail.log.2.gz"
    oldest.write_bytes(gzip.compress(f"{LINE}\n".encode()))
    for file in (newest, middle, oldest):
        moment = datetime(2026, 11, 25, 20).timestamp()
        os.utime(file, (moment, moment))
    events = parsed(newest, oldest, middle)
    assert [str(event["time"])[8:10] for event in events if event["time"]] == ["23", "24", "25"]
    assert [event["line"] for event in events] == [1, 1, 1, 2]
    assert in_time_order(["-", str(newest), str(oldest)]) == [str(oldest), str(newest), "-"]


def test_a_line_without_end_is_bounded(tmp_path: Path) -> None:
    events = parsed(log(tmp_path / "log", "x" * 3_000_000 + f"\n{LINE}\n"))
    assert [event["event"] for event in events] == ["unparsed", "removed"]


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    for name in ("nothing", "."):
        with pytest.raises(LogUnreadable):
            parsed(tmp_path / name)
    damaged = tmp_path / "log.gz"
    damaged.write_bytes(gzip.compress(os.urandom(5000))[:1000])
    with pytest.raises(LogUnreadable, match="cut short or damaged"):
        parsed(damaged)


def test_an_empty_log_has_no_events(tmp_path: Path) -> None:
    assert parsed(log(tmp_path / "log", "")) == []


ALONE = [
    sys.executable,
    "-c",
    "import sys; from mxtop.report.parse import run; sys.exit(run(sys.argv[1:], sys.stdout.buffer))",
]


def test_standard_input() -> None:
    done = subprocess.run([*ALONE, "-"], input=f"{LINE}\nx".encode(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["removed", "unparsed"]


def test_what_is_packed_is_unpacked_by_any_name_and_without_one(tmp_path: Path) -> None:
    text = f"{LINE}\nx".encode()
    for name, packed in (
        ("a.gz", gzip.compress(text)),
        ("mail.log-gzip", gzip.compress(text)),
        ("a.xz", lzma.compress(text)),
        ("a.bz2", bz2.compress(text)),
    ):
        file = tmp_path / name
        file.write_bytes(packed)
        assert [event["event"] for event in parsed(file)] == ["removed", "unparsed"], name
    for name in ("a.xz", "a.bz2"):
        file = tmp_path / name
        file.write_bytes(file.read_bytes()[:-10])
        with pytest.raises(LogUnreadable, match="cut short or damaged"):
            parsed(file)
    done = subprocess.run([*ALONE, "-"], input=gzip.compress(text), capture_output=True, timeout=60)
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["removed", "unparsed"]


COMMAND = [sys.executable, "-m", "mxtop", "parse"]


def test_ctrl_c_ends_what_is_followed() -> None:
    """A pipe has no end of its own: that is the end, with every event that came."""
    with subprocess.Popen([*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(f"{LINE}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event"] == "removed"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert process.stdout.read() == b""


def waiting(pipe: IO[bytes]) -> int:
    """Bytes that nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_while_nobody_reads_cuts_no_event(tmp_path: Path) -> None:
    file = log(tmp_path / "log", f"{LINE}\n" * 20_000)
    with (
        subprocess.Popen(["cat", str(file)], stdout=subprocess.PIPE) as cat,
        subprocess.Popen([*COMMAND, "-"], stdin=cat.stdout, stdout=subprocess.PIPE) as process,
    ):
        assert cat.stdout and process.stdout
        cat.stdout.close()
        while waiting(process.stdout) < 60_000:  # then it stands in the middle of an event
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        printed = process.stdout.read()
        assert process.wait(timeout=60) == 0
    assert printed.endswith(b"}\n")
    assert {json.loads(line)["event"] for line in printed.splitlines()} == {"removed"}


def test_ctrl_c_in_a_file_is_told(tmp_path: Path) -> None:
    """There the rest is missing."""
    file = log(tmp_path / "log", f"{LINE}\n" * 20_000)
    with (
        file.open("rb") as source,
        subprocess.Popen([*COMMAND, "-"], stdin=source, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout
        assert process.stdout.readline()  # it stands in the middle: nobody reads the rest
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=60) == 130


def test_events_come_while_the_input_is_still_open() -> None:
    with subprocess.Popen([*ALONE, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(f"{LINE}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event"] == "removed"
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_closed_pipe_is_told_to_the_caller(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError), os.fdopen(writer, "wb", buffering=0) as out:
        run([str(log(tmp_path / "log", LINE))], out)
