"""The report's document: every key, and every number as a second count has it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.mail.lines import LOGS, REFERENCE, VERSIONS, captured
from tests.mail.track import V4, V6, to, track
from tests.report.recount import recount

from mxtop.mail.parse import Parser
from mxtop.mail.tracker import Tracker
from mxtop.report.report import build, emit, run

FAMILY = {
    "connections", "reused", "failed_connects", "sent", "deferred", "bounced", "delay_p50", "delay_p95",
}  # fmt: skip
KEYS = {
    "host", "first", "last", "lines", "foreign", "unparsed", "messages", "deliveries", "families",
    "destinations", "reasons", "filters", "clients", "rejects",
}  # fmt: skip


def report(*files: str, **options: Any) -> dict[str, Any]:
    out = io.BytesIO()
    assert run(files, out, as_json=True, **options) == 0
    text = out.getvalue()
    assert text.count(b"\n") == 1 and text.endswith(b"\n")
    shown: dict[str, Any] = json.loads(text)
    return shown


@pytest.mark.parametrize(
    "log", [f"{version}{form}" for version in VERSIONS for form in (".log", ".long.iso.log")]
)
def test_captured_logs_as_a_second_count_has_them(log: str) -> None:
    document = report(str(LOGS / f"postfix-{log}.gz"))
    counted = recount(captured(log))
    assert document["lines"] == counted["lines"]
    assert document["deliveries"] == counted["deliveries"]
    assert document["messages"] == counted["messages"]
    assert document["families"] == counted["families"]
    sums = {
        row["destination"]: {k: row[k] for k in ("sent", "deferred", "bounced") if row[k]}
        for row in document["destinations"]
    }
    assert {name: row for name, row in sums.items() if row} == counted["destinations"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tracker_of_sums_alone_comes_to_the_same_report(version: str) -> None:
    parser, whole, sums = Parser(REFERENCE), Tracker(), Tracker(sums_only=True)
    for line in captured(f"{version}.long.iso.log"):
        event = parser.parse(line)
        whole.apply(event)
        sums.apply(event)
    assert build(sums) == build(whole)


def test_destinations_add_up_to_the_families() -> None:
    document = report(str(LOGS / "postfix-3.7.11.long.iso.log.gz"))
    for name, total in document["families"].items():
        for key in ("connections", "reused", "sent", "deferred", "bounced"):
            parts = sum(row["families"][name][key] for row in document["destinations"])
            assert parts <= total[key] and total[key] - parts <= 2, (name, key)


def test_every_key_is_there_even_of_an_empty_log(tmp_path: Path) -> None:
    empty = tmp_path / "mail.log"
    empty.touch()
    document = report(str(empty))
    assert document.keys() >= KEYS
    assert document["lines"] == 0 and document["host"] is document["first"] is document["last"] is None
    assert document["messages"] == {"queued": 0, "removed": 0, "in_flight": 0}
    assert document["families"].keys() == {"ipv4", "ipv6", "unix", "none"}
    assert all(row.keys() == FAMILY for row in document["families"].values())
    assert document["families"]["ipv6"]["delay_p50"] is None
    assert document["destinations"] == document["reasons"] == []


def test_a_destination_row() -> None:
    reason = "host mx.a.example[2001:db8::1] said: 450 4.2.0 <u@a.example>: later in 9 s"
    tracker = track(
        to("u@B.example", V4),
        to(
            "u@A.example",
            V6,
            queue_id="4BBBBB2222",
            status="deferred",
            delay="3",
            delays="1/1/0.5/0.5",
            reason=reason,
        ),
        to("u@a.example", V4, queue_id="4BBBBB2222", pid=8, delay="5", delays="2/1/1/1"),
    )
    document = build(tracker, "mail.example")
    assert document["host"] == "mail.example"
    row = document["destinations"][0]
    assert row.keys() == {
        "destination", "sent", "deferred", "bounced", "families", "first_try_ipv6_share", "stage_seconds",
        "last_reply", "last_time",
    }  # fmt: skip
    assert (row["destination"], row["sent"], row["deferred"], row["bounced"]) == ("a.example", 1, 1, 0)
    assert row["first_try_ipv6_share"] == 0.5
    assert row["stage_seconds"] == [2, 1, 0.75, 0.75]
    assert (row["last_reply"], row["last_time"]) == ("250 2.0.0 Ok", "2026-11-23T19:00:02.000000+00:00")
    assert row["families"]["ipv4"]["delay_p50"] == row["families"]["ipv4"]["delay_p95"] == 5
    assert row["families"]["ipv6"]["delay_p50"] is None
    assert document["reasons"] == [
        {
            "status": "deferred",
            "family": "ipv6",
            "text": "host mx.a.example[IPv6] said: 450 4.2.0 <…@…>: later in # s",
            "count": 1,
            "example_queue_id": "4BBBBB2222",
        }
    ]


def test_rows_come_by_traffic() -> None:
    tracker = track(
        *(to(f"u@{name}.example", V4, queue_id=f"4AAAA{n:05d}") for n, name in enumerate("acbcb")),
        *(to("u@c.example", V4, queue_id="4CCCCC3333", status="deferred", reason="two") for _ in range(2)),
        to("u@c.example", V4, queue_id="4DDDDD3333", status="deferred", reason="one"),
    )
    document = build(tracker)
    assert [row["destination"] for row in document["destinations"]] == ["c.example", "b.example", "a.example"]
    assert [(row["text"], row["count"]) for row in document["reasons"]] == [("two", 2), ("one", 1)]


def test_bytes_that_are_not_utf8_survive_as_json() -> None:
    out = io.BytesIO()
    emit(build(track(to("u\udcff@a.example", V4, reason="250 \udce9"))), out, as_json=True)
    assert json.loads(out.getvalue().decode())["destinations"][0]["last_reply"] == "250 \udce9"
    emit(build(track(to("u@\udcff.example", V4))), out, as_json=False)
    assert "\\xff" in out.getvalue().decode()
