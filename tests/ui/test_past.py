"""One change of the history: what it did, and taking it back only when that is asked for."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.fixing import FakeFixing, change
from tests.ui.fixing import diff as a_diff
from tests.ui.harness import running, screen_text, settle
from tests.ui.test_fix import with_fixing

from mxtop.change.model import Change
from mxtop.change.outcome import Outcome
from mxtop.mail.errors import CommandFailed
from mxtop.mail.promise import Connections
from mxtop.ui.screens.past import Past, reversed_diff

KEPT = change("ipv6", id="01KB4Z", phase="confirmed")
PAST = (
    change("ipv4", id="01KB0A", phase="rolledback", detail="no confirmation", operator="bob"),
    replace(KEPT, time="2026-09-21T16:02:11+02:00"),
)


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


def test_a_diff_the_other_way_round() -> None:
    text = "--- f (now)\n+++ f (changed)\n@@ -1,2 +1,3 @@\n a\n-b = 1\n+b = 2\n+c\n"
    assert reversed_diff(text) == "@@ -1,3 +1,2 @@\n a\n-b = 2\n-c\n+b = 1\n"
    assert "-smtp_address_preference = ipv6" in reversed_diff(a_diff("ipv6"))


def edited(before: list[str], after: list[str]) -> str:
    return "".join(unified_diff(before, after, "f (now)", "f (changed)", lineterm="\n"))


LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "#", "", " c", "-- d", "++ e", "@@ f"]), max_size=9)


@given(LINES, LINES)
def test_a_diff_turned_twice_is_the_diff(before: list[str], after: list[str]) -> None:
    text = edited([f"{line}\n" for line in before], [f"{line}\n" for line in after])
    body = "\n".join(line for n, line in enumerate(text.split("\n")) if n >= 2 or not text)
    assert reversed_diff(reversed_diff(text)) == body


def test_a_line_that_looks_like_a_heading_is_one_of_the_file() -> None:
    text = edited(["-- old\n"], ["++ new\n"])
    assert reversed_diff(text) == "@@ -1 +1 @@\n-++ new\n+-- old\n"


async def test_a_host_that_is_lost_leaves_the_page_and_offers_nothing_it_cannot_do() -> None:
    fixing = FakeFixing(past=PAST, refuse={"diff": CommandFailed("mx1: connection lost", "R tries now")})
    async with running(session=with_fixing(fixing), size=(80, 30)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "✖ mx1: connection lost" in text and "→ R tries now" in text
        assert "[▸Close ]" in text and "[ Undo" not in text


async def test_while_it_is_taken_back_it_cannot_be_asked_for_again() -> None:
    class Slow(FakeFixing):
        async def undo(self, change: str) -> Change:
            self._ask("undo", change)
            await self.gate.wait()
            return replace(KEPT, phase="rolledback")

    fixing = Slow(past=PAST)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        fixing.gate.clear()
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "◔ taking it back …" in screen_text(app) and "[▸Close ]" in screen_text(app)
        page = app.screen
        assert isinstance(page, Past)
        page.pressed("undo")
        await pilot.press("escape")
        await settle(pilot)
        fixing.gate.set()
        await settle(pilot)
        assert [asked for asked in fixing.asked if asked[0] == "undo"] == [("undo", "01KB4Z")]
        assert app.is_running and app.fatal is None, "the page was left meanwhile"


@pytest.mark.parametrize("phase", ["confirmed", "applied", "conflict", "rollback-failed"])
async def test_what_still_stands_on_the_host_can_be_taken_back(phase: str) -> None:
    fixing = FakeFixing(past=(replace(KEPT, phase=phase),))
    async with running(session=with_fixing(fixing), size=(80, 40)) as (app, pilot):
        await pilot.press("H", "enter")
        await settle(pilot)
        assert "[ Undo" in screen_text(app) and "Undo would do this" in screen_text(app)
