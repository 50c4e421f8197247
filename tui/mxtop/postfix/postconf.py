"""postconf(1) asked and its answers parsed.

Only stdout counts: warnings of all kinds go to stderr with exit code 0, and a parameter that this
version does not know is a line that is missing, so answers are read by name, never by position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Override

TIMEOUT: Final = 30.0
"""Seconds: straight after an edit every Postfix program waits until main.cf is 2 s old (util/dict.c)."""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of master.cf; `chroot` as written (`y`, `n` or `-`), `command` the daemon's name."""

    name: str
    type: str
    chroot: str
    command: str


def command(program: str, config_directory: str | None, *arguments: str) -> tuple[str, ...]:
    """A Postfix command line for one instance."""
    where = () if config_directory is None else ("-c", config_directory)
    return (program, *where, *arguments)


async def ask(host: Host, config_directory: str | None, *arguments: str) -> str:
    """stdout of postconf.  CommandFailed with postconf's own words where it gave up."""
    done = await host.run(command("postconf", config_directory, *arguments), timeout=TIMEOUT)
    if done.exit_code != 0:
        where = config_directory or "/etc/postfix"
        raise CommandFailed(
            done.complaint or f"postconf ended with exit code {done.exit_code}",
            f"look at main.cf and master.cf in {where}, or name the instance with --config-dir",
        )
    return done.text


def parameters(text: str) -> dict[str, str]:
    """`name = value` lines; the value of an empty parameter is ""."""
    found = {}
    for line in text.split("\n"):
        name, separator, value = line.partition(" =")
        if separator:
            found[name] = value.strip()
    return found


def services(text: str) -> list[Service]:
    """The lines of `postconf -M`: eight columns, arguments left out (they are what `-P` tells)."""
    columns = (line.split(None, 8) for line in text.split("\n"))
    return [Service(found[0], found[1], found[4], found[7]) for found in columns if len(found) >= 8]


def overrides(text: str) -> list[tuple[str, Override]]:
    """The lines of `postconf -P`, `service/type/parameter = value`, each with the service's type.

    A service name may hold slashes (`unix:/path` style listeners); type and parameter cannot.
    """
    found = []
    for key, value in parameters(text).items():
        name, _, rest = key.rpartition("/")
        service, _, kind = name.rpartition("/")
        if service:
            found.append((kind, Override(service, rest, value)))
    return found


def version(text: str) -> tuple[int, int]:
    """Major and minor of mail_version (`3.7.11`, `3.12-20260821`); (0, 0) where there is none."""
    match = re.match(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def words(value: str) -> tuple[str, ...]:
    """A list of Postfix: separated by commas and white space (CHARS_COMMA_SP), `{ … }` kept together."""
    found: list[str] = []
    depth = 0
    current = ""
    for char in value:
        if depth == 0 and (char == "," or char.isspace()):
            if current:
                found.append(current)
            current = ""
            continue
        depth = max(0, depth + (char == "{") - (char == "}"))
        current += char
    return (*found, current) if current else tuple(found)


def yes(value: str | None, default: bool) -> bool:
    """A boolean parameter; the default where Postfix would refuse the value."""
    return {"yes": True, "no": False}.get((value or "").lower(), default)


def number(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isdecimal() else default


def seconds(value: str | None, default: float) -> float:
    """A time parameter: a number and a unit of s, m, h, d, w; seconds where it has none (conv_time.c)."""
    match = re.fullmatch(r"(\d+)([smhdw]?)", value or "", re.IGNORECASE)
    if match is None:
        return default
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2].lower()]
