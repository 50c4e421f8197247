"""Which labs stand on this machine, and which of them nobody owns any more.

A lab is a directory `/tmp/mxtop-lab-XXXXXXXX` and namespaces of the same name and a role.  Its owner holds a
lock on the directory's `lock` file, which the kernel releases however the owner dies; a lab whose lock
is free and that is not marked `kept` is a leftover, and the next lab to start removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.namespaces import ETC_NETNS, Namespace, names

PARENT = Path("/tmp")  # one place for everybody: a lab under another TMPDIR must not look abandoned
PREFIX = "mxtop-lab-"


def namespace_of(directory: Path, role: str) -> Namespace:
    """One of its namespaces; a role has no hyphen."""
    return Namespace(f"{directory.name}-{role}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Claims and sweeps exclude each other, between processes too."""
    with (PARENT / f".{PREFIX}guard").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def claim() -> tuple[Path, int]:
    """A new lab directory and the file descriptor of the lock that makes it ours."""
    with _one_at_a_time():
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))
        directory.chmod(0o755)  # Postfix and NSD work in it as users of their own
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return directory, lock


def remove(directory: Path) -> None:
    """Take a lab down: the processes in its namespaces, the namespaces, the directory."""
    etc = {path.name for path in ETC_NETNS.iterdir()} if ETC_NETNS.is_dir() else set()
    for name in sorted({*names(), *etc}):
        if name.startswith(f"{directory.name}-"):
            Namespace(name).delete()
    shutil.rmtree(directory, ignore_errors=True)


def keep(directory: Path) -> None:
    """Let the lab outlive this process, until `python -m tests.lab down`."""
    (directory / "kept").touch()


def kept() -> list[Path]:
    """The labs that were started to stay, oldest first."""
    found = (path.parent for path in PARENT.glob(f"{PREFIX}*/kept"))
    return sorted(found, key=lambda path: path.stat().st_ctime)


def sweep() -> list[str]:
    """Remove what killed runs left; returns the names of the labs removed."""
    with _one_at_a_time():
        known = {path.name for path in PARENT.glob(f"{PREFIX}*") if path.is_dir()}
        known |= {name.rpartition("-")[0] for name in names() if name.startswith(PREFIX)}
        gone = [name for name in sorted(known) if _abandoned(PARENT / name)]
        for name in gone:
            remove(PARENT / name)
    return gone


def _abandoned(directory: Path) -> bool:
    if (directory / "kept").exists():
        return False
    try:
        lock = os.open(directory / "lock", os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lock)
