"""A log writer and its rotation, as a process of their own: `writer.py LOG MODE RATE SECONDS`.

Writes numbered lines at a steady rate and rotates every second: `rename` as rsyslog with logrotate, which
goes on with the old file for 0.3 s until its HUP; `reopen` at once.  Shifts the rotated files, and packs the
third.  Ends at SIGTERM too.  Prints the number of lines.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def shift(log: Path) -> None:
    def old(number: int, packed: bool) -> Path:
        return log.with_name(f"{log.name}.{number}{'.gz' if packed else ''}")

    for number in range(9, 0, -1):
        for packed in (True, False):
            if old(number, packed).exists():
                old(number, packed).rename(old(number + 1, packed))
    log.rename(old(1, False))
    log.touch()
    if old(3, False).exists():
        with old(3, False).open("rb") as plain, gzip.open(old(3, True), "wb") as packed_file:
            shutil.copyfileobj(plain, packed_file)
        old(3, False).unlink()


def main() -> None:
    log, mode, rate, seconds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    output = log.open("ab", buffering=0)
    begun = time.monotonic()
    rotate_at, reopen_at = begun + 1, float("inf")
    number = 0
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    while (now := time.monotonic()) < begun + seconds and not ended:
        while number < int((now - begun) * rate):
            number += 1
            line = b"Nov 23 18:39:26 mx1 postfix/smtp[%d]: %s line %d\n" % (number, b"x" * 60, number)
            os.write(output.fileno(), line)
        if now >= rotate_at:
            shift(log)
            rotate_at += 1
            reopen_at = now if mode == "reopen" else now + 0.3
        if now >= reopen_at:
            output.close()
            output = log.open("ab", buffering=0)
            reopen_at = float("inf")
        time.sleep(0.005)
    print(number)


main()
