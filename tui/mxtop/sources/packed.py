"""Packed logs unpacked as their bytes come: .gz, .xz and .bz2, several members in a file included.

Keeps no more than one piece of unpacked text at a time.  Promises nothing about what follows damage: it is
left out, and `trouble` says so.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol, Self

PIECE: Final = 1024 * 1024
"""Unpacked bytes handed out at a time at most: a small file may hold very much."""


class _Member(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def take(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def take(self, data: bytes) -> Iterator[bytes]:
        while True:
            piece = self._inner.decompress(data, PIECE)
            data = self._inner.unconsumed_tail
            if piece:
                yield piece
            if self.eof or (not data and len(piece) < PIECE):
                return


class _Other:
    """lzma and bz2, whose decompressors have the same calls."""

    def __init__(self, inner: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> None:
        self._inner = inner

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def take(self, data: bytes) -> Iterator[bytes]:
        while True:
            piece = self._inner.decompress(data, PIECE)
            data = b""
            if piece:
                yield piece
            if self.eof or self._inner.needs_input:
                return


_KINDS: Final[dict[str, Callable[[], _Member]]] = {
    ".gz": _Gzip,
    ".xz": lambda: _Other(lzma.LZMADecompressor()),
    ".bz2": lambda: _Other(bz2.BZ2Decompressor()),
}


class Unpacker:
    """One packed file.  `trouble` is "" or why what followed could not be unpacked."""

    def __init__(self, make: Callable[[], _Member]) -> None:
        self.trouble = ""
        self._make = make
        self._member = make()

    @classmethod
    def of(cls, path: str) -> Self | None:
        """The one for a file of this name; None where it is not packed."""
        make = next((make for suffix, make in _KINDS.items() if path.endswith(suffix)), None)
        return cls(make) if make else None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Unpacked pieces."""
        while packed and not self.trouble:
            if self._member.eof:
                packed = packed.lstrip(b"\0")  # padding between members and at the end
                if not packed:
                    return
                self._member = self._make()
            try:
                yield from self._member.take(packed)
            except (zlib.error, lzma.LZMAError, OSError) as error:
                self.trouble = f"damaged ({error})"
                return
            packed = self._member.unused_data if self._member.eof else b""

    def end(self) -> None:
        """All bytes came: a member that is not over was cut off."""
        if not self._member.eof and not self.trouble:
            self.trouble = "damaged (it ends too early)"
