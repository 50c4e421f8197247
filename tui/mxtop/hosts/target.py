"""The name of a machine as a user types it: `[user@]host[:port]` or `ssh://[user@]host[:port]`.

What passes here is safe in an argument list and in known_hosts: an allow-list of characters, none of them
special to any shell, and no leading `-`.  Whether such a machine exists is not asked; an alias of
~/.ssh/config is a host like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mxtop.hosts.errors import BadTarget
from mxtop.mail.errors import MxtopError

_HOST: Final = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]{0,252}(%[A-Za-z0-9_.-]{1,15})?")
_USER: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@+-]{0,63}")
_SCHEME: Final = "ssh://"
_HINT: Final = "a host is written [user@]host[:port]"


@dataclass(frozen=True, slots=True)
class Target:
    """A machine and how to log in; None is what ~/.ssh/config says."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        """As it is typed: an address with a port in brackets."""
        host = f"[{self.host}]" if ":" in self.host and self.port is not None else self.host
        user = f"{self.user}@" if self.user is not None else ""
        return user + host + (f":{self.port}" if self.port is not None else "")


def parse_target(word: str) -> Target:
    """Read a target.  BadTarget says what is wrong with it.

    An IPv6 address takes a port only in brackets; without them all of it is the address.
    """
    rest = word[len(_SCHEME) :].removesuffix("/") if word.lower().startswith(_SCHEME) else word
    user, at, host = rest.rpartition("@")
    port: str | None = None
    if host.startswith("["):
        host, bracket, after = host[1:].partition("]")
        if not bracket or (after and not after.startswith(":")) or ":" not in host:
            raise BadTarget(f"{word!r} is no host: the bracket holds no IPv6 address", _HINT)
        port = after[1:] if after else None
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not _HOST.fullmatch(host):
        raise BadTarget(f"{word!r} is no host name", _HINT)
    if at and not _USER.fullmatch(user):
        raise BadTarget(f"{word!r} has no user name before the @", _HINT)
    if port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise BadTarget(f"{word!r} has no port number after the colon", _HINT)
    return Target(host, user if at else None, int(port) if port is not None else None)


def name_of(word: str) -> str:
    """The host that a target names, without the user: what it is called, and `host` in JSON.  BadTarget."""
    return str(replace(parse_target(word), user=None))


def by_name(words: Iterable[str]) -> dict[str, str]:
    """The hosts by name, in order, with the word for each.  MxtopError where one is named twice."""
    found: dict[str, str] = {}
    for word in words:
        name = name_of(word)
        if name in found:
            raise MxtopError(f"{name} is named twice", "name each host once")
        found[name] = word
    return found


def read_targets(path: str) -> tuple[str, ...]:
    """The words of a file with one target a line; empty lines and what follows `#` are left out.

    MxtopError where it cannot be read, has none, or a line is no target.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError as error:
        raise MxtopError(f"{path}: {error.strerror or error}", "name a file with one host a line") from error
    found = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            parse_target(word)
        except MxtopError as error:
            raise BadTarget(f"{path}:{number}: {error.title}", error.remedy) from error
        found.append(word)
    if not found:
        raise BadTarget(f"{path} names no host", "write one a line")
    return tuple(found)
