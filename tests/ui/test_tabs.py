"""The line of hosts: a tab for each, each as it was left."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from tests.ui.fake import SNAPSHOT
from tests.ui.harness import PAYLOADS, golden, hostile_characters, running, screen_text, settle
from tests.ui.test_everyone import DOWN, session

from mxtop.ui.app import MxtopApp
from mxtop.ui.screens.main import Main
from mxtop.ui.widgets.tabs import Tabs


async def test_tabs_keep_what_was_chosen_on_each() -> None:
    async with running(session=session("mx1"), others=[session("mx2")]) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert app.tab == 1 and isinstance(app.screen, Main)
        golden(app, "tab-120x36")
        await pilot.press("j", "slash", *"gm", "enter")
        await settle(pilot)
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert app.tab == 2 and not app.main.destinations.filter
        await pilot.press("space")
        await settle(pilot)
        assert app.view.paused is not None
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert app.view.paused is None and app.main.destinations.filter.text == "gm"
        await pilot.press("left_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert app.tab == 2 and app.view.paused is not None
        await pilot.click("#tabs", offset=(2, 0))
        await settle(pilot)
        assert app.tab == 0


async def test_one_host_has_no_tabs() -> None:
    async with running() as (app, pilot):
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert isinstance(app.screen, Main) and "there is one host only" in screen_text(app)
        assert not app.screen.query("#tabs")


def line_of(app: MxtopApp) -> str:
    return screen_text(app).splitlines()[0]


async def test_a_host_that_is_well_is_its_name_alone_and_one_that_is_ill_says_why() -> None:
    ill = session("mx2", replace(SNAPSHOT, connection=DOWN))
    well = session("mx1", replace(SNAPSHOT, findings=(), destinations=()))
    async with running(session=well, others=[ill]) as (app, _):
        app.screen.query_one(Tabs).look()
        assert line_of(app).startswith(" all  ● mx1  ✖ mx2 down")


async def test_where_not_all_have_room_the_open_one_is_in_sight_and_a_click_hits_what_is_seen() -> None:
    others = [session(f"relay-number-{n}.example") for n in range(2, 13)]
    async with running(session=session("relay-number-1.example"), others=others, size=(40, 24)) as (
        app,
        pilot,
    ):
        for number in (12, 7, 1):
            await app.open_tab(number)
            await settle(pilot)
            shown = line_of(app)
            assert f"relay-number-{number}.example" in shown, number
            assert cell_len(shown) <= 40
        await app.open_tab(12)
        await settle(pilot)
        await pilot.click("#tabs", offset=(39, 0))
        await settle(pilot)
        assert app.tab == 12


async def test_a_click_on_nothing_opens_nothing() -> None:
    async with running(session=session("mx1"), others=[session("mx2")]) as (app, pilot):
        await app.open_tab(2)
        await settle(pilot)
        await pilot.click("#tabs", offset=(110, 0))
        await settle(pilot)
        assert app.tab == 2


async def test_each_name_in_sight_is_opened_by_a_click_on_it() -> None:
    async with running(session=session("mx1"), others=[session("mx2"), session("mx3")]) as (app, pilot):
        for name, number in (("mx3", 3), ("mx1", 1), ("mx2", 2), ("all", 0)):
            first = line_of(app).index(name) - (3 if number else 1)
            for x in (first, first + len(name) + (3 if number else 1)):
                await app.open_tab((number + 2) % 4)
                await settle(pilot)
                await pilot.click("#tabs", offset=(x, 0))
                await settle(pilot)
                assert app.tab == number, x


async def test_a_hostile_name_is_only_text() -> None:
    hostile = session("mx1")
    hostile.host = "".join(PAYLOADS)
    async with running(session=hostile, others=[session("mx2")], size=(80, 24)) as (app, _):
        assert not hostile_characters(screen_text(app)) and app.is_running
