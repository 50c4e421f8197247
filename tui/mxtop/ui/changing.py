"""The one change of a host that the screen is about: its preview, how far it got, and when it goes back.

Owned by the application, so that it goes on whatever page is looked at, and after its own page was left.
Asks `Fixing` and keeps what it says; an error of a call is kept for the page, never raised.  Promises
nothing of the change itself: that is the host's, whose watchdog needs nobody here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Final

from mxtop.mail.errors import MxtopError
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.countdown import Countdown

if TYPE_CHECKING:
    from mxtop.change.model import Change
    from mxtop.session.fixing import Fixing, Progress, Proposal
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.feed import Session

WORKER: Final = "change"
WINDOW: Final = 120
"""Seconds until an unanswered change goes back, where nothing else was chosen."""


class Changing:
    """`wanted` is the value and window to preview, `asking` what is waited for, in words.

    `proposal` is what can be applied; `begun` the one that was, None for a change found at start.
    """

    def __init__(self, app: MxtopApp, session: Session, *, read_only: bool) -> None:
        self._app = app
        self._session = session
        self.read_only = read_only
        self.wanted: tuple[str, int] | None = None
        self.proposal: Proposal | None = None
        self.begun: Proposal | None = None
        self.progress: Progress | None = None
        self.error: MxtopError | None = None
        self.asking = ""
        self.retried: int | None = None
        self.due: float | None = None
        self.touched = False
        self._staged: tuple[str, int] | None = None
        self._preparing = False
        self._warned = ""
        self._ended = ""  # the change whose end was seen last
        self._found: bool | None = None  # whether one that waits was asked for; None: it is being asked for
        self._reachable = True

    @property
    def fixing(self) -> Fixing | None:
        return self._session.fixing

    @property
    def unconfirmed(self) -> Change | None:
        """The change that waits for an answer, or is on the way to it."""
        change = self.progress.change if self.progress else None
        return change if change is not None and change.state == "applied" else None

    @property
    def lost(self) -> str:
        """Why the host cannot be asked just now; "" where it can."""
        return self.progress.lost if self.progress else ""

    @property
    def recorded(self) -> bool:
        return self.begun is not None and self.begun.recorded

    # -- preview ------------------------------------------------------------------

    def choose(self, value: str, window: int) -> None:
        """Preview this; what was staged before is forgotten."""
        self._want((value, window))

    def leave(self) -> None:
        """The page is closed: an end was seen, a preview is not wanted any more."""
        if self.progress is not None and self.progress.over:
            self.progress = self.begun = self.due = self.retried = None
        if self.unconfirmed is None:
            self.error = None
            self._want(None)

    def _want(self, wanted: tuple[str, int] | None) -> None:
        self.wanted = wanted
        if not self._preparing and wanted != self._staged:
            self._preparing = True
            self._start(self._prepare)

    async def _prepare(self, fixing: Fixing) -> None:
        """Stage what is wanted, until nothing else was wanted meanwhile."""
        try:
            while self.wanted != self._staged:
                wanted = self.wanted
                old, self.proposal, self.error, self._staged = self.proposal, None, None, None
                if old is not None:
                    await fixing.discard(old)
                if wanted is None:
                    continue
                self.asking = f"staging {wanted[0]}"
                self.changed()
                try:
                    self.proposal = await fixing.propose(_fix(), wanted[0], window=wanted[1])
                    self._staged = wanted
                except MxtopError as error:
                    if self.wanted == wanted:
                        self.error = error
                        return
        finally:
            self._preparing = False
            self.asking = ""
            self.changed()

    # -- the change ------------------------------------------------------------------

    def apply(self) -> None:
        """Begin with what was previewed, and nothing else."""
        proposal = self.proposal
        if proposal is None or self.asking or self.read_only or self.wanted != self._staged:
            return
        self.begun, self.proposal, self.wanted, self._staged = proposal, None, None, None
        self.asking, self._ended = "beginning", ""
        self.touched = self.touched or not proposal.recorded
        self._start(lambda fixing: self._follow(fixing.apply(proposal)))

    def find(self) -> None:
        """At start, and after an error: is there a change that waits for an answer?"""
        self._found = None
        self._start(self._find)

    def look(self, *, reachable: bool) -> None:
        """A host that came back is asked what it could not be asked before."""
        came_back = reachable and not self._reachable
        self._reachable = reachable
        if came_back and self._found is False:
            self.find()

    async def _find(self, fixing: Fixing) -> None:
        found = False
        try:
            if self.read_only:  # `waiting` cleans up what was cut short
                waiting = [change for change in await fixing.history() if change.state == "applied"]
            else:
                waiting = list(await fixing.waiting())
            found = True
        finally:
            self._found = found
        if waiting:
            await self._follow(fixing.watch(waiting[-1], read_only=self.read_only))

    async def _follow(self, steps: AsyncIterator[Progress]) -> None:
        async for progress in steps:
            self.asking = self.asking if self.asking != "beginning" else ""
            self._take(progress)

    def _take(self, progress: Progress) -> None:
        if progress.change.id == self._ended:
            return  # an answer came before the last look
        before, self.progress = self.progress, progress
        self._ended = progress.change.id if progress.over else ""
        self.error = None
        remaining = progress.change.remaining
        self.due = None if remaining is None or progress.over else time.monotonic() + remaining
        self.changed()
        if progress.over and before is not None:
            self._app.ended(progress.change, here=self._app.changing is self)

    # -- as one of several hosts ------------------------------------------------------

    def adopt(self, proposal: Proposal) -> None:
        """This was begun here by a change on several hosts, which lets us `hear` how it goes on."""
        self.begun, self.progress, self.error, self.retried = proposal, None, None, None
        self.touched = True

    def hear(self, progress: Progress) -> None:
        self._take(progress)

    def release(self) -> None:
        """It was never begun here."""
        self.progress = self.begun = self.due = None
        self.changed()

    def follow(self, change: Change) -> None:
        """Look by ourselves from now on."""
        self._start(lambda fixing: self._follow(fixing.watch(change)))

    # -- the answer -------------------------------------------------------------------

    def keep(self) -> None:
        self._answer("keeping it", lambda fixing, change: fixing.confirm(change))

    def take_back(self) -> None:
        self._answer("taking it back", lambda fixing, change: fixing.rollback(change))

    def _answer(self, asking: str, call: Callable[[Fixing, str], Coroutine[None, None, Change]]) -> None:
        change, progress = self.unconfirmed, self.progress
        if change is None or progress is None or self.asking or self.read_only:
            return
        self.asking = asking
        self.touched = self.touched or not self.recorded

        async def ask(fixing: Fixing) -> None:
            from mxtop.session.fixing import Progress

            told = await call(fixing, change.id)
            self._take(Progress(told, progress.observed))

        self._start(ask)

    def retry(self, destinations: Sequence[str]) -> None:
        """Ask Postfix to try deferred mail now; `retried` is how many messages that were."""

        async def ask(fixing: Fixing) -> None:
            self.retried = await fixing.retry(destinations)

        self.asking = "asking Postfix"
        self._start(ask)

    # -- the work ------------------------------------------------------------------

    def _start(self, work: Callable[[Fixing], Coroutine[None, None, None]]) -> None:
        """In a worker of the application; errors that have a next step are for the page."""
        fixing = self.fixing
        if fixing is None:
            self._preparing = False
            return

        async def run() -> None:
            try:
                await work(fixing)
            except MxtopError as error:
                self.error = error
            self.asking = ""
            self.changed()

        self._app.run_worker(run(), name=WORKER, group=WORKER, exit_on_error=False)
        self.changed()

    def changed(self) -> None:
        """Have every open page of the host show it."""
        if self._app.changing is not self:
            return  # another host is looked at; its tab tells
        for screen in self._app.screen_stack:
            for bar in screen.query(Countdown):
                bar.look()
            if isinstance(screen, Page):
                screen.changed()

    # -- leaving -------------------------------------------------------------------

    def farewell(self) -> str:
        """What to know at the first wish to quit while a change is unconfirmed; "" the second time."""
        change = self.unconfirmed
        if change is None or self.recorded or self._warned == change.id:
            return ""
        self._warned = change.id
        if self.due is None or not change.watched:
            return f"the change on {change.host} is not confirmed, and nothing takes it back by itself"
        return f"the change on {change.host} is not confirmed: its watchdog will take it back"


def _fix() -> str:
    from mxtop.fixes.address_preference import NAME

    return NAME
