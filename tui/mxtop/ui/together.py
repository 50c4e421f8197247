"""One change on several hosts as the screen has it: its preview, the host at hand, what became of each.

Owned by the application, so that it goes on whatever page or tab is looked at.  The order, the waiting and
the stopping are those of `session.together`, as by command: a good verdict keeps and goes on, a bad one
takes back and stops, and a person may answer before.  Each host's own `Changing` hears how it goes on there,
so that its tab, its page and the countdown show it as any other change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mxtop.mail.errors import MxtopError
from mxtop.ui.changing import WORKER
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.countdown import Countdown

if TYPE_CHECKING:
    from mxtop.change.model import Change
    from mxtop.session.fixing import Fixing, Progress, Proposal
    from mxtop.session.together import Answer, Fate, Offer, Together
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.watched import Watched


DNS_SECONDS: Final = 15.0
"""How long a preview waits at most for the DNS of a host's largest destinations."""

LOOK: Final = 0.2

_Wish = tuple[tuple[str, int], tuple[str, ...]]
"""Value and window, and the hosts."""


class ChangingTogether:
    """`hosts` are those it is about, by the names that the person gave them.

    `wanted` is the value and window to preview, `offers` what the hosts say to it, `queue` the order in
    which it will be made.  `begun` since consent, `running` until it has ended; `at` is the host at hand.
    """

    def __init__(self, app: MxtopApp, *, read_only: bool) -> None:
        self._app = app
        self.read_only = read_only
        self.hosts: dict[str, Watched] = {}
        self.wanted: tuple[str, int] | None = None
        self.offers: tuple[Offer, ...] = ()
        self.queue: tuple[Offer, ...] = ()
        self.asking = ""
        self.begun = self.running = False
        self.at = ""
        self.seen: dict[str, Progress] = {}
        self.trouble: dict[str, str] = {}
        self._answers: dict[str, Answer] = {}
        self._together: Together | None = None
        self._staged: _Wish | None = None
        self._preparing = False
        self._warned: tuple[str, ...] = ()

    @property
    def fates(self) -> dict[str, Fate]:
        """What became of the hosts that are done with."""
        return self._together.fates if self._together is not None else {}

    @property
    def kept(self) -> tuple[str, ...]:
        """The hosts on which it stays."""
        return tuple(host for host, fate in self.fates.items() if fate.kept)

    # -- preview ------------------------------------------------------------------

    def about(self, hosts: Sequence[Watched]) -> None:
        """Which hosts the next change is to be about; not while one is under way, or its end unseen."""
        if not self.begun:
            self.hosts = {host.session.host: host for host in hosts}

    def choose(self, value: str, window: int) -> None:
        """Preview this on all of them; what was staged before is forgotten."""
        self._want((value, window))

    def leave(self) -> None:
        """The page is closed: forget a preview, and an end that was seen; what is under way goes on."""
        if self.begun and not self.running:
            for host in self.hosts.values():
                host.changing.leave()
            self.begun, self.at, self.seen, self.trouble = False, "", {}, {}
            self.offers = self.queue = ()
            self._together = None
        if not self.begun:
            self._want(None)

    def _want(self, wanted: tuple[str, int] | None) -> None:
        self.wanted = wanted
        if not self._preparing and self._wish != self._staged:
            self._preparing = True
            self._start(self._prepare)

    @property
    def _wish(self) -> _Wish | None:
        return None if self.wanted is None else (self.wanted, tuple(self.hosts))

    async def _prepare(self) -> None:
        """Stage what is wanted, until nothing else was wanted meanwhile."""
        from mxtop.fixes.address_preference import NAME
        from mxtop.session.together import Offer, Together, first

        try:
            while self._wish != self._staged:
                wish, hosts, old, before = self._wish, self.hosts, self.offers, self._together
                self.offers, self.queue, self._together, self._staged = (), (), None, None
                if before is not None:
                    await before.discard(old)
                if wish is None:
                    continue
                value, window = wish[0]
                self.asking = f"asking {len(hosts)} hosts, staging {value}"
                self.changed()
                out = {name: error for name, host in hosts.items() if (error := _out(host)) is not None}
                fixings: dict[str, Fixing] = {
                    name: host.session.fixing
                    for name, host in hosts.items()
                    if host.session.fixing is not None and name not in out
                }
                async with asyncio.TaskGroup() as group:
                    for name in fixings:
                        group.create_task(self._known(hosts[name], wish))
                together = Together(fixings)
                asked = {offer.host: offer for offer in await together.propose(NAME, value, window=window)}
                self.offers = tuple(asked.get(name) or Offer(name, trouble=out.get(name)) for name in hosts)
                self.queue, self._together, self._staged = first(self.offers), together, wish
        finally:
            self._preparing = False
            self.asking = ""
            self.changed()

    async def _known(self, host: Watched, wish: _Wish) -> None:
        """Until what its preview is made of is there, so that hosts do not differ in what they know yet."""
        clock = asyncio.get_running_loop().time
        until = clock() + DNS_SECONDS
        while clock() < until and self._wish == wish:
            if not host.session.unresolved():
                return
            await asyncio.sleep(LOOK)

    # -- the change ------------------------------------------------------------------

    def apply(self) -> None:
        """Begin with what was previewed, on those that can be changed, and nothing else."""
        if not self.queue or self.begun or self.asking or self.read_only or self._wish != self._staged:
            return
        self.begun = self.running = True
        self._answers = {}
        self.wanted = self._staged = None
        self._start(self._make)

    async def _make(self) -> None:
        together = self._together
        assert together is not None
        try:
            await together.make(self.queue, self._decide, self._tell)
        finally:
            self.running = False
            for name, fate in together.fates.items():
                if fate.lost:
                    self.hosts[name].changing.follow(fate.change)  # it may come back
                elif not fate.begun:
                    self.hosts[name].changing.release()
            self.changed()

    async def _decide(self, host: str, proposal: Proposal, progress: Progress) -> Answer | None:
        """What the person said, else the verdict; said again until it got through."""
        from mxtop.session.together import verdict

        judged: dict[str, Answer] = {"good": "keep", "bad": "back"}
        return self._answers.get(host) or judged.get(verdict(progress))

    def _tell(self, host: str, what: Progress | MxtopError) -> None:
        changing = self.hosts[host].changing
        if isinstance(what, MxtopError):
            self.trouble[host] = str(what)
            last = self.seen.get(host)
            if last is not None and not last.over:
                self.seen[host] = replace(last, lost=what.title)
                changing.hear(self.seen[host])
        else:
            if host != self.at:
                self.at = host
                changing.adopt(self._proposal(host))
            if what.lost:
                self.trouble[host] = what.lost
            else:
                self.trouble.pop(host, None)
            self.seen[host] = what
            changing.hear(what)
        self.changed()
        self._app.call_later(self.changed)  # whoever told us goes on first: what became of it is known then

    def _proposal(self, host: str) -> Proposal:
        proposal = next(offer.proposal for offer in self.queue if offer.host == host)
        assert proposal is not None
        return proposal

    @property
    def unconfirmed(self) -> Change | None:
        """The change at hand, while a person may answer it."""
        progress = self.seen.get(self.at) if self.running else None
        change = progress.change if progress is not None else None
        if change is None or change.phase != "applied" or self.at in self._answers:
            return None
        return change

    def keep(self, host: str) -> None:
        """Keep it on this host, and go on to the next."""
        self._answer(host, "keep")

    def take_back(self, host: str) -> None:
        """Take it back on this host, and stop."""
        self._answer(host, "back")

    def _answer(self, host: str, answer: Answer) -> None:
        if self.unconfirmed is not None and host == self.at and not self.read_only:
            self._answers[host] = answer
            self.changed()

    def answered(self, host: str) -> Answer | None:
        """What the person said of this host."""
        return self._answers.get(host)

    def undo(self) -> None:
        """Take it back wherever it was kept, after all of it has ended."""
        if self.begun and not self.running and self.kept and not self.asking and not self.read_only:
            self.asking = "taking it back"
            self._start(self._undo)

    async def _undo(self) -> None:
        together = self._together
        assert together is not None
        for fate in await together.undo(self._tell):
            if fate.trouble is not None:
                self.trouble[fate.host] = str(fate.trouble)

    # -- leaving -------------------------------------------------------------------

    def farewell(self) -> str:
        """What to know at the first wish to quit while hosts are still to come; "" the second time."""
        from mxtop.ui.screens.fix.words import names

        undone = tuple(offer.host for offer in self.queue if offer.host not in self.fates)
        still = undone[1:] if self.running else ()  # the first is at hand, and tells for itself
        if not still or self._warned == still:
            return ""
        self._warned = still
        return f"{names(still)} will not be changed"

    # -- the work ------------------------------------------------------------------

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            await work()
            self.asking = ""
            self.changed()

        self._app.run_worker(run(), name=WORKER, group="together", exit_on_error=False)
        self.changed()

    def changed(self) -> None:
        """Have every open page show it."""
        for screen in self._app.screen_stack:
            for bar in screen.query(Countdown):
                bar.look()
            if isinstance(screen, Page):
                screen.changed()


def _out(host: Watched) -> MxtopError | None:
    """Why a host is not asked at all; None where it is."""
    from mxtop.change.model import BUSY
    from mxtop.change.values import Refused
    from mxtop.ui.doors import NOWHERE

    link = host.latest.connection
    if host.session.fixing is None:
        return Refused(NOWHERE)
    if host.failed is not None:
        return Refused("it is not watched any more", "start mxtop anew")
    if link is not None and not link.live:
        return Refused(f"{link.state}: {link.title}" if link.title else link.state, "R tries now", BUSY)
    if (change := host.changing.unconfirmed) is not None:
        return Refused(f"a change by {change.operator} waits there", "open that host: x answers it", BUSY)
    return None
