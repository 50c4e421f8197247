"""Plays guided fixes as they were recorded, and changes nothing anywhere.

A preview, its commands and its effect come as they were on a real Postfix, with the times between them,
quickened where nothing happened for long.  What goes on is a matter of the clock: it goes on while nobody
looks, and takes itself back where nobody answers.  The log and the sockets on the screen play their own
recording, in which nothing was changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mxtop.change.model import BUSY, Change
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.value import named
from mxtop.recording.codec import decode, encode
from mxtop.recording.fixes import Key, document
from mxtop.session.fixing import Progress, Proposal, Ran

LONGEST: Final = 2.0
"""Seconds that a pause of the recording takes at most."""

EVERY: Final = 0.25
"""Seconds between two looks: the countdown moves."""


@named
class RecordedFix:
    """One fix with one value: its preview, (seconds since consent, how far it was), and how it ended.

    `undone` is the change after it was taken back again.
    """

    proposal: Proposal
    steps: tuple[tuple[float, Progress], ...]
    undone: Change


def to_document(fix: RecordedFix) -> Any:
    """A JSON value."""
    return encode(fix)


def from_document(document: Any) -> RecordedFix:
    """ValueError or TypeError where it is none."""
    return decode(RecordedFix, document)


def thinned(steps: Iterable[tuple[float, Progress]]) -> tuple[tuple[float, Progress], ...]:
    """The steps at which more than the countdown moved."""
    kept: list[tuple[float, Progress]] = []
    for at, step in steps:
        still = replace(step, change=replace(step.change, remaining=None))
        if not kept or kept[-1][1] != still:
            kept.append((round(at, 3), still))
    return tuple(kept)


class _Playing:
    """One change as it is played; `begun` and everything after it in monotonic seconds."""

    def __init__(self, recorded: RecordedFix, first: Change, clock: Callable[[], float]) -> None:
        self.change = first
        self.undone = recorded.undone
        self.diff = ""
        self._first = first
        self._clock = clock
        self._began: float | None = None
        self._steps: list[tuple[float, Progress]] = []
        self._applied = 0.0
        self._end: Progress | None = None
        due = last = 0.0
        for at, step in recorded.steps:
            due += min(at - last, LONGEST)
            last = at
            if step.change.phase == "applied" and not self._applied:
                self._applied = due
            self._steps.append((due, step))

    @property
    def begun(self) -> bool:
        return self._began is not None

    def begin(self) -> None:
        self._began = self._clock()

    def now(self) -> Progress:
        """How far it is by the clock, its end by itself included."""
        if self._began is None:
            return Progress(self._first)
        if self._end is not None:
            return self._end
        elapsed = self._clock() - self._began
        step = next((step for due, step in reversed(self._steps) if due <= elapsed), self._steps[0][1])
        change = self._own(step.change)
        if change.phase == "applied":
            remaining = self._applied + change.window - elapsed
            change = replace(change, remaining=max(0.0, remaining), watched=True)
            if remaining <= 0:
                self.end("rolledback", f"not confirmed within {change.window} s", step, self.undone)
                return self.now()
        return replace(step, change=change)

    def end(self, phase: str, detail: str, step: Progress, like: Change | None = None) -> None:
        """It stays so; `like` has the commands that led there."""
        change = self._own(like or step.change)
        change = replace(change, phase=phase, detail=detail, remaining=None, watched=False)
        self._end = replace(step, change=change)

    def _own(self, change: Change) -> Change:
        first = self._first
        return replace(change, id=first.id, time=first.time, window=first.window)


class Player:
    """The Fixing of a recording.  `offered` is what its header names, `now` the recording's own time."""

    def __init__(self, path: Path, host: str, offered: Sequence[Key], now: Callable[[], float]) -> None:
        self.host = host
        self._path = path
        self._offered = tuple(offered)
        self._now = now
        self._loaded: dict[Key, RecordedFix] = {}
        self._plays: dict[str, _Playing] = {}
        self._proposed = 0

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        recorded = await self._load((fix, value))
        moment = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        preview = recorded.proposal.preview
        self._proposed += 1
        name = f"{preview.change.id}{self._proposed:02}"
        first = replace(preview.change, id=name, window=window, time=moment)
        play = _Playing(recorded, first, time.monotonic)
        play.diff = preview.diff
        self._plays[name] = play
        return replace(recorded.proposal, preview=replace(preview, change=first), recorded=True)

    async def discard(self, proposal: Proposal) -> None:
        play = self._plays.get(proposal.preview.change.id)
        if play is not None and not play.begun:
            del self._plays[proposal.preview.change.id]

    async def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        play = self._find(proposal.preview.change.id)
        if play.begun:
            raise Refused(f"{proposal.preview.change.id} is not prepared")
        for other in await self.waiting():
            title = f"change {other.id} waits for its answer: confirm it or take it back first"
            raise Refused(title, code=BUSY)
        play.begin()
        async for progress in self._follow(play):
            yield progress

    async def watch(self, change: Change) -> AsyncIterator[Progress]:
        async for progress in self._follow(self._find(change.id)):
            yield progress

    async def _follow(self, play: _Playing) -> AsyncIterator[Progress]:
        while True:
            progress = play.now()
            yield progress
            if progress.over:
                return
            await asyncio.sleep(EVERY)

    async def confirm(self, change: str) -> Change:
        play = await self._worked(change)
        progress = play.now()
        if progress.change.state == "applied":
            play.end("confirmed", "", progress)
        return play.now().change

    async def rollback(self, change: str) -> Change:
        return await self._back(change, "applied")

    async def undo(self, change: str) -> Change:
        return await self._back(change, "applied", "confirmed")

    async def _back(self, change: str, *states: str) -> Change:
        play = await self._worked(change)
        progress = play.now()
        if progress.change.state in states:
            again = play.undone.commands[len(progress.change.commands) :]
            await asyncio.sleep(min(sum(command.seconds for command in again), LONGEST))
            play.end("rolledback", f"taken back by {play.undone.operator}", progress, play.undone)
        return play.now().change

    async def _worked(self, change: str) -> _Playing:
        """As on a host: whoever answers waits for the commands that are at work."""
        play = self._find(change)
        async for progress in self._follow(play):
            if not progress.change.working:
                break
        return play

    async def waiting(self) -> tuple[Change, ...]:
        return tuple(change for change in await self.history() if change.state == "applied")

    async def history(self) -> tuple[Change, ...]:
        return tuple(play.now().change for play in self._plays.values() if play.begun)

    async def diff(self, change: Change) -> str:
        return self._find(change.id).diff

    async def retry(self, destinations: Sequence[str]) -> int:
        raise Refused("not in this recording", "on a mail host it asks Postfix to try them now")

    def commands(self) -> tuple[Ran, ...]:
        found: list[Ran] = []
        for play in self._plays.values():
            change = play.now().change
            at = datetime.fromisoformat(change.time).timestamp()
            for command in change.commands if play.begun else ():
                found.append(Ran(at, command.argv, command.exit_code, command.seconds, "change"))
                at += command.seconds
        return tuple(found)

    async def _load(self, key: Key) -> RecordedFix:
        if key not in self._offered:
            there = ", ".join(f"{fix} to {value}" for fix, value in self._offered)
            raise Refused("not in this recording", f"it has {there}" if there else "")
        if key not in self._loaded:
            found = await asyncio.to_thread(document, self._path, key)
            try:
                self._loaded[key] = from_document(found)
            except (TypeError, ValueError) as error:
                raise MxtopError(f"the fixes in {self._path} cannot be read", "record it again") from error
        return self._loaded[key]

    def _find(self, change: str) -> _Playing:
        if change not in self._plays:
            raise Refused(f"there is no change {change} in this recording")
        return self._plays[change]
