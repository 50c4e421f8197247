# ruff: noqa: E501  (log lines and literals as they come)
"""A fake session with a rich Snapshot literal: a mail host with every state the screen can show.

`python -m tests.ui.fake` opens the screen on it, for people and for tmux.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from mxtop.mail.answer import Address, Answer, MxHost, Viewpoint
from mxtop.mail.connection import OfferedKey
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.mail.snapshot import (
    Destination,
    Failure,
    Families,
    FamilyCounts,
    Feed,
    Live,
    LogTail,
    Outlook,
    Prediction,
    QueueCounts,
    Shares,
    Snapshot,
    Totals,
)
from mxtop.mail.sockets import SocketRow
from mxtop.session.asking import Asking
from mxtop.session.fixing import Fixing

NOW = 1_790_000_000.0


def destination(name: str, **fields: object) -> Destination:
    return replace(Destination(destination=name), **fields)  # type: ignore[arg-type]


def families(v4: int, v6: int, **more: int) -> Families:
    return Families(
        ipv4=FamilyCounts(connections=v4, sent=v4, delay_p50=0.4, delay_p95=1.2),
        ipv6=FamilyCounts(
            connections=v6, sent=v6 - more.get("failed", 0), failed_connects=more.get("failed", 0)
        ),
    )


DESTINATIONS = (
    destination(
        "gmail.example", state="stuck", sent=812, deferred=341, bounced=3,
        families=families(120, 310, failed=96), first_tries=350, first_tries_ipv6=252,
        stage_seconds=(0.02, 0.4, 31.2, 0.8), outcomes="s" * 20 + "dddsdddsddbdddddddddddddddddd",
        last_reply="421-4.7.28 Our system has detected an unusual rate of unsolicited mail from 2001:db8::25",
        last_time="2026-09-21T14:13:18+02:00", sent_rate=0.2, deferred_rate=4.2, delay=186.0,
        live=Live(0, 3, 0, 9),
        failures=(
            Failure("2026-09-21T14:12:58+02:00", "connect_failed", "mx1.gmail.example", "2001:db8:4025::1b",
                    "Connection timed out"),
            Failure("2026-09-21T14:13:18+02:00", "deferred", "mx1.gmail.example", "2001:db8:4025::1b",
                    "host mx1.gmail.example[2001:db8:4025::1b] said: 421-4.7.28 Our system has detected an unusual "
                    "rate of unsolicited mail originating from your IP address (in reply to end of DATA command)"),
        ),
    ),
    destination("outlook.example", state="slow", sent=2140, deferred=57, families=families(410, 0),
                first_tries=410, sent_rate=11.0, deferred_rate=0.4, delay=42.0, live=Live(8, 0, 0, 0),
                last_reply="451 4.7.500 Server busy. Please try again later", outcomes="s" * 40 + "d" * 10),
    destination("v6only.example", state="failing", sent=4, deferred=19, bounced=7, families=families(0, 30),
                first_tries=31, first_tries_ipv6=31, delay=5.5, live=Live(0, 1, 0, 0),
                last_reply="550 5.7.1 [2001:db8::25] Our system requires a PTR record", outcomes="sbdbdb" * 4),
    destination("web.example", state="ok", sent=14123, families=families(1400, 1388),
                first_tries=2780, first_tries_ipv6=1390, sent_rate=1.4, delay=0.9, last_reply="250 2.0.0 OK queued as 4Bx1ABC0", outcomes="s" * 50),
    destination("a-rather-long-destination-name.example.org", state="ok", sent=31, families=families(3, 1),
                first_tries=4, first_tries_ipv6=1, sent_rate=0.1, delay=1.9, last_reply="250 ok", outcomes="s" * 31),
    destination("new.example", sent=1, families=families(1, 0), last_reply="250 2.0.0 ok", outcomes="s"),
)  # fmt: skip


def socket(state: str, peer: str, **fields: object) -> SocketRow:
    v6 = ":" in peer
    row = SocketRow(
        direction="out", family="ipv6" if v6 else "ipv4", state=state,
        local_address="2001:db8::25" if v6 else "192.0.2.25", local_port=40_000, peer_address=peer, peer_port=25,
        daemon="smtp", service="smtp", pid=4711, destination="gmail.example", age=3.0,
    )  # fmt: skip
    return replace(row, **fields)  # type: ignore[arg-type]


SOCKETS = (
    socket("ESTABLISHED", "198.51.100.7", destination="outlook.example", local_port=40_001, age=0.4),
    socket("SYN_SENT", "2001:db8:4025::1b", age=27.0, local_port=40_002),
    socket("SYN_SENT", "2001:db8:4025::1b", age=12.0, local_port=40_003, pid=4712),
    socket("ESTABLISHED", "2001:db8:4025::2b", age=61.0, local_port=40_004, service="relay"),
    socket("ESTABLISHED", "127.0.0.1", peer_port=10_024, local_address="127.0.0.1", destination=None, filter_hop=True),
    socket("ESTABLISHED", "203.0.113.9", direction="in", daemon="smtpd", destination=None, local_port=25,
           peer_port=52_110, age=8.0),
    socket("TIME_WAIT", "198.51.100.8", daemon=None, service=None, pid=None, destination=None, age=None),
)  # fmt: skip

OUTLOOK = Outlook(
    destination="gmail.example",
    route=Route(destination="gmail.example", next_hops=("gmail.example",), source="recipient domain"),
    answers=(
        Answer(
            name="gmail.example", mx_status="ok", ttl=3600, viewpoint=Viewpoint("mx1", "192.0.2.53"),
            hosts=(
                MxHost(preference=5, host="mx1.gmail.example", ipv4="ok", ipv6="ok", addresses=(
                    Address("198.51.100.27", "ipv4", 300), Address("2001:db8:4025::1b", "ipv6", 300),
                    Address("2001:db8:4025::2b", "ipv6", 300))),
                MxHost(preference=10, host="alt1.gmail.example", ipv4="ok", ipv6="nodata", addresses=(
                    Address("198.51.100.153", "ipv4", 60),)),
                MxHost(preference=20, host="alt2.gmail.example", ipv4="ok", ipv6="servfail", cname="x.example",
                       addresses=(Address("203.0.113.77", "ipv4", 60),)),
            ),
        ),
    ),
    prediction=Prediction(
        status="ok", shares=Shares(now=2 / 3, any=2 / 3, ipv4=0.0, ipv6=1.0),
        why="Postfix picks at random among the 1 IPv4 and 2 IPv6 addresses of the best MX (5 mx1.gmail.example) "
            "(smtp_address_preference = any): 67 % of first tries go over IPv6.",
        warnings=("the AAAA lookup of alt2.gmail.example fails (servfail): Postfix goes on without it",),
    ),
)  # fmt: skip

LINES = [
    "Sep 21 14:13:05 mx1 postfix/qmgr[801]: 4B81ABC0D1: from=<news@example.org>, size=4203, nrcpt=1 (queue active)",
    "Sep 21 14:13:07 mx1 postfix/smtp[4711]: connect to mx1.gmail.example[2001:db8:4025::1b]:25: "
    "Connection timed out",
    "Sep 21 14:13:08 mx1 postfix/smtp[4711]: 4B81ABC0D1: to=<user0@gmail.example>, "
    "relay=mx1.gmail.example[2001:db8:4025::2b]:25, delay=31, delays=0.02/0/30/0.8, dsn=4.7.28, status=deferred "
    "(host mx1.gmail.example[2001:db8:4025::2b] said: 421-4.7.28 Our system has detected an unusual rate)",
    "Sep 21 14:13:09 mx1 opendkim[77]: 4B81ABC0D1: DKIM-Signature field added (s=mail, d=example.org)",
    "Sep 21 14:13:10 mx1 postfix/smtp[4713]: 5D2F912345: to=<jo@web.example>, relay=mx.web.example[198.51.100.7]:25, "
    "delay=0.9, delays=0.02/0/0.3/0.6, dsn=2.0.0, status=sent (250 2.0.0 OK queued as 4B81ABC0)",
    "Sep 21 14:13:11 mx1 postfix/smtp[4713]: warning: no MX host for v6only.example has a valid address record",
    "Sep 21 14:13:12 mx1 postfix/smtp[4714]: 6A2F912346: to=<x@v6only.example>, relay=mx.v6only.example"
    "[2001:db8:77::1]:25, delay=1, delays=0.1/0/0.2/0.7, dsn=5.7.1, status=bounced (host mx.v6only.example"
    "[2001:db8:77::1] said: 550 5.7.1 [2001:db8::25] Our system requires a PTR record (in reply to MAIL FROM))",
]

SETTINGS = Settings(mail_version="3.7.11", transports={"smtp": Transport()})

SNAPSHOT = Snapshot(
    host="mx1.example.net",
    time=NOW,
    feeds={
        "log": Feed(name="log", state="live", detail="/var/log/mail.log", since=NOW - 3600),
        "sockets": Feed(name="sockets", state="live", since=NOW),
        "settings": Feed(name="settings", state="live", since=NOW),
        "queue": Feed(name="queue", state="live", since=NOW),
    },
    totals=Totals(lines=1_234_567, foreign=1200, unparsed=3, queued=9000, removed=8500, in_flight=500,
                  deliveries={"sent": 17_111, "deferred": 417, "bounced": 10}),
    sent_rate=23.2, deferred_rate=4.1, bounced_rate=0.2,
    history=tuple(float(5 + (i * 7) % 23) for i in range(60)),
    destinations=DESTINATIONS,
    sockets=SOCKETS,
    queue=QueueCounts(active=29, deferred=443, incoming=0, hold=2, maildrop=0),
    settings=SETTINGS,
    outlooks={"gmail.example": OUTLOOK},
    log=LogTail().extended(LINES),
)  # fmt: skip


class FakeSession:
    """Publishes what it is told; remembers what it was asked."""

    host = "mx1.example.net"

    def __init__(self, *snapshots: Snapshot, every: float = 0.0) -> None:
        self.snapshots = list(snapshots)
        self.every = every
        self.selected: list[str | None] = []
        self.intervals: list[float] = []
        self.closed = False
        self.attended: bool | None = None
        self.error: BaseException | None = None
        self.fixing: Fixing | None = None
        self.asking: Asking | None = None
        self.retries = 0
        self.waits = False
        self.trusted: list[OfferedKey] = []

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        for snapshot in self.snapshots:
            publish(snapshot)
            await asyncio.sleep(self.every)
        if self.error is not None:
            raise self.error
        await asyncio.sleep(3600)

    def attend(self, attended: bool) -> None:
        self.attended = attended

    def select(self, destination: str | None) -> None:
        self.selected.append(destination)

    def set_interval(self, seconds: float) -> None:
        self.intervals.append(seconds)

    def unresolved(self) -> bool:
        return self.waits

    def retry(self) -> None:
        self.retries += 1

    async def trust(self, key: OfferedKey) -> None:
        self.trusted.append(key)

    async def notices(self) -> list[str]:
        return []

    async def close(self) -> None:
        self.closed = True


class LivelySession(FakeSession):
    """A tick a second: rates move, the log grows; `still` repeats the same snapshot."""

    def __init__(self, snapshot: Snapshot, *, still: bool = False) -> None:
        super().__init__(snapshot)
        self.still = still

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        snapshot = self.snapshots[0]
        tick = 0
        while True:
            publish(snapshot)
            await asyncio.sleep(1)
            tick += 1
            if self.still:
                continue
            rows = tuple(
                replace(row, sent=row.sent + tick % 3, sent_rate=row.sent_rate + 0.1)
                if i == tick % 6
                else row
                for i, row in enumerate(snapshot.destinations)
            )
            snapshot = replace(
                snapshot, time=time.time(), destinations=rows, log=snapshot.log.extended(LINES[: 1 + tick % 7]),
                history=(*snapshot.history[1:], float(tick % 17)),
            )  # fmt: skip


def main() -> int:
    from mxtop.ui.app import MxtopApp, run_app

    theme = sys.argv[sys.argv.index("--theme") + 1] if "--theme" in sys.argv else None
    return run_app(MxtopApp(LivelySession(SNAPSHOT, still="--still" in sys.argv), theme_name=theme))


if __name__ == "__main__":
    sys.exit(main())
