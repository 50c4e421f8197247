"""One change on several hosts: proposed on all, made on one first, then on the others one after the other.

Pure orchestration over one `Fixing` for each host.  At any moment one host at most has a change that is not
answered yet: what turns out badly is one host's trouble, the change goes back there, and the hosts that are
left were never touched.  That costs the sum of the watches, which is why it is for a handful of hosts.
What was kept stays kept until somebody says `undo`.  Shows nothing and asks nobody: the front end decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.promise import Verdict
from mxtop.session.fixing import Fixing, Progress, Proposal

ENOUGH: Final = 20
"""New connections in the log, to destinations whose share moves, with which a host is judged soon."""

PAUSE: Final = 2.0
"""Seconds between two looks at a host that was lost."""

GRACE: Final = 60.0
"""Seconds after its time within which the watchdog of a host that was lost has decided."""

Answer = Literal["keep", "back"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one host says to the change; `host` is its name as the person wrote it.

    One of `proposal` and `trouble` is None.
    """

    host: str
    proposal: Proposal | None = None
    trouble: MxtopError | None = None

    @property
    def already(self) -> bool:
        """Whether there is nothing to change: it is so."""
        return isinstance(self.trouble, Refused) and self.trouble.code == 0


@dataclass(frozen=True, slots=True)
class Fate:
    """How it ended on one host.

    `change` is the last that was seen of it.  `begun`: something was done there; else `trouble` says why
    nothing was.  `lost`: nobody answered there any more, and whether its watchdog took the change back is
    not known.
    """

    host: str
    change: Change
    begun: bool = False
    lost: bool = False
    trouble: MxtopError | None = None

    @property
    def kept(self) -> bool:
        return self.begun and self.change.state == "confirmed"


Decide = Callable[[str, Proposal, Progress], Awaitable[Answer | None]]
"""What to do with the change of a host now; None: go on watching."""

Tell = Callable[[str, Progress | MxtopError], None]
"""Hears how it goes on at a host, and what cannot be asked there."""


def first(offers: Sequence[Offer], named: str | None = None) -> tuple[Offer, ...]:
    """Those that can be changed, the canary first and the others in the order given.

    The canary is the one that is `named`, unless it has nothing to change; else the first with ENOUGH traffic
    for a verdict, else the one with the most.
    """
    able = [offer for offer in offers if offer.proposal is not None]
    chosen = [offer for offer in able if offer.host == named]
    chosen = chosen or [offer for offer in able if traffic(offer.proposal) >= ENOUGH]
    chosen = chosen or sorted(able, key=lambda offer: -traffic(offer.proposal))
    return (*chosen[:1], *(offer for offer in able if offer is not chosen[0]))


def traffic(proposal: Proposal | None) -> int:
    """The new connections in its log by which a change is judged."""
    if proposal is None or proposal.forecast is None:
        return 0
    return sum(row.connections for row in proposal.forecast.rows if row.reason is None)


def in_one_go(change: Change, past: Mapping[str, Sequence[Change]]) -> dict[str, Change]:
    """What stands of one change on several hosts, this one included, by the names in `past`.

    By what each host wrote down: the same operator set the same, and each began within the time that the one
    before it had.  A record names no other host, so that two runs that follow at once are taken for one.
    """
    same = [
        (_second(one.time), host, one)
        for host, changes in past.items()
        for one in changes
        if _what(one) == _what(change) and (one.state == "confirmed" or one.id == change.id)
    ]
    same.sort(key=lambda each: each[:2])
    runs: list[list[tuple[float, str, Change]]] = []
    for each in same:
        last = runs[-1][-1] if runs else None
        if last is None or each[0] - last[0] > last[2].window + GRACE:
            runs.append([])
        runs[-1].append(each)
    mine = next(run for run in runs if any(one.id == change.id for *_, one in run))
    return {host: one for _, host, one in mine}


def _second(time: str) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:  # as a host may say
        return 0.0


def _what(change: Change) -> tuple[object, ...]:
    return change.operator, change.fix, tuple((s.parameter, s.service, s.after) for s in change.settings)


def verdict(progress: Progress) -> Verdict:
    return progress.observed.verdict if progress.observed is not None else "too_little_traffic"


