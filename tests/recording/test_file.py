"""A recording's file: written, read back, cut off, not one at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.sample import Sample
from mxtop.mail.snapshot import QueueCounts
from mxtop.recording.file import Header, Writer, header, samples

SAMPLES: list[tuple[float, Sample]] = [
    (
        0.0,
        Batch(text="Nov 23 18:31:36 mx1 postfix/smtp[1]: \udcff\x1b[2J\n", origin="mail.log", reference=1.5),
    ),
    (1.25, QueueCounts(active=1, deferred=2)),
]


def write(path: Path) -> Path:
    with Writer(path, Header("mx1.example", 100.0, "made in the lab")) as out:
        for elapsed, sample in SAMPLES:
            out.add(elapsed, sample)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "r.gz")
    assert header(path) == Header("mx1.example", 100.0, "made in the lab")
    assert list(samples(path)) == SAMPLES


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.gz").read_bytes() == write(tmp_path / "b.gz").read_bytes()


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "r.gz")
    with pytest.raises(MxtopError, match="cannot be written"):
        write(path)
    assert list(samples(path)) == SAMPLES


def test_a_recording_that_was_cut_off_plays_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    with Writer(path, Header("mx1", 0.0)) as out:
        for i in range(20_000):
            out.add(float(i), QueueCounts(active=i * 7919 % 10007))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    got = list(samples(path))
    assert 0 < len(got) < 20_000
    assert got[-1] == (float(len(got) - 1), QueueCounts(active=(len(got) - 1) * 7919 % 10007))


@pytest.mark.parametrize("content", [b"", b"plain text\n", gzip.compress(b"[1]\n"), gzip.compress(b"{}\n")])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(MxtopError, match=r"x is no recording; name a file that mxtop wrote$"):
        list(samples(path))


def test_a_file_that_cannot_be_read_says_why_in_words(tmp_path: Path) -> None:
    with pytest.raises(MxtopError, match=r"gone: No such file or directory; name a file that mxtop wrote$"):
        header(tmp_path / "gone")
    with pytest.raises(MxtopError, match=": Is a directory; "):
        header(tmp_path)


def test_a_later_version_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b'{"mxtop_recording":2,"host":"h","started":0}\n'))
    with pytest.raises(MxtopError, match="another version"):
        header(path)


def test_of_what_is_skipped_only_the_last_of_each_kind_that_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    with Writer(path, Header("mx1", 0.0)) as out:
        for second in range(6):
            out.add(float(second), QueueCounts(active=second))
            out.add(float(second), Batch(text=f"{second}\n"))
    queues = [(at, sample.active) for at, sample in samples(path, 3.0) if isinstance(sample, QueueCounts)]
    lines = [sample.text for _, sample in samples(path, 3.0) if isinstance(sample, Batch)]
    assert queues == [(2.0, 2), (3.0, 3), (4.0, 4), (5.0, 5)]
    assert "".join(lines) == "0\n1\n2\n3\n4\n5\n"
