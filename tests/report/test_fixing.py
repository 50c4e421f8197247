"""One guided fix by command, against a scripted host: what --yes decides, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from mxtop.change.model import Change, Command, Preview, Setting, Swap
from mxtop.change.values import Refused
from mxtop.mail.promise import Connections, Observed, Verdict
from mxtop.report.fixing import Wishes, carry_out, retry
from mxtop.route.effect import Forecast
from mxtop.route.reach import Row
from mxtop.session.fixing import Fixing, Progress, Proposal

CHECK = Command(("postfix", "-c", "/etc/postfix", "check"), 0, 2.1)


def change(phase: str, **more: Any) -> Change:
    setting = Setting("smtp_address_preference", None, None, "ipv6", "any", "ipv6")
    known = Change(
        id="01J", host="mx1", instance="/etc/postfix", file="/etc/postfix/main.cf", fix="address-preference",
        phase=phase, detail="", operator="alice", time="2026-11-23T18:31:36Z", settings=(setting,),
    )  # fmt: skip
    return replace(known, **more)


def seen(verdict: Verdict) -> Observed:
    return Observed(
        reloaded="2026-11-23T18:31:40+00:00",
        before=Connections(5, 5),
        after=Connections(0, 7),
        requests=7,
        troubled=1,
        setup_before=None,
        setup_after=None,
        verdict=verdict,
        why="",
    )


def step(phase: str, verdict: Verdict = "too_little_traffic", **more: Any) -> Progress:
    return Progress(change(phase, commands=(CHECK,), watched=True, **more), seen(verdict))


class Scripted:
    """Plays `steps`; an answer is noted, and leads to what it asks for, or to `true`."""

    host = "mx1"

    def __init__(self, *steps: Progress, swap: Swap = "exchange", true: str = "") -> None:
        self._steps = steps
        self._swap = swap
        self._true = true
        self.did: list[str] = []

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        staged = change("prepared", window=window, swap=self._swap)
        preview = Preview(staged, "--- a\n+++ b\n+x\x1b[2J\n", ("w\x1b",), (CHECK.argv,))
        return Proposal(fix=fix, value=value, title="Title", preview=preview, forecast=None, risk="Risky.")

    async def discard(self, proposal: Proposal) -> None:
        self.did.append("discard")

    async def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        self.did.append("apply")
        for one in self._steps:
            yield one

    async def confirm(self, change_id: str) -> Change:
        self.did.append("confirm")
        return change(self._true or "confirmed")

    async def rollback(self, change_id: str) -> Change:
        self.did.append("rollback")
        return change(self._true or "rolledback", detail="taken back by alice")


def yes(**more: Any) -> Wishes:
    wishes = Wishes("address-preference", "ipv6", dry_run=False, yes=True, window=60, as_json=False)
    return replace(wishes, **more)


async def run(host: Scripted, wishes: Wishes) -> int:
    return await carry_out(cast(Fixing, host), wishes)


@pytest.mark.parametrize(
    ("steps", "did", "code"),
    [
        ([step("armed"), step("applied", remaining=59.0), step("applied", "good", remaining=50.0)],
         ["apply", "confirm"], 0),
        ([step("applied", remaining=59.0), step("applied", "bad", remaining=50.0)], ["apply", "rollback"], 1),
        ([step("applied", remaining=11.0), step("applied", remaining=9.9)], ["apply", "confirm"], 0),
        ([step("applied", remaining=59.0), step("rolledback", "bad")], ["apply"], 1),
        ([step("installed"), step("failed", code=75)], ["apply"], 75),
        ([step("failed")], ["apply"], 2),
        ([step("applied", remaining=59.0), step("conflict")], ["apply"], 3),
        ([step("rollback-failed")], ["apply"], 3),
    ],
)  # fmt: skip
async def test_yes_keeps_unless_the_verdict_is_bad(steps: list[Progress], did: list[str], code: int) -> None:
    host = Scripted(*steps)
    assert await run(host, yes()) == code
    assert host.did == did


async def test_the_true_final_state_decides(capsys: pytest.CaptureFixture[str]) -> None:
    host = Scripted(step("applied", "good", remaining=50.0), true="rolledback")
    assert await run(host, yes(as_json=True)) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "rolled_back"


async def test_yes_refuses_where_files_cannot_be_exchanged() -> None:
    host = Scripted(swap="rename")
    with pytest.raises(Refused, match="exchanged") as refused:
        await run(host, yes())
    assert (refused.value.code, host.did) == (2, ["discard"])
    assert await run(host, yes(dry_run=True)) == 0


async def test_a_dry_run_shows_and_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    host = Scripted()
    assert await run(host, yes(dry_run=True)) == 0
    assert host.did == ["discard"]
    shown = capsys.readouterr().out
    assert "--- a\n+++ b\n+x␛[2J\n" in shown
    assert "w␛" in shown
    assert "\x1b" not in shown
    assert "effective   smtp_address_preference = any (Postfix's default), then ipv6" in shown
    assert "back by itself after 60 s" in shown
    assert await run(host, yes(dry_run=True, as_json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["diff"] == "--- a\n+++ b\n+x\x1b[2J\n"
    assert told["commands"] == [{"argv": list(CHECK.argv), "exit_code": None, "seconds": None}]
    assert (told["state"], told["verdict"], told["warnings"]) == ("preview", None, ["w\x1b"])


async def test_what_is_told_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    await run(Scripted(step("applied", remaining=59.0), step("applied", "good", remaining=58.0)), yes())
    told = capsys.readouterr().err
    assert "postfix -c /etc/postfix check   (exit code 0, 2.1 s)" in told
    assert told.count("postfix -c") == 1
    assert "IPv6 7 of 7 new connections (100%, 50% before), 1 of 7 in trouble: good" in told
    assert told.endswith("mx1: smtp_address_preference – → ipv6: confirmed\n")


class Retrying(Scripted):
    """Has two deferred messages for each destination, unless it is refused."""

    def __init__(self, trouble: Refused | None = None) -> None:
        super().__init__()
        self.trouble = trouble

    async def retry(self, destinations: Sequence[str]) -> int:
        if self.trouble is not None:
            raise self.trouble
        self.did += destinations
        return 2 * len(destinations)


async def test_deferred_mail_is_tried_again_where_the_change_moves_something(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = (
        Row(destination="dual.example", connections=9, before=0.5, after=1.0),
        Row(destination="v4only.example", connections=5, reason="one_family"),
    )
    forecast = Forecast(value="ipv6", before=0.5, after=1.0, known=14, unknown=0, rows=rows, notes=())
    for host, told in (
        (Retrying(), "mx1: 2 deferred messages are tried now\n"),
        (Retrying(Refused("not allowed", "be root")), "mx1: not allowed; be root\n"),
    ):
        proposal = replace(await host.propose("address-preference", "ipv6"), forecast=forecast)
        await retry(cast(Fixing, host), proposal, "mx1")
        assert capsys.readouterr().err == told
        assert host.did == ([] if host.trouble else ["dual.example"])
