"""Reads the older part of a log in a process of its own, so that the screen stays quick.

`read` starts the worker and waits for its tracker; `python -m mxtop.session.history` is the worker.
Promises nothing about the newest part: that is the session's own.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.tracker import Tracker
from mxtop.session.reader import Reader
from mxtop.sources.history import HistoryFile, read_piece

_NICE = 5  # the mail comes first
_DIED = "the newest part of the log is shown, the older one not"


async def read_batches(
    batches: AsyncIterator[Batch], syslog_names: Sequence[str] | None
) -> tuple[Tracker, str]:
    """The tracker after all the batches, which come from another machine, and what was missing.

    MxtopError where the worker died; what the batches raise.
    """
    worker = await _start()
    assert worker.stdin and worker.stdout
    try:
        worker.stdin.write(pickle.dumps((None, syslog_names)))
        gap = ""
        async for batch in batches:
            gap = batch.gap or gap
            worker.stdin.write(pickle.dumps(batch))
            await worker.stdin.drain()
        worker.stdin.close()
        _, number = (await worker.stdout.readline()).split()
        tracker, _ = _unpacked(await worker.stdout.readexactly(int(number)))
        return tracker, gap
    except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError, ValueError) as error:
        raise MxtopError("the reader of the older log died", _DIED) from error
    finally:
        await _end(worker)


async def read(
    pieces: Sequence[HistoryFile], syslog_names: Sequence[str] | None, progress: Callable[[float], None]
) -> tuple[Tracker, str]:
    """The tracker after all the pieces, and what was missing ("" where nothing was).

    `progress` is told shares of the whole, 0 to 1.  MxtopError where the worker died.
    """
    worker = await _start()
    assert worker.stdin and worker.stdout
    try:
        worker.stdin.write(pickle.dumps((tuple(pieces), syslog_names)))
        worker.stdin.close()
        while line := await worker.stdout.readline():
            word, number = line.split()
            if word == b"tracker":
                pickled = await worker.stdout.readexactly(int(number))
                return _unpacked(pickled)
            progress(float(number))
        raise MxtopError("the reader of the older log ended early", _DIED)
    except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError) as error:
        raise MxtopError("the reader of the older log died", _DIED) from error
    finally:
        await _end(worker)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "mxtop.session.history",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        worker.kill()
    await worker.wait()


def _batches() -> Iterator[Batch]:
    """The batches that follow on standard input."""
    while True:
        try:
            yield pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
        except EOFError:
            return


def _unpacked(pickled: bytes) -> tuple[Tracker, str]:
    """What our own child sent.

    All of it stays: looking for garbage in it meanwhile would take three times as long as unpacking, and
    the screen stands still until it is done.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        found: tuple[Tracker, str] = pickle.loads(pickled)  # noqa: S301
        gc.freeze()  # nor later
        return found
    finally:
        if collecting:
            gc.enable()


def _work() -> None:
    """Read the pieces named on standard input, or the batches that follow; say the progress of pieces, then
    the pickled tracker.
    """
    os.nice(_NICE)
    gc.disable()
    pieces, syslog_names = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    out = sys.stdout.buffer
    total = max(1, sum(piece.size for piece in pieces or ()))
    tracker, gap, before = Tracker(syslog_names), "", 0
    reader = Reader(tracker)
    for batch in _batches() if pieces is None else ():
        reader.feed(batch)
    for piece in pieces or ():
        for batch in read_piece(piece):
            reader.feed(batch)
            gap = batch.gap or gap
            out.write(b"progress %f\n" % min(1.0, (before + batch.done) / total))
            out.flush()
        before += piece.size
    pickled = pickle.dumps((tracker, gap), pickle.HIGHEST_PROTOCOL)
    out.write(b"tracker %d\n" % len(pickled))
    out.write(pickled)
    out.flush()


if __name__ == "__main__":
    _work()
