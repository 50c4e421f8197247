"""Findings where the user looks: the worst in one line, and those of a destination on its page."""

from __future__ import annotations

from tests.ui.fixing import FakeFixing
from tests.ui.harness import running, screen_text, settle
from tests.ui.test_fix import with_fixing


async def test_a_destinations_findings_are_on_its_page() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(app)
        assert "▲ IPv6 connections fail, IPv4 works" in text and "(proposes ipv4)" in text
        assert "by chance" not in text
        await pilot.press("x")
        await settle(pilot)
        assert "Fix · " in screen_text(app)
