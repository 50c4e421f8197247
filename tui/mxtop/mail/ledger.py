"""The counts behind the tracker: its tables, and one method for each thing that can happen.

The methods take plain values, so that the tracker (from events) and the bulk scanner (from
text) come to the same sums through the same code.  The rules are those of `mail.tracker`;
the outside uses that module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from mxtop.mail.attempts import EXPIRY, PENDING, Attempt, Peer, Peers, Process, Processes
from mxtop.mail.clients import Clients
from mxtop.mail.family import FamilyKey
from mxtop.mail.fold import fold
from mxtop.mail.header import Clock
from mxtop.mail.rates import Rate, Rates
from mxtop.mail.snapshot import Destination, Totals
from mxtop.mail.tables import Caps, Client, Filter, Reason, Reject, Table
from mxtop.mail.tally import DestinationTally, FamiliesTally, FamilyTally, Stages

SUSPENDED: Final = "delivery temporarily suspended"
_MEMO: Final = 20_000
_LANES: Final = 1_000  # recipient domains remembered per far end
_NOWHERE: Final = -1
UNSENT: Final = frozenset({"deferred", "bounced", "SOFTBOUNCE"})
COLUMNS: Final = {"sent": 0, "deferred": 1, "bounced": 2}
_STILL: Final = (0.0, 0.0, 0.0)
_NO_ROW: Final = Destination(destination="")


class Lane(NamedTuple):
    """Where a delivery counts: in all, and at its destination."""

    total: FamilyTally
    mine: FamilyTally
    destination: DestinationTally


class Ledger:
    """Everything counted; `syslog_names` are this instance's, None where the log is all one's own.

    `sums_only`: what changes with time is not kept, which a report does not tell: rates, the last outcomes,
    `relays`.  Then `rows` and `rates` say nothing.
    """

    def __init__(
        self, syslog_names: Iterable[str] | None = None, caps: Caps | None = None, *, sums_only: bool = False
    ) -> None:
        self._sums_only = sums_only
        self.caps = caps = caps or Caps()
        self.syslog_names = frozenset(syslog_names) if syslog_names is not None else None
        self.host: str | None = None
        self.first: str | None = None
        self.last: str | None = None
        self.lines = self.foreign = self.unparsed = self.other_instances = 0
        self.queued = self.removed = 0
        self.deliveries: defaultdict[str, int] = defaultdict(int)
        self.families = FamiliesTally()
        self.destinations: Table[str, DestinationTally] = Table(caps.destinations)
        self.filters: Table[str, Filter] = Table(caps.filters)
        self.reasons: Table[tuple[str, FamilyKey, str], Reason] = Table(caps.reasons)
        self._clients = Clients(caps.clients)
        self.met = self._clients.met
        self.rejects: Table[Reject, Reason] = Table(caps.rejects)
        self.relays: dict[str, str] = {}  # address -> the destination that last had a session with it
        self.messages: Table[str, int] = Table(caps.messages)
        self._processes = Processes(caps.processes)
        self._unattributed = 0
        self._rates = Rates()
        self._zone = ""
        self._clock = Clock(0.0)
        self.peers = Peers()
        self._rows: list[Destination] = []
        self._shown: tuple[Destination, ...] = ()
        self._changed: list[DestinationTally] = []
        self._nowhere = DestinationTally("", _NOWHERE)
        self._nowhere.changed = True  # so that it is never shown
        self._tallies: list[DestinationTally] = []  # by their place in the rows
        self._warm: dict[int, Rate] = {}  # the rates that rows show, by their places

    # -- what goes in

    def in_zone(self, zone: str) -> None:
        """Where times without a zone are from; "": this machine's."""
        if zone != self._zone:
            self._zone = zone
            self._clock = Clock(0.0, zone=zone)

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

    def delivery(
        self,
        process_key: str,
        queue_id: str | None,
        time: str | None,
        domain: str,
        peer: Peer,
        conn_use: int,
        delay: float | None,
        stages: Stages | None,
        status: str,
        reason: str | None,
    ) -> None:
        """A delivery line; `process_key` is `tag[pid]:`, `domain` the recipient's, "" where it has none."""
        address = peer.address
        process = self._processes[process_key]
        message = self.messages.get(queue_id) if queue_id is not None else None
        if process.queue_id == queue_id and process.message == message:
            new = address is not None and (address != process.address or conn_use != process.conn_use)
        else:
            process.request(queue_id, message)
            new = address is not None
        process.address = address
        process.conn_use = conn_use
        process.handshake = None
        if peer.loopback:
            process.pending.clear()
            self._hop(peer, delay, status, new, conn_use)
            return
        if status:  # else the line was cut before it
            self.deliveries[status] += 1
        if address is None and reason is not None and reason.startswith(SUSPENDED):
            return
        lane = peer.lanes.get(domain) or self._lane(peer, domain)
        total, mine, destination = lane
        if status == "sent":
            total.sent += 1
            mine.sent += 1
            if delay is not None:
                total.delays[delay] += 1
                mine.delays[delay] += 1
        else:
            self._unsent(lane, peer, queue_id, time, status, reason or "")
        if process.pending:
            self._attribute(process, queue_id, time, destination)
        if new and address is not None:
            if conn_use > 1:
                total.reused += 1
                mine.reused += 1
            else:
                total.connections += 1
                mine.connections += 1
                if process.first is None and peer.family != "unix":
                    process.first = peer.family
        if process.first is not None and process.domain != domain and process.counts_for(domain.lower()):
            destination.first_try(process.first)
        destination.delivered(status, time, stages, reason)
        if not self._sums_only:
            self._recent(address if new else None, domain, destination, status, time, stages)

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
        process = self._processes[process_key]
        if peer.address is None and process.handshake is not None:
            peer = process.handshake
        process.handshake = None
        if peer.loopback:
            hop = self._filter(peer)
            if hop is not None:
                hop.failed_connects += status == "connect_failed"
                hop.connections += session
            return
        tally = self.families[peer.family]
        tally.failed_connects += status == "connect_failed"
        tally.connections += session
        self._expire(process, time)
        if len(process.pending) < PENDING:
            process.pending.append(Attempt(queue_id, time, status, peer, text, session))
        else:
            self._unattributed += 1
        process.last = time

    def queue(self, queue_id: str) -> None:
        """qmgr(8) made a message active: a new one, or a retry."""
        messages = self.messages
        if queue_id not in messages:
            self.queued += 1
            if len(messages) < messages.cap or not messages.full():
                messages[queue_id] = self.queued

    def remove(self, queue_id: str) -> None:
        """The message left the queue."""
        self.removed += 1
        self.messages.pop(queue_id, None)

    def client(self, host: str | None, address: str | None) -> Client | None:
        """The row of an SMTP client; None where the table is full."""
        return self._clients.row(host, address)

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
            if self.rejects.full():
                return
            row = self.rejects[key] = Reason(queue_id)
        row.count += 1

    def settle(self, unsettled: int = 0) -> None:
        """Count what was only noted so far, where that is more than so many things."""
        self._clients.settle(unsettled)

    # -- what comes out

    def rows(self, now: float | None) -> tuple[Destination, ...]:
        """Every destination in order of appearance, rates over the minute before `now`.

        Rows that did not change are the same objects as before, the tuple too where none did.  A rate changes
        with time: with None they stay as they were, and the work is that of what was logged since.
        """
        work, self._changed = self._changed, []
        if now is not None:
            before, self._warm = self._warm, self._rates.at(now, self._clock)
            self._warm.pop(_NOWHERE, None)
            for index in before.keys() | self._warm.keys():
                if not self._tallies[index].changed:
                    work.append(self._tallies[index])
        rates = self._warm
        rows = self._rows
        fresh = len(rows) != len(self._shown)
        for tally in work:
            tally.changed = False
            row = tally.row(rates.get(tally.index, _STILL))
            if row != rows[tally.index]:
                rows[tally.index] = row
                fresh = True
        if fresh:
            self._shown = tuple(rows)
        return self._shown

    def rates(self, now: float) -> Rate:
        """Sent, deferred and bounced lines per second over the minute before `now`."""
        return self._rates.total(now, self._clock)

    def totals(self) -> Totals:
        """Whole-log counts."""
        dropped = {
            "messages": self.messages.dropped,
            "destinations": self.destinations.dropped,
            "attempts": self._unattributed + self._processes.forgotten,
            "reasons": self.reasons.dropped,
            "filters": self.filters.dropped,
            "clients": self._clients.dropped,
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

    @property
    def clients(self) -> Table[str, Client]:
        """SMTP clients by `host[address]`."""
        return self._clients.rows()

    @property
    def processes(self) -> frozenset[str]:
        """The delivery processes seen so far, as far as they are remembered: `tag[pid]:`."""
        return self._processes.known()

    # -- within

    def _hop(self, peer: Peer, delay: float | None, status: str, new: bool, conn_use: int) -> None:
        """A delivery to a content filter on this machine."""
        hop = self._filter(peer)
        if hop is not None:
            hop.delivered(status, delay)
            if new:
                hop.session(conn_use)

    def _recent(
        self,
        address: str | None,
        domain: str,
        destination: DestinationTally,
        status: str,
        time: str | None,
        stages: Stages | None,
    ) -> None:
        """What a screen shows besides sums; `address` is that of a session which began, or None."""
        if address is not None and self.relays.get(address) != domain:
            if len(self.relays) >= _MEMO:
                self.relays.clear()
            self.relays[address] = domain
        destination.remember(status, stages)
        column = COLUMNS.get(status)
        if time is not None and column is not None:
            self._rates.add(time, destination.index, column)
        if not destination.changed:
            destination.changed = True
            self._changed.append(destination)

    def _lane(self, peer: Peer, domain: str) -> Lane:
        """The tallies of one far end and recipient domain; a domain turned away counts in all alone."""
        name = domain.lower()
        destination = self.destinations.get(name)
        if destination is None:
            if self.destinations.full():
                return Lane(self.families[peer.family], FamilyTally(), self._nowhere)
            destination = self.destinations[name] = DestinationTally(name, len(self._rows))
            self._rows.append(_NO_ROW)
            self._tallies.append(destination)
        if len(peer.lanes) >= _LANES:
            peer.lanes.clear()
        lane = Lane(self.families[peer.family], destination.families[peer.family], destination)
        peer.lanes[domain] = lane
        return lane

    def _unsent(
        self, lane: Lane, peer: Peer, queue_id: str | None, time: str | None, status: str, reason: str
    ) -> None:
        """Any other outcome than `sent`."""
        lane.total.delivered(status, None)
        lane.mine.delivered(status, None)
        if status in UNSENT:
            self._reason(status, peer.family, reason, queue_id)
            lane.destination.failed((time or "", status, peer.host, peer.address, reason))

    def _filter(self, peer: Peer) -> Filter | None:
        hop = self.filters.get(peer.relay)
        if hop is None:
            if self.filters.full():
                return None
            hop = self.filters[peer.relay] = Filter(peer)
        return hop

    def _reason(self, status: str, family: FamilyKey, text: str, queue_id: str | None) -> None:
        key = (status, family, fold(text))
        row = self.reasons.get(key)
        if row is None:
            if self.reasons.full():
                return
            row = self.reasons[key] = Reason(queue_id)
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
