"""The tracker: what the events of one log, taken in order, add up to.

Private and mutable, owned by whoever feeds it; what leaves it are frozen values (`rows`,
`totals`) and the tables that `mxtop.report` prints.  O(1) per event.  It pickles, so a worker
process can read history and hand the tracker over.

* A message is a queue id from qmgr(8)'s first `from=…` line until `removed` (or postsuper's
  `requeued`): short queue ids are reused, and count anew.
* Sessions and requests are told apart as `mail.attempts` says.  What a request tried before
  its first delivery line counts for that line's destination; an attempt whose delivery line
  never comes counts in the totals alone.
* error(8)'s `delivery temporarily suspended` is no attempt: it counts in `deliveries` only.
* Deliveries to a loopback address are hops through a content filter: they, their sessions
  and failed connects count in `filters` only.
* `reasons` are of deliveries that were not sent; `clients` are smtpd(8)'s, `rejects` those of
  smtpd, postscreen and cleanup.
* Lines of another instance count as lines, and as `other_instances`; nothing else.

Memory is bounded by `Caps`; what a full table turned away is counted in `Totals.dropped`.
Does not promise the log to be whole: a log that begins within a delivery counts what it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mxtop.mail.attempts import peer_at
from mxtop.mail.delivery import HANDSHAKE_STAGES, failed_handshake
from mxtop.mail.event import (
    AttemptFailed,
    Client,
    ClientConnect,
    ConnectFailed,
    Delivery,
    Event,
    Foreign,
    Other,
    Queued,
    Reject,
    Removed,
    Unparsed,
)
from mxtop.mail.ledger import Ledger
from mxtop.mail.tables import Caps

__all__ = ["Caps", "Tracker"]


class Tracker(Ledger):
    """`apply` events in log order; read `rows`, `totals` and the tables at any moment."""

    def apply(self, event: Event) -> None:
        """One event, in log order."""
        self.lines += 1
        if event.time is not None:
            if self.first is None:
                self.first = event.time
            self.last = event.time
        kind = type(event)
        if kind is Unparsed:
            self.unparsed += 1
            return
        if self.host is None:
            self.host = event.host
        if kind is Foreign:
            self.foreign += 1
            return
        if self.syslog_names is not None and not self.owns(event.tag):
            self.other_instances += 1
            return
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event)

    def _delivery(self, event: Delivery) -> None:
        _, at, domain = (event.to or "").rpartition("@")
        self.delivery(
            f"{event.tag}[{event.pid}]:",
            event.queue_id,
            event.time,
            domain if at else "",
            self.peers[event.relay or ""],
            event.conn_use,
            event.delay,
            event.delays,
            event.status or "",
            event.reason,
        )

    def _connect_failed(self, event: ConnectFailed) -> None:
        peer = peer_at(event.relay_host, event.relay_address, event.relay_port)
        self.attempt(
            f"{event.tag}[{event.pid}]:", None, event.time, "connect_failed", peer, event.error or "", False
        )

    def _attempt_failed(self, event: AttemptFailed) -> None:
        peer = peer_at(event.relay_host, event.relay_address, event.relay_port)
        text = event.reply or event.text.removeprefix(f"{event.queue_id}: ")
        session = event.stage in HANDSHAKE_STAGES
        key = f"{event.tag}[{event.pid}]:"
        self.attempt(key, event.queue_id, event.time, "attempt_failed", peer, text, session)

    def _queued(self, event: Queued) -> None:
        if event.queue_id is not None:
            self.queue(event.queue_id)

    def _removed(self, event: Removed) -> None:
        if event.queue_id is not None:
            self.remove(event.queue_id)

    def _other(self, event: Other) -> None:
        if event.daemon == "postsuper" and event.queue_id is not None and event.text.endswith(": requeued"):
            self.messages.pop(event.queue_id, None)  # it comes back under a new queue id
        elif (far := failed_handshake(event)) is not None:
            process = self._processes[f"{event.tag}[{event.pid}]:"]
            process.handshake = peer_at(far.host, far.address, far.port)

    def _client_connect(self, event: ClientConnect) -> None:
        if (row := self.client(event.client_host, event.client_address)) is not None:
            row.connections += 1

    def _client(self, event: Client) -> None:
        if (row := self.client(event.client_host, event.client_address)) is not None:
            row.messages += 1

    def _reject(self, event: Reject) -> None:
        self.reject(event.action, event.stage, event.code, event.dsn, event.reason or "", event.queue_id)
        if event.client_address is not None:
            row = self.client(event.client_host, event.client_address)
            if row is not None:
                row.rejects += 1


_HANDLERS: Final[dict[type[Event], Callable[[Tracker, Any], None]]] = {
    Delivery: Tracker._delivery,
    ConnectFailed: Tracker._connect_failed,
    AttemptFailed: Tracker._attempt_failed,
    Queued: Tracker._queued,
    Removed: Tracker._removed,
    Other: Tracker._other,
    ClientConnect: Tracker._client_connect,
    Client: Tracker._client,
    Reject: Tracker._reject,
}
