"""The counts behind the tracker: its tables, and one method for each thing that can happen.

The methods take plain values, so that the tracker (from events) and the bulk scanner (from
text) come to the same sums through the same code.  The rules are those of `mail.tracker`;
the outside uses that module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mxtop.mail.attempts import EXPIRY, PENDING, Attempt, Peer, Process, Processes, peer_of
from mxtop.mail.family import FamilyKey
from mxtop.mail.fold import fold
from mxtop.mail.header import Clock
from mxtop.mail.snapshot import Destination, Totals
from mxtop.mail.tables import Client, Filter, Reason, Reject, Table
from mxtop.mail.tally import DestinationTally, FamiliesTally, FamilyTally, Minute, Stages

SUSPENDED: Final = "delivery temporarily suspended"
_MEMO: Final = 20_000
_NO_ROW: Final = Destination(destination="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many rows each table keeps."""

    messages: int = 500_000
    destinations: int = 50_000
    processes: int = 20_000
    reasons: int = 2_000
    filters: int = 1_000
    clients: int = 20_000
    rejects: int = 2_000


class Ledger:
    """Everything counted; `syslog_names` are this instance's, None where the log is all one's own."""

    def __init__(self, syslog_names: Iterable[str] | None = None, caps: Caps | None = None) -> None:
        self.caps = caps = caps or Caps()
        self.syslog_names = frozenset(syslog_names) if syslog_names is not None else None
        self.host: str | None = None
        self.first: str | None = None
        self.last: str | None = None
        self.lines = self.foreign = self.unparsed = self.other_instances = 0
        self.queued = self.removed = 0
        self.deliveries: dict[str, int] = {}
        self.families = FamiliesTally()
        self.destinations: Table[str, DestinationTally] = Table(caps.destinations)
        self.filters: Table[str, Filter] = Table(caps.filters)
        self.reasons: Table[tuple[str, FamilyKey, str], Reason] = Table(caps.reasons)
        self.clients: Table[str, Client] = Table(caps.clients)
        self.rejects: Table[Reject, Reason] = Table(caps.rejects)
        self.relays: dict[str, str] = {}  # address -> the destination that last had a session with it
        self.messages: Table[str, int] = Table(caps.messages)
        self._processes = Processes(caps.processes)
        self._unattributed = 0
        self._minute = Minute()
        self._clock = Clock(0.0)
        self._peers: dict[str, Peer] = {}
        self._rows: list[Destination] = []
        self._shown: tuple[Destination, ...] = ()
        self._changed: list[DestinationTally] = []
        self._warm: list[DestinationTally] = []

    # -- what goes in

    def owns(self, tag: str | None) -> bool:
        """True for a tag of this instance: `NAME`, `NAME/smtp`, `NAME/submission/smtpd`."""
        if self.syslog_names is None or tag is None:
            return True
        name = tag
        while name not in self.syslog_names:
            name, slash, _ = name.rpartition("/")
            if not slash:
                return False
        return True

    def peer(self, relay: str) -> Peer:
        """The far end named by a relay as logged; memoised."""
        peer = self._peers.get(relay)
        if peer is None:
            if len(self._peers) >= _MEMO:
                self._peers.clear()
            peer = self._peers[relay] = peer_of(relay)
        return peer

    def delivery(
        self,
        process_key: str,
        queue_id: str | None,
        time: str | None,
        to: str,
        peer: Peer,
        conn_use: int,
        delay: float | None,
        stages: Stages | None,
        status: str,
        reason: str | None,
    ) -> None:
        """A delivery line; `process_key` is `tag[pid]:`."""
        address = peer.address
        loopback = peer.loopback
        if not loopback:
            if status:  # else the line was cut before it
                self.deliveries[status] = self.deliveries.get(status, 0) + 1
            if address is None and reason is not None and reason.startswith(SUSPENDED):
                return
        process = self._processes.get(process_key)
        message = self.messages.get(queue_id) if queue_id is not None else None
        if process.queue_id != queue_id or process.message != message:
            process.request(queue_id, message)
        new = address is not None and (address != process.address or conn_use != process.conn_use)
        process.address = address
        process.conn_use = conn_use
        family = peer.family
        if loopback:
            hop = self._filter(peer)
            if hop is not None:
                hop.delivered(status, delay)
                if new:
                    self._session(hop, conn_use)
            if process.pending:
                process.pending.clear()
            return
        tally = self.families[family]
        tally.delivered(status, delay)
        if new:
            self._session(tally, conn_use)
        if time is not None:
            self._minute.add(time, status)
        if status == "deferred" or status == "bounced" or status == "SOFTBOUNCE":
            self._reason(status, family, reason or "", queue_id)
        domain = to[to.rfind("@") + 1 :].lower() if "@" in to else ""
        destination = self.destinations.get(domain)
        if destination is None:
            destination = DestinationTally(domain, len(self._rows))
            if not self.destinations.put(domain, destination):
                process.pending.clear()
                return
            self._rows.append(_NO_ROW)
        destination.delivered(family, status, time, delay, stages, reason)
        if process.pending:
            self._attribute(process, queue_id, time, destination)
        if new:
            self._session(destination.families[family], conn_use)
            if address is not None:
                if len(self.relays) >= _MEMO:
                    self.relays.clear()
                self.relays[address] = domain
            if process.first is None and conn_use < 2 and family != "unix":
                process.first = family
        if process.first is not None:
            if process.domains is None:
                process.domains = {domain}
                destination.first_try(process.first)
            elif domain not in process.domains:
                process.domains.add(domain)
                destination.first_try(process.first)
        if status == "deferred" or status == "bounced":
            destination.failed((time or "", status, peer.host, address, reason or ""))
        if not destination.changed:
            destination.changed = True
            self._changed.append(destination)

    def attempt(
        self,
        process_key: str,
        queue_id: str | None,
        time: str | None,
        status: str,
        peer: Peer,
        text: str,
        session: bool,
    ) -> None:
        """A `connect_failed` or `attempt_failed` line; `session`: it opened one."""
        if peer.loopback:
            hop = self._filter(peer)
            if hop is not None:
                hop.failed_connects += status == "connect_failed"
                hop.connections += session
            return
        tally = self.families[peer.family]
        tally.failed_connects += status == "connect_failed"
        tally.connections += session
        process = self._processes.get(process_key)
        self._expire(process, time)
        if len(process.pending) < PENDING:
            process.pending.append(Attempt(queue_id, time, status, peer, text, session))
        else:
            self._unattributed += 1
        process.last = time

    def queue(self, queue_id: str) -> None:
        """qmgr(8) made a message active: a new one, or a retry."""
        if queue_id not in self.messages:
            self.queued += 1
            self.messages.put(queue_id, self.queued)

    def remove(self, queue_id: str) -> None:
        """The message left the queue."""
        self.removed += 1
        self.messages.pop(queue_id, None)

    def client(self, host: str | None, address: str | None) -> Client | None:
        """The row of an SMTP client; None where the table is full."""
        name = f"{host or ''}[{address}]"
        row = self.clients.get(name)
        if row is None:
            row = Client(host, address)
            if not self.clients.put(name, row):
                return None
        return row

    def reject(
        self,
        action: str | None,
        stage: str | None,
        code: int | None,
        dsn: str | None,
        reason: str,
        queue_id: str | None,
    ) -> None:
        """smtpd(8), postscreen(8) or cleanup(8) said no, or did something else about it."""
        key = (action, stage, code, dsn, fold(reason))
        row = self.rejects.get(key)
        if row is None:
            row = Reason(queue_id)
            if not self.rejects.put(key, row):
                return
        row.count += 1

    # -- what comes out

    def rows(self, now: float) -> tuple[Destination, ...]:
        """Every destination in order of appearance, rates over the minute before `now`.

        Rows that did not change are the same objects as before, the tuple too where none did.
        """
        rows = self._rows
        work = self._changed
        work.extend(tally for tally in self._warm if not tally.changed)
        self._changed = []
        self._warm = []
        fresh = len(rows) != len(self._shown)
        for tally in work:
            tally.changed = False
            row = tally.row(now, self._clock)
            if row != rows[tally.index]:
                rows[tally.index] = row
                fresh = True
            if row.sent_rate or row.deferred_rate:
                self._warm.append(tally)
        if fresh:
            self._shown = tuple(rows)
        return self._shown

    def rates(self, now: float) -> tuple[float, float, float]:
        """Sent, deferred and bounced lines per second over the minute before `now`."""
        return self._minute.rates(now, self._clock)

    def totals(self) -> Totals:
        """Whole-log counts."""
        dropped = {
            "messages": self.messages.dropped,
            "destinations": self.destinations.dropped,
            "attempts": self._unattributed + self._processes.forgotten,
            "reasons": self.reasons.dropped,
            "filters": self.filters.dropped,
            "clients": self.clients.dropped,
            "rejects": self.rejects.dropped,
        }
        return Totals(
            lines=self.lines,
            foreign=self.foreign,
            unparsed=self.unparsed,
            queued=self.queued,
            removed=self.removed,
            in_flight=len(self.messages),
            deliveries=dict(self.deliveries),
            families=self.families.counts(),
            first=self.first,
            last=self.last,
            other_instances=self.other_instances,
            dropped={table: count for table, count in dropped.items() if count},
        )

    # -- within

    def _filter(self, peer: Peer) -> Filter | None:
        hop = self.filters.get(peer.relay)
        if hop is None:
            hop = Filter(peer)
            if not self.filters.put(peer.relay, hop):
                return None
        return hop

    def _session(self, tally: FamilyTally, conn_use: int) -> None:
        if conn_use > 1:
            tally.reused += 1
        else:
            tally.connections += 1

    def _reason(self, status: str, family: FamilyKey, text: str, queue_id: str | None) -> None:
        key = (status, family, fold(text))
        row = self.reasons.get(key)
        if row is None:
            row = Reason(queue_id)
            if not self.reasons.put(key, row):
                return
        row.count += 1

    def _expire(self, process: Process, time: str | None) -> None:
        """Forget pending attempts that are too old to belong to a line of `time`."""
        if not process.pending or time is None or process.last is None:
            return
        then, now = self._clock.epoch(process.last), self._clock.epoch(time)
        if then is not None and now is not None and abs(now - then) > EXPIRY:
            process.pending.clear()

    def _attribute(
        self, process: Process, queue_id: str | None, time: str | None, destination: DestinationTally
    ) -> None:
        """Failed attempts belong to the delivery that follows, unless another message's line lies between."""
        self._expire(process, time)
        pending = process.pending
        for index in range(len(pending) - 1, -1, -1):
            if pending[index].queue_id not in (None, queue_id):
                del pending[: index + 1]
                break
        for attempt in pending:
            peer = attempt.peer
            tally = destination.families[peer.family]
            tally.failed_connects += attempt.status == "connect_failed"
            tally.connections += attempt.session
            destination.failed((attempt.time or "", attempt.status, peer.host, peer.address, attempt.text))
            if process.first is None and peer.family in ("ipv4", "ipv6"):
                process.first = peer.family
        pending.clear()
