"""`mxtop parse`: one JSON event for each line of a log, in order, nothing left out.

Lines end at `\\n` only.  `line` counts from 1 in each input anew.  Output is UTF-8; an event with bytes
that are not is written in ASCII, its lone surrogates as `\\udcXX`.  Does not promise lines of
any length: what passes `mxtop.sources.lines.LIMIT` is cut there.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from mxtop.mail.errors import LogUnreadable
from mxtop.mail.event import Event, as_dict
from mxtop.mail.parse import Parser
from mxtop.sources.access import unreadable
from mxtop.sources.lines import LineBuffer
from mxtop.sources.order import in_time_order
from mxtop.sources.packed import GZIP
from mxtop.sources.rotation import DAMAGED

_CHUNK: Final = 128 * 1024
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False)
_ASCII: Final = json.JSONEncoder(ensure_ascii=True)


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def run(files: Sequence[str], out: BinaryIO, *, year: int | None = None) -> int:
    """Print the events of `files` to `out` and return the exit code, 0.

    `-` is standard input, what is packed is unpacked; several come in the order of their first
    times.  `year` overrides the year of times logged without one.  Ctrl-C is the end of what is
    followed, a pipe or a terminal, and the caller's in a file.  LogUnreadable where a file
    cannot be read, before anything is printed where it cannot even be opened; BrokenPipeError, where
    nobody reads any more, is the caller's.
    """
    for name in files:
        _openable(name)
    for name in in_time_order(files):
        followed = _followed(name)
        try:
            for lines, parser in _texts(name, year):
                printed = b"".join([encode(parser.parse(line)) for line in lines])
                with _unbroken() if followed else nullcontext():
                    out.write(printed)
                    out.flush()
        except KeyboardInterrupt:
            if not followed:
                raise
            return 0
    return 0


def encode(event: Event) -> bytes:
    """One event as a line of JSON."""
    shown = as_dict(event)
    try:
        return f"{_PLAIN.encode(shown)}\n".encode()
    except UnicodeEncodeError:
        return f"{_ASCII.encode(shown)}\n".encode()


def _texts(name: str, year: int | None) -> Iterator[tuple[list[str], Parser]]:
    """The lines of an input, some at a time, with the parser that counts them."""
    parser = Parser(time.time() if name == "-" else _modified(name), year=year)
    for lines in _chunks(name):
        yield lines, parser


def _chunks(name: str) -> Iterator[list[str]]:
    buffer = LineBuffer()
    try:
        with _open(name) as source:
            while data := source.read1(_CHUNK):
                if text := buffer.feed(data):
                    yield text[:-1].split("\n")
    except DAMAGED as error:
        raise LogUnreadable(f"{name} is cut short or damaged: {error}", "unpack it by hand") from error
    except OSError as error:
        raise unreadable(name, error) from error
    if text := buffer.flush():
        yield [text]


@contextmanager
def _open(name: str) -> Iterator[_Readable]:
    with ExitStack() as stack:
        if name == "-":
            raw = cast(BufferedReader, sys.stdin.buffer)
        else:
            raw = stack.enter_context(Path(name).open("rb"))
        match Path(name).suffix:
            case ".xz":
                yield stack.enter_context(lzma.LZMAFile(raw))
            case ".bz2":
                yield stack.enter_context(bz2.BZ2File(raw))
            case _ if raw.peek(2).startswith(GZIP):
                yield stack.enter_context(gzip.GzipFile(fileobj=raw))
            case _:
                yield raw


def _followed(name: str) -> bool:
    """Whether an input is no file: it ends when its writer says so, or its reader."""
    if name != "-":
        return Path(name).is_fifo()
    return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)


@contextmanager
def _unbroken() -> Iterator[None]:
    """Ctrl-C waits meanwhile: what it ends well has no line cut in two."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _openable(name: str) -> None:
    """LogUnreadable where a file cannot be opened; pipes and devices are left alone."""
    if name == "-":
        return
    try:
        path = Path(name)
        if not (path.is_fifo() or path.is_char_device()):
            path.open("rb").close()
    except OSError as error:
        raise unreadable(name, error) from error


def _modified(name: str) -> float:
    """When a regular file was written last; now for anything else."""
    try:
        status = os.stat(name)  # noqa: PTH116  the mode and the time in one look
    except OSError as error:
        raise unreadable(name, error) from error
    return status.st_mtime if stat.S_ISREG(status.st_mode) else time.time()
