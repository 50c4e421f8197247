"""The snapshot: one frozen value with everything the screen shows at one moment.

Unchanged rows are the same objects in the next snapshot, so comparing by identity or
by value tells a view what to repaint.  Text is raw as logged: clean it at the edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Literal

from mxtop.mail.answer import Answer
from mxtop.mail.connection import Connection
from mxtop.mail.family import FAMILY_KEYS, FamilyKey
from mxtop.mail.finding import Finding
from mxtop.mail.settings import Route, Settings
from mxtop.mail.sockets import SocketRow
from mxtop.mail.value import named, value

State = Literal["ok", "slow", "failing", "stuck", "few"]
"""`few`: fewer outcomes than the minimum sample, so no judgement."""


@value
class FamilyCounts:
    """Counts of one family as interface `families` has them; delays in seconds over sent lines."""

    connections: int = 0
    reused: int = 0
    failed_connects: int = 0
    sent: int = 0
    deferred: int = 0
    bounced: int = 0
    delay_p50: float | None = None
    delay_p95: float | None = None


@value
class Families:
    ipv4: FamilyCounts = FamilyCounts()
    ipv6: FamilyCounts = FamilyCounts()
    unix: FamilyCounts = FamilyCounts()
    none: FamilyCounts = FamilyCounts()

    def items(self) -> Iterator[tuple[FamilyKey, FamilyCounts]]:
        for key in FAMILY_KEYS:
            yield key, getattr(self, key)


@value
class Failure:
    """One of a destination's last errors: the exact reply or error, and the address that gave it."""

    time: str
    status: str  # "deferred", "bounced", "connect_failed", "attempt_failed"
    host: str | None
    address: str | None
    text: str


@value
class Live:
    """A destination's connections at this moment."""

    ipv4: int = 0
    ipv6: int = 0
    hanging_ipv4: int = 0  # SYN_SENT
    hanging_ipv6: int = 0


@named
class Destination:
    """One row of the destinations panel: a recipient domain, lower case."""

    destination: str
    sent: int = 0
    deferred: int = 0
    bounced: int = 0
    families: Families = Families()
    first_tries: int = 0  # delivery requests that tried a new connection over IPv4 or IPv6
    first_tries_ipv6: int = 0  # and tried IPv6 first
    stage_seconds: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    last_reply: str | None = None
    last_time: str | None = None
    state: State = "few"
    outcomes: str = ""  # the last fifty, oldest first: "s"ent, "d"eferred, "b"ounced
    failures: tuple[Failure, ...] = ()  # the last ten, oldest first
    sent_rate: float = 0.0  # lines/s over the last minute
    deferred_rate: float = 0.0
    delay: float | None = None  # median c + d of the recent attempts, seconds
    live: Live = Live()

    @property
    def first_try_ipv6_share(self) -> float | None:
        return self.first_tries_ipv6 / self.first_tries if self.first_tries else None


@named
class Totals:
    """Whole-log counts: interface `report` without its tables."""

    lines: int = 0
    foreign: int = 0
    unparsed: int = 0
    queued: int = 0
    removed: int = 0
    in_flight: int = 0
    deliveries: Mapping[str, int] = field(default_factory=dict)
    families: Families = Families()
    first: str | None = None
    last: str | None = None
    other_instances: int = 0  # lines of another syslog_name, not counted as this instance's
    dropped: Mapping[str, int] = field(default_factory=dict)  # table -> rows given up at the memory cap


@named
class Feed:
    """How one feed does: the screen shows this instead of failing.

    `since` is wall-clock seconds; `remedy` the exact command or step that would help.
    """

    name: str  # "log", "sockets", "queue", "settings", "dns"
    state: Literal["starting", "history", "live", "stale", "down", "ended"]
    detail: str = ""
    remedy: str = ""
    since: float | None = None
    progress: float | None = None  # 0 to 1 while history is read


@value
class QueueCounts:
    """Messages by queue; None where Postfix would not say.

    `trying`: recipient domains, lower case, of active messages; a sample of them where there are many.
    """

    active: int | None = None
    deferred: int | None = None
    incoming: int | None = None
    hold: int | None = None
    maildrop: int | None = None
    trying: tuple[str, ...] = ()


@value
class Shares:
    """Expected share of first tries over IPv6, 0 to 1; None where nothing can be tried or told."""

    now: float | None = None
    any: float | None = None
    ipv4: float | None = None
    ipv6: float | None = None


@value
class Candidate:
    """One address in an order that Postfix may try."""

    preference: int
    host: str
    address: str
    family: Literal["ipv4", "ipv6"]


@named
class Prediction:
    """What Postfix will do with one next hop: interface `dns` from `status` on."""

    status: str
    shares: Shares = Shares()
    why: str = ""
    order: tuple[Candidate, ...] = ()
    candidates: tuple[Candidate, ...] = ()  # every address considered, in lookup order, before limits
    warnings: tuple[str, ...] = ()


@named
class Outlook:
    """The MX panel of one destination: where, what DNS says, what Postfix will do."""

    destination: str
    route: Route | None = None
    answers: tuple[Answer, ...] = ()  # one for each next hop
    prediction: Prediction | None = None
    fetched: float | None = None
    pending: bool = False
    error: str = ""


CHUNK = 512


@value
class LogTail:
    """The last raw log lines: full chunks of CHUNK lines and a partial last one.

    `first` is the number of the first line still held; numbers only grow.
    """

    chunks: tuple[tuple[str, ...], ...] = ()
    first: int = 0

    def __len__(self) -> int:
        return (len(self.chunks) - 1) * CHUNK + len(self.chunks[-1]) if self.chunks else 0

    @property
    def end(self) -> int:
        """The number after the last line."""
        return self.first + len(self)

    def __getitem__(self, number: int) -> str:
        """The line of that number; IndexError where it is not held (any more)."""
        offset = number - self.first
        if not 0 <= offset < len(self):
            raise IndexError(number)
        return self.chunks[offset // CHUNK][offset % CHUNK]

    def extended(self, lines: list[str], cap: int = 50_000) -> LogTail:
        """This tail with more lines; the oldest chunks go where `cap` is passed."""
        if not lines:
            return self
        chunks = list(self.chunks)
        rest = lines
        if chunks and len(chunks[-1]) < CHUNK:
            room = CHUNK - len(chunks[-1])
            chunks[-1] = chunks[-1] + tuple(rest[:room])
            rest = rest[room:]
        chunks.extend(tuple(rest[i : i + CHUNK]) for i in range(0, len(rest), CHUNK))
        surplus = max(0, len(chunks) - -(-cap // CHUNK))
        return LogTail(tuple(chunks[surplus:]), self.first + surplus * CHUNK)


@named
class Snapshot:
    """One host at one moment.  `time` is wall-clock seconds; rates are per second."""

    host: str = ""
    mode: Literal["live", "demo", "files", "replay"] = "live"
    time: float = 0.0
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    totals: Totals = Totals()
    sent_rate: float = 0.0
    deferred_rate: float = 0.0
    bounced_rate: float = 0.0
    history: tuple[float, ...] = ()  # sent per second, oldest first, one value a tick
    destinations: tuple[Destination, ...] = ()
    sockets: tuple[SocketRow, ...] = ()
    queue: QueueCounts | None = None
    settings: Settings | None = None
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    log: LogTail = LogTail()
    findings: tuple[Finding, ...] = ()  # what is wrong here, the worst first
    connection: Connection | None = None  # None: none to keep, as for this machine or a file
