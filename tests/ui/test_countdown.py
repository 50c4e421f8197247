"""The countdown: on every page while a change is unconfirmed, true, and cheap."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.ui.fixing import FakeFixing, change
from tests.ui.harness import running, screen_text, settle
from tests.ui.test_fix import APPLIED, with_fixing
from textual.widget import Widget

from mxtop.session.fixing import Progress
from mxtop.ui.screens.fix.page import Fix
from mxtop.ui.widgets.countdown import remaining, sentence


def test_sentences() -> None:
    now = time.monotonic()
    assert sentence(APPLIED, now + 101.5) == "UNCONFIRMED on mx1.example.net, goes back in 01:42"
    assert sentence(APPLIED, now - 1).endswith("goes back now")
    assert sentence(APPLIED, None).endswith("no clock takes it back")
    assert sentence(replace(APPLIED, watched=False), now + 9).endswith("its watchdog is gone")
    assert sentence(change(phase="armed"), None).endswith("being applied")


def test_a_second_that_has_begun_counts() -> None:
    assert [remaining(s) for s in (0, 0.2, 1, 59.9, 60, 899.5)] == [
        "00:00",
        "00:01",
        "00:01",
        "01:00",
        "01:00",
        "15:00",
    ]


async def test_a_lost_connection_is_told_and_the_clock_goes_on() -> None:
    fixing = FakeFixing(APPLIED)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        app.changing._take(Progress(APPLIED, lost="mx1: connection reset"))
        await pilot.press("g")
        await settle(pilot)
        assert re.search(r"goes back in 01:4\d · connection lost", screen_text(app))
        await pilot.press("x")
        await settle(pilot)
        assert "mx1: connection reset: as it was last seen" in screen_text(app)


async def test_an_unfinished_change_is_found_at_start_and_seen_on_every_page() -> None:
    fixing = FakeFixing(APPLIED)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        assert fixing.asked[0] == ("waiting",)
        for keys in (["g"], ["enter"], ["escape", "question_mark"], ["escape", "H"], ["escape", "L"]):
            await pilot.press(*keys)
            await settle(pilot)
            assert "UNCONFIRMED on mx1.example.net, goes back in 01:4" in screen_text(app), keys
        await pilot.press("x")
        await settle(pilot)
        assert isinstance(app.screen, Fix) and "[ Undo now ]" in screen_text(app)


async def test_it_ticks_and_repaints_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(session=with_fixing(FakeFixing(APPLIED))) as (app, pilot):
        before = screen_text(app)
        painted: set[str | None] = set()
        line = Widget.refresh

        def noted(self: Widget, *regions: Any, **options: Any) -> Widget:
            painted.add(self.id)
            return line(self, *regions, **options)

        monkeypatch.setattr(Widget, "refresh", noted)
        await pilot.pause(1.3)
        changed = [
            (old, new)
            for old, new in zip(before.splitlines(), screen_text(app).splitlines(), strict=True)
            if old != new
        ]
        assert len(changed) == 1 and "UNCONFIRMED" in changed[0][1]
        assert painted <= {"countdown"}


async def test_without_a_change_no_timer_runs() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, _):
        bar = app.main.query_one("#countdown")
        assert not bar.display and not bar._timer._active.is_set()  # type: ignore[attr-defined]


async def test_quit_says_once_that_the_watchdog_takes_it_back() -> None:
    async with running(session=with_fixing(FakeFixing(APPLIED))) as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
        (notice,) = app._notifications
        assert app.is_running and "its watchdog will take it back" in notice.message
        await pilot.press("q")
        await settle(pilot)
        assert not app.is_running


async def test_quit_asks_nothing_once_the_change_is_over() -> None:
    fixing = FakeFixing(APPLIED)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        fixing.put(Progress(replace(APPLIED, phase="confirmed", remaining=None)))
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert not app.is_running
