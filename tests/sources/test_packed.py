"""Packed logs unpacked piece by piece, and what is said of damage."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable

import pytest

from mxtop.sources.packed import PIECE, Stream, Unpacker

TEXT = b"".join(b"line %d of a log\n" % number for number in range(200_000))
PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def unpack(name: str, packed: bytes, step: int = 5000) -> tuple[bytes, str, int]:
    unpacker = Unpacker.of(name)
    assert unpacker
    pieces = [piece for at in range(0, len(packed), step) for piece in unpacker.feed(packed[at : at + step])]
    unpacker.end()
    return b"".join(pieces), unpacker.trouble, max(map(len, pieces), default=0)


@pytest.mark.parametrize("suffix", PACK)
def test_several_members_in_small_pieces(suffix: str) -> None:
    packed = PACK[suffix](TEXT) + PACK[suffix](b"") + PACK[suffix](b"the end\n")
    text, trouble, largest = unpack(f"mail.log.1{suffix}", packed)
    assert text == TEXT + b"the end\n"
    assert not trouble
    assert largest <= PIECE


@pytest.mark.parametrize("suffix", PACK)
def test_damage_is_told(suffix: str) -> None:
    packed = PACK[suffix](random.Random(1).randbytes(2_000_000))
    assert "ends too early" in unpack(suffix, packed[:-1000])[1]
    text, trouble, _ = unpack(suffix, packed[:1_000_000] + b"\xff" * 1000 + packed[1_001_000:])
    assert "damaged" in trouble
    assert len(text) <= 2_000_000


def test_what_is_not_packed() -> None:
    assert Unpacker.of("/var/log/mail.log.1") is None


def test_a_stream_without_a_name_is_unpacked_where_it_is_gzip() -> None:
    for whole, text in ((TEXT, TEXT), (gzip.compress(TEXT), TEXT), (b"", b"")):
        stream = Stream()
        pieces = [piece for at in range(0, len(whole), 5000) for piece in stream.feed(whole[at : at + 5000])]
        assert (b"".join(pieces), stream.end()) == (text, "")
    cut = Stream()
    assert b"".join(cut.feed(gzip.compress(TEXT)[:-9]))
    assert "ends too early" in cut.end()
