"""The fix screen on a fake Fixing: consent is never given by accident, and every end is told truly."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.ui.fake import FakeSession
from tests.ui.fixing import FOUND, RAN, FakeFixing, change, observed
from tests.ui.harness import golden, running, screen_text, settle
from textual.pilot import Pilot

from mxtop.change.values import Refused
from mxtop.mail.errors import CommandFailed
from mxtop.mail.snapshot import Snapshot
from mxtop.session.fixing import Progress
from mxtop.ui.app import MxtopApp
from mxtop.ui.screens.fix.page import Fix

SIZES = [(80, 24), (120, 36)]
APPLIED = change("ipv6", phase="applied", remaining=102.0, watched=True, commands=RAN)


def with_fixing(fixing: FakeFixing | None, snapshot: Snapshot = FOUND) -> FakeSession:
    session = FakeSession(snapshot)
    session.fixing = fixing
    return session


async def opened(pilot: Pilot[int], value: str = "ipv6") -> None:
    """The fix screen on a proposal of that value."""
    await pilot.press("x")
    await settle(pilot)
    page = pilot.app.screen
    assert isinstance(page, Fix)
    while page.picker.value != value:
        await pilot.press("v")
        await settle(pilot)


async def begun(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("tab", "enter")
    await settle(pilot)


async def applied(pilot: Pilot[int], fixing: FakeFixing) -> None:
    """The change is made, and waits for an answer."""
    await begun(pilot)
    fixing.put(Progress(APPLIED))
    await settle(pilot)


def selected(app: MxtopApp) -> str:
    page = app.screen
    assert isinstance(page, Fix)
    return page.buttons.focused_id


@pytest.mark.parametrize("size", SIZES)
async def test_the_preview(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with running(session=with_fixing(FakeFixing()), size=size) as (app, pilot):
        golden(app, f"found-{name}")
        await opened(pilot)
        golden(app, f"fix-preview-{name}")
        await pilot.press("pagedown")
        await settle(pilot)
        golden(app, f"fix-preview-more-{name}")
        await pilot.press("G")
        await settle(pilot)
        golden(app, f"fix-preview-end-{name}")


async def test_the_finding_proposes_the_value_and_the_window_is_two_minutes() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (_, pilot):
        await pilot.press("x")
        await settle(pilot)
        assert fixing.asked[-1] == ("propose", "ipv4", 120)
        await pilot.press("t")
        await settle(pilot)
        assert fixing.asked[-2:] == [("discard", "ipv4"), ("propose", "ipv4", 300)]
        await pilot.press("v")
        await settle(pilot)
        assert fixing.asked[-2:] == [("discard", "ipv4"), ("propose", "any", 300)]
        await pilot.press("escape")
        await settle(pilot)
        assert fixing.asked[-1] == ("discard", "any")


async def test_without_a_finding_another_value_than_the_present_one_is_previewed() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing, replace(FOUND, findings=()))) as (_, pilot):
        await pilot.press("x")
        await settle(pilot)
        assert fixing.asked[-1] == ("propose", "ipv6", 120)


async def test_a_value_chosen_while_another_is_staged_is_the_one_that_stands() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        fixing.gate.clear()
        await pilot.press("x", "v", "v")
        await settle(pilot)
        assert "staging ipv4" in screen_text(app) and "Set smtp_address" not in screen_text(app)
        fixing.gate.set()
        await settle(pilot)
        assert fixing.asked[-2:] == [("discard", "ipv4"), ("propose", "ipv6", 120)]
        assert "[ Set smtp_address_preference = ipv6 on mx1.example.net ]" in screen_text(app)


async def test_enter_applies_nothing_since_cancel_has_the_focus() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await opened(pilot)
        assert selected(app) == "close" and "[▸Cancel ]" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen is app.main
        assert not [asked for asked in fixing.asked if asked[0] == "apply"]


async def test_another_value_puts_the_focus_back_on_cancel() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        await opened(pilot)
        await pilot.press("tab")
        assert selected(app) == "apply"
        await pilot.press("v")
        await settle(pilot)
        assert selected(app) == "close"


@pytest.mark.parametrize("size", SIZES)
async def test_apply_watch_and_keep(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    fixing = FakeFixing()
    fixing.ends["confirm"] = replace(APPLIED, phase="confirmed", remaining=None)
    async with running(session=with_fixing(fixing), size=size, utc=True) as (app, pilot):
        await begun(pilot)
        assert fixing.asked[-1] == ("apply", "ipv6")
        fixing.put(Progress(change("ipv6", phase="installed", commands=RAN[:1])))
        await settle(pilot)
        golden(app, f"fix-applying-{name}")
        assert selected(app) == "close", "a second Enter keeps nothing"
        fixing.put(Progress(APPLIED, observed(4)))
        await settle(pilot)
        assert "UNCONFIRMED on mx1.example.net, goes back in 01:42" in screen_text(app)
        fixing.put(Progress(APPLIED, observed(40, "good")))
        await settle(pilot)
        golden(app, f"fix-applied-{name}")
        assert selected(app) == "close"
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert fixing.asked[-1] == ("confirm", "01KB4Z")
        assert "● smtp_address_preference = ipv6: kept" in screen_text(app)
        assert "UNCONFIRMED" not in screen_text(app)
        await pilot.press("G")
        await settle(pilot)
        golden(app, f"fix-kept-{name}")


async def test_the_last_look_at_a_change_that_was_kept_and_left_brings_it_not_back() -> None:
    fixing = FakeFixing()
    kept = fixing.ends["confirm"] = replace(APPLIED, phase="confirmed", remaining=None)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await begun(pilot)
        fixing.put(Progress(APPLIED, observed(40, "good")))
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        await pilot.press("escape")
        fixing.put(Progress(kept, observed(40, "good")))
        await settle(pilot)
        await opened(pilot)
        assert "[▸Cancel ]  [ Set smtp_address_preference = ipv6" in screen_text(app)
        fixing.put(Progress(APPLIED, observed(4)))
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "UNCONFIRMED on mx1.example.net" in screen_text(app), "another time it is seen again"


async def test_undo_now() -> None:
    fixing = FakeFixing()
    fixing.ends["rollback"] = replace(APPLIED, phase="rolledback", detail="by alice", remaining=None)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await applied(pilot, fixing)
        await pilot.press("right", "right", "enter")
        await settle(pilot)
        assert fixing.asked[-1] == ("rollback", "01KB4Z")
        assert "taken back: the setting is what it was (by alice)" in screen_text(app)
        fixing.put(Progress(APPLIED))  # a look from before the answer comes late
        await settle(pilot)
        assert "UNCONFIRMED" not in screen_text(app) and "taken back" in screen_text(app)


async def test_a_bad_verdict_puts_the_focus_on_undo() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await begun(pilot)
        fixing.put(Progress(APPLIED, observed(12, "bad")))
        await settle(pilot)
        assert selected(app) == "undo" and "✖ bad" in screen_text(app)


ENDS = [
    ("rolledback", "no confirmation", "◀ smtp_address_preference = ipv6: taken back", ""),
    ("conflict", "edited", "not taken back: the file was edited since, nothing was overwritten", "decide"),
    ("rollback-failed", "no space left", "could not be taken back", "txn/01KB4Z/backup"),
    ("failed", "main.cf changed since the preview", "refused, nothing was changed", ""),
]


@pytest.mark.parametrize(("phase", "detail", "words", "step"), ENDS)
async def test_the_end_that_it_came_to_by_itself(phase: str, detail: str, words: str, step: str) -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await begun(pilot)
        fixing.put(Progress(APPLIED))
        fixing.put(Progress(replace(APPLIED, phase=phase, detail=detail, remaining=None)))
        await settle(pilot)
        text = screen_text(app)
        assert words in text and detail in text and step in text
        assert "UNCONFIRMED" not in text and "Keep" not in text
        await pilot.press("escape", "x")
        await settle(pilot)
        assert fixing.asked[-1][0] == "propose", "seen and closed: x begins anew"


async def test_refusals_are_shown_with_the_next_step() -> None:
    fixing = FakeFixing(refuse={"propose": Refused("not in this recording", "run mxtop on a mail host")})
    async with running(session=with_fixing(fixing), size=(80, 24)) as (app, pilot):
        await pilot.press("x")
        await settle(pilot)
        golden(app, "fix-refused-80x24")
        fixing.refuse.clear()
        await pilot.press("v")
        await settle(pilot)
        assert "not in this recording" not in screen_text(app) and "[ Set " in screen_text(app)


async def test_where_there_is_nothing_to_do_that_is_no_trouble() -> None:
    fixing = FakeFixing(refuse={"propose": Refused("it is ipv6 already: nothing to change", code=0)})
    async with running(session=with_fixing(fixing), size=(80, 24)) as (app, pilot):
        await pilot.press("x")
        await settle(pilot)
        text = screen_text(app)
        assert "· it is ipv6 already: nothing to change" in text and "✖" not in text


async def test_a_host_that_does_not_answer_while_the_change_is_on_its_way() -> None:
    """What is known stays in view, with the way to look again; nothing is claimed."""
    fixing = FakeFixing(APPLIED)
    fixing.left = ()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await begun(pilot)
        fixing.put(CommandFailed("sh did not answer in 60 s", "look at the host"))
        await settle(pilot)
        text = screen_text(app)
        assert "✖ sh did not answer in 60 s" in text and "→ look at the host" in text
        assert "Nothing was changed" not in text and "[ Look again ]" in text
        fixing.left = (APPLIED,)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert fixing.asked[-1] == ("watch", "01KB4Z") and "Keep smtp_address" in screen_text(app)


async def test_an_answer_that_fails_keeps_the_change_and_its_clock_in_view() -> None:
    fixing = FakeFixing(refuse={"confirm": Refused("another mxtop is at work here", "try again", 75)})
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await applied(pilot, fixing)
        await pilot.press("tab", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "✖ another mxtop is at work here" in text and "UNCONFIRMED" in text and "[ Undo now ]" in text


async def test_read_only_previews_and_offers_nothing() -> None:
    fixing = FakeFixing(APPLIED, past=(APPLIED,))
    async with running(session=with_fixing(fixing), read_only=True) as (app, pilot):
        assert ("waiting",) not in fixing.asked, "it would clean up what was cut short"
        assert "UNCONFIRMED" in screen_text(app)
        await pilot.press("x")
        await settle(pilot)
        assert "--read-only" in screen_text(app) and "Undo now" not in screen_text(app)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert not {"confirm", "rollback", "apply"} & {asked[0] for asked in fixing.asked}


async def test_read_only_preview_has_no_apply() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing), read_only=True) as (app, pilot):
        await opened(pilot)
        text = screen_text(app)
        assert "--read-only: nothing can be applied" in text and "Predicted effect" in text
        assert "Set smtp_address_preference" not in text
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "apply" not in {asked[0] for asked in fixing.asked}


async def test_a_recording_says_so() -> None:
    fixing = FakeFixing()
    fixing.recorded = True
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await applied(pilot, fixing)
        assert "A recording" in screen_text(app)
        await pilot.press("q")
        await settle(pilot)
        assert not app.is_running, "nothing to warn of"


async def test_log_files_have_nothing_to_change() -> None:
    async with running(session=with_fixing(None)) as (app, pilot):
        for key in ("x", "H", "L"):
            await pilot.press(key)
            await settle(pilot)
            assert app.screen is app.main
        assert "changes need a live host" in screen_text(app)


async def test_deferred_mail_is_tried_now_when_asked() -> None:
    fixing = FakeFixing()
    fixing.ends["confirm"] = replace(APPLIED, phase="confirmed", remaining=None)
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await applied(pilot, fixing)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "Ask Postfix to try now what is deferred for gmail.example?" in screen_text(app)
        assert selected(app) == "close"
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert fixing.asked[-1] == ("retry", "gmail.example")
        assert "● 37 messages are tried now." in screen_text(app)


async def test_leaving_the_page_leaves_the_change_running() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await applied(pilot, fixing)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is app.main and "UNCONFIRMED" in screen_text(app)
        await pilot.press("x")
        await settle(pilot)
        assert "Keep smtp_address_preference = ipv6" in screen_text(app)
        await pilot.press("escape")
        fixing.put(Progress(replace(APPLIED, phase="rolledback", detail="no confirmation", remaining=None)))
        await settle(pilot)
        assert "UNCONFIRMED" not in screen_text(app)
        (notice,) = app._notifications
        assert "taken back: the setting is what it was (no confirmation)" in notice.message


async def test_a_bug_in_the_worker_is_a_page_that_claims_no_more_than_is_known() -> None:
    class Buggy(FakeFixing):
        async def confirm(self, change: str) -> object:  # type: ignore[override]
            raise ValueError("bug")

    fixing = Buggy()
    session = with_fixing(fixing)
    session.error = ValueError("expected")  # for the harness: `fatal` is meant
    session.every = 3600
    async with running(session=session) as (app, pilot):
        await applied(pilot, fixing)
        await pilot.press("tab", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "ValueError: bug" in text and "UNCONFIRMED" in text
        assert "Nothing on this host was changed" not in text and "mxtop history" in text
        await asyncio.sleep(0)
