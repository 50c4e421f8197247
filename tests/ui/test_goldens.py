"""Whole screens as text: what a user sees at the sizes that must work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT
from tests.ui.harness import golden, running, screen_text, settle

from mxtop.mail.snapshot import Feed, LogTail, Snapshot, Totals


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36), (40, 10)])
async def test_main(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, _):
        golden(app, f"main-{size[0]}x{size[1]}")


async def test_log_at_80() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await pilot.press("5")
        await settle(pilot)
        golden(app, "log-80x24")


async def test_sockets_at_80() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await pilot.press("4")
        await settle(pilot)
        golden(app, "sockets-80x24")


async def test_summary_zoomed() -> None:
    feeds = {
        **SNAPSHOT.feeds,
        "log": Feed(name="log", state="stale", since=SNAPSHOT.time - 12, detail="/var/log/mail.log is gone"),
        "queue": Feed(name="queue", state="down", detail="postqueue: not found", remedy="install postfix"),
    }
    # Clock times depend on the machine's zone: look at them in UTC.
    async with running(replace(SNAPSHOT, feeds=feeds), size=(100, 30), utc=True) as (app, pilot):
        await pilot.press("1", "z")
        await settle(pilot)
        golden(app, "summary-100x30")


async def test_details() -> None:
    async with running(size=(100, 50)) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        golden(app, "details-100x50")
        await pilot.press("escape")
        assert app.screen is app.main


async def test_help() -> None:
    async with running(size=(100, 78)) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        golden(app, "help-100x78")


async def test_no_permission_teaches() -> None:
    feed = Feed(
        name="log", state="down", detail="/var/log/mail.log: permission denied",
        remedy="usermod -aG adm alice, then log in again; or sudo mxtop",
    )  # fmt: skip
    empty = replace(
        SNAPSHOT, feeds={**SNAPSHOT.feeds, "log": feed}, destinations=(), totals=Totals(), log=LogTail()
    )
    async with running(empty, size=(80, 24)) as (app, _):
        golden(app, "no-permission-80x24")


async def test_first_moment() -> None:
    async with running(Snapshot(host="mx1.example.net"), size=(80, 24)) as (app, _):
        assert "Reading the log" in screen_text(app)
        assert "· starting" in screen_text(app)
        assert "queue –" in screen_text(app)
