"""One change on several hosts on the screen: consent names all of it, one host at a time, every end told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.fixing import FOUND, RAN, FakeFixing, change, observed
from tests.ui.harness import golden, running, screen_text, settle
from textual.pilot import Pilot

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.hosts.errors import HostDown
from mxtop.mail.connection import Connection
from mxtop.session.fixing import Progress, Proposal
from mxtop.session.together import Together
from mxtop.ui.app import MxtopApp
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.fix.page import Fix
from mxtop.ui.screens.fix.together import FixTogether
from mxtop.ui.screens.past import Past

SIZES = [(80, 24), (120, 36)]


class OnHost(FakeFixing):
    """A FakeFixing with a name; it confirms and takes back what it is asked to."""

    def __init__(self, host: str, *waiting: Change, before: str | None = None) -> None:
        super().__init__(*waiting)
        self.host = host
        self.before = before
        for call, phase in (("confirm", "confirmed"), ("rollback", "rolledback"), ("undo", "rolledback")):
            self.ends[call] = self.made(phase, detail=f"{call} by alice")

    def made(self, phase: str, **more: object) -> Change:
        return change("ipv6", host=self.host, phase=phase, commands=RAN, **more)

    def applied(self, v6: int = 4, verdict: str = "too_little_traffic") -> None:
        self.put(Progress(self.made("applied", remaining=102.0, watched=True), observed(v6, verdict)))

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        made = await super().propose(fix, value, window=window)
        known = replace(made.preview.change, host=self.host)
        preview = replace(made.preview, change=known)
        if self.before is not None:
            setting = replace(known.settings[0], before=self.before, effective_before=self.before)
            line = f"-smtp_address_preference = {self.before}\n+"
            known = replace(known, settings=(setting,))
            preview = replace(preview, change=known, diff=preview.diff.replace("+smtp", f"{line}smtp"))
        return replace(made, preview=preview, mail_version="3.7.11")

    def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        """Nothing before it is told, unless it waited at the start."""
        return super().watch(change, read_only=read_only) if self.left else self._tell()

    def did(self) -> list[object]:
        return [call[0] for call in self.asked if call[0] not in ("waiting", "propose", "history")]


def sessions(fixings: Sequence[FakeFixing]) -> list[FakeSession]:
    made = []
    for fixing in fixings:
        session = FakeSession(replace(FOUND, host=fixing.host))
        session.host, session.fixing = fixing.host, fixing
        made.append(session)
    return made


def three() -> list[OnHost]:
    return [OnHost("mx1"), OnHost("mx2", before="ipv4"), OnHost("mx3")]


@asynccontextmanager
async def hosts(fixings: Sequence[OnHost], **options: Any) -> AsyncIterator[tuple[MxtopApp, Pilot[int]]]:
    """The screen on these hosts; `options` as `running` takes them."""
    first, *others = sessions(fixings)
    async with running(session=first, others=others, **options) as (app, pilot):
        yield app, pilot


async def opened(pilot: Pilot[int]) -> None:
    """The page, on a preview of ipv6."""
    await pilot.press("x")
    await settle(pilot)
    page = pilot.app.screen
    assert isinstance(page, FixTogether)
    while page.picker.value != "ipv6":
        await pilot.press("v")
        await settle(pilot)


async def begun(pilot: Pilot[int], first: OnHost) -> None:
    """The change, on the first host, whose effect nobody can tell yet."""
    await opened(pilot)
    await pilot.press("tab", "enter")
    first.applied()


async def until(pilot: Pilot[int], text: str) -> str:
    """The screen once it has the text: whatever the workers need for that."""
    shown = ""
    for _ in range(200):
        await settle(pilot)
        shown = " ".join(screen_text(pilot.app).split())
        if text in shown:
            return shown
    raise AssertionError(f"{text!r} is not on the screen:\n{screen_text(pilot.app)}")


def selected(app: MxtopApp) -> str:
    page = app.screen
    assert isinstance(page, FixTogether)
    return page.buttons.focused_id


@pytest.mark.parametrize("size", SIZES)
async def test_from_the_preview_to_undo_on_all(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    fixings = three()
    async with hosts(fixings, size=size, utc=True) as (app, pilot):
        await opened(pilot)
        golden(app, f"together-preview-{name}")
        assert selected(app) == "close"
        await pilot.press("pagedown")
        await settle(pilot)
        golden(app, f"together-preview-more-{name}")
        shown = screen_text(app)
        assert "[ Set smtp_address_preference = ipv6 on mx1, then mx2 and mx3 ]" in shown
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert [each.did()[-1:] for each in fixings] == [["apply"], ["discard"], ["discard"]]
        assert selected(app) == "close", "a second Enter keeps nothing"
        fixings[0].applied(9, "good")
        await until(pilot, "1 of 3 kept")
        assert fixings[0].did()[-1] == "confirm" and fixings[1].did()[-1] == "apply"
        assert fixings[2].did()[-1] == "discard", "not begun before the one before was kept"
        fixings[1].applied(4)
        await until(pilot, "UNCONFIRMED on mx2, goes back in")
        golden(app, f"together-change-{name}")
        assert selected(app) == "close"
        await pilot.press("tab", "enter")
        fixings[1].applied(5)  # the next look takes the answer along
        await until(pilot, "2 of 3 kept")
        fixings[2].applied(9, "bad")
        await until(pilot, "stopped: kept on mx1 and mx2")
        assert [each.did()[-1] for each in fixings] == ["confirm", "confirm", "rollback"]
        golden(app, f"together-stopped-{name}")
        await pilot.press("tab", "enter")
        await until(pilot, "it stays on no host")
        assert [each.did()[-1] for each in fixings] == ["undo", "undo", "rollback"]
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, Everyone) and not app.together.begun
        assert all(host.changing.progress is None for host in app.hosts)


async def test_a_preview_waits_for_what_is_on_its_way_and_no_longer_than_it_is_wanted() -> None:
    fixings = three()
    first, *others = sessions(fixings)
    others[0].waits = True
    async with running(session=first, others=others) as (app, pilot):
        await pilot.press("x")
        await until(pilot, "asking 3 hosts")
        assert not any(call[0] == "propose" for each in fixings for call in each.asked)
        others[0].waits = False
        await until(pilot, "Set smtp_address_preference")
        await pilot.press("escape")
        await settle(pilot)
        others[0].waits = True
        await pilot.press("x")
        await until(pilot, "asking 3 hosts")
        await pilot.press("escape")
        await until(pilot, "Destinations of all hosts")
        assert not app.together.offers


async def test_cancel_has_the_focus_and_forgets_what_was_staged() -> None:
    fixings = three()
    async with hosts(fixings) as (app, pilot):
        await opened(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, Everyone)
        assert all("apply" not in each.did() and each.did()[-1] == "discard" for each in fixings)


async def test_marks_say_which_hosts_and_one_alone_has_its_own_page() -> None:
    fixings = three()
    async with hosts(fixings) as (app, pilot):
        await pilot.press("m", "j", "m")
        await until(pilot, "◆ 2 marked of 3")
        await opened(pilot)
        assert "on mx1, then mx3 ]" in screen_text(app)
        assert not any(call[0] == "propose" for call in fixings[1].asked)
        await pilot.press("escape", "g", "m")
        await until(pilot, "◆ 1 marked of 3")
        await pilot.press("x")
        await settle(pilot)
        await settle(pilot)
        assert app.tab == 3 and isinstance(app.screen, Fix)


async def test_the_history_of_all_hosts_takes_one_change_back_everywhere() -> None:
    fixings = three()
    for n, each in enumerate(fixings):
        each.past = (
            each.made("confirmed", id=f"01KB{n}B", time=f"2026-09-21T14:1{n}:18+02:00", detail=""),
            each.made("confirmed", id=f"01KB{n}A", time="2026-09-20T14:13:18+02:00", operator="bob"),
        )
    async with hosts(fixings, size=(120, 60)) as (app, pilot):
        await pilot.press("H")
        shown = await until(pilot, "History · 3 hosts")
        assert shown.count("mx2") >= 2
        golden(app, "history-hosts-120x60")
        await pilot.press("enter")
        await until(pilot, "made in one go with the same on mx1, mx2")
        assert isinstance(app.screen, Past) and app.screen.buttons.focused_id == "close"
        assert "[ Undo on mx3, mx1 and mx2 ]" in screen_text(app)
        await pilot.press("tab", "tab", "enter")
        await until(pilot, "[▸Close ]")
        asked = [call for each in fixings for call in each.asked if call[0] == "undo"]
        assert asked == [("undo", "01KB0B"), ("undo", "01KB1B"), ("undo", "01KB2B")]


async def test_read_only_previews_and_changes_nothing() -> None:
    fixings = three()
    async with hosts(fixings, read_only=True) as (app, pilot):
        await opened(pilot)
        assert "--read-only" in screen_text(app) and "[ Set" not in screen_text(app)
        app.together.apply()
        await settle(pilot)
        assert not any("apply" in each.did() for each in fixings)


async def test_take_back_on_one_and_stop() -> None:
    fixings = three()
    async with hosts(fixings) as (_, pilot):
        await begun(pilot, fixings[0])
        await until(pilot, "Undo on mx1 and stop")
        await pilot.press("tab", "tab", "enter")
        fixings[0].applied(5)
        shown = await until(pilot, "stopped: it stays on no host")
        assert "not begun, as it is rolled back on mx1" in shown
        assert [each.did()[-1] for each in fixings] == ["rollback", "discard", "discard"]


async def test_it_goes_on_while_other_pages_are_looked_at() -> None:
    fixings = three()
    async with hosts(fixings) as (app, pilot):
        await begun(pilot, fixings[0])
        await until(pilot, "UNCONFIRMED on mx1, goes back in")
        await pilot.press("escape")  # later
        await settle(pilot)
        assert isinstance(app.screen, Everyone)
        assert "UNCONFIRMED on mx1, goes back in" in screen_text(app)
        await pilot.press("right_square_bracket")
        await until(pilot, "UNCONFIRMED on mx1, goes back in")
        assert app.tab == 1
        await pilot.press("left_square_bracket", "x")
        await settle(pilot)
        assert isinstance(app.screen, FixTogether)
        assert "Keep smtp_address_preference = ipv6 on mx1 and go on" in screen_text(app)


async def test_who_quits_is_told_of_the_change_at_hand_and_of_the_hosts_that_are_left() -> None:
    fixings = three()
    first, *others = sessions(fixings)
    async with running(session=first, others=others) as (app, pilot):
        await opened(pilot)
        await pilot.press("tab", "enter")
        fixings[0].applied()
        await until(pilot, "UNCONFIRMED on mx1, goes back in")
        assert await farewell(app, pilot) == (
            "the change on mx1 is not confirmed: its watchdog will take it back; "
            "mx2, mx3 will not be changed. Quit once more to leave, x to answer"
        )
        fixings[0].applied(9, "good")
        await until(pilot, "1 of 3 kept")
        assert "mx3 will not be changed." in await farewell(app, pilot), "mx2 is begun, if not yet changed"
        fixings[1].applied(9, "good")
        await until(pilot, "2 of 3 kept")
        fixings[2].applied()
        await until(pilot, "UNCONFIRMED on mx3, goes back in")
        said = await farewell(app, pilot)
        assert "the change on mx3 is not confirmed" in said and "will not be changed" not in said
        await pilot.press("q")
        await settle(pilot)
        assert not app.is_running


async def test_who_quits_while_a_host_is_begun_is_told_of_the_others_and_leaves_them_alone() -> None:
    fixings = three()
    first, *others = sessions(fixings)
    async with running(session=first, others=others) as (app, pilot):
        await opened(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert await farewell(app, pilot) == (
            "mx2, mx3 will not be changed. Quit once more to leave, x to answer"
        )
        await pilot.press("q")
        await settle(pilot)
        assert not app.is_running
    assert [each.did()[-1] for each in fixings[1:]] == ["discard", "discard"]
    assert all("apply" not in each.did() for each in fixings[1:])


async def farewell(app: MxtopApp, pilot: Pilot[int]) -> str:
    """What the first `q` says; the application goes on."""
    await pilot.press("q")
    await settle(pilot)
    assert app.is_running
    *_, last = app._notifications
    return last.message


async def test_a_host_lost_in_between_is_decided_by_its_watchdog_and_shown_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mxtop.session.together.Together", partial(Together, pause=0.0))
    fixings = three()
    async with hosts(fixings) as (_, pilot):
        await begun(pilot, fixings[0])
        await until(pilot, "UNCONFIRMED on mx1")
        fixings[0].put(HostDown("connection lost [red]"))
        shown = await until(pilot, "▲ away")
        assert "connection lost [red]" in shown and "connection lost" in shown.splitlines()[-1]
        fixings[0].put(Progress(fixings[0].made("rolledback", detail="not confirmed within 120 s")))
        shown = await until(pilot, "stopped: it stays on no host")
        assert "taken back" in shown and "not confirmed within 120 s" in shown


async def test_who_cannot_is_named_in_the_preview_and_in_the_consent() -> None:
    fixings: list[FakeFixing] = [*three(), OnHost("mx4", change(phase="applied", host="mx4", remaining=50.0))]
    fixings[2].refuse["propose"] = Refused("ipv6 already: nothing to change", code=0)
    first, *others = sessions(fixings)
    down = Connection(state="down", since=SNAPSHOT.time, heard=SNAPSHOT.time, title="mx2: Connection lost")
    others[0].snapshots = [replace(FOUND, connection=down)]
    async with running(session=first, others=others, size=(120, 60)) as (app, pilot):
        page = FixTogether()
        app.together.about(app.hosts)  # `x` goes to the change that waits
        await pilot.press("x")
        await settle(pilot)
        await settle(pilot)
        assert app.tab == 4 and isinstance(app.screen, Fix)
        await pilot.press("escape", "right_square_bracket")
        await settle(pilot)
        app.push_screen(page)
        shown = await until(pilot, "is left out")
        assert "mx2 is left out: down: mx2: Connection lost" in shown
        assert "· mx3: ipv6 already" in shown
        assert "mx4 is left out: a change by alice waits there" in shown
        assert "on mx1, without mx2 and mx4 ]" in shown
        assert not any(call[0] == "propose" for call in fixings[3].asked)
