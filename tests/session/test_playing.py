"""Recorded fixes play as they were, by the clock, and change nothing."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mxtop.change.model import BUSY, Change, Command, Preview, Setting
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.finding import Evidence, Finding
from mxtop.mail.promise import Connections, Observed
from mxtop.recording.file import Header, Writer
from mxtop.recording.fixes import add
from mxtop.route.effect import Forecast
from mxtop.route.health import Ailment
from mxtop.route.notes import Note
from mxtop.route.reach import Row
from mxtop.route.wait import Wait
from mxtop.session import playing as module
from mxtop.session.fixing import Fixing, Progress, Proposal
from mxtop.session.playing import Player, RecordedFix, from_document, thinned, to_document
from mxtop.session.replay import ReplaySession

KEY = ("address-preference", "ipv6")
STARTED = 1795458696.0  # 2026-11-23T18:31:36Z
CHECK = Command(("postfix", "check"), 0, 1.5)
RELOAD = Command(("postfix", "reload"), 0, 0.1)
CHANGE = Change(
    id="01A", host="mx1.example", instance="/etc/postfix", file="/etc/postfix/main.cf", fix=KEY[0],
    phase="prepared", detail="", operator="alice", time="2026-01-01T00:00:00Z",
    settings=(Setting("smtp_address_preference", None, None, "ipv6", "any", "ipv6"),), window=600,
)  # fmt: skip
FORECAST = Forecast(
    value="ipv6", before=0.5, after=1.0, known=10, unknown=1,
    rows=(
        Row(destination="a.example", connections=10, before=0.5, after=1.0, wait_after=Wait(1.0, 2.0, 3.0),
            ailment=Ailment(family="ipv6", kind="connect", failed=1, tried=2, other_failed=0, other_tried=3)),
        Row(destination="b.example", connections=1, reason="unknown"),
    ),
    notes=(Note(kind="fails", text="fails there \udcff", destinations=("a.example",)),),
)  # fmt: skip
PROPOSAL = Proposal(
    fix=KEY[0], value=KEY[1], title="Which family", risk="unsafe", safe=False,
    preview=Preview(CHANGE, "-a\n+b\n", ("a warning",), (("postfix", "check"), ("postfix", "reload"))),
    forecast=FORECAST,
    findings=(Finding(id="mixed", title="t", sentence="s", evidence=(Evidence("n", 1.5),), fix=KEY[0]),),
)  # fmt: skip


def seen(ipv6: int) -> Observed:
    return Observed(
        reloaded="2026-01-01T00:00:05Z", before=Connections(5, 5), after=Connections(0, ipv6),
        requests=ipv6, troubled=0, setup_before=0.1, setup_after=None, why="w",
        verdict="good" if ipv6 > 9 else "too_little_traffic",
    )  # fmt: skip


def at(phase: str, *commands: Command, ipv6: int | None = None) -> Progress:
    change = replace(CHANGE, phase=phase, commands=commands)
    return Progress(change, None if ipv6 is None else seen(ipv6))


FIX = RecordedFix(
    proposal=PROPOSAL,
    steps=(
        (0.2, at("prepared")),
        (0.4, at("installed")),
        (2.0, at("applied", CHECK, RELOAD, ipv6=0)),
        (60.0, at("applied", CHECK, RELOAD, ipv6=12)),
    ),
    undone=at("rolledback", CHECK, RELOAD, RELOAD).change,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a twentieth of a second, looks ten times as often."""
    monkeypatch.setattr(module, "LONGEST", 0.05)
    monkeypatch.setattr(module, "EVERY", 0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Writer(tmp_path / "raw", Header("mx1.example", STARTED)) as out:
        out.flush()
    add(tmp_path / "raw", tmp_path / "r", {KEY: to_document(FIX)})
    return tmp_path / "r"


@pytest.fixture
def fixing(path: Path) -> Fixing:
    found = ReplaySession(path).fixing
    assert found is not None
    return found


async def until(fixing: Fixing, proposal: Proposal, ipv6: int) -> Progress:
    async for progress in fixing.apply(proposal):
        if progress.observed is not None and progress.observed.after.ipv6 == ipv6:
            return progress
    raise AssertionError(progress)


def test_values_come_back_from_json() -> None:
    assert from_document(json.loads(json.dumps(to_document(FIX)))) == FIX
    assert from_document({**to_document(FIX), "of a newer version": 1}) == FIX


def test_only_what_moves_is_kept() -> None:
    applied = at("applied", ipv6=1)
    ticking = [
        (k / 4, replace(applied, change=replace(applied.change, remaining=99 - k / 4))) for k in range(9)
    ]
    assert thinned([(0.0, at("prepared")), *ticking, (9.0, at("applied", ipv6=2))]) == (
        (0.0, at("prepared")),
        (0.0, applied),
        (9.0, at("applied", ipv6=2)),
    )


async def test_the_proposal_says_that_it_is_recorded(fixing: Fixing) -> None:
    proposal = await fixing.propose(*KEY, window=300)
    change = proposal.preview.change
    assert proposal.recorded
    assert (change.window, change.state) == (300, "preview")
    assert change.time.startswith("2026-11-23T18:31:")  # the recording's own time, not that of the fix
    own = replace(PROPOSAL, recorded=True, preview=replace(PROPOSAL.preview, change=change))
    assert proposal == own
    assert await fixing.diff(change) == "-a\n+b\n"
    assert await fixing.history() == ()
    assert fixing.commands() == ()
    await fixing.discard(proposal)
    with pytest.raises(Refused, match="there is no change"):
        await fixing.confirm(change.id)


async def test_other_values_are_not_in_it(fixing: Fixing) -> None:
    for key in ((KEY[0], "ipv4"), ("other", "ipv6")):
        with pytest.raises(Refused) as refused:
            await fixing.propose(*key)
        assert refused.value.title == "not in this recording"
        assert refused.value.remedy == "it has address-preference to ipv6"
    with pytest.raises(Refused, match="not in this recording"):
        await fixing.retry(["a.example"])


async def test_it_goes_on_as_recorded_and_is_kept_and_undone(fixing: Fixing) -> None:
    proposal = await fixing.propose(*KEY)
    phases, counted, remaining = list[str](), list[int](), list[float]()
    async for progress in fixing.apply(proposal):
        phases += [] if progress.change.phase in phases[-1:] else [progress.change.phase]
        if progress.change.remaining is not None:
            assert progress.change.watched
            remaining.append(progress.change.remaining)
        if progress.observed is not None:
            counted.append(progress.observed.after.ipv6)
        if len(remaining) > 20 and counted[-1] == 12:
            break
    assert phases == ["prepared", "installed", "applied"]
    assert counted == sorted(counted)
    assert {*counted} == {0, 12}
    assert remaining == sorted(remaining, reverse=True)
    assert len({*remaining}) == len(remaining)
    assert 119 < remaining[-1] < 120
    assert [change.id for change in await fixing.waiting()] == [proposal.preview.change.id]
    assert [ran.argv for ran in fixing.commands()] == [CHECK.argv, RELOAD.argv]
    assert {ran.purpose for ran in fixing.commands()} == {"change"}

    kept = await fixing.confirm(proposal.preview.change.id)
    assert (kept.state, kept.remaining, kept.watched) == ("confirmed", None, False)
    assert kept.commands == (CHECK, RELOAD)
    assert await fixing.waiting() == ()
    assert [past.state for past in await fixing.history()] == ["confirmed"]
    assert [step.change async for step in fixing.watch(kept)] == [kept]
    assert (await fixing.rollback(kept.id)).state == "confirmed"  # as on a host: it is kept already
    undone = await fixing.undo(kept.id)
    assert (undone.state, undone.detail) == ("rolled_back", "taken back by alice")
    assert undone.commands == (CHECK, RELOAD, RELOAD)
    assert (await fixing.confirm(undone.id)).state == "rolled_back"


async def test_it_goes_back_by_itself_whether_or_not_anybody_looks(fixing: Fixing) -> None:
    proposal = await fixing.propose(*KEY, window=1)
    await until(fixing, proposal, 12)
    await asyncio.sleep(1.1)
    (past,) = await fixing.history()
    assert (past.state, past.detail) == ("rolled_back", "not confirmed within 1 s")
    (step,) = [step async for step in fixing.watch(past)]
    assert step.over


async def test_answers_wait_for_the_commands_at_work(fixing: Fixing) -> None:
    proposal = await fixing.propose(*KEY)
    async for progress in fixing.apply(proposal):
        if progress.change.working:
            break
    assert progress.change.commands == ()
    kept = await fixing.confirm(proposal.preview.change.id)
    assert (kept.state, kept.commands) == ("confirmed", (CHECK, RELOAD))


async def test_one_change_at_a_time(fixing: Fixing) -> None:
    one, two = await fixing.propose(*KEY), await fixing.propose(*KEY)
    assert one.preview.change.id != two.preview.change.id
    await until(fixing, one, 12)
    with pytest.raises(Refused, match="waits for its answer") as refused:
        await until(fixing, two, 12)
    assert refused.value.code == BUSY
    assert (await fixing.rollback(one.preview.change.id)).state == "rolled_back"
    await until(fixing, two, 12)
    with pytest.raises(Refused, match="is not prepared"):
        await until(fixing, two, 12)
    assert len(await fixing.history()) == 2


async def test_what_cannot_be_read_is_an_error_with_a_next_step(path: Path, tmp_path: Path) -> None:
    for damage in ({}, {"proposal": 1}, [], None, {**to_document(FIX), "steps": [1]}):
        target = tmp_path / "damaged"
        add(tmp_path / "raw", target, {KEY: damage})
        fixing = Player(target, "mx1", [KEY], time.time)
        with pytest.raises(MxtopError, match="cannot be read; record it again"):
            await fixing.propose(*KEY)
        target.unlink()


def test_a_recording_without_fixes_offers_none(tmp_path: Path, path: Path) -> None:
    assert ReplaySession(tmp_path / "raw").fixing is None
