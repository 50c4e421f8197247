"""Packed logs unpacked as their bytes come: .gz, .xz and .bz2, several members in a file included.

What has no name, standard input, is taken to be packed where it begins as gzip does.

Keeps no more than one piece of unpacked text at a time.  Promises nothing about what follows damage: it is
left out, and `trouble` says so.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

PIECE: Final = 1024 * 1024
"""Unpacked bytes handed out at a time at most: a small file may hold very much."""


GZIP: Final = b"\x1f\x8b"
"""The first bytes of what gzip(1) packed; no line of a log begins so."""


def _inflate(member: Any, packed: bytes) -> Iterator[bytes]:
    """By zlib, which hands back what it has not looked at yet."""
    while True:
        piece = member.decompress(packed, PIECE)
        packed = member.unconsumed_tail
        if piece:
            yield piece
        if member.eof or (not packed and len(piece) < PIECE):
            return


def _decompress(member: Any, packed: bytes) -> Iterator[bytes]:
    """By lzma and bz2, which keep that, and say that they need no input."""
    while True:
        piece = member.decompress(packed, PIECE)
        packed = b""
        if piece:
            yield piece
        if member.eof or member.needs_input:
            return


_KINDS: Final[dict[str, tuple[Callable[[], Any], Callable[[Any, bytes], Iterator[bytes]]]]] = {
    ".gz": (lambda: zlib.decompressobj(wbits=31), _inflate),
    ".xz": (lzma.LZMADecompressor, _decompress),
    ".bz2": (bz2.BZ2Decompressor, _decompress),
}
"""By the end of a file's name: what makes the decompressor of a member, and how it is used."""


class Unpacker:
    """One packed file.  `trouble` is "" or why what followed could not be unpacked."""

    def __init__(self, suffix: str) -> None:
        self.trouble = ""
        self._make, self._take = _KINDS[suffix]
        self._member = self._make()

    @classmethod
    def of(cls, path: str) -> Self | None:
        """The one for a file of this name; None where it is not packed."""
        suffix = next((suffix for suffix in _KINDS if path.endswith(suffix)), None)
        return cls(suffix) if suffix else None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Unpacked pieces."""
        while packed and not self.trouble:
            if self._member.eof:
                packed = packed.lstrip(b"\0")  # padding between members and at the end
                if not packed:
                    return
                self._member = self._make()
            try:
                yield from self._take(self._member, packed)
            except (zlib.error, lzma.LZMAError, OSError) as error:
                self.trouble = f"damaged ({error})"
                return
            packed = self._member.unused_data if self._member.eof else b""

    def end(self) -> None:
        """All bytes came: a member that is not over was cut off."""
        if not self._member.eof and not self.trouble:
            self.trouble = "damaged (it ends too early)"


class Stream:
    """Bytes of unknown kind, as they come: unpacked where they are gzip's, else as they are."""

    def __init__(self) -> None:
        self._unpacker: Unpacker | None = None
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What they hold."""
        if not self._begun:
            self._begun = True
            self._unpacker = Unpacker(".gz") if data.startswith(GZIP) else None
        if self._unpacker is None:
            yield data
        else:
            yield from self._unpacker.feed(data)

    def end(self) -> str:
        """All bytes came: "", or what is wrong with them."""
        if self._unpacker is None:
            return ""
        self._unpacker.end()
        return self._unpacker.trouble
