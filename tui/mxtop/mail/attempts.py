"""What one delivery process is doing: sessions told apart, failed attempts kept for their delivery.

smtp(8) and lmtp(8) handle one delivery request at a time, so the lines of one `tag[pid]`
belong together, although `connect to …` lines carry no queue id (Postfix's
smtp_connect.c: the last failure is repeated in the status line, earlier ones are not).

The rules, as the report promises them:
* A session is told by its delivery lines: consecutive ones of one (tag, pid, queue id) with
  the same relay address and the same `conn_use` are one session.
* An `attempt_failed` at the greeting, EHLO or TLS is a session too.  One at a later stage
  (MAIL FROM, RCPT TO, DATA) is not counted: it is logged per recipient, and on reused
  sessions as well, without saying so.  `Cannot start TLS: …` and `Server certificate not verified`
  (or `trusted`) name no address, but smtp(8) has logged `SSL_connect error to HOST[ADDRESS]:PORT` or
  `certificate verification failed for HOST[ADDRESS]:PORT` just before: the session is that address's.
  Where no such line is its own (the handshake was tlsproxy(8)'s; Postfix up to 3.5 says nothing of a wrong
  name in a trusted certificate, or of a wrong fingerprint), it counts in the family `none`.
* A delivery request is a run of lines of one (tag, pid, queue id).

Does not promise to see two requests of one message, run back to back by one process to one
address, as two.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from mxtop.mail.family import FamilyKey, family_of, is_loopback
from mxtop.mail.header import relay_of

PENDING: Final = 64
"""Failed attempts kept per process until their delivery line: smtp_mx_address_limit is 5."""

_MEMO: Final = 20_000

EXPIRY: Final = 900.0
"""Seconds of silence after which a `tag[pid]` is taken to be another process: SMTP stages
take up to ten minutes (smtp_data_done_timeout), a reused pid rarely comes sooner."""


class Peer:
    """The far end of a delivery: `relay` as logged and its parts; `lanes` are the ledger's, by domain."""

    __slots__ = ("address", "family", "host", "lanes", "loopback", "port", "relay")

    def __init__(self, relay: str, host: str | None, address: str | None, port: int | None) -> None:
        self.relay = relay
        self.host = host
        self.address = address
        self.port = port
        self.family: FamilyKey = family_of(address) or "none"
        self.loopback = is_loopback(address)
        self.lanes: dict[str, Any] = {}


class Peers(dict[str, Peer]):
    """Far ends by relay as logged: `mx.example[192.0.2.1]:25`, `none`, `local`, …; a memo with an end."""

    __slots__ = ()

    def __missing__(self, relay: str) -> Peer:
        if len(self) >= _MEMO:
            self.clear()
        host, address, port, _ = relay_of(relay)
        peer = self[relay] = Peer(relay, host, address, port)
        return peer


def peer_at(host: str | None, address: str | None, port: int | None) -> Peer:
    """The far end that an event names by its parts."""
    if address is None:
        return Peer("", None, None, None)
    return Peer(f"{host}[{address}]" + (f":{port}" if port is not None else ""), host, address, port)


class Attempt(NamedTuple):
    """A try that failed before its delivery line; `queue_id` is None for `connect to …`."""

    queue_id: str | None
    time: str | None
    status: str  # "connect_failed", "attempt_failed"
    peer: Peer
    text: str
    session: bool  # a session was newly opened


class Process:
    """One `tag[pid]`: the request it is at, that request's session, failed attempts so far."""

    __slots__ = (
        "address",
        "conn_use",
        "domain",
        "domains",
        "first",
        "handshake",
        "last",
        "message",
        "pending",
        "queue_id",
    )

    def __init__(self) -> None:
        self.queue_id: str | None = None
        self.message: int | None = None  # which message bore that queue id
        self.address: str | None = None
        self.conn_use = 0
        self.first: FamilyKey | None = None  # of the first address tried newly in this request
        self.domain: str | None = None  # the last that the first try was counted for
        self.domains: set[str] | None = None  # all of them, where a request has several
        self.handshake: Peer | None = None  # failed with it, and the session's own line comes next
        self.pending: list[Attempt] = []
        self.last: str | None = None  # time of the last attempt that is pending

    def request(self, queue_id: str | None, message: int | None) -> None:
        """A delivery line of another request than the last."""
        self.queue_id = queue_id
        self.message = message
        self.address = None
        self.conn_use = 0
        self.first = self.domain = self.domains = None

    def counts_for(self, domain: str) -> bool:
        """True once per destination of a request (a relayhost takes several in one)."""
        if domain == self.domain:
            return False
        if self.domain is not None:
            if self.domains is None:
                self.domains = {self.domain}
            if domain in self.domains:
                return False
            self.domains.add(domain)
        self.domain = domain
        return True


class Processes(dict[str, Process]):
    """Processes by `tag[pid]:`, made when first asked for, the least recently seen forgotten.

    Two generations: when this one is full it becomes the old one, and what was not touched
    since is forgotten.  O(1), and a process in use never goes.
    """

    __slots__ = ("_cap", "_old", "forgotten")

    def __init__(self, cap: int) -> None:
        super().__init__()
        self._cap = max(1, cap // 2)
        self._old: dict[str, Process] = {}
        self.forgotten = 0  # failed attempts that lost their process

    def known(self) -> frozenset[str]:
        """All that are remembered."""
        return frozenset((*self, *self._old))

    def __missing__(self, key: str) -> Process:
        process = self._old.pop(key, None) or Process()
        if len(self) >= self._cap:
            self.forgotten += sum(len(gone.pending) for gone in self._old.values())
            self._old = dict(self)
            self.clear()
        self[key] = process
        return process
