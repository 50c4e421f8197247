"""Samples joined into snapshots: rows that stay the same objects, live connections, settings, swaps."""

from __future__ import annotations

from mxtop.mail.answer import Address, Answer, MxHost
from mxtop.mail.batch import Batch
from mxtop.mail.connection import Connection
from mxtop.mail.sample import Resolved, SocketSample
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.mail.snapshot import Destination, Feed, Live, QueueCounts, Snapshot
from mxtop.mail.sockets import SocketRow
from mxtop.mail.tracker import Tracker
from mxtop.session.core import Core

NOW = 1795458696.0


def lines(domain: str, count: int = 1, address: str = "2001:db8::1") -> Batch:
    line = (
        "2026-11-23T18:31:36+00:00 mx1 postfix/smtp[7]: 4A5B6C7D{}: to=<u@{}>, relay=mx.{}[{}]:25, delay=1, "
        "delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 ok)\n"
    )
    text = "".join(line.format(n, domain, domain, address) for n in range(count))
    return Batch(text=text, origin="mail.log", reference=NOW)


def socket(
    destination: str | None, state: str = "ESTABLISHED", peer: str = "2001:db8::1", **more: object
) -> SocketRow:
    row = {
        "direction": "out",
        "family": "ipv6" if ":" in peer else "ipv4",
        "state": state,
        "local_address": "2001:db8::25",
        "local_port": 40000,
        "peer_address": peer,
        "peer_port": 25,
        "destination": destination,
        **more,
    }
    return SocketRow(**row)  # type: ignore[arg-type]


def names(snapshot: Snapshot) -> list[str]:
    return [row.destination for row in snapshot.destinations]


def test_rows_that_did_not_change_are_the_same_objects() -> None:
    core = Core("mx1")
    core.take(lines("a.example"), NOW)
    core.take(lines("b.example"), NOW)
    core.take(SocketSample((socket("a.example"),)), NOW)
    first = core.tick(NOW + 3600)
    again = core.tick(NOW + 3601)
    assert again.destinations is first.destinations
    core.take(lines("b.example"), NOW)
    changed = core.tick(NOW + 3602)
    assert changed.destinations[0] is first.destinations[0]
    assert changed.destinations[1].sent == 2


def test_nobody_s_rows_change_with_what_is_logged_and_not_with_time() -> None:
    core = Core("mx1")
    for domain in ("a.example", "b.example"):
        core.take(lines(domain), NOW)
    rated = core.tick(NOW).destinations
    assert rated[0].sent_rate > 0
    core.attended = False
    assert core.tick(NOW + 30).destinations is rated
    core.take(lines("b.example", 6), NOW)
    unseen = core.tick(NOW + 31)
    assert unseen.destinations[0] is rated[0]
    assert unseen.destinations[1].sent == 7
    assert unseen.sent_rate == core.tracker.rates(NOW + 31)[0] > 0
    core.attended = True
    first, second = core.tick(NOW + 32).destinations
    assert second.sent_rate == 7 * first.sent_rate > rated[1].sent_rate


def test_live_connections_join_their_destination_and_leave_it() -> None:
    core = Core("mx1")
    core.take(lines("a.example"), NOW)
    rows = (
        socket("a.example"),
        socket("a.example", "SYN_SENT"),
        socket("a.example", "SYN_SENT", peer="192.0.2.1"),
        socket("a.example", "TIME_WAIT"),
        socket("a.example", filter_hop=True),
        socket("a.example", direction="in"),
    )
    core.take(SocketSample(rows, "two are not known"), NOW)
    snapshot = core.tick(NOW)
    assert snapshot.destinations[0].live == Live(ipv4=0, ipv6=1, hanging_ipv4=1, hanging_ipv6=1)
    assert snapshot.feeds["sockets"] == Feed(
        name="sockets", state="live", detail="two are not known", since=NOW
    )
    core.take(SocketSample(()), NOW)
    assert core.tick(NOW).destinations[0].live == Live()


def test_what_has_connections_and_no_line_of_log_is_a_row_until_it_has_one() -> None:
    core = Core("mx1")
    core.take(lines("a.example"), NOW)
    core.take(SocketSample((socket("new.example", "SYN_SENT"),)), NOW)
    first, again = core.tick(NOW), core.tick(NOW)
    assert names(first) == ["a.example", "new.example"]
    assert first.destinations[1].live == Live(hanging_ipv6=1)
    assert first.destinations[1].state == Destination(destination="").state
    core.take(lines("b.example"), NOW)
    third = core.tick(NOW)
    assert names(third) == ["a.example", "b.example", "new.example"]
    assert third.destinations[2] is again.destinations[1] is first.destinations[1]
    core.take(lines("new.example"), NOW)
    fourth = core.tick(NOW)
    assert names(fourth) == ["a.example", "b.example", "new.example"]
    assert (fourth.destinations[2].sent, fourth.destinations[2].live) == (1, Live(hanging_ipv6=1))
    core.take(SocketSample(()), NOW)
    assert core.tick(NOW).destinations[2].live == Live()


