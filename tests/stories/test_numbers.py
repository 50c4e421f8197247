"""Every number on the screen equals the report's, the session's and a separate count of the log."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.lab import Lab
from tests.stories.count import NAMES, Count, count
from tests.stories.terminal import BIN, Terminal

from mxtop.mail.snapshot import Families, Snapshot
from mxtop.session.local import LocalSession

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def counted(quiet_lab: Lab) -> Count:
    return count(quiet_lab.lines())


@pytest.fixture(scope="module")
def report(quiet_lab: Lab) -> Any:
    done = quiet_lab.run([str(BIN / "mxtop"), "report", "--json"])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def snapshot_of(lab: Lab, ready: Callable[[Snapshot], bool]) -> Snapshot:
    """What the session publishes as soon as it is `ready`."""
    session = LocalSession(config_directory=str(lab.config_directory), interval=0.1)
    found: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    def publish(snapshot: Snapshot) -> None:
        if ready(snapshot) and not found.done():
            found.set_result(snapshot)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        life = group.create_task(session.run(publish))
        snapshot = await found
        life.cancel()
    return snapshot


def test_the_report_equals_the_count(report: Any, counted: Count) -> None:
    assert report["lines"] == counted.lines
    assert (report["foreign"], report["unparsed"]) == (0, 0)
    assert report["messages"]["queued"] == len(counted.queued)
    assert report["messages"]["removed"] == counted.removed
    assert report["messages"]["in_flight"] == len(counted.queued) - counted.removed
    assert report["deliveries"] == dict(counted.whole.statuses)
    assert numbers(report["families"]) == counted.whole.table()
    assert [row["destination"] for row in report["destinations"]] != []
    assert {row["destination"] for row in report["destinations"]} == set(counted.destinations)
    for row in report["destinations"]:
        mine = counted.destinations[row["destination"]]
        assert numbers(row["families"]) == mine.table(), row["destination"]
        firsts = mine.first_tries
        share = firsts.count("ipv6") / len(firsts) if firsts else None
        assert row["first_try_ipv6_share"] == pytest.approx(share), row["destination"]


async def test_the_session_equals_the_report(quiet_lab: Lab, report: Any) -> None:
    lines = report["lines"]
    snapshot = await snapshot_of(quiet_lab, lambda found: found.totals.lines == lines)
    totals = snapshot.totals
    assert (totals.queued, totals.removed, totals.in_flight) == tuple(report["messages"].values())
    assert dict(totals.deliveries) == report["deliveries"]
    assert whole(totals.families) == report["families"]
    rows = {row["destination"]: row for row in report["destinations"]}
    assert len(snapshot.destinations) == len(rows)
    for shown in snapshot.destinations:
        row = rows[shown.destination]
        assert whole(shown.families) == row["families"]
        assert list(shown.stage_seconds) == row["stage_seconds"]
        for name in ("sent", "deferred", "bounced", "first_try_ipv6_share", "last_reply", "last_time"):
            assert getattr(shown, name) == row[name], (shown.destination, name)


def test_the_summary_and_every_destinations_page_equal_the_report(
    quiet_lab: Lab, size: tuple[int, int], report: Any
) -> None:
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        assert_summary_and_pages_equal(screen, report)


def test_every_column_of_the_table_equals_the_report(quiet_lab: Lab, report: Any) -> None:
    with Terminal(quiet_lab, ["mxtop"], 160, 40) as screen:
        assert_columns_equal(screen, report)


def assert_summary_and_pages_equal(screen: Terminal, report: Any) -> None:
    screen.wait("predicted", 60)
    screen.keys("1", "z")
    screen.wait("messages queued")
    told = {words: int(number.replace(",", "")) for words, number in TOLD.findall(screen.text())}
    assert told.pop("lines") == report["lines"]
    assert told.pop("messages queued") == report["messages"]["queued"]
    assert told.pop("removed") == report["messages"]["removed"]
    assert told.pop("in flight") == report["messages"]["in_flight"]
    for status, number in report["deliveries"].items():
        assert told.pop(f"deliveries {status}") == number
    assert set(told.values()) == {0}
    screen.keys("z", "2")
    screen.wait("Destinations · by")

    for row in report["destinations"]:
        name = row["destination"]
        screen.select(name)
        screen.keys("Enter")
        screen.wait(rf"Destination · {re.escape(name)} ")
        page = screen.words()
        assert f"sent {row['sent']} deferred {row['deferred']} bounced {row['bounced']} " in page
        for family, label in (("ipv4", "v4"), ("ipv6", "v6"), ("none", "none")):
            found = re.search(rf"^│ {label}((?: +\d+){{6}}) ", screen.text(), re.M)
            expected = [row["families"][family][name] for name in NAMES]
            shown = [int(word) for word in found[1].split()] if found else [0] * 6
            assert shown == expected, (name, family)
        screen.keys("Escape")
        screen.wait("Destinations · by")


def assert_columns_equal(screen: Terminal, report: Any) -> None:
    screen.wait("predicted", 60)
    screen.keys("2", "z")
    rows = screen.wait_for(wide, "wide table")
    shown = {name: tuple(int(word) for word in words) for name, *words in rows}
    assert shown == {
        row["destination"]: (row["deferred"], row["sent"], row["bounced"]) for row in report["destinations"]
    }


TOLD = re.compile(r"^ ([a-z ]+?) {2,}([\d,]+) *$", re.M)
ROW = re.compile(
    r"^│.\S \w+ +(\S+) +\S+ +(?:\S+6 +)?\d+/\d+ +\d+ +(\d+) +[\d.–]+\w* +[\d.]+ +[\d.]+ +(\d+) +(\d+) ", re.M
)


def wide(text: str) -> list[tuple[str, ...]]:
    """The rows of the zoomed table, once no name is cut any more."""
    rows: list[tuple[str, ...]] = ROW.findall(text) if "Last reply " in text else []
    return rows if not any(name.endswith("…") for name, *_ in rows) else []


def numbers(families: dict[str, dict[str, Any]]) -> dict[str, dict[str, int]]:
    """The families of a report without the delays."""
    return {family: {name: counts[name] for name in NAMES} for family, counts in families.items()}


def whole(families: Families) -> dict[str, dict[str, Any]]:
    """The families of a snapshot as a report has them."""
    return {
        family: {name: getattr(counts, name) for name in (*NAMES, "delay_p50", "delay_p95")}
        for family, counts in families.items()
    }
