"""Which Postfix daemon holds a socket.

A daemon is a child of master(8) with one of the names below; the service is the `-n` of its arguments, which
master gives where it differs from the name of the program (Postfix src/master/master_ent.c).  Needs root:
without it nothing is found and `denied` says so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

CLIENTS: Final = frozenset({"smtp", "lmtp", "scache"})
SERVERS: Final = frozenset({"smtpd", "postscreen"})
DAEMONS: Final = CLIENTS | SERVERS | {"tlsproxy"}
"""tlsproxy(8) holds connections of both kinds, scache(8) idle outgoing ones."""

LOOK_FOR_MASTERS = 5.0
"""Seconds between two searches for masters among all processes, while those we know are running."""

LOOKS: Final = 3
"""So often a socket is looked for that no daemon holds: it may be on its way from one to another
(smtp(8) to scache(8)).  Then it is somebody else's, and only looked for where masters are."""


@dataclass(frozen=True, slots=True)
class Owner:
    pid: int
    daemon: str
    service: str


class Owners:
    """Remembers who held what, and what nobody did; each owner is checked against the kernel again.

    `queue_directory`: only the instance whose master(8) works there.  `denied`: at the last look a
    process could not be looked into.  `running`: there is a master at all.
    """

    def __init__(self, queue_directory: str | None = None) -> None:
        self.denied = False
        self.running = False
        self._queue_directory = Path(queue_directory).resolve() if queue_directory else None
        self._masters: list[psutil.Process] = []
        self._looked = float("-inf")
        self._daemons: dict[int, tuple[psutil.Process, Owner | None]] = {}
        self._held: dict[int, tuple[str, Owner]] = {}  # inode -> its link under /proc, and the owner
        self._strange: dict[int, int] = {}  # inode -> how often no daemon was found to hold it

    def of(self, inodes: Iterable[int]) -> dict[int, Owner]:
        """The owners of those sockets that a Postfix daemon holds."""
        found: dict[int, tuple[str, Owner]] = {}
        missing: dict[int, int] = {}
        for inode in inodes:
            held = self._held.get(inode)
            if held is not None and _points_to(held[0], inode):
                found[inode] = held
            else:
                missing[inode] = self._strange.get(inode, 0)
        if missing and (min(missing.values()) < LOOKS or self._masters_due()):
            self.denied = False
            for inode, link, owner in self._open_sockets():
                if missing.pop(inode, None) is not None:
                    found[inode] = link, owner
            missing = {inode: looks + 1 for inode, looks in missing.items()}
        self._held, self._strange = found, missing
        return {inode: owner for inode, (_, owner) in found.items()}

    def _open_sockets(self) -> Iterator[tuple[int, str, Owner]]:
        for owner in self._running_daemons():
            directory = f"/proc/{owner.pid}/fd"
            try:
                names = os.listdir(directory)  # noqa: PTH208 (a Path for each would cost more than the look)
            except PermissionError:
                self.denied = True
                return
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            for name in names:
                link = f"{directory}/{name}"
                target = _target(link)
                if target.startswith("socket:["):
                    yield int(target[8:-1]), link, owner

    def _running_daemons(self) -> list[Owner]:
        known = self._daemons
        self._daemons = {}
        for master in self._running_masters():
            for pid in _children(master):
                process, owner = known.get(pid, (None, None))
                try:
                    if process is None or not process.is_running():
                        process = psutil.Process(pid)
                        owner = _daemon(process)
                except psutil.NoSuchProcess:
                    continue
                self._daemons[pid] = process, owner
        return [owner for _, owner in self._daemons.values() if owner is not None]

    def _masters_due(self) -> bool:
        overdue = time.monotonic() - self._looked >= LOOK_FOR_MASTERS
        return overdue or not all(master.is_running() for master in self._masters)

    def _running_masters(self) -> list[psutil.Process]:
        if self._masters_due():
            self._looked = time.monotonic()
            self._masters = self._registered() or [p for p in psutil.process_iter() if self._is_master(p)]
            self.running = bool(self._masters)
        return self._masters

    def _registered(self) -> list[psutil.Process]:
        """The master of this instance as it has written itself down: spares reading every process."""
        if self._queue_directory is None:
            return []
        try:
            pid = int((self._queue_directory / "pid" / "master.pid").read_text())
            process = psutil.Process(pid)
        except (OSError, ValueError, psutil.NoSuchProcess):
            return []
        return [process] if self._is_master(process) else []

    def _is_master(self, process: psutil.Process) -> bool:
        try:
            if process.name() != "master":
                return False
            return self._queue_directory in (None, Path(process.cwd()))
        except psutil.AccessDenied:
            self.denied = True
            return True
        except psutil.NoSuchProcess:
            return False


def _daemon(process: psutil.Process) -> Owner | None:
    name = process.name()
    if name not in DAEMONS:
        return None
    try:
        arguments = process.cmdline()
        service = arguments[arguments.index("-n") + 1]
    except (ValueError, IndexError, psutil.AccessDenied):
        service = name
    return Owner(process.pid, name, service)


def _children(process: psutil.Process) -> list[int]:
    """Child pids from one small file (proc(5)), where the kernel has it; psutil would read every process."""
    try:
        return [
            int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        try:
            return [child.pid for child in process.children()]
        except psutil.NoSuchProcess:
            return []
    except ProcessLookupError:
        return []


def _points_to(link: str, inode: int) -> bool:
    return _target(link) == f"socket:[{inode}]"


def _target(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 (thousands of times a second)
    except OSError:
        return ""
