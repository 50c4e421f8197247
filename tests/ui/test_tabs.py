"""The line of hosts: a tab for each, each as it was left."""

from __future__ import annotations

from tests.ui.harness import golden, running, screen_text, settle
from tests.ui.test_everyone import session

from mxtop.ui.screens.main import Main


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
