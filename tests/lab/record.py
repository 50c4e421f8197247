"""The demo's recording: `python -m tests.lab record FILE` makes a lab, sends mail, records it with mxtop.

What comes out was seen by `mxtop record` on a real Postfix.  Only the lab's directories are
renamed in it, to where Debian has them; a name or path of this machine in it is an error.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mxtop.recording import fixes
from tests.lab.demo import BIG, GREYLISTS, RECIPIENTS, SENDERS, SETTINGS, TRAFFIC, TYPO
from tests.lab.lab import SENDER_DOMAIN, SENDER_NAME, Lab
from tests.lab.world import Service

SECONDS: Final = 300.0
BEFORE: Final = 40.0
"""Seconds of traffic before the recording: the log's history."""

RATE: Final = 6.0
"""Submissions a second on average, of a message or two each; a busy machine makes fewer."""

GREY_FOR: Final = 100.0
"""Seconds until the greylisting server has seen enough."""

BURSTS: Final = (95.0, 210.0)
"""When a newsletter goes out."""

NEWSLETTER: Final = 40

VALUES: Final = ("ipv6", "ipv4")
"""What address-preference is set to, when the rest is recorded: the demo's guided fixes."""

WATCH: Final = 60.0
"""Seconds that each is watched at most, until the verdict is good."""


class _Traffic(threading.Thread):
    """Mail until `stop`: a wave, a newsletter now and then, and whatever it brings back."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab
        self._random = random.Random(2)  # the same mail in the same order each time
        self.stop = threading.Event()

    def run(self) -> None:
        started = time.monotonic()
        bursts = list(BURSTS)
        grey = True
        while not self.stop.wait(self._random.expovariate(self._rate(time.monotonic() - started))):
            now = time.monotonic() - started - BEFORE
            if bursts and now > bursts[0]:
                del bursts[0]
                self._send(BIG.domain, NEWSLETTER, "newsletter")
            if grey and now > GREY_FOR:
                grey = False
                for ip in (*GREYLISTS.ipv4, *GREYLISTS.ipv6):
                    self._lab.sinks.change(ip, Service.ACCEPT)
            (destination,) = self._random.choices([*TRAFFIC], [*TRAFFIC.values()])
            domain = TYPO if self._random.random() < 0.01 else destination.domain
            self._send(domain, self._random.choice((1, 1, 2)), self._random.choice(SENDERS))

    def _rate(self, seconds: float) -> float:
        return RATE * (1 + 0.4 * math.sin(seconds / 25))

    def _send(self, domain: str, count: int, sender: str) -> None:
        recipient = f"{self._random.choice(RECIPIENTS)}@{domain}"
        with suppress(subprocess.SubprocessError):  # one message less
            self._lab.send(recipient, count=count, sender=f"{sender}@{SENDER_DOMAIN}")


def record(
    path: Path,
    seconds: float = SECONDS,
    before: float = BEFORE,
    values: Sequence[str] = VALUES,
    watch: float = WATCH,
) -> None:
    """Make the recording, after traffic of `before` seconds; then the guided fixes with these values.

    FileExistsError where `path` is there, RuntimeError where it would give away something of this machine.
    """
    if path.exists():
        raise FileExistsError(path)
    with (
        tempfile.TemporaryDirectory(prefix="mxtop-record-") as directory,
        Lab(tuple(TRAFFIC), settings=SETTINGS, syslog="iso") as lab,
    ):
        raw = Path(directory) / "raw"
        traffic = _Traffic(lab)
        traffic.start()
        try:
            time.sleep(before)
            # A host name of its own (UTS namespace): mxtop shall not see this machine's.
            named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', SENDER_NAME]
            process = lab.popen([*named, sys.executable, "-m", "mxtop", "record", str(raw)])
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.send_signal(signal.SIGINT)
            if process.wait(20):
                raise RuntimeError(f"mxtop record: exit {process.returncode}")
            whole = raw
            if values:
                whole = Path(directory) / "whole"
                fixes.add(raw, whole, _fixes(lab, Path(directory), values, watch))
        finally:
            traffic.stop.set()
            traffic.join()
        places = {
            str(lab.config_directory): "/etc/postfix",
            str(lab.queue_directory): "/var/spool/postfix",
            str(lab.data_directory): "/var/lib/postfix",
            str(lab.log_path): "/var/log/mail.log",
            str(lab.log_path.parent): "/var/log",
            str(lab.queue_directory.parent): "/var/log",
        }
        rename(whole, path, places)


def _fixes(lab: Lab, directory: Path, values: Sequence[str], watch: float) -> dict[fixes.Key, Any]:
    """Changes to the lab's Postfix by mxtop, whose /var/lib/mxtop is a directory of its own meanwhile."""
    out, state = directory / "fixes.json", directory / "lib"
    state.mkdir(mode=0o755)
    inside = 'hostname "$0" && mount --bind "$1" /var/lib && shift && exec "$@"'
    named = ["unshare", "--uts", "--mount", "sh", "-c", inside, SENDER_NAME, str(state)]
    argv = [*named, sys.executable, "-m", "tests.lab.fixes", str(out), str(watch), *values]
    lab.run(argv, timeout=len(values) * (watch + 60) + 60, check=True, cwd=Path(__file__).parents[2])
    return {(fix, value): document for fix, value, document in json.loads(out.read_text())}


def rename(raw: Path, path: Path, places: Mapping[str, str]) -> None:
    """Copy a recording with other names of places; the longest name first."""
    text = gzip.decompress(raw.read_bytes()).decode()
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    for secret in ("/tmp/", str(Path(__file__).parents[2]), socket.gethostname()):
        if secret in text:
            at = text.index(secret)
            raise RuntimeError(f"{secret} is in the recording: …{text[max(0, at - 60) : at + 60]}…")
    with path.open("xb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))
