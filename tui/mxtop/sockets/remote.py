"""The SMTP connections of another machine, sampled by one command that runs there.

By ss(8), which tells the processes to root alone; where there is none, by /proc/net/tcp, which names no
process.  Rows, ages and what counts are those of `mxtop.sockets.sampler`.  /proc is read in this
machine's byte order.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.mail.sockets import SocketRow
from mxtop.sockets.owners import DAEMONS, Owner
from mxtop.sockets.sampler import Sightings
from mxtop.sockets.table import Connection, Table, parse

SILENT: Final = 30.0
"""Seconds without a sample after which the command counts as lost."""

LIMIT: Final = 32 * 1024 * 1024
"""Bytes of one sample."""

_SAMPLES: Final = """
pause=$1 end=$2
if ss -HtnpaO >/dev/null 2>&1; then how=ss list='ss -HtnpaO'
elif ss -Htnpa >/dev/null 2>&1; then how=ss list='ss -Htnpa'
else how=proc list='cat /proc/net/tcp /proc/net/tcp6'; fi
user=$(id -u)
while :; do
    $list 2>/dev/null
    echo "$end $how $user $?" || exit
    sleep "$pause"
done
"""
"""No data in it: the pause and the word that ends a sample are its arguments."""

_PROCESSES: Final = """
for pid; do
    { read -r stat </proc/"$pid"/stat; } 2>/dev/null || continue
    set -- ${stat##*) }
    { read -r name </proc/"$2"/comm; } 2>/dev/null || continue
    echo "$pid"; echo "$name"; readlink /proc/"$2"/cwd || echo
    od -An -v -tx1 /proc/"$pid"/cmdline; echo end
done
"""
"""Of each pid: its parent's name and directory, and its arguments in hexadecimal."""

_STATES: Final = {
    "ESTAB": "ESTABLISHED",
    "SYN-SENT": "SYN_SENT",
    "SYN-RECV": "SYN_RECV",
    "FIN-WAIT-1": "FIN_WAIT1",
    "FIN-WAIT-2": "FIN_WAIT2",
    "UNCONN": "CLOSE",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "LAST-ACK": "LAST_ACK",
    "CLOSING": "CLOSING",
}
"""ss(8)'s words, misc/ss.c of iproute2; TIME-WAIT is left out: nobody's any more."""

_USER: Final = re.compile(r'\("([^"]{1,15})",pid=(\d{1,10}),fd=\d+\)')
_END: Final = re.compile(rb" (ss|proc) (\d+) (\d+)\n")

Key = tuple[str, int, str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """One sample as the command gave it: of each connection the names and pids of those who hold it."""

    table: Table
    holders: Mapping[Key, tuple[tuple[str, int], ...]]
    how: Literal["ss", "proc"]
    root: bool


class RemoteSampler:
    """Takes samples of one host.

    `note` says after each what could not be seen, and why.  `queue_directory` keeps to the Postfix instance
    that works there, where we may see that.
    """

    def __init__(self, host: Host, queue_directory: str | None = None) -> None:
        self.note = ""
        self._host = host
        self._queue_directory = queue_directory
        self._owners: dict[tuple[str, int], Owner | None] = {}
        self._sightings = Sightings()

    async def samples(
        self,
        ports: Callable[[], Collection[int]] = tuple,
        known: Callable[[], Mapping[str, str]] = dict,
        pause: float = 1.0,
    ) -> AsyncGenerator[tuple[SocketRow, ...]]:
        """A sample now, and one after each pause (seconds), as `Sampler.sample` gives them.  What was seen
        stays known for the next call.  CommandFailed, OSError.
        """
        end = secrets.token_hex(16)
        argv = ["sh", "-c", _SAMPLES, "mxtop-sockets", f"{pause:g}", end]
        async with self._host.output(argv) as output:
            chunks = aiter(output)
            held = bytearray()
            while True:
                seen = take(held, end.encode())
                if seen is not None:
                    yield await self._rows(seen, ports(), known())
                    continue
                if len(held) > LIMIT:
                    raise CommandFailed(f"the sockets of {self._host.name} are more than can be shown")
                try:
                    async with asyncio.timeout(SILENT):
                        held += await anext(chunks)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    raise CommandFailed(f"no sample of the sockets came for {SILENT:g} s") from None
        raise CommandFailed("the connection to the reader of sockets was lost")

    async def _rows(
        self, seen: Seen, ports: Collection[int], known: Mapping[str, str]
    ) -> tuple[SocketRow, ...]:
        await self._learn(seen)
        rows = self._sightings.rows(seen.table, lambda each: self._owner(seen, each), ports, known)
        self.note = self._explain(seen, sum(row.daemon is None for row in rows))
        return rows

    def _owner(self, seen: Seen, connection: Connection) -> Owner | None:
        for holder in seen.holders.get(_key(connection), ()):
            if owner := self._owners.get(holder):
                return owner
        return None

    async def _learn(self, seen: Seen) -> None:
        """The owners of this sample: daemons of our master(8), and the service of each."""
        holders = {holder for each in seen.holders.values() for holder in each if holder[0] in DAEMONS}
        self._owners = {holder: owner for holder, owner in self._owners.items() if holder in holders}
        if unknown := holders.difference(self._owners):
            names = {pid: name for name, pid in unknown}
            argv = ["sh", "-c", _PROCESSES, "mxtop-processes", *map(str, names)]
            for pid, parent, directory, arguments in processes((await self._host.run(argv)).text):
                ours = parent == "master" and directory in ("", self._queue_directory or directory)
                if pid in names:
                    name = names[pid]
                    self._owners[name, pid] = Owner(pid, name, _service(name, arguments)) if ours else None

    def _explain(self, seen: Seen, unknown: int) -> str:
        if not unknown:
            return ""
        count = f"{unknown} connection{'s' if unknown > 1 else ''}"
        if seen.how == "proc":
            return f"the owner of {count} is unknown: there is no ss(8) on this host, install iproute2"
        if not seen.root:
            return f"the owner of {count} is unknown: only root may see it, {self._host.rights.root}"
        return f"{count} to SMTP ports belong to no Postfix daemon"


def take(held: bytearray, end: bytes) -> Seen | None:
    """The first whole sample of what came, taken out of it; None where it is not all there yet."""
    at = held.find(end)
    match = _END.match(held, at + len(end)) if at >= 0 else None
    if match is None:
        return None
    text = held[:at].decode("utf-8", "surrogateescape")
    root = match[2] == b"0"
    how: Literal["ss", "proc"] = "ss" if match[1] == b"ss" else "proc"
    del held[: match.end()]
    if how == "proc":
        try:
            return Seen(parse(text), {}, how, root)
        except ValueError:
            raise CommandFailed("/proc/net/tcp of this host is not what mxtop understands") from None
    return Seen(*_listed(text), how, root)


def _listed(text: str) -> tuple[Table, dict[Key, tuple[tuple[str, int], ...]]]:
    """What `ss -Htnpa` lists; a line that is not of its form is passed over."""
    connections: list[Connection] = []
    listening: set[int] = set()
    holders: dict[Key, tuple[tuple[str, int], ...]] = {}
    for line in text.split("\n"):
        state, _, _, local, peer, users = [*line.split(None, 5), "", "", "", "", "", ""][:6]
        here = _endpoint(local)
        if state == "LISTEN":
            port = local.rpartition(":")[2]
            if port.isascii() and port.isdigit():
                listening.add(int(port))
            continue
        there = _endpoint(peer)
        if state not in _STATES or here is None or there is None:
            continue
        family: Literal["ipv4", "ipv6"] = "ipv6" if ":" in there[0] else "ipv4"
        connection = Connection(family, _STATES[state], *here, *there, 0)
        connections.append(connection)
        if users:
            holders[_key(connection)] = _holders(users)
    return Table(tuple(connections), frozenset(listening)), holders


@lru_cache(maxsize=4096)  # most connections are there in the next sample too
def _holders(users: str) -> tuple[tuple[str, int], ...]:
    """Name and pid of each, `users:(("smtp",pid=7,fd=14))`."""
    return tuple((name, int(pid)) for name, pid in _USER.findall(users))


@lru_cache(maxsize=4096)
def _endpoint(text: str) -> tuple[str, int] | None:
    """`192.0.2.1:25`, `[2001:db8::1]:25`, `[::ffff:192.0.2.1]:25`, `[fe80::1]%eth0:25`."""
    host, _, port = text.rpartition(":")
    host = host.partition("%")[0].strip("[]")
    try:
        address = ipaddress.ip_address(host)
        number = int(port)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), number


def processes(text: str) -> list[tuple[int, str, str, list[str]]]:
    """Pid, name of the parent, its directory ("" where not told) and the arguments of each process."""
    found = []
    for part in text.split("end\n")[:-1]:
        lines = part.split("\n")
        if len(lines) < 3 or not lines[0].isdigit():
            continue
        try:
            arguments = bytes.fromhex("".join(lines[3:])).decode("utf-8", "surrogateescape").split("\0")
        except ValueError:
            continue
        found.append((int(lines[0]), lines[1], lines[2], arguments))
    return found


def _service(name: str, arguments: list[str]) -> str:
    try:
        return arguments[arguments.index("-n") + 1]
    except (ValueError, IndexError):
        return name


def _key(connection: Connection) -> Key:
    return (connection.local_address, connection.local_port, connection.peer_address, connection.peer_port)
