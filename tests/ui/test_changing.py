"""The one change of a host: begun once and as previewed, answered once, and never lost from view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.ui.fake import FakeSession
from tests.ui.fixing import FakeFixing, change
from tests.ui.test_fix import APPLIED

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.mail.errors import CommandFailed
from mxtop.session.fixing import Progress, Proposal
from mxtop.ui.app import MxtopApp
from mxtop.ui.changing import Changing

KEPT = replace(APPLIED, phase="confirmed", remaining=None)


class App:
    """What a Changing needs of the application; workers are tasks, and a bug in one is in `bugs`."""

    def __init__(self) -> None:
        self.changing: Changing | None = None
        self.screen_stack: list[Any] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.told: list[tuple[Change, bool]] = []

    def run_worker(self, work: Coroutine[None, None, None], **options: Any) -> None:
        assert options["exit_on_error"] is False
        self.tasks.append(asyncio.ensure_future(work))

    def ended(self, change: Change, *, here: bool) -> None:
        self.told.append((change, here))


class Desk:
    """A Changing on a fake Fixing."""

    def __init__(self, fixing: FakeFixing | None, *, read_only: bool = False) -> None:
        self.app = App()
        session = FakeSession()
        session.fixing = fixing
        self.changing = Changing(cast(MxtopApp, self.app), session, read_only=read_only)
        self.app.changing = self.changing

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def staged(self, value: str = "ipv6") -> Changing:
        self.changing.choose(value, 120)
        await self.settled()
        return self.changing


@pytest.fixture
def fixing() -> FakeFixing:
    made = FakeFixing()
    made.ends = {"confirm": KEPT, "rollback": replace(KEPT, phase="rolledback")}
    return made


@pytest.fixture
async def desk(fixing: FakeFixing) -> AsyncIterator[Desk]:
    made = Desk(fixing)
    yield made
    for task in made.app.tasks:
        task.cancel()
    await asyncio.gather(*made.app.tasks, return_exceptions=True)


def calls(fixing: FakeFixing, name: str) -> list[tuple[object, ...]]:
    return [asked for asked in fixing.asked if asked[0] == name]


# -- preview -------------------------------------------------------------------------


async def test_the_last_choice_stands_and_nothing_else_stays_staged(desk: Desk, fixing: FakeFixing) -> None:
    fixing.gate.clear()
    for value in ("ipv4", "any", "ipv6"):
        desk.changing.choose(value, 120)
        await desk.settled()
    assert desk.changing.asking == "staging ipv4" and desk.changing.proposal is None
    fixing.gate.set()
    await desk.settled()
    assert [asked[0:2] for asked in fixing.asked] == [
        ("propose", "ipv4"), ("discard", "ipv4"), ("propose", "ipv6"),
    ]  # fmt: skip
    assert desk.changing.proposal is not None and desk.changing.proposal.value == "ipv6"
    assert desk.changing.asking == ""


async def test_the_same_choice_again_stages_nothing_anew(desk: Desk, fixing: FakeFixing) -> None:
    await desk.staged()
    await desk.staged()
    assert len(calls(fixing, "propose")) == 1


async def test_a_refusal_is_kept_for_the_page_and_the_same_choice_tries_again(
    desk: Desk, fixing: FakeFixing
) -> None:
    fixing.refuse = {"propose": Refused("Postfix is not running", "start it")}
    changing = await desk.staged()
    assert changing.error is not None and changing.error.title == "Postfix is not running"
    assert changing.proposal is None and changing.asking == ""
    changing.apply()
    await desk.settled()
    assert not calls(fixing, "apply")
    fixing.refuse = {}
    await desk.staged()
    assert changing.error is None and changing.proposal is not None


async def test_a_refusal_of_what_is_not_wanted_any_more_is_forgotten(desk: Desk) -> None:
    class Slow(FakeFixing):
        async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
            if value == "ipv4":
                await self.gate.wait()
                raise Refused("no", "")
            return await super().propose(fix, value, window=window)

    slow = Slow()
    desk = Desk(slow)
    slow.gate.clear()
    desk.changing.choose("ipv4", 120)
    await desk.settled()
    desk.changing.choose("ipv6", 120)
    slow.gate.set()
    await desk.settled()
    assert desk.changing.error is None
    assert desk.changing.proposal is not None and desk.changing.proposal.value == "ipv6"


async def test_leaving_a_preview_takes_it_away_from_the_host(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.leave()
    await desk.settled()
    assert fixing.asked[-1] == ("discard", "ipv6") and changing.proposal is None


async def test_where_nothing_can_be_changed_nothing_waits_for_ever() -> None:
    desk = Desk(None)
    await desk.staged()
    assert (desk.changing.asking, desk.changing.proposal, desk.app.tasks) == ("", None, [])
    desk.changing.apply()
    desk.changing.keep()
    desk.changing.find()
    assert desk.app.tasks == []
    desk.changing._session.fixing = FakeFixing()
    assert (await desk.staged("ipv4")).proposal is not None


# -- the change ------------------------------------------------------------------------


async def test_it_begins_once_with_what_was_previewed(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    proposal = changing.proposal
    changing.apply()
    changing.apply()
    await desk.settled()
    changing.apply()
    assert calls(fixing, "apply") == [("apply", "ipv6")]
    assert changing.begun is proposal and changing.proposal is None and changing.touched


async def test_what_is_shown_must_be_what_is_staged(desk: Desk, fixing: FakeFixing) -> None:
    """Enter in the moment in which another value was chosen begins neither of them."""
    changing = await desk.staged("ipv6")
    fixing.gate.clear()
    changing.choose("ipv4", 120)
    changing.apply()
    await desk.settled()
    changing.apply()
    assert not calls(fixing, "apply")
    fixing.gate.set()


async def test_read_only_begins_answers_and_cleans_up_nothing(fixing: FakeFixing) -> None:
    desk = Desk(fixing, read_only=True)
    fixing.past = (KEPT, APPLIED)
    desk.changing.find()
    await desk.settled()
    assert calls(fixing, "history") and not calls(fixing, "waiting"), "`waiting` would clean up"
    assert desk.changing.unconfirmed == APPLIED
    await desk.staged()
    for act in (desk.changing.apply, desk.changing.keep, desk.changing.take_back):
        act()
    await desk.settled()
    assert {asked[0] for asked in fixing.asked} <= {"history", "watch", "propose"}


async def test_of_several_that_wait_the_newest_is_looked_at(desk: Desk, fixing: FakeFixing) -> None:
    fixing.left = (replace(APPLIED, id="1"), replace(APPLIED, id="2"))
    desk.changing.find()
    await desk.settled()
    assert fixing.asked[-1] == ("watch", "2")


async def test_the_clock_is_the_hosts_and_stops_with_the_end(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.apply()
    fixing.put(Progress(replace(APPLIED, remaining=102.0)))
    await desk.settled()
    assert changing.due is not None and 0 < changing.due - time.monotonic() <= 102
    assert changing.unconfirmed is not None and changing.asking == ""
    fixing.put(Progress(replace(APPLIED, remaining=None)))
    await desk.settled()
    assert changing.due is None and changing.unconfirmed is not None, "started anew: no clock runs"
    fixing.put(Progress(replace(KEPT, remaining=5.0)))
    await desk.settled()
    assert changing.due is None and changing.unconfirmed is None
    assert [(told.phase, here) for told, here in desk.app.told] == [("confirmed", True)]


async def test_a_last_look_that_comes_after_the_end_is_older(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.apply()
    fixing.put(Progress(APPLIED))
    await desk.settled()
    changing.keep()
    await desk.settled()
    assert changing.progress is not None and changing.progress.change == KEPT
    fixing.put(Progress(APPLIED))
    await desk.settled()
    assert changing.unconfirmed is None and len(desk.app.told) == 1


async def test_of_another_host_the_end_is_told_as_elsewhere(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.apply()
    desk.app.changing = None
    for phase in ("applied", "rolledback"):
        fixing.put(Progress(replace(APPLIED, phase=phase)))
    await desk.settled()
    assert [here for _, here in desk.app.told] == [False]


async def test_lost_on_the_way_it_stays_in_view_with_its_clock(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.apply()
    fixing.put(Progress(APPLIED))
    fixing.put(CommandFailed("mx1: connection lost", "R tries now"))
    await desk.settled()
    assert changing.error is not None and changing.error.title == "mx1: connection lost"
    assert changing.unconfirmed == APPLIED and changing.due is not None
    changing.leave()
    assert changing.unconfirmed == APPLIED, "leaving the page forgets no change that waits"
    assert changing.error is not None, "nor why it cannot be asked"
    assert changing.lost == ""
    changing.hear(Progress(APPLIED, lost="mx1: connection lost"))
    assert changing.lost == "mx1: connection lost" and changing.error is None


async def test_a_bug_is_no_error_of_the_host(desk: Desk, fixing: FakeFixing) -> None:
    fixing.refuse = {"propose": cast(Any, ValueError("bug"))}
    await desk.staged()
    assert desk.changing.error is None
    with pytest.raises(ValueError, match="bug"):
        await desk.app.tasks[0]


# -- the answer --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["confirm", "rollback"])
async def test_an_answer_is_given_once(desk: Desk, fixing: FakeFixing, name: str) -> None:
    changing = await desk.staged()
    answer = changing.keep if name == "confirm" else changing.take_back
    answer()
    await desk.settled()
    assert not calls(fixing, name), "there is nothing to answer yet"
    changing.apply()
    fixing.put(Progress(APPLIED))
    await desk.settled()
    answer()
    answer()
    changing.keep()
    changing.take_back()
    await desk.settled()
    answer()
    await desk.settled()
    assert [asked[0] for asked in fixing.asked if asked[0] in ("confirm", "rollback")] == [name]
    assert changing.unconfirmed is None


async def test_an_answer_that_failed_can_be_given_again(desk: Desk, fixing: FakeFixing) -> None:
    changing = await desk.staged()
    changing.apply()
    fixing.put(Progress(APPLIED))
    await desk.settled()
    fixing.refuse = {"confirm": CommandFailed("mx1 gave no answer")}
    changing.keep()
    await desk.settled()
    assert changing.error is not None and changing.unconfirmed == APPLIED and changing.asking == ""
    fixing.refuse = {}
    changing.keep()
    await desk.settled()
    assert changing.unconfirmed is None and changing.error is None


async def test_the_page_of_an_end_that_was_seen_is_empty_again(desk: Desk) -> None:
    changing = await desk.staged()
    changing.adopt(cast(Proposal, changing.proposal))
    changing.hear(Progress(APPLIED))
    changing.hear(Progress(KEPT))
    changing.leave()
    assert (changing.progress, changing.begun, changing.due) == (None, None, None)


async def test_one_of_several_hosts_hears_of_its_change_and_may_be_released(desk: Desk) -> None:
    changing = desk.changing
    changing.adopt((await desk.staged()).proposal)  # type: ignore[arg-type]
    changing.hear(Progress(APPLIED))
    assert changing.unconfirmed == APPLIED and changing.touched
    changing.release()
    assert changing.unconfirmed is None and changing.begun is None and changing.due is None


# -- leaving ------------------------------------------------------------------------------


async def test_who_quits_is_told_once_for_each_change(desk: Desk) -> None:
    changing = desk.changing
    assert changing.farewell() == ""
    changing.hear(Progress(APPLIED))
    assert "its watchdog will take it back" in changing.farewell()
    assert changing.farewell() == ""
    changing.hear(Progress(replace(APPLIED, id="another")))
    assert changing.farewell()


@pytest.mark.parametrize("fields", [{"watched": False}, {"remaining": None}])
async def test_no_watchdog_is_promised_where_none_is(desk: Desk, fields: dict[str, Any]) -> None:
    desk.changing.hear(Progress(replace(APPLIED, **fields)))
    assert "nothing takes it back by itself" in desk.changing.farewell()


async def test_a_recording_touches_nothing_and_warns_of_nothing(desk: Desk, fixing: FakeFixing) -> None:
    fixing.recorded = True
    changing = await desk.staged()
    changing.apply()
    fixing.put(Progress(APPLIED))
    await desk.settled()
    assert changing.recorded and not changing.touched and changing.farewell() == ""
    changing.keep()
    await desk.settled()
    assert not changing.touched


async def test_a_change_found_at_start_is_touched_by_an_answer(desk: Desk, fixing: FakeFixing) -> None:
    fixing.left = (change("ipv6", phase="applied", remaining=9.0, watched=True),)
    desk.changing.find()
    await desk.settled()
    assert not desk.changing.touched and desk.changing.begun is None
    desk.changing.take_back()
    assert desk.changing.touched


async def test_a_host_that_was_away_at_start_is_asked_when_it_is_back(desk: Desk, fixing: FakeFixing) -> None:
    fixing.refuse = {"waiting": CommandFailed("the connection was lost")}
    fixing.left = (change("ipv6", phase="applied", remaining=9.0, watched=True),)
    desk.changing.find()
    await desk.settled()
    desk.changing.look(reachable=False)
    desk.changing.look(reachable=False)
    assert len(calls(fixing, "waiting")) == 1
    fixing.refuse = {}
    desk.changing.look(reachable=True)
    await desk.settled()
    assert desk.changing.unconfirmed is not None
    for reachable in (False, True):
        desk.changing.look(reachable=reachable)
    await desk.settled()
    assert len(calls(fixing, "waiting")) == 2, "once it is known it is not asked for again"
