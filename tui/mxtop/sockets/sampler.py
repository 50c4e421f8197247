"""The SMTP connections of this machine, sampled: rows for the screen and for `mxtop sockets`.

A connection counts where a Postfix daemon owns it, goes to an SMTP port, or came in to one that is listened
on.  Connections that live shorter than the time between two samples are not seen.
"""

from __future__ import annotations

import re
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Final

from mxtop.hosts.rights import HERE
from mxtop.mail.family import is_loopback
from mxtop.mail.settings import Settings
from mxtop.mail.sockets import SocketRow
from mxtop.sockets.look import Look
from mxtop.sockets.owners import SERVERS, Owner, Owners
from mxtop.sockets.table import Connection, Table

SMTP_PORTS: Final = frozenset({25, 465, 587})
"""smtp, submissions and submission (RFC 5321, 8314, 6409)."""

LOOKUP_PORTS: Final = frozenset({53, 389, 636, 3306, 5432})
"""Where smtp(8) asks its tables: DNS over TCP, LDAP, MySQL, PostgreSQL.  No mail goes there."""

QUICK: Final = 0.02
"""Seconds of a sample that nobody notices who waits for it."""

LATELY: Final = 10
"""Samples that `Sampler.quick` goes by: now and then one is dearer, as masters are looked for."""

_Key = tuple[str, int, str, int]


class Sightings:
    """Makes rows of tables, and remembers when each connection was first seen."""

    def __init__(self) -> None:
        self._first_seen: dict[_Key, float] | None = None

    def rows(
        self,
        table: Table,
        owner_of: Callable[[Connection], Owner | None],
        ports: Collection[int],
        known: Mapping[str, str],
    ) -> tuple[SocketRow, ...]:
        """The connections that Postfix holds or may hold: outgoing first, by peer."""
        now = time.monotonic()
        outgoing = SMTP_PORTS.union(ports)
        seen: dict[_Key, float] = {}
        rows = []
        for connection in table.connections:
            owner = owner_of(connection)
            inbound = _is_inbound(connection, owner, table.listening)
            if not inbound and not _is_outgoing(connection, owner, outgoing):
                continue
            key = _key(connection)
            first = now if self._first_seen is None else self._first_seen.get(key, now)
            seen[key] = first
            age = None if self._first_seen is None else now - first
            rows.append(_row(connection, owner, inbound, known, age))
        self._first_seen = seen
        rows.sort(key=lambda row: (row.direction == "in", row.peer_address, row.peer_port, row.local_port))
        return tuple(rows)


class Sampler:
    """Takes samples, and remembers when each connection was first seen.

    `note` says after a sample what could not be seen, and why; "" where nothing is missing.
    `queue_directory` keeps to the Postfix instance that works there, where we may see that.  `look` gives the
    sockets, those of this network namespace by default.
    """

    def __init__(self, queue_directory: str | None = None, look: Callable[[], Table] | None = None) -> None:
        self.note = ""
        self._owners = Owners(queue_directory)
        self._look = look or Look()
        self._sightings = Sightings()
        self._costs: deque[float] = deque([1.0], maxlen=LATELY)

    @property
    def quick(self) -> bool:
        """Whether each of the last samples took so little that the next may be waited for."""
        return max(self._costs) < QUICK

    def sample(
        self, ports: Collection[int] = (), known: Mapping[str, str] | None = None
    ) -> tuple[SocketRow, ...]:
        """The connections of this moment: outgoing first, by peer.

        `ports`: where mail goes besides SMTP_PORTS (`relay_ports`).  `known`: destinations by peer address.
        OSError where /proc is not there.
        """
        began = time.perf_counter()
        table = self._look()
        owners = self._owners.of({c.inode for c in table.connections if c.inode})
        rows = self._sightings.rows(table, lambda each: owners.get(each.inode), ports, known or {})
        self.note = self._explain(sum(row.daemon is None for row in rows))
        self._costs.append(time.perf_counter() - began)
        return rows

    def _explain(self, unknown: int) -> str:
        if not unknown:
            return ""
        count = f"{unknown} connection{'s' if unknown > 1 else ''}"
        if self._owners.denied:
            return f"the owner of {count} is unknown: only root may see it, {HERE.root}"
        if not self._owners.running:
            return f"the owner of {count} is unknown: no Postfix master process is to be seen here"
        return f"{count} to SMTP ports belong to no Postfix daemon"


def relay_ports(settings: Settings) -> frozenset[int]:
    """The ports that the settings send mail to: `[host]:2525` of a relay, smtp_tcp_port of a transport."""
    found: set[int] = set()
    hops = [settings.values.get("relayhost", ""), settings.values.get("default_transport", "")]
    for transport in settings.transports.values():
        hops.append(transport.smtp_fallback_relay)
        hops.append(f":{transport.smtp_tcp_port}")
    for hop in re.split(r"[\s,]+", " ".join(hops)):
        port = hop.rpartition(":")[2] if ":" in hop else ""
        if port.isascii() and port.isdigit():
            found.add(int(port))
        elif port.isascii() and port.isalnum():
            try:
                found.add(socket.getservbyname(port, "tcp"))
            except OSError:
                pass  # not a service: the host of a transport without a port
    return frozenset(found)


def _is_inbound(connection: Connection, owner: Owner | None, listening: frozenset[int]) -> bool:
    if connection.local_port not in listening:
        return False
    if owner is None:
        return connection.local_port in SMTP_PORTS
    return owner.daemon in SERVERS or owner.daemon == "tlsproxy"


def _is_outgoing(connection: Connection, owner: Owner | None, ports: frozenset[int]) -> bool:
    if owner is None or owner.daemon in SERVERS:  # a server asks policies, milters and tables
        return connection.peer_port in ports
    return connection.peer_port not in LOOKUP_PORTS


def _key(connection: Connection) -> _Key:
    return (connection.local_address, connection.local_port, connection.peer_address, connection.peer_port)


def _row(
    connection: Connection, owner: Owner | None, inbound: bool, known: Mapping[str, str], age: float | None
) -> SocketRow:
    return SocketRow(
        direction="in" if inbound else "out",
        family=connection.family,
        state=connection.state,
        local_address=connection.local_address,
        local_port=connection.local_port,
        peer_address=connection.peer_address,
        peer_port=connection.peer_port,
        daemon=owner.daemon if owner else None,
        service=owner.service if owner else None,
        pid=owner.pid if owner else None,
        destination=None if inbound else known.get(connection.peer_address),
        age=age,
        filter_hop=is_loopback(connection.peer_address)
        and not (inbound and connection.local_port in SMTP_PORTS),
    )
