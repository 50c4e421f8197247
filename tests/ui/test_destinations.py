# ruff: noqa: E501  (literals as they come)
"""The list of destinations: its columns, its order, and what it says where there is nothing to list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ui.fake import NOW, SNAPSHOT, destination
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.mail.connection import Connection
from mxtop.mail.snapshot import Destination, Feed, Live, Snapshot, Totals
from mxtop.ui.panels.destinations import columns, nothing
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line
from mxtop.ui.widgets.table import Column
from mxtop.ui.words import parse_filter


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def log(state: str, **more: object) -> dict[str, Feed]:
    return {"log": Feed(name="log", state=state, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("snapshot", "shown"),
    [
        (replace(SNAPSHOT, feeds=log("down", detail="denied", remedy="usermod -aG adm alice")), "usermod -aG adm alice"),
        (replace(SNAPSHOT, feeds=log("starting")), "Reading the log"),
        (replace(SNAPSHOT, totals=Totals()), "The log is empty so far."),
        (SNAPSHOT, "No outgoing delivery in 1,234,567 lines of log."),
    ],
)  # fmt: skip
def test_empty_destinations_teach(snapshot: Snapshot, shown: str) -> None:
    assert shown in plain(nothing(View(snapshot=replace(snapshot, destinations=())), parse_filter(""), 80))


def rows(*names: str, **fields: object) -> tuple[Destination, ...]:
    return tuple(destination(name, **fields) for name in names)


def column(id: str, *, live: bool = True) -> Column[Destination]:
    return next(one for one in columns(lambda: live) if one.id == id)


def test_an_unknown_is_a_dash_and_never_zero() -> None:
    row = destination("a.example", live=Live(0, 0, 0, 0))
    assert (column("live").text(row), column("hanging").text(row)) == ("0/0", "0")
    for id in ("live", "hanging"):
        assert column(id, live=False).text(row) == "–", "nobody looked at the sockets"
    assert column("reply").text(row) == "–"
    assert column("families").sort is not None and column("families").sort(row) is None


def test_connections_now_and_those_that_hang() -> None:
    busy = destination("a.example", live=Live(1, 4, 2, 5))
    assert column("hanging").text(busy) == "7" and column("live").text(busy) == "1/4"


def test_equal_deferred_ones_are_by_their_state_then_by_their_traffic() -> None:
    made = [
        destination("big.example", state="ok", sent=900),
        destination("small.example", state="ok", sent=9),
        destination("ill.example", state="stuck", bounced=1),
        destination("waits.example", state="ok", deferred=1),
    ]
    key = column("deferred").sort
    assert key is not None
    names = [row.destination for row in sorted(made, key=key, reverse=True)]  # type: ignore[arg-type]
    assert names == ["waits.example", "ill.example", "big.example", "small.example"]


@pytest.mark.parametrize(
    "payload", ["".join(PAYLOADS), "漢字" * 200, "x" * 100_000], ids=["hostile", "wide", "huge"]
)
def test_names_and_replies_are_safe_and_short(payload: str) -> None:
    row = destination(payload, last_reply=payload)
    for id in ("destination", "reply"):
        text = column(id).text(row)
        assert not hostile_characters(text) and len(text) < 2000


def test_each_column_has_its_own_name_and_words() -> None:
    made = columns(lambda: True)
    assert len({one.id for one in made}) == len(made)
    assert len({one.help or one.label for one in made if one.sort is not None}) == len(
        [o for o in made if o.sort]
    )
    frozen = [one.frozen for one in made]
    assert frozen == sorted(frozen, reverse=True), "those that stay come first"


async def test_while_history_is_read_the_cursor_stays_on_the_first_until_somebody_moves_it() -> None:
    early = replace(SNAPSHOT, feeds=log("history"), destinations=rows("a.example", deferred=1))
    async with running(early) as (app, pilot):
        app.publish(replace(early, destinations=(*early.destinations, destination("b.example", deferred=9))))
        await settle(pilot)
        assert app.selected == "b.example"
        app.publish(replace(SNAPSHOT, destinations=rows("b.example", "c.example", deferred=9)))
        await settle(pilot)
        live = replace(
            SNAPSHOT, destinations=(*rows("b.example", deferred=9), destination("d.example", deferred=99))
        )
        app.publish(live)
        await settle(pilot)
        assert app.selected == "b.example", "live, it follows the row"


async def test_sockets_that_are_seen_for_the_first_time_are_shown_in_rows_that_did_not_change() -> None:
    blind = replace(SNAPSHOT, feeds={"log": SNAPSHOT.feeds["log"]})
    async with running(blind) as (app, pilot):
        assert "0/3" not in screen_text(app)
        app.publish(SNAPSHOT)
        await settle(pilot)
        assert "0/3" in screen_text(app)


@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
async def test_a_table_of_wide_and_hostile_names_stays_within_its_frame(size: tuple[int, int]) -> None:
    ill = replace(SNAPSHOT, destinations=rows("".join(PAYLOADS), "漢字" * 60, "e\u0301" * 90, deferred=1))
    async with running(ill, size=size) as (app, _):
        text = screen_text(app)
        assert not hostile_characters(text)
        assert all(cell_len(line) <= size[0] for line in text.splitlines())


def test_a_filter_that_hides_all_says_how_to_clear_it_and_is_only_text() -> None:
    view = View(snapshot=SNAPSHOT)
    said = plain(nothing(view, parse_filter("".join(PAYLOADS)), 40))
    assert "esc clears the filter" in said and not hostile_characters(said)


def test_a_host_that_is_away_says_so_before_anything_about_its_log() -> None:
    link = Connection(state="down", since=NOW, title="mx1: Connection refused", remedy="try ssh")
    view = View(snapshot=Snapshot(host="mx1", time=NOW, connection=link, feeds=log("down", detail="no log")))
    said = plain(nothing(view, parse_filter(""), 60))
    assert "Connection refused" in said and "no log" not in said
