"""The command palette runs what the keys run."""

from __future__ import annotations

from tests.ui.harness import running, screen_text


async def test_palette_runs_commands() -> None:
    async with running() as (app, pilot):
        await pilot.press("colon", *"pause")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "paused since" in screen_text(app)
