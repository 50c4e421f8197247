"""The file of a recording: gzip, one JSON value a line.

The first line is {"mxtop_recording": 1, "host": …, "started": …}; every other is
[seconds since the start, kind, value] in time order.  Holds raw lines and samples only.
A recording that ends in the middle of a line (a crash, a full disk) plays up to there.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.sample import Resolved, Sample, SocketSample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Feed, QueueCounts
from mxtop.mail.value import value
from mxtop.recording.codec import decode, encode

VERSION: Final = 1

KINDS: Final[dict[str, type[Any]]] = {
    "log": Batch,
    "sockets": SocketSample,
    "resolved": Resolved,
    "settings": Settings,
    "queue": QueueCounts,
    "feed": Feed,
}
_REPLACED: Final = frozenset({"sockets", "queue"})
_NAMES: Final = {cls: name for name, cls in KINDS.items()}


@value
class Header:
    """Whose recording it is; `started` in wall-clock seconds.

    `fixes`: the guided fixes and values whose course it has too, as `recording.fixes` reads them.
    """

    host: str
    started: float
    note: str = ""
    fixes: tuple[tuple[str, str], ...] = ()


class Writer:
    """Appends samples to a new recording; refuses to overwrite a file."""

    def __init__(self, path: Path, header: Header) -> None:
        try:
            # For its owner only: a recording holds the addresses of those who write to each other.
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise MxtopError(f"{path} cannot be written: {error.strerror}", "name a new file") from error
        self._raw = file
        # No time in the gzip header: the same samples give the same bytes.
        self._out = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
        self._line({"mxtop_recording": VERSION, **encode(header)})

    def add(self, elapsed: float, sample: Sample) -> None:
        """Add one sample, `elapsed` seconds after the start."""
        self._line([round(elapsed, 3), _NAMES[type(sample)], encode(sample)])

    def flush(self) -> None:
        """What was added so far can be played, whatever comes."""
        self._out.flush()
        self._raw.flush()

    def _line(self, value: Any) -> None:
        self._out.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._out.close()
        finally:
            self._raw.close()


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield json.loads(line)
    except (EOFError, zlib.error, json.JSONDecodeError):
        return  # cut off while it was written: what came before is whole
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise MxtopError(f"{path} is no recording", "name a file that mxtop wrote") from error
        raise MxtopError(f"{path}: {error.strerror or error}", "name a file that mxtop wrote") from error


def header(path: Path) -> Header:
    """The first line; MxtopError where the file is no recording or of a later version."""
    first = next(_lines(path), None)
    if not isinstance(first, dict) or "mxtop_recording" not in first:
        raise MxtopError(f"{path} is no recording", "name a file that mxtop wrote")
    if first["mxtop_recording"] != VERSION:
        raise MxtopError(f"{path} was written by another version of mxtop", "play it with that version")
    return decode(Header, first)


def samples(path: Path, skip: float = 0.0) -> Iterator[tuple[float, Sample]]:
    """(seconds since the start, sample), in order; kinds of a newer version are passed over.

    Of the first `skip` seconds, of samples that take each other's place only the last.
    MxtopError where a line is none that mxtop writes.
    """
    header(path)
    lines = _lines(path)
    next(lines)
    last: dict[str, tuple[float, Any]] = {}
    for number, line in enumerate(lines, 2):
        try:
            elapsed, kind, value = line
            if kind in _REPLACED and elapsed < skip:
                last[kind] = elapsed, value
                continue
            due = []
            if last and elapsed >= skip:
                due = [(float(then), decode(KINDS[name], old)) for name, (then, old) in last.items()]
                last.clear()
            if kind in KINDS:
                due.append((float(elapsed), decode(KINDS[kind], value)))
        except (TypeError, ValueError) as error:
            raise MxtopError(f"{path} is damaged in line {number}", "record it again") from error
        yield from due
