"""Sudo's password is asked for once, over any page, and never shown."""

from __future__ import annotations

import asyncio

import pytest
from tests.ui.fake import FakeSession
from tests.ui.fixing import FOUND, FakeFixing
from tests.ui.harness import running, screen_text, settle

from mxtop.ui.screens.password import Password


def asking() -> tuple[FakeSession, FakeFixing]:
    session, fixing = FakeSession(FOUND), FakeFixing()
    session.fixing = fixing
    return session, fixing


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_what_is_typed_goes_to_who_asked_and_is_not_on_the_screen(size: tuple[int, int]) -> None:
    session, fixing = asking()
    async with running(session=session, size=size) as (app, pilot):
        assert fixing.ask_password is not None
        asked = asyncio.ensure_future(fixing.ask_password("Password of alice on mx1 for sudo"))
        await settle(pilot)
        assert isinstance(app.screen, Password)
        await pilot.press("q", "x", "1", "slash", "H")  # all of them keys elsewhere
        await settle(pilot)
        text = screen_text(app)
        assert "Password of alice on mx1 for sudo" in " ".join(text.split())
        assert "qx1/H" not in text
        await pilot.press("enter")
        assert await asked == "qx1/H"
        await settle(pilot)
        assert not isinstance(app.screen, Password)


async def test_closed_with_esc_nobody_gets_anything() -> None:
    session, fixing = asking()
    async with running(session=session) as (_, pilot):
        assert fixing.ask_password is not None
        asked = asyncio.ensure_future(fixing.ask_password("Password"))
        await settle(pilot)
        await pilot.press("a", "escape")
        assert await asked is None


async def test_a_question_that_nobody_waits_for_any_more_goes_away() -> None:
    """A login that was cut off while it asked: what is typed now would go nowhere."""
    session, fixing = asking()
    async with running(session=session) as (app, pilot):
        assert fixing.ask_password is not None
        asked = asyncio.ensure_future(fixing.ask_password("Password"))
        await settle(pilot)
        assert isinstance(app.screen, Password)
        asked.cancel()
        await settle(pilot)
        assert not isinstance(app.screen, Password)
        again = asyncio.ensure_future(fixing.ask_password("Password"))
        await settle(pilot)
        await pilot.press("a", "enter")
        assert await again == "a"


async def test_a_hostile_prompt_is_only_text() -> None:
    session, fixing = asking()
    async with running(session=session) as (app, pilot):
        assert fixing.ask_password is not None
        asked = asyncio.ensure_future(fixing.ask_password("[bold]mx1\x1b[31m"))
        await settle(pilot)
        assert "[bold]mx1␛[31m" in screen_text(app)
        await pilot.press("escape")
        assert await asked is None


async def test_read_only_asks_for_no_password() -> None:
    session, fixing = asking()
    async with running(session=session, read_only=True):
        assert fixing.ask_password is None


async def test_several_hosts_are_asked_about_one_at_a_time() -> None:
    session, fixing = asking()
    async with running(session=session) as (app, pilot):
        assert fixing.ask_password is not None
        asked = [asyncio.ensure_future(fixing.ask_password(f"Password on mx{n}")) for n in (1, 2)]
        await settle(pilot)
        assert [type(screen) for screen in app.screen_stack].count(Password) == 1
        for n in (1, 2):
            assert f"Password on mx{n}" in screen_text(app)
            await pilot.press(str(n), "enter")
            assert await asked[n - 1] == str(n)
            await settle(pilot)
