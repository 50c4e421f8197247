"""What is looked at goes to the clipboard, and to a file that nobody else can read or lead elsewhere."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.ui.harness import running, screen_text, settle


async def test_copy_and_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    async with running() as (app, pilot):
        await pilot.press("c")
        await settle(pilot)
        assert "destination: gmail.example" in app.clipboard.lower()
        assert "sent to your terminal" in screen_text(app)
        await pilot.press("S")
        await settle(pilot)
    (saved,) = tmp_path.iterdir()
    assert saved.read_text() == app.clipboard + "\n"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
