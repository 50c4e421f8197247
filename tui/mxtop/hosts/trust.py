"""Which host keys known_hosts(5) vouches for, at which line, and how an accepted one is added.

Looks a machine up by name as ssh(1) does with CheckHostIP=no, its default: `[host]:port` first, then `host`
alone.  A line that cannot be read vouches for nothing; one that cannot be read and says @revoked is an error,
and so is a file that exists and may not be read.  It does not fetch keys and does not ask anybody.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mxtop.hosts.errors import HostKeyTrouble, UnknownHostKey

if TYPE_CHECKING:
    from asyncssh import SSHKey

DEFAULT_FILES: Final = (
    "~/.ssh/known_hosts",
    "~/.ssh/known_hosts2",
    "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2",
)
"""Where ssh_config(5) looks when it is told nothing: the user's, then the system's."""

_KRL: Final = b"SSHKRL\n\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that names the machine; `place` is `file:line`."""

    key: SSHKey
    place: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one machine."""

    keys: tuple[Entry, ...] = ()
    authorities: tuple[Entry, ...] = ()
    revoked: tuple[Entry, ...] = ()


def known_as(name: str, port: int) -> str:
    """A machine's name in known_hosts: with the port unless that is 22."""
    return name.lower() if port == 22 else f"[{name.lower()}]:{port}"


def look_up(files: Sequence[str], name: str, port: int, revoked_in: str = "none") -> Known:
    """All lines about a machine; `revoked_in` is ssh_config(5)'s RevokedHostKeys, about every machine.

    HostKeyTrouble where a file cannot be trusted to say it all.
    """
    known = _look_up(files, name, port)
    return (
        known if revoked_in == "none" else replace(known, revoked=known.revoked + _listed(revoked_in, name))
    )


def _look_up(files: Sequence[str], name: str, port: int) -> Known:
    lines = [line for file in files for line in _lines(Path(file).expanduser(), name)]
    found = _matching(lines, known_as(name, port), name)
    if port != 22:
        plain = _matching(lines, name.lower(), name)
        revoked = tuple(dict.fromkeys(found.revoked + plain.revoked))
        best = found if found.keys or found.authorities else plain
        return Known(best.keys, best.authorities, revoked)
    return found


def _listed(file: str, name: str) -> tuple[Entry, ...]:
    """The keys of a text file, one a line.  As with ssh, nobody is trusted where it cannot be read."""
    import asyncssh

    def unread(why: str) -> HostKeyTrouble:
        remedy = "no host is trusted without it: mend it or RevokedHostKeys in ~/.ssh/config"
        return HostKeyTrouble(f"{name}: the revoked keys in {path} {why}", remedy, host=name)

    path, entries = Path(file).expanduser(), []
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unread(f"cannot be read: {error.strerror}") from error
    if data.startswith(_KRL):
        raise unread("are a binary list (KRL), which only --ssh-command ssh can read")
    for number, line in enumerate(data.split(b"\n"), 1):
        if (line := line.strip()) and not line.startswith(b"#"):
            try:
                entries.append(Entry(asyncssh.import_public_key(line), f"{path}:{number}"))
            except ValueError as error:
                raise unread(f"cannot be read at line {number}") from error
    return tuple(entries)


def _lines(file: Path, name: str) -> list[tuple[str, str]]:
    """(place, line) of each line that may matter."""
    try:
        text = file.read_text("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise HostKeyTrouble(
            f"{name}: {file} cannot be read: {error.strerror}",
            "host keys are not checked without it: make it readable to you",
            host=name,
        ) from error
    lines = ((f"{file}:{number}", line.strip()) for number, line in enumerate(text.split("\n"), 1))
    return [(place, line) for place, line in lines if line and not line.startswith("#")]


def _matching(lines: Sequence[tuple[str, str]], wanted: str, name: str) -> Known:
    import asyncssh

    keys: list[Entry] = []
    authorities: list[Entry] = []
    revoked: list[Entry] = []
    for place, line in lines:
        patterns = line.split(None, 2)[1 if line.startswith("@") else 0 :][:1]
        # Keys are costly to read: a plain name that is another one is passed by without.
        if patterns and not any(c in patterns[0] for c in "*?|/!") and wanted not in patterns[0].split(","):
            if wanted not in patterns[0].lower().split(","):
                continue
            line = line.replace(patterns[0], patterns[0].lower(), 1)
        try:
            match = asyncssh.import_known_hosts(line).match(wanted, "", None)
        except ValueError as error:
            if line.startswith("@revoked"):
                raise HostKeyTrouble(
                    f"{name}: {place} revokes a key and cannot be read", "mend that line", host=name
                ) from error
            continue
        keys += [Entry(key, place) for key in match[0]]
        authorities += [Entry(key, place) for key in match[1]]
        revoked += [Entry(key, place) for key in match[2]]
    return Known(tuple(keys), tuple(authorities), tuple(revoked))


def hashed(name: str) -> str:
    """The name as HashKnownHosts stores it: `|1|salt|HMAC-SHA1`, both in base 64."""
    salt = secrets.token_bytes(20)
    made = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(made).decode()}"


def accept(unknown: UnknownHostKey) -> None:
    """Add the key to the operator's known_hosts, once they have said yes to its fingerprint.

    Appends under a lock with one write, in a file of mode 0600 that is no link made by another.  OSError
    where that fails.
    """
    path = Path(unknown.file).expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashed(unknown.known_as) if unknown.hashed else unknown.known_as
    line = f"{name} {unknown.public_key}\n".encode()
    # The operator's own known_hosts may well be a link into a dotfiles directory: followed, once resolved.
    handle = os.open(
        path.resolve(), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
