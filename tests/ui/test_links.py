"""Each state of a connection on the screen: its words, what stays, what is asked; hostile words included."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.ui.fake import NOW, SNAPSHOT, FakeSession
from tests.ui.harness import PAYLOADS, golden, hostile_characters, running, screen_text, settle

from mxtop.mail.connection import Connection, OfferedKey
from mxtop.mail.snapshot import LogTail, Snapshot, Totals
from mxtop.ui.screens.lost import Lost

KEY = OfferedKey(
    host="bastion",
    key_type="ssh-ed25519",
    fingerprint="SHA256:KIZOJCoGcmD+WwZka1JZxeBvTJprTYUviKe3v5i3fXc",
    file="/home/alice/.ssh/known_hosts",
)
DOWN = Connection(
    state="down", since=NOW - 130, heard=NOW - 132, next_try=NOW + 7, title="mx1: Connection refused",
    remedy="try `ssh` by hand",
)  # fmt: skip


def away(**fields: Any) -> Snapshot:
    return replace(SNAPSHOT, connection=replace(DOWN, **fields))


async def test_down_with_all_that_was_known_and_its_age() -> None:
    async with running(away(), size=(80, 24)) as (app, _):
        golden(app, "down-80x24")
    async with running(away(), size=(120, 36)) as (app, _):
        golden(app, "down-120x36")
        assert screen_text(app).count("▲ 2.2m old") == 4, "each panel"


async def test_live_is_told_as_on_this_host() -> None:
    async with running(replace(SNAPSHOT, connection=Connection(state="live", since=NOW))) as (app, _):
        there = screen_text(app)
    async with running(SNAPSHOT) as (app, _):
        assert there == screen_text(app)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "stale"}, ("▲ stale 2.2m", "no sign of life")),
        ({"state": "connecting", "hop": "bastion"}, ("◌ connecting", "by way of bastion")),
        ({"state": "down"}, ("✖ down 2.2m", "next try 7s", "R tries now")),
        ({"state": "needs authentication", "next_try": None}, ("✖ needs authentication",)),
    ],
    ids=["stale", "connecting", "down", "authentication"],
)
async def test_words_of_a_state(fields: dict[str, Any], words: tuple[str, ...]) -> None:
    async with running(away(**fields)) as (app, pilot):
        if isinstance(app.screen, Lost):
            await pilot.press("escape")
            await settle(pilot)
        assert all(word in screen_text(app) for word in words)
        assert "gmail.example" in screen_text(app)


async def test_connecting_is_what_an_empty_screen_says() -> None:
    link = Connection(state="connecting", since=NOW, hop="bastion")
    empty = Snapshot(host="mx1", time=NOW, connection=link, totals=Totals(), log=LogTail())
    async with running(empty, size=(80, 24)) as (app, _):
        golden(app, "connecting-80x24")


async def test_r_tries_now_and_only_where_there_is_something_to_try() -> None:
    for snapshot, tries in ((away(), 1), (SNAPSHOT, 0)):
        session = FakeSession(snapshot)
        async with running(session=session) as (_, pilot):
            await pilot.press("R")
            await settle(pilot)
        assert session.retries == tries


async def test_what_only_a_person_can_mend_is_a_page_of_its_own() -> None:
    changed = away(
        state="host key changed", next_try=None,
        title=f"mx1: its host key changed: ssh-ed25519 {KEY.fingerprint} is not "
        "the one at /home/alice/.ssh/known_hosts:12",
        remedy="find out why from whoever runs it; then remove the old line by ssh-keygen -R",
    )  # fmt: skip
    session = FakeSession(changed)
    async with running(session=session, size=(80, 24)) as (app, pilot):
        assert isinstance(app.screen, Lost)
        golden(app, "host-key-changed-80x24")
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert session.retries == 1


async def test_what_a_far_side_says_is_text() -> None:
    text = "".join(PAYLOADS)
    key = OfferedKey(host=text, key_type=text, fingerprint=text, file=text)
    for fields in (
        {"state": "down", "title": text, "remedy": text},
        {"state": "needs authentication", "title": text, "remedy": text},
        {"state": "unknown host key", "title": text, "offered": key},
        {"state": "connecting", "hop": text},
    ):
        async with running(away(**fields)) as (app, pilot):
            for _ in range(2):
                assert not hostile_characters(screen_text(app))
                await pilot.press("escape")
                await settle(pilot)
