"""What every panel is: a frame whose title states what is seen, and a text where there is nothing to see."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import NOW, SNAPSHOT
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.mail.connection import Connection


def title(text: str, number: int) -> str:
    return next(line for line in text.splitlines() if f"─ {number} " in line)


async def test_the_title_states_number_order_and_filter() -> None:
    async with running() as (app, pilot):
        assert "2 Destinations · by deferred ▼" in title(screen_text(app), 2)
        await pilot.press("r")
        await settle(pilot)
        assert "by deferred ▲" in title(screen_text(app), 2)
        await pilot.press("slash", *"gm", "enter")
        await settle(pilot)
        assert "by deferred ▲ · filter gm" in title(screen_text(app), 2)


async def test_a_filter_of_markup_is_only_words() -> None:
    async with running() as (app, pilot):
        await pilot.press("slash", *"[red]x", "enter")
        await settle(pilot)
        assert "filter [red]x" in title(screen_text(app), 2)


async def test_the_focus_stays_in_the_panel_when_its_last_row_goes_and_comes() -> None:
    async with running() as (app, pilot):
        panel = app.main.destinations
        await pilot.press("2")
        for rows in ((), SNAPSHOT.destinations, ()):
            app.publish(replace(SNAPSHOT, destinations=rows))
            await settle(pilot)
            assert panel.has_class("-empty") is not bool(rows)
            assert panel.has_focus_within and panel.view.has_focus and app.main.current == "destinations"


async def test_what_is_old_says_so_below_and_not_any_more_when_it_is_live() -> None:
    lost = Connection(state="down", since=NOW - 120, heard=NOW - 120, title="mx1: lost")
    async with running(replace(SNAPSHOT, connection=lost)) as (app, pilot):
        assert "▲ 2.0m old" in screen_text(app)
        app.publish(replace(SNAPSHOT, connection=replace(lost, state="live")))
        await settle(pilot)
        assert " old" not in screen_text(app)


@pytest.mark.parametrize("size", [(40, 10), (3, 2), (120, 36)])
async def test_an_empty_panel_teaches_at_any_size(size: tuple[int, int]) -> None:
    feeds = {name: replace(feed, detail="".join(PAYLOADS)) for name, feed in SNAPSHOT.feeds.items()}
    async with running(replace(SNAPSHOT, destinations=(), sockets=(), feeds=feeds), size=size) as (app, _):
        assert not hostile_characters(screen_text(app)) and app.main.destinations.has_class("-empty")