@dataclass
class Together:
    """The hosts by the names that the person gave them, and what is known of each.

    `pause` and `grace` are seconds; see PAUSE and GRACE.
    """

    hosts: Mapping[str, Fixing]
    pause: float = PAUSE
    grace: float = GRACE
    fates: dict[str, Fate] = field(default_factory=dict)
    """The hosts that are done with, in the order in which they were."""

    async def propose(self, fix: str, value: str, *, window: int = 120) -> tuple[Offer, ...]:
        """Stage it on all of them at once; nothing live is touched.  In the order of `hosts`."""

        async def ask(host: str, fixing: Fixing) -> Offer:
            try:
                return Offer(host, await fixing.propose(fix, value, window=window))
            except MxtopError as error:
                return Offer(host, trouble=error)

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(*one)) for one in self.hosts.items()]
        return tuple(task.result() for task in asked)

    async def discard(self, offers: Sequence[Offer]) -> None:
        """Forget what is not wanted; a host that cannot be told forgets it by itself after a day."""

        async def forget(host: str, proposal: Proposal) -> None:
            try:
                await self.hosts[host].discard(proposal)
            except MxtopError:
                pass

        async with asyncio.TaskGroup() as group:
            for offer in offers:
                if offer.proposal is not None:
                    group.create_task(forget(offer.host, offer.proposal))

    async def make(self, queue: Sequence[Offer], decide: Decide, tell: Tell) -> tuple[Fate, ...]:
        """Change one after the other as long as each is kept; what became of each, in the order of `queue`.

        Where this is cancelled, the host at hand decides by itself, and `fates` has those that were done.
        """
        left = [offer for offer in queue if offer.proposal is not None]
        stopped: Fate | None = None
        try:
            while left and stopped is None:
                offer = left.pop(0)
                assert offer.proposal is not None
                fate = await self._one(offer.host, offer.proposal, decide, tell)
                self.fates[offer.host] = fate
                if not fate.kept:
                    stopped = fate
        finally:
            await self.discard(left)
        for offer in left:
            assert offer.proposal is not None and stopped is not None
            reason = Refused(f"not begun, as {_ended(stopped)}", "see to that host, then try again")
            self.fates[offer.host] = Fate(offer.host, offer.proposal.preview.change, trouble=reason)
        return tuple(self.fates[offer.host] for offer in queue)

    async def undo(self, tell: Tell) -> tuple[Fate, ...]:
        """Take back what was kept, everywhere at once; what became of each."""

        async def back(fate: Fate) -> Fate:
            try:
                now = await self.hosts[fate.host].undo(fate.change.id)
            except MxtopError as error:
                tell(fate.host, error)
                return replace(fate, trouble=error)
            return replace(fate, change=replace(now, outcome=fate.change.outcome))

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(back(fate)) for fate in self.fates.values() if fate.kept]
        done = tuple(task.result() for task in asked)
        self.fates.update({fate.host: fate for fate in done})
        return done

    # -- one host ---------------------------------------------------------------

    async def _one(self, host: str, proposal: Proposal, decide: Decide, tell: Tell) -> Fate:
        """Apply it, watch it, answer it."""
        clock = asyncio.get_running_loop().time
        seen = Fate(host, proposal.preview.change)
        patience = proposal.preview.change.window + self.grace
        try:
            async with (
                asyncio.timeout(patience) as limit,
                aclosing(self._looks(host, proposal, tell)) as looks,
            ):
                async for progress in looks:
                    change = progress.change
                    seen = Fate(host, change, begun=seen.begun or change.phase != "prepared")
                    tell(host, progress)
                    if progress.lost:
                        continue
                    limit.reschedule(clock() + patience)
                    if change.phase != "applied":
                        continue
                    answer = await decide(host, proposal, progress)
                    if answer is None:
                        continue
                    seen = replace(seen, change=await self._give(host, change, answer, tell))
                    if (final := replace(progress, change=seen.change)).over:
                        tell(host, final)
                        break
        except Refused as error:
            return replace(seen, trouble=error)
        except TimeoutError:
            return replace(seen, begun=True, lost=True)
        return seen

    async def _looks(self, host: str, proposal: Proposal, tell: Tell) -> AsyncGenerator[Progress, None]:
        """How it goes on, also after the host was lost for a while.  Refused where it did not begin."""
        fixing = self.hosts[host]
        steps = fixing.apply(proposal)
        begun = lost = forgotten = False
        while True:
            try:
                async for progress in steps:
                    begun = begun or progress.change.phase != "prepared"
                    yield progress
                    if lost and not (begun or forgotten):
                        # What is discarded cannot begin, even where the word to begin is still on its way.
                        await fixing.discard(proposal)
                        forgotten = True
                return
            except Refused as error:
                if forgotten and not begun:
                    raise Refused(
                        f"{host} was lost before it began: nothing was changed", "try again"
                    ) from error
                if not (begun or lost):
                    raise
                tell(host, error)
            except MxtopError as error:
                tell(host, error)
            lost = True
            await asyncio.sleep(self.pause)
            steps = fixing.watch(proposal.preview.change)

    async def _give(self, host: str, change: Change, answer: Answer, tell: Tell) -> Change:
        """The change after the answer; as it was where that did not get through: the next look tells."""
        fixing = self.hosts[host]
        try:
            now = await (fixing.confirm if answer == "keep" else fixing.rollback)(change.id)
        except MxtopError as error:
            tell(host, error)
            return change
        return replace(now, outcome=change.outcome)


def _ended(fate: Fate) -> str:
    """Why the run stopped at this host, in a few words."""
    if fate.lost:
        return f"{fate.host} does not answer any more"
    if not fate.begun:
        return f"{fate.host} refused"
    return f"it is {fate.change.state.replace('_', ' ')} on {fate.host}"
