"""Hosts with scripted outcomes, for what is done on several at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, cast

from mxtop.change.model import Change, Preview, Setting
from mxtop.change.values import Refused
from mxtop.hosts.errors import HostDown
from mxtop.mail.promise import Connections, Observed, Verdict
from mxtop.route.effect import Forecast
from mxtop.route.reach import Row
from mxtop.session.fixing import Fixing, Progress, Proposal

Story = Literal[
    "good", "bad", "quiet", "refused", "failed", "conflict", "raced", "away", "gone", "hangs", "unbegun",
    "deaf", "slow",
]  # fmt: skip
"""What a host does with a change.

`quiet`: no verdict, its watchdog takes it back; `refused`: it does not begin; `failed`: it began and refused;
`raced`: the watchdog was before the answer; `away`: lost, back when its watchdog has decided; `gone`: lost
for good; `hangs`: it neither answers nor is lost; `unbegun`: lost before it began; `deaf`: good, but the
first answer does not get through; `slow`: good after ten minutes.
"""

STORIES: tuple[Story, ...] = (
    "good", "bad", "quiet", "refused", "failed", "conflict", "raced", "away", "gone", "hangs",
    "unbegun", "deaf", "slow",
)  # fmt: skip


def made(host: str, phase: str = "prepared", **more: Any) -> Change:
    setting = Setting("smtp_address_preference", None, None, "ipv6", "any", "ipv6")
    known = Change(
        id=f"01{host.upper()}", host=host, instance="/etc/postfix", file="/etc/postfix/main.cf",
        fix="address-preference", phase=phase, detail="", operator="alice", time="2026-11-23T18:31:36Z",
        settings=(setting,), watched=True, window=0,
    )  # fmt: skip
    return replace(known, **more)


def told(rows: int, **more: Any) -> Forecast:
    row = Row(destination="dual.example", connections=rows, before=0.5, after=1.0)
    known = Forecast(value="ipv6", before=0.5, after=1.0, known=rows, unknown=0, rows=(row,), notes=())
    return replace(known, **more)


def proposed(host: str, *, diff: str = "--- a\n+++ b\n+x\n", connections: int = 0, **more: Any) -> Proposal:
    preview = Preview(made(host), diff, (), (("postfix", "check"),))
    known = Proposal(
        fix="address-preference", value="ipv6", title="Title", preview=preview, forecast=told(connections),
        risk="Risky.", mail_version="3.7.11",
    )  # fmt: skip
    return replace(known, **more)


def seen(verdict: Verdict) -> Observed:
    return Observed(
        reloaded="2026-11-23T18:31:40+00:00", before=Connections(5, 5), after=Connections(0, 7), requests=7,
        troubled=1, setup_before=None, setup_after=None, verdict=verdict, why="",
    )  # fmt: skip


class Fake:
    """One host: `did` is what was asked of it, `phase` its true state.  `all` hears what each host did."""

    def __init__(
        self, host: str, story: Story = "good", *, offer: Proposal | Refused | HostDown | None = None,
        all: list[tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        self.host = host
        self.phase = "prepared"
        self.did: list[str] = []
        self._story = story
        self._offer = offer or proposed(host)
        self._all = all if all is not None else []
        self._deaf = story == "deaf"

    def _note(self, what: str) -> None:
        self.did.append(what)
        self._all.append((self.host, what))

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        if isinstance(self._offer, Proposal):
            return self._offer
        raise self._offer

    async def discard(self, proposal: Proposal) -> None:
        self._note("discard")
        self.phase = "discarded"

    async def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        self._note("apply")
        if self._story == "refused":
            raise Refused("changed since the preview", code=75)
        if self._story == "unbegun":
            raise HostDown("connection lost")
        async for one in self._phases("armed", "applied"):
            yield one
        if self._story in ("away", "gone"):
            self.phase = "rolledback"
            raise HostDown("connection lost")
        async for one in self.watch(proposal.preview.change):
            yield one

    async def _phases(self, *phases: str, verdict: Verdict = "too_little_traffic") -> AsyncIterator[Progress]:
        for phase in phases:
            self.phase = phase
            yield Progress(made(self.host, phase), seen(verdict))

    async def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        if self._story == "gone":
            raise HostDown("no route to host")
        if self._story == "hangs":
            self.phase = "rolledback"
            yield Progress(made(self.host, "applied"), lost="no sign of life")
            await asyncio.Event().wait()
        if self._story == "away":
            yield Progress(made(self.host, self.phase), seen("good"))
            return
        if self.phase == "discarded":
            raise Refused("there is no such change")
        if self._story == "unbegun":
            yield Progress(made(self.host, "prepared"))
            raise Refused("there is no such change")
        if self._story in ("failed", "conflict", "quiet"):
            end = {"failed": "failed", "conflict": "conflict", "quiet": "rolledback"}[self._story]
            async for one in self._phases(end):
                yield one
            return
        for left in range(600, 0, -10) if self._story == "slow" else ():
            yield Progress(made(self.host, "applied", remaining=left), seen("too_little_traffic"))
            if self.phase != "applied":
                return
            await asyncio.sleep(10)
        if self._story == "slow":
            self._note("judged")
        verdict: Verdict = "bad" if self._story == "bad" else "good"
        while self.phase == "applied":
            yield Progress(made(self.host, self.phase), seen(verdict))
        yield Progress(made(self.host, self.phase), seen(verdict))

    async def confirm(self, change: str) -> Change:
        self._note("confirm")
        if self._deaf:
            self._deaf = False
            raise HostDown("connection lost")
        self.phase = "rolledback" if self._story == "raced" else "confirmed"
        return made(self.host, self.phase)

    async def rollback(self, change: str) -> Change:
        self._note("rollback")
        self.phase = "rolledback"
        return made(self.host, self.phase)

    async def undo(self, change: str) -> Change:
        self._note("undo")
        self.phase = "rolledback"
        return made(self.host, self.phase)


class Past(Fake):
    """A host with changes by id and phase; it may be away."""

    def __init__(self, host: str, *, away: bool = False, **phases: str) -> None:
        super().__init__(host)
        self.begun = tuple(
            made(host, phase, id=name, time=f"2026-11-23T18:31:{ord(name):02}Z")
            for name, phase in phases.items()
        )
        self._away = away

    async def history(self) -> tuple[Change, ...]:
        if self._away:
            raise HostDown("no route to host", "try again")
        return self.begun

    async def waiting(self) -> tuple[Change, ...]:
        return tuple(one for one in await self.history() if one.phase == "applied")

    async def diff(self, change: Change) -> str:
        return f"--- a\n+++ b\n+{change.id}\x1b\n"

    async def confirm(self, change: str) -> Change:
        self._note(f"confirm {change}")
        return made(self.host, "confirmed", id=change)

    async def undo(self, change: str) -> Change:
        self._note(f"undo {change}")
        return made(self.host, "conflict" if change == "X" else "rolledback", id=change)


def hosts(fakes: Sequence[Fake]) -> dict[str, Fixing]:
    return {fake.host: cast(Fixing, fake) for fake in fakes}


_T = TypeVar("_T")


class _Impatient(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Never waits: what it would have waited is what its clock shows."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen"
        self.now += timeout
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose time passes only while nothing is to be done: a busy machine cannot make it late."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now


def at_once(story: Coroutine[Any, Any, _T]) -> _T:
    """Run a story without waiting for its sleeps and timeouts."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(story)
