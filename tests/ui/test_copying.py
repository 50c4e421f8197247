"""What is looked at goes to the clipboard, and to a file that nobody else can read or lead elsewhere."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ui.fake import SNAPSHOT
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.ui import copying


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


async def copied_and_saved(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """What the clipboard has, and what was told."""
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(copying.time, "strftime", lambda _: "mxtop-now.txt")
    async with running() as (app, pilot):
        await pilot.press("c", "S")
        await settle(pilot)
        return app.clipboard, [notice.message for notice in app._notifications]


async def test_a_link_that_somebody_left_there_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "mxtop-now.txt").symlink_to(victim)
    _, told = await copied_and_saved(tmp_path, monkeypatch)
    assert not victim.exists()
    assert told[-1].startswith(f"not saved: {tmp_path}/mxtop-now.txt: File exists")


async def test_no_file_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mxtop-now.txt").write_text("mine")
    _, told = await copied_and_saved(tmp_path, monkeypatch)
    assert (tmp_path / "mxtop-now.txt").read_text() == "mine" and told[-1].startswith("not saved")


@pytest.mark.parametrize("home", ["/proc/no/such/home", "/dev/null/x", "\x1b]0;x\x07"])
async def test_where_nothing_can_be_written_that_is_said(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = await copied_and_saved(Path(home), monkeypatch)
    assert told[-1].startswith("not saved: ") and not hostile_characters(told[-1])


async def test_a_user_without_a_home_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    async with running() as (app, pilot):
        await pilot.press("c", "S")
        await settle(pilot)
        assert app.is_running and app.fatal is None
        assert [notice.message for notice in app._notifications][-1].startswith("not saved: ")


@pytest.mark.parametrize(("keys", "copy", "save"), [({}, "c", "S"), ({"copy": "y", "save": "Y"}, "y", "Y")])
async def test_nothing_was_copied_yet(keys: dict[str, str], copy: str, save: str) -> None:
    async with running(keys=keys) as (app, pilot):
        await pilot.press(save)
        await settle(pilot)
        assert [notice.message for notice in app._notifications] == [f"copy first ({copy}), then save"]
        assert app.clipboard == ""
        await pilot.press(copy)
        await settle(pilot)
        assert [notice.message for notice in app._notifications][-1].endswith(f"; {save} saves to a file")
        assert app.clipboard


async def test_what_strangers_wrote_is_copied_as_visible_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clipboard is pasted into a shell: no control character of a log may be in it."""
    text = "".join(PAYLOADS)
    rows = tuple(replace(row, last_reply=text, destination=text) for row in SNAPSHOT.destinations[:1])
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    async with running(replace(SNAPSHOT, destinations=rows), size=(200, 40)) as (app, pilot):
        await pilot.press("c", "S")
        await settle(pilot)
        assert len(app.clipboard) > 300 and not hostile_characters(app.clipboard)
    (saved,) = tmp_path.iterdir()
    assert not hostile_characters(saved.read_text(encoding="utf-8"))
