"""Everything about one destination: what it begins with, and that it follows the session."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import DESTINATIONS, NOW, SNAPSHOT, FakeSession, destination
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.mail.snapshot import Destination, Failure, Families, FamilyCounts, Snapshot
from mxtop.ui.screens.details import Details, families
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, width_of


def words(lines: list[Line]) -> str:
    return " ".join("".join(text for text, _ in line) for line in lines)


def later(**fields: object) -> Snapshot:
    return replace(SNAPSHOT, time=NOW + 1, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [30, 74, 96])
def test_details_begin_with_all_numbers_of_the_destination(width: int) -> None:
    row = next(row for row in DESTINATIONS if row.sent > 999 and row.delay is not None)
    lines = Details(row.destination, View(snapshot=SNAPSHOT)).lines(width)
    end = next(n for n, line in enumerate(lines) if "last outcomes" in words([line]))
    head = lines[:end]
    assert max(width_of(line) for line in head) <= width
    for part in (
        f"sent {row.sent:,}",
        f"deferred {row.deferred:,}",
        f"bounced {row.bounced:,}",
        "/s",
        "delay ",
    ):
        assert part in words(head)


async def test_details_follow_the_session() -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Details) and app.screen.destination == "outlook.example"
        rows = tuple(
            replace(d, sent=777_777) if d.destination == "outlook.example" else d for d in DESTINATIONS
        )
        app.publish(later(destinations=rows))
        await settle(pilot)
        assert "777,777" in screen_text(app)
        app.publish(later(destinations=()))
        await settle(pilot)
        assert "No longer among" in screen_text(app)


def details(row: Destination, width: int = 74, **fields: object) -> list[Line]:
    snapshot = replace(SNAPSHOT, destinations=(row,), **fields)  # type: ignore[arg-type]
    return Details(row.destination, View(snapshot=snapshot)).lines(width)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def test_of_a_destination_without_any_history_nothing_is_made_up() -> None:
    said = text(details(Destination(destination="new.example")))
    assert "last outcomes  –" in said and "Last errors (0, newest first)\nnone" in said
    assert "delay –" in said and "Findings" not in said


def test_errors_are_the_newest_first_with_where_and_what() -> None:
    failures = tuple(
        Failure(f"2026-09-21T14:13:0{n}+02:00", "deferred", "", "", f"reply {n}") for n in range(3)
    )
    said = text(details(destination("a.example", failures=failures)))
    assert [said.index(f"reply {n}") for n in range(3)] == sorted(
        (said.index(f"reply {n}") for n in range(3)), reverse=True
    )
    assert "14:13:02 deferred –" in said, "a host that is not known is a dash"


def test_families_that_had_no_traffic_are_left_out_but_the_two_that_matter() -> None:
    said = text(families(Families()))
    assert "\nv4 " in said and "\nv6 " in said and "unix" not in said and "none" not in said
    assert "unix" in text(families(Families(unix=FamilyCounts(sent=1))))


@pytest.mark.parametrize(
    "payload", ["".join(PAYLOADS), "漢字" * 500, "x" * 50_000], ids=["hostile", "wide", "huge"]
)
def test_words_of_strangers_stay_within_bounds(payload: str) -> None:
    row = destination(
        payload, last_reply=payload, failures=(Failure(payload, payload, payload, payload, payload),)
    )
    for width in (20, 34, 100):
        lines = details(row, width)
        assert not hostile_characters(text(lines)) and len(lines) < 1200


@pytest.mark.parametrize("size", [(40, 10), (10, 3)])
async def test_in_a_small_terminal_it_scrolls_and_closes(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, Details)
        await pilot.press("G", "pageup", "g", "right", "left", "escape")
        await settle(pilot)
        assert app.screen is app.main


async def test_it_stays_with_its_destination_when_the_cursor_below_moves() -> None:
    async with running() as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        app.select("web.example")
        await settle(pilot)
        assert "Destination · gmail.example" in screen_text(app)
        assert "198.51.100.27" in app.screen.plain()  # type: ignore[attr-defined]
