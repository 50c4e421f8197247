"""The keys that open pages about changes: each page once, about the right host, and nothing over an error."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.fixing import FakeFixing
from tests.ui.harness import running, screen_text, settle
from tests.ui.test_fix import APPLIED, with_fixing
from tests.ui.test_links import away

from mxtop.mail.errors import MxtopError
from mxtop.session.fixing import Progress
from mxtop.ui.doors import NOWHERE
from mxtop.ui.screens.error import Error
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.fix.page import Fix
from mxtop.ui.screens.history import History
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.password import Password
from mxtop.ui.screens.ran import Commands

DOORS = {"x": Fix, "H": History, "L": Commands}


async def test_a_page_is_open_once_however_one_comes_back_to_it() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        for keys in ("HLxHLxLLHH", "xHLx", "LHxL"):
            await pilot.press(*keys)
            await settle(pilot)
            kinds = [type(screen) for screen in app.screen_stack]
            assert len(kinds) == len(set(kinds)), keys
            assert type(app.screen) is DOORS[keys[-1]]
        for _ in range(5):
            await pilot.press("escape")
        await settle(pilot)
        assert app.screen is app.main


@pytest.mark.parametrize("key", DOORS)
async def test_where_nothing_can_be_changed_that_is_said(key: str) -> None:
    async with running(session=with_fixing(None)) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert app.screen is app.main
        (notice,) = app._notifications
        assert notice.message == NOWHERE


async def test_no_page_covers_the_one_that_says_why_it_ended() -> None:
    session = with_fixing(FakeFixing())
    session.error = MxtopError("it is over")
    async with running(session=session) as (app, pilot):
        for key in (*DOORS, "R", "question_mark"):
            await pilot.press(key)
            await settle(pilot)
            assert isinstance(app.screen, Error)


async def test_no_page_covers_a_question() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        app.push_screen(Password("Password"))
        await settle(pilot)
        await pilot.press(*DOORS)
        await settle(pilot)
        assert isinstance(app.screen, Password)


async def test_on_the_tab_of_all_hosts_a_page_is_about_the_one_under_the_cursor() -> None:
    first, second = with_fixing(FakeFixing()), with_fixing(FakeFixing())
    first.host, second.host = "mx1", "mx2"
    async with running(session=first, others=[second]) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await pilot.press("down", "L")
        await settle(pilot)
        await settle(pilot)
        assert isinstance(app.screen, Commands) and app.pointed.session.host == app.session.host
        assert f"Commands · {app.session.host}" in screen_text(app)


async def test_one_answer_that_waits_comes_before_another_change() -> None:
    first, second = with_fixing(FakeFixing()), with_fixing(FakeFixing(APPLIED))
    first.host, second.host = "mx1", "mx2"
    async with running(session=first, others=[second]) as (app, pilot):
        assert isinstance(app.screen, Everyone)
        await pilot.press("x")
        for _ in range(3):
            await settle(pilot)
        assert app.tab == 2 and isinstance(app.screen, Fix)


async def test_r_is_about_a_connection_and_here_there_is_none() -> None:
    for snapshot, words, tries in (
        (SNAPSHOT, "there is nothing to connect to", 0),
        (away(state="live"), "the connection is live", 0),
        (away(state="down"), None, 1),
    ):
        session = FakeSession(snapshot)
        async with running(session=session) as (app, pilot):
            await pilot.press("R")
            await settle(pilot)
            assert [notice.message for notice in app._notifications] == ([words] if words else [])
        assert session.retries == tries


async def test_a_password_that_nobody_waits_for_any_more_goes_nowhere() -> None:
    async with running() as (app, pilot):
        asked = asyncio.ensure_future(app.ask_password("Password"))
        await settle(pilot)
        asked.cancel()
        await settle(pilot)
        await pilot.press(*"secret", "enter")
        await settle(pilot)
        assert app.is_running and app.fatal is None and isinstance(app.screen, Main)
        again = asyncio.ensure_future(app.ask_password("Password"))
        await settle(pilot)
        await pilot.press(*"other", "enter")
        assert await again == "other"


@pytest.mark.parametrize("phase", ["confirmed", "conflict"])
async def test_an_end_is_told_unless_its_own_page_shows_it(phase: str) -> None:
    over = replace(APPLIED, phase=phase, remaining=None)
    for page, told in (("g", True), ("L", True), ("x", False)):
        fixing = FakeFixing(APPLIED)
        async with running(session=with_fixing(fixing)) as (app, pilot):
            await pilot.press(page)
            await settle(pilot)
            fixing.put(Progress(over))
            await settle(pilot)
            notices = [(notice.severity, notice.message) for notice in app._notifications]
            assert len(notices) == told
            if told:
                assert notices[0][0] == ("information" if phase == "confirmed" else "warning")
                assert notices[0][1].startswith("mx1.example.net: ")


async def test_an_open_history_is_asked_again_at_the_end_of_a_change() -> None:
    fixing = FakeFixing(APPLIED)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("H")
        await settle(pilot)
        asked = fixing.asked.count(("history",))
        fixing.put(Progress(replace(APPLIED, phase="rolledback", remaining=None)))
        await settle(pilot)
        assert isinstance(app.screen, History) and fixing.asked.count(("history",)) == asked + 1
