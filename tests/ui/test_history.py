"""The history of changes: its pages, and what is said where it cannot be read or is empty."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fixing import FakeFixing, change
from tests.ui.harness import golden, running, screen_text, settle
from tests.ui.test_fix import SIZES, with_fixing

from mxtop.change.values import Refused

KEPT = change("ipv6", id="01KB4Z", phase="confirmed")
PAST = (
    change("ipv4", id="01KB0A", phase="rolledback", detail="no confirmation", operator="bob"),
    replace(KEPT, time="2026-09-21T16:02:11+02:00"),
)


@pytest.mark.parametrize("size", SIZES)
async def test_the_pages(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with running(session=with_fixing(FakeFixing(past=PAST)), size=size, utc=True) as (app, pilot):
        await pilot.press("H")
        await settle(pilot)
        golden(app, f"history-{name}")
        await pilot.press("enter")
        await settle(pilot)
        golden(app, f"past-{name}")
        await pilot.press("L")
        await settle(pilot)
        golden(app, f"commands-{name}")


async def test_errors_are_told_on_the_page() -> None:
    refused = Refused("/var/lib/mxtop cannot be read", "sudo mxtop")
    fixing = FakeFixing(past=PAST, refuse={"history": refused})
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("H")
        await settle(pilot)
        assert "✖ /var/lib/mxtop cannot be read" in screen_text(app) and "→ sudo mxtop" in screen_text(app)
        fixing.refuse = {"undo": Refused("another mxtop is at work here", "try again", 75)}
        await pilot.press("escape", "H", "enter")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "✖ another mxtop is at work here" in screen_text(app)
        assert "kept" in screen_text(app), "its state is what it was"


async def test_nothing_was_changed_so_far() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        await pilot.press("H")
        await settle(pilot)
        assert "mxtop has changed nothing on this host." in screen_text(app)