def resolved(name: str, *addresses: str) -> Resolved:
    found = tuple(Address(a, "ipv6" if ":" in a else "ipv4", 300) for a in addresses)
    host = MxHost(preference=10, host=f"mx.{name}", ipv4="ok", ipv6="ok", addresses=found)
    answer = Answer(name=name, mx_status="ok", hosts=(host,), fetched=NOW)
    return Resolved(name, Route(destination=name, transport="smtp", next_hops=(name,)), (answer,))


def test_a_peer_is_known_from_the_log_then_the_queue_then_dns() -> None:
    core = Core("mx1")
    for name in ("queued.example", "other.example"):
        core.take(resolved(name, "192.0.2.1", "192.0.2.2"), NOW)
    assert core.addresses()["192.0.2.1"] == "other.example"
    core.take(QueueCounts(active=1, trying=("queued.example",)), NOW)
    assert core.addresses()["192.0.2.1"] == "queued.example"
    core.take(lines("logged.example", address="192.0.2.1"), NOW)
    assert core.addresses() == {"192.0.2.1": "logged.example", "192.0.2.2": "queued.example"}


def test_what_is_tried_and_unlogged_is_wanted_first() -> None:
    core = Core("mx1")
    for name, count in (("a.example", 1), ("b.example", 3), ("c.example", 2)):
        core.take(lines(name, count), NOW)
    core.take(QueueCounts(active=2, trying=("b.example", "new.example")), NOW)
    assert core.wanted(3) == ["new.example", "b.example", "c.example"]


def test_settings_that_change_are_predicted_with_again() -> None:
    core = Core("mx1")
    core.take(resolved("a.example", "192.0.2.1", "2001:db8::1"), NOW)
    assert core.tick(NOW).outlooks["a.example"].pending
    for preference, share in (("any", 0.5), ("ipv4", 0.0), ("ipv6", 1.0)):
        smtp = Transport(smtp_address_preference=preference)
        core.take(Settings(mail_version="3.7.11", transports={"smtp": smtp}), NOW)
        prediction = core.tick(NOW).outlooks["a.example"].prediction
        assert prediction is not None
        assert prediction.shares.now == share


def test_a_swap_keeps_the_log_and_shows_the_whole() -> None:
    core = Core("mx1")
    core.take(lines("a.example", 2), NOW)
    before = core.tick(NOW)
    whole = Tracker()
    older = Core("mx1", tracker=whole)
    older.take(lines("a.example", 5), NOW)
    core.swap(whole)
    after = core.tick(NOW + 1)
    assert after.destinations[0].sent == 5
    assert after.log is before.log
    assert max(after.history, default=0) == 0  # no rate out of a jump
    core.begin(Tracker())
    assert (names(core.tick(NOW)), len(core.tick(NOW).log)) == ([], 0)


def test_feeds_come_in_one_order_and_a_gap_is_said() -> None:
    core = Core("mx1")
    for name in ("dns", "settings", "log", "queue"):
        core.take(Feed(name=name, state="live"), NOW)
    core.take(SocketSample(()), NOW)
    core.take(Batch(text="x\n", gap="truncated"), NOW)
    snapshot = core.tick(NOW)
    assert list(snapshot.feeds) == ["log", "settings", "sockets", "queue", "dns"]
    assert snapshot.feeds["log"].detail == "lines may be missing: truncated"


def test_what_a_silent_host_last_said_is_not_counted_down() -> None:
    core = Core("mx1")
    core.connection = Connection(state="live", since=NOW)
    core.take(lines("a.example", 6), NOW)
    live = core.tick(NOW + 1)
    assert live.sent_rate > 0
    core.connection = Connection(state="down", since=NOW + 2, heard=NOW + 1)
    lost = core.tick(NOW + 600)
    assert (lost.sent_rate, lost.destinations, lost.history) == (
        live.sent_rate, live.destinations, live.history,
    )  # fmt: skip
    core.connection = None
    assert core.tick(NOW + 600).sent_rate == 0
