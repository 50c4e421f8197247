"""Reader: a moving clock decides years without restarting what is known of messages."""

from __future__ import annotations

from datetime import datetime

from mxtop.mail.batch import Batch
from mxtop.mail.tracker import Tracker
from mxtop.session.reader import Reader

LINE = (
    "{} mx1 postfix/smtp[7]: 4A5B6C7D8E: to=<u@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, "
    "delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 ok)\n"
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_the_year_follows_the_reference_of_the_batch() -> None:
    reader = Reader(Tracker())
    reader.feed(Batch(text=LINE.format("Dec 31 23:59:59"), reference=at("2025-12-31T23:59:59")))
    assert reader.tracker.last == "2025-12-31T23:59:59"
    reader.feed(Batch(text=LINE.format("Jan  1 00:00:01"), reference=at("2026-01-01T00:00:01")))
    assert reader.tracker.last == "2026-01-01T00:00:01"
    reader.feed(Batch(text=LINE.format("Mar  1 12:00:00"), reference=at("2026-03-01T12:00:00")))
    assert reader.tracker.last == "2026-03-01T12:00:00"


def test_one_session_goes_on_from_batch_to_batch() -> None:
    """Three recipients of one message over one connection, cut into three batches, hours apart or not."""
    for step in (0.0, 7200.0):
        reader = Reader(Tracker())
        for n in range(3):
            reader.feed(
                Batch(text=LINE.format("Mar  1 12:00:00"), reference=at("2026-03-01T12:00:00") + n * step)
            )
        totals = reader.tracker.totals().families.ipv4
        assert (totals.connections, totals.sent) == (1, 3)
