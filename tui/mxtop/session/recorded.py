"""The guided fixes of a recording, for its session; `playing` does the work.

Loads that, and the part of the file which it plays, when a fix is first asked for: the demo's first screen
does not wait for either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mxtop.change.model import Change
    from mxtop.change.root import Ask
    from mxtop.session.fixing import Progress, Proposal, Ran
    from mxtop.session.playing import Player


class RecordedFixing:
    """A Fixing.  `offered` are the fixes and values that the header names, `now` the recording's own time."""

    def __init__(
        self, path: Path, host: str, offered: Sequence[tuple[str, str]], now: Callable[[], float]
    ) -> None:
        self.host = host
        self._path, self._offered, self._now = path, offered, now
        self._loaded: Player | None = None

    @property
    def _player(self) -> Player:
        if self._loaded is None:
            from mxtop.session.playing import Player

            self._loaded = Player(self._path, self.host, self._offered, self._now)
        return self._loaded

    def ask_with(self, ask: Ask | None) -> None:
        """Nobody is asked: nothing is changed."""

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        return await self._player.propose(fix, value, window=window)

    async def discard(self, proposal: Proposal) -> None:
        await self._player.discard(proposal)

    def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        return self._player.apply(proposal)

    def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        return self._player.watch(change)

    async def confirm(self, change: str) -> Change:
        return await self._player.confirm(change)

    async def rollback(self, change: str) -> Change:
        return await self._player.rollback(change)

    async def undo(self, change: str) -> Change:
        return await self._player.undo(change)

    async def waiting(self) -> tuple[Change, ...]:
        return await self._loaded.waiting() if self._loaded else ()

    async def history(self) -> tuple[Change, ...]:
        return await self._loaded.history() if self._loaded else ()

    async def diff(self, change: Change) -> str:
        return await self._player.diff(change)

    async def retry(self, destinations: Sequence[str]) -> int:
        return await self._player.retry(destinations)

    def commands(self) -> tuple[Ran, ...]:
        return self._loaded.commands() if self._loaded else ()
