"""Where nothing happens, nothing is painted: an idle screen must cost next to nothing."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.harness import running, screen_text, settle
from textual.screen import Screen
from textual.widget import Widget

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.app import collect_garbage
from mxtop.ui.screens.main import FilterInput, Main
from mxtop.ui.view import View


@pytest.mark.parametrize("panel", [2, 4])
async def test_the_same_rows_again_repaint_no_table(panel: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(SNAPSHOT) as (app, pilot):
        app.main.action_panel(panel)  # the focus is there
        await settle(pilot)
        painted: list[str | None] = []
        refresh = Widget.refresh

        def noted(self: Widget, *regions: Any, **options: Any) -> Widget:
            painted.append(self.id)
            return refresh(self, *regions, **options)

        monkeypatch.setattr(Widget, "refresh", noted)
        app.publish(replace(SNAPSHOT, time=SNAPSHOT.time + 1))
        await settle(pilot)
        assert not {"destinations-table", "sockets-table"} & set(painted)
        app.main.destinations.table.refresh()
        assert "destinations-table" in painted  # a refresh would have been seen


async def test_what_grows_is_not_laid_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new layout paints the whole screen; the scrollbars follow without one."""
    rows = [replace(SNAPSHOT.destinations[0], destination=f"{number}.example") for number in range(99)]
    log = SNAPSHOT.log.extended([f"line {number}" for number in range(99)])
    full = replace(SNAPSHOT, log=log, destinations=tuple(rows[:98]))
    more = replace(full, log=log.extended(["one more"]), destinations=tuple(rows))
    async with running(full) as (app, pilot):
        await settle(pilot)
        laid_out = 0
        lay_out = Screen._refresh_layout

        def noted(self: Screen[Any], *args: Any, **options: Any) -> None:
            nonlocal laid_out
            laid_out += 1
            lay_out(self, *args, **options)

        monkeypatch.setattr(Screen, "_refresh_layout", noted)
        app.publish(more)
        await settle(pilot)
        assert laid_out == 0
        assert "one more" in screen_text(app)
        view, table = app.main.log_panel.log_view, app.main.destinations.table
        assert view.vertical_scrollbar.window_virtual_size == view.virtual_size.height == len(more.log)
        assert table.vertical_scrollbar.window_virtual_size == table.virtual_size.height == 100
        await pilot.resize_terminal(90, 30)
        assert laid_out > 0  # one would have been seen


async def test_what_is_hidden_is_not_made_before_it_is_used() -> None:
    async with running(SNAPSHOT) as (app, pilot):
        assert not app.screen.query(FilterInput)
        await pilot.press("slash", "g")
        assert app.screen.query_one(FilterInput).value == "g"


def test_once_the_screen_stands_garbage_is_collected_and_the_start_left_alone() -> None:
    gc.disable()
    try:
        collect_garbage()
        assert gc.isenabled() and gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("late", [False, True])
async def test_what_comes_at_once_is_on_the_first_paint(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the first paint waits for it no longer than promised."""
    seen: list[str] = []
    show = Main.show

    def noted(self: Main, view: View) -> None:
        seen.append(view.snapshot.host)
        show(self, view)

    class Late(FakeSession):
        async def run(self, publish: Callable[[Snapshot], None]) -> None:
            await asyncio.sleep(0.5)
            await super().run(publish)

    monkeypatch.setattr(Main, "show", noted)
    async with running(session=(Late if late else FakeSession)(replace(SNAPSHOT, host="told"))) as (_, pilot):
        if late:
            assert seen[0] != "told"
            await pilot.pause(0.7)
            assert seen[-1] == "told"
        else:
            assert seen[0] == "told"
