"""Fixes in a recording: found by name, passed over by whoever plays the samples."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import QueueCounts
from mxtop.recording.file import Header, Writer, header, samples
from mxtop.recording.fixes import add, document

DOCUMENTS = {("address-preference", "ipv6"): {"a": [1, "\udcff"]}, ("address-preference", "ipv4"): [2]}


def write(path: Path) -> Path:
    with Writer(path, Header("mx1.example", 100.0, "made in the lab")) as out:
        out.add(0.0, Batch(text='Nov 23 18:31:36 mx1 x: [1.0,"fix",["address-preference","ipv6",7]]\n'))
        out.add(7.5, QueueCounts(active=1))
    return path


def test_fixes_are_found_by_name_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    source, target = write(tmp_path / "a"), tmp_path / "b"
    add(source, target, DOCUMENTS)
    assert header(target) == Header("mx1.example", 100.0, "made in the lab", tuple(DOCUMENTS))
    assert list(samples(target)) == list(samples(source))
    for key, value in DOCUMENTS.items():
        assert document(target, key) == value
    assert document(target, ("address-preference", "any")) is None
    assert (
        gzip.decompress(target.read_bytes()).splitlines()[-1].startswith(b'[7.5,"fix",["address-preference"')
    )
    with pytest.raises(FileExistsError):
        add(source, target, DOCUMENTS)


def test_a_recording_of_before_has_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a")
    assert header(path).fixes == ()
    assert document(path, ("address-preference", "ipv6")) is None


def test_one_that_was_cut_off_and_one_that_is_none(tmp_path: Path) -> None:
    whole = tmp_path / "a"
    add(write(tmp_path / "raw"), whole, DOCUMENTS)
    for size in range(30, whole.stat().st_size - 9, 7):
        cut = tmp_path / "cut"
        cut.write_bytes(whole.read_bytes()[:size])
        assert document(cut, ("address-preference", "ipv4")) is None
    (tmp_path / "text").write_text("plain\n")
    with pytest.raises(MxtopError, match="is no recording"):
        document(tmp_path / "text", ("address-preference", "ipv6"))
