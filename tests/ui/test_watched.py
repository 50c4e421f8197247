"""One host of the screen: what matters most about it, and that its end is no other's."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from tests.ui.fake import NOW, SNAPSHOT, destination
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle
from tests.ui.test_everyone import session
from tests.ui.test_fix import APPLIED

from mxtop.change.model import Change
from mxtop.mail.connection import Connection
from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.session.fixing import Progress
from mxtop.ui.app import MxtopApp
from mxtop.ui.keys import check
from mxtop.ui.watched import Watched


async def test_a_session_that_fails_ends_no_other() -> None:
    ill = session("mx2")
    ill.error = RuntimeError("a bug [red]")
    async with running(session=session("mx1"), others=[ill]) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await settle(pilot)
        assert app.fatal is None
        shown = " ".join(screen_text(app).split())
        assert "✖ failed mx2" in shown and "mx2 is not watched any more: a bug [red]" in shown


BARE = replace(SNAPSHOT, findings=(), destinations=(destination("web.example", state="ok", sent=8),))


def watched(snapshot: Snapshot, change: Change | None = None, failed: BaseException | None = None) -> Watched:
    made = Watched(cast(MxtopApp, None), session("mx1"), check({}), read_only=False, mode="host-1")
    made.latest = snapshot
    made.failed = failed
    made.changing.progress = Progress(change) if change else None
    return made


def log(state: str) -> dict[str, Feed]:
    return {"log": Feed(name="log", state=state)}  # type: ignore[arg-type]


def test_what_matters_most_comes_first() -> None:
    """Each line has all that those below it have, and one thing that is worse."""
    stuck = replace(BARE, destinations=(*BARE.destinations, destination("a.example", state="stuck")))
    found = replace(stuck, findings=(Finding(id="x", title="t", sentence="s"),))
    silent = replace(found, feeds=log("down"))
    down = replace(silent, connection=Connection(state="down", since=NOW))
    steps = [
        (watched(BARE), "● live", "ok"),
        (watched(stuck), "▲ stuck", "slow"),
        (watched(found), "▲ finding", "slow"),
        (watched(silent), "✖ no log", "bad"),
        (watched(down), "✖ down", "bad"),
        (watched(down, APPLIED), "▲ UNCONFIRMED", "slow"),
        (watched(down, APPLIED, RuntimeError()), "✖ failed", "bad"),
    ]
    assert [one.state() for one, _, _ in steps] == [(sign, role) for _, sign, role in steps]


@pytest.mark.parametrize("feeds", [{}, log("starting"), log("history")])
def test_a_log_that_is_still_read_is_no_verdict(feeds: dict[str, Feed]) -> None:
    ill = replace(BARE, feeds=feeds, findings=(Finding(id="x", title="t", sentence="s"),))
    assert watched(ill).state() == ("◌ reading", "accent")


def test_before_its_first_word_it_is_reading_and_named() -> None:
    host = Watched(cast(MxtopApp, None), session("mx1"), check({}), read_only=False, mode="host-1")
    assert host.state()[0] == "◌ reading" and host.latest.host == host.shown.host == "mx1"


def test_a_change_that_is_over_is_no_alarm() -> None:
    assert watched(BARE, replace(APPLIED, phase="confirmed")).state() == ("● live", "ok")


def test_the_worst_destination_is_named_of_many() -> None:
    rows = tuple(destination(f"{n}.example", state="failing" if n == 7 else "few") for n in range(50))
    assert watched(replace(BARE, destinations=rows)).state() == ("▲ failing", "slow")
    slow = (destination("slow.example", state="slow"),)
    assert watched(replace(BARE, destinations=slow)).state() == ("● live", "ok"), "it goes out"


@pytest.mark.parametrize("payload", PAYLOADS[:6])
def test_a_name_is_safe_and_short(payload: str) -> None:
    host = watched(BARE)
    host.session.host = payload * 9
    assert not hostile_characters(host.name) and len(host.name) < 400


async def test_the_cursor_goes_to_a_destination_only_where_there_is_one() -> None:
    async with running() as (app, pilot):
        app.host.show_destination("web.example")
        await settle(pilot)
        assert app.selected == "web.example"
        app.host.show_destination("none.example")
        await settle(pilot)
        assert app.selected == "web.example"
