"""The kernel's table of TCP sockets, and its text: /proc/net/tcp and /proc/net/tcp6 (proc(5)).

The text is for hosts without ss(8), and for kernels that `diag` cannot ask.  Read here and not by psutil,
which looks through the open files of every process to find the owners: too slow for once a second on a busy
host.  `owners` asks Postfix's processes alone.
"""

from __future__ import annotations

import os
import socket
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from mxtop.mail.value import value

STATES: Final = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT1",
    "05": "FIN_WAIT2",
    "06": "TIME_WAIT",
    "07": "CLOSE",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTEN",
    "0B": "CLOSING",
    "0C": "SYN_RECV",
}
"""Linux include/net/tcp_states.h, by the words of ss(8) and psutil."""

_LISTEN: Final = "0A"
_TIME_WAIT: Final = "06"
_HEADING: Final = "st"  # the fourth word of each file's first line
_PAGE: Final = os.sysconf("SC_PAGESIZE")
_LINE: Final = 256  # bytes of a line at most: 150 in tcp, about 200 in tcp6
_READ: Final = 1024 * 1024
_MAPPED: Final = bytes(10) + b"\xff\xff"


@value
class Connection:
    """One socket that is not listening; `inode` is 0 where no process holds it any more (or yet)."""

    family: Literal["ipv4", "ipv6"]
    state: str
    local_address: str
    local_port: int
    peer_address: str
    peer_port: int
    inode: int


@value
class Table:
    """One look at the kernel: connections (TIME_WAIT left out: nobody's any more) and the listening ports."""

    connections: tuple[Connection, ...]
    listening: frozenset[int]


def read(directory: Path = Path("/proc/net")) -> Table:
    """The TCP sockets of this network namespace.  OSError where /proc is not there."""
    texts = []
    for name in ("tcp", "tcp6"):
        try:
            texts.append(_read(directory / name))
        except FileNotFoundError:
            if name == "tcp":
                raise  # tcp6 is missing where the kernel is without IPv6
    return parse("".join(texts))


def parse(text: str) -> Table:
    """The table in the text of both files, in this machine's byte order.  ValueError: something else."""
    connections: list[Connection] = []
    listening: set[int] = set()
    for line in text.split("\n")[:-1]:
        _, local, peer, state, _, _, _, _, _, inode, *_ = line.split(None, 10)
        if state == _LISTEN:
            listening.add(int(local[-4:], 16))
        elif state not in (_TIME_WAIT, _HEADING):
            here, family = decode(local[:-5])
            connections.append(
                Connection(
                    family,
                    STATES.get(state, state),
                    here,
                    int(local[-4:], 16),
                    decode(peer[:-5])[0],
                    int(peer[-4:], 16),
                    int(inode),
                )
            )
    return Table(tuple(connections), frozenset(listening))


def _read(path: Path) -> str:
    """The file, without the last read(2) that returns nothing.

    Each read at the end makes the kernel go through all of its hash table again: milliseconds where there is
    much memory.  It hands out a page at a time and breaks it off between lines, so that a read
    shorter than a page less two lines was the last.
    """
    parts = []
    descriptor = os.open(path, os.O_RDONLY)
    try:
        while part := os.read(descriptor, _READ):
            parts.append(part)
            if len(part) < _PAGE - 2 * _LINE:
                break
    finally:
        os.close(descriptor)
    return b"".join(parts).decode()


@lru_cache(maxsize=8192)
def decode(hexadecimal: str) -> tuple[str, Literal["ipv4", "ipv6"]]:
    """An address: 32-bit words in the machine's byte order."""
    words = (hexadecimal[i : i + 8] for i in range(0, len(hexadecimal), 8))
    return address(b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words))


def address(packed: bytes) -> tuple[str, Literal["ipv4", "ipv6"]]:
    """An address of 4 or 16 bytes in the network's order.  IPv4-mapped ones as the IPv4 they are."""
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed), "ipv4"
    if packed.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, packed[12:]), "ipv4"
    return socket.inet_ntop(socket.AF_INET6, packed), "ipv6"
