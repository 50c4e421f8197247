"""A live SMTP connection, as one sample of the socket table shows it."""

from __future__ import annotations

from typing import Literal

from mxtop.mail.value import named


@named
class SocketRow:
    """One TCP connection that Postfix holds, or may hold.

    `state` is the kernel's word (`SYN_SENT`: an attempt that hangs).  `daemon`, `service`
    and `pid` are None where the kernel does not tell us; `age` is the seconds since
    mxtop first saw the connection, None in a single sample.
    """

    direction: Literal["out", "in"]
    family: Literal["ipv4", "ipv6"]
    state: str
    local_address: str
    local_port: int
    peer_address: str
    peer_port: int
    daemon: str | None = None
    service: str | None = None
    pid: int | None = None
    destination: str | None = None
    age: float | None = None
    filter_hop: bool = False  # a loopback content filter: hidden unless asked
