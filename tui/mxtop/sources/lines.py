"""Bytes into text of whole lines.

Lines end at `\\n` only (a log line may hold `\\r`, U+2028 and worse).  A partial last line is held back until
its end comes.  Does not promise lines of any length: see `LIMIT`.
"""

from __future__ import annotations

from typing import Final

LIMIT: Final = 1024 * 1024
"""Bytes of a line that are held while its end does not come; the rest of such a line is dropped."""


def decode(data: bytes) -> str:
    """UTF-8; bytes that are not, as lone surrogates U+DC80 to U+DCFF."""
    return data.decode("utf-8", "surrogateescape")


class LineBuffer:
    """Holds the partial last line of one stream."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False  # inside a line that passed LIMIT

    @property
    def held(self) -> int:
        """Bytes taken but not yet handed out."""
        return len(self._held)

    def feed(self, data: bytes) -> str:
        """The whole lines that are complete now, "" where none is.

        A line that passes LIMIT without an end is handed out as its first LIMIT bytes; the next one begins
        after its newline.
        """
        if self._skipping:
            end = data.find(b"\n")
            if end < 0:
                return ""
            data = data[end + 1 :]
            self._skipping = False
        cut = data.rfind(b"\n") + 1
        whole = b""
        if cut:
            whole = b"".join((self._held, memoryview(data)[:cut]))
            self._held.clear()
        self._held += data[cut:]
        if len(self._held) > LIMIT:
            whole += self._held[:LIMIT] + b"\n"
            self._held.clear()
            self._skipping = True
        return decode(whole)

    def flush(self) -> str:
        """What is held, without its newline: the stream ended."""
        text = decode(bytes(self._held))
        self._held.clear()
        return text
