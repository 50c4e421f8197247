"""History with undo, the log of commands, and findings where the user looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fixing import FakeFixing, change
from tests.ui.fixing import diff as a_diff
from tests.ui.harness import golden, running, screen_text, settle
from tests.ui.test_fix import SIZES, with_fixing

from mxtop.change.outcome import Outcome
from mxtop.change.values import Refused
from mxtop.mail.promise import Connections
from mxtop.session.fixing import Ran
from mxtop.ui.screens.past import Past, reversed_diff
from mxtop.ui.screens.ran import folded

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


async def test_what_was_foreseen_and_seen_of_it() -> None:
    seen = Outcome(
        predicted_before=0.5,
        predicted_after=1.0,
        before=Connections(10, 30),
        after=Connections(0, 12),
        verdict="good",
    )
    fixing = FakeFixing(past=(replace(KEPT, outcome=seen),))
    async with running(session=with_fixing(fixing), size=(80, 60)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "predicted, first tries over IPv6 50% → 100%" in text
        before, after = (
            next(row for row in text.splitlines() if f"{word:<7}v4" in row) for word in ("before", "after")
        )
        assert before.split()[-2:] == ["75%", "│"] and " 30 v6" in before
        assert after.split()[-2:] == ["100%", "│"] and " 12 v6" in after
        assert "● good" in text


async def test_where_nobody_watched_nothing_is_said_of_its_effect() -> None:
    async with running(session=with_fixing(FakeFixing(past=PAST)), size=(80, 60)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        assert "Effect" not in screen_text(app)


async def test_undo_needs_more_than_enter_and_tells_the_end() -> None:
    fixing = FakeFixing(past=PAST)
    fixing.ends["undo"] = replace(KEPT, phase="rolledback", detail="undone by alice")
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Past)
        assert "[▸Cancel ]" in screen_text(app)
        assert "[ Undo smtp_address_preference = ipv6 on mx1.example.net ]" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "undo" not in {asked[0] for asked in fixing.asked}
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert ("undo", "01KB4Z") in fixing.asked
        assert "taken back: the setting is what it was (undone by alice)" in screen_text(app)
        assert "[▸Close ]" in screen_text(app) and fixing.asked[-1] == ("history",)


async def test_what_is_taken_back_already_cannot_be_undone() -> None:
    async with running(session=with_fixing(FakeFixing(past=PAST))) as (app, pilot):
        await pilot.press("H", "down", "enter")
        await settle(pilot)
        assert "no confirmation" in screen_text(app) and "Undo" not in screen_text(app)


async def test_read_only_undoes_nothing() -> None:
    fixing = FakeFixing(past=PAST)
    async with running(session=with_fixing(fixing), read_only=True) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        assert "--read-only" in screen_text(app) and "[ Undo" not in screen_text(app)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "undo" not in {asked[0] for asked in fixing.asked}


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


def test_a_diff_the_other_way_round() -> None:
    text = "--- f (now)\n+++ f (changed)\n@@ -1,2 +1,3 @@\n a\n-b = 1\n+b = 2\n+c\n"
    assert reversed_diff(text) == "@@ -1,3 +1,2 @@\n a\n-b = 2\n-c\n+b = 1\n"
    assert "-smtp_address_preference = ipv6" in reversed_diff(a_diff("ipv6"))


def test_the_same_command_over_and_over_is_one_line() -> None:
    one, other = Ran(1.0, ("a",), 0, 0.1), Ran(3.0, ("b",), 0, 0.1)
    again = replace(one, time=2.0)
    assert folded((one, again, other, one)) == [(again, 2), (other, 1), (one, 1)]
    assert folded((one, replace(one, exit_code=1))) == [(one, 1), (replace(one, exit_code=1), 1)]


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
