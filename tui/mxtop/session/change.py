"""Guided fixes on a live host: `Fixing` done.

Joins what the others know: the fixes name settings, `change` makes and takes back, `route.effect`
foretells, `mail.verdict` judges by the log that the session reads.  Has no clock of its own: what goes back
by itself does so on the host, whether or not anybody watches here.  A `bad` verdict by statistics is for the
front end to answer.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from mxtop.change.model import BUSY, Change, Edit
from mxtop.change.outcome import Outcome
from mxtop.change.root import Ask
from mxtop.change.transaction import BASE, Transactions
from mxtop.change.values import Refused
from mxtop.fixes import fix_named
from mxtop.fixes.base import Fix, Parameter
from mxtop.hosts.errors import HostDown
from mxtop.hosts.remembering import Ran, Remembering
from mxtop.mail.batch import Batch
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.verdict import Effect
from mxtop.postfix import deferred
from mxtop.postfix.postconf import ask as ask_postconf
from mxtop.route.effect import Forecast, promises
from mxtop.session.core import Core
from mxtop.session.fixing import Progress, Proposal
from mxtop.session.watch import Watch

EVERY: Final = 0.4
"""Seconds between two looks at a change."""

KEEP: Final = 5.0
"""Seconds between two notes of what was seen of a change, for its history."""

_VERBS: Final = frozenset(("start", "confirm", "rollback", "undo", "recover"))


def changes(argv: Sequence[str]) -> bool:
    """Whether a command line changes anything on the host but mxtop's own notes."""
    if argv[0] == "postqueue":
        return "-i" in argv
    places = (place for place, word in enumerate(argv[:-1]) if word.endswith("/run.sh"))
    return any(argv[place + 1] in _VERBS for place in places)


def operator(*, elsewhere: bool = False) -> str:
    """Who asks: the user behind sudo where there is one; `elsewhere`: at which machine, too.

    In the letters that a change's notes allow.
    """
    name = (os.environ.get("SUDO_USER") if os.geteuid() == 0 else None) or ""
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = str(os.geteuid())
    if elsewhere:
        name = f"{name}@{socket.gethostname()}"
    return re.sub(r"[^A-Za-z0-9._@:+-]", "_", name)


class View(Protocol):
    """What a session tells its fixes: its core, the log's time, and that settings may have changed."""

    core: Core

    def now(self) -> float: ...

    def settings_changed(self) -> None: ...


async def _always() -> None:
    """This machine can always be asked."""


class LiveFixing:
    """Guided fixes of one Postfix instance on `host`; `ask` as for `Transactions`.

    `reached` waits until the host can be asked again, where its connection may be lost: whoever watches a
    change then goes on, and the host's watchdog has decided meanwhile.
    """

    def __init__(
        self,
        view: View,
        host: Remembering,
        *,
        config_directory: str | None = None,
        by: str | None = None,
        base: str = BASE,
        ask: Ask | None = None,
        reached: Callable[[], Awaitable[object]] = _always,
    ) -> None:
        self.host = host.name
        self._view = view
        self._host = host
        self._config_directory = config_directory
        self._operator = by or operator()
        self._instance: str | None = None
        self._base = base
        self._reached = reached
        self.ask_with(ask)
        self._watches: dict[str, Watch] = {}
        self._kept: dict[str, tuple[float, Outcome]] = {}
        self._told: dict[str, int] = {}

    def ask_with(self, ask: Ask | None) -> None:
        """Whom to ask for sudo's password from now on."""
        self._transactions = Transactions(
            self._host, config_directory=self._config_directory, base=self._base, ask=ask
        )

    def forget(self) -> None:
        """Overwrite the password, where one was given: the session is over."""
        self._transactions.forget()

    def feed(self, batch: Batch) -> None:
        """The log as it grows."""
        for watch in self._watches.values():
            watch.feed(batch)

    # -- before ---------------------------------------------------------------

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        try:
            found = fix_named(fix)
            chosen = found.value(value)
        except ValueError as error:
            raise Refused(str(error)) from error
        if found.activation != "reload":  # who stops and starts Postfix is the init system's to say
            raise Refused(f"{fix} needs Postfix stopped and started", "change it by hand")
        snapshot = self._view.core.look(self._view.now())
        told = await self._forecast(found, snapshot, value)
        edits = _edits(found, snapshot.settings, value)
        if not edits:
            raise Refused(f"{_names(found, value)} is {value} already: nothing to change", code=0)
        if told is not None and (reasons := _prevented(told)):
            raise Refused("; ".join(reasons), "with one family there is no choice to make")
        preview = await self._transactions.preview(edits, operator=self._operator, fix=fix, window=window)
        return Proposal(
            fix=fix,
            value=value,
            title=found.title,
            preview=preview,
            forecast=told,
            findings=tuple(one for one in snapshot.findings if one.fix == fix),
            risk=chosen.risk,
            safe=chosen.safe,
            instead=chosen.instead,
            check=found.check,
            mail_version=snapshot.settings.mail_version if snapshot.settings else "",
        )

    async def discard(self, proposal: Proposal) -> None:
        await self._transactions.discard(proposal.preview.change.id)

    async def _forecast(self, fix: Fix, snapshot: Snapshot, value: str) -> Forecast | None:
        if snapshot.settings is None or fix.foretell is None:
            return None
        return await asyncio.to_thread(fix.foretell, snapshot, value)

    # -- the change -------------------------------------------------------------

    async def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        change = proposal.preview.change
        self._watches[change.id] = await self._begin(proposal)
        try:
            await self._transactions.apply(change.id)
        except HostDown:
            await self._begun(change)
        async for progress in self.watch(change):
            yield progress

    async def _begun(self, change: Change) -> None:
        """The connection was lost while it was to begin: Refused unless it did.

        What is discarded cannot begin any more, even where the word to begin is still on its way; where it
        begins in this very moment, it is taken back.
        """
        await self._reached()
        if (await self._transactions.status(change.id)).phase != "prepared":
            return
        await self._transactions.discard(change.id)
        try:
            await self._transactions.status(change.id)
        except Refused as error:
            why = f"the connection to {self.host} was lost before the change began: nothing was changed"
            raise Refused(why, "try again") from error

    async def _begin(self, proposal: Proposal) -> Watch:
        core, now = self._view.core, self._view.now()
        snapshot = core.look(now)
        told = await self._forecast(fix_named(proposal.fix), snapshot, proposal.value)
        foreseen = Outcome(
            predicted_before=told.before if told else None,
            predicted_after=told.after if told else None,
            warnings=proposal.warnings,
            began=now,
            promises=promises(snapshot, told) if told else (),
        )
        watch = Watch(self._effect(foreseen, core.tracker.processes), now, foreseen, zone=core.zone)
        watch.before(snapshot.log)
        return watch

    def _effect(self, foreseen: Outcome, processes: Iterable[str] = ()) -> Effect:
        core = self._view.core
        return Effect(
            foreseen.promises,
            processes=processes,
            addresses=core.addresses(),
            owns=lambda tag: core.tracker.owns(tag),
            connect_timeout=core.settings.transport("smtp").smtp_connect_timeout if core.settings else 30.0,
        )

    async def _resume(self, change: Change) -> None:
        """Judge on, by the promises of whoever began it and the lines since that are still held."""
        foreseen = change.outcome
        if change.state != "applied" or foreseen.began is None or not foreseen.promises:
            return
        watch = Watch(
            self._effect(foreseen), foreseen.began, foreseen, resumed=True, zone=self._view.core.zone
        )
        held = self._view.core.look(self._view.now()).log
        await asyncio.to_thread(watch.past, held)
        watch.past(self._view.core.look(self._view.now()).log, held.end)
        self._watches[change.id] = watch

    async def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        if change.id not in self._watches:
            await self._resume(change)
        seen = Progress(change)
        while True:
            try:
                async for seen in self._looks(change, read_only=read_only):
                    yield seen
            except HostDown as error:
                if not seen.lost:
                    seen = replace(seen, lost=error.title)
                    yield seen
                await asyncio.sleep(EVERY)  # a connection that is lost may not be known as lost yet
                await self._reached()
            else:
                break
        self._watches.pop(change.id, None)

    async def _looks(self, change: Change, *, read_only: bool) -> AsyncIterator[Progress]:
        """As `watch`, as long as the host can be asked."""
        phase = ""
        async for now in self._transactions.follow(change.id, EVERY):
            self._tell(now)
            if now.phase != phase:
                phase = now.phase
                self._view.settings_changed()
            watch = self._watches.get(now.id)
            if watch is not None:
                now = replace(now, outcome=watch.outcome())
                if not read_only:
                    await self._keep(now, last=now.state not in ("preview", "applied"))
            yield Progress(now, watch.observed() if watch else None)
            if watch is not None and watch.critical and now.phase == "applied" and not read_only:
                await self._at_once(now)

    async def _at_once(self, change: Change) -> None:
        """Back, as a daemon is in trouble; where somebody else is at it just now, the next look tells."""
        try:
            await self._transactions.rollback(change.id)
        except HostDown:
            pass  # its watchdog, or this again after the next look
        except Refused as error:
            if error.code != BUSY:
                raise

    async def _keep(self, change: Change, *, last: bool) -> None:
        """What was seen goes into the history: now and then, and at the end."""
        at, kept = self._kept.get(change.id, (0.0, Outcome()))
        due = last or change.outcome.verdict != kept.verdict or time.monotonic() >= at + KEEP
        if change.phase != "prepared" and due and change.outcome != kept:
            with suppress(HostDown):
                await self._transactions.keep(change.id, change.outcome)
                self._kept[change.id] = time.monotonic(), change.outcome

    def _tell(self, change: Change) -> None:
        """The commands that the change's script ran go to the others."""
        told = self._told.get(change.id, 0)
        for one in change.commands[told:]:
            self._host.remember(
                Ran(time.time() - one.seconds, one.argv, one.exit_code, one.seconds, "change")
            )
        self._told[change.id] = len(change.commands)

    # -- afterwards -----------------------------------------------------------------

    async def confirm(self, change: str) -> Change:
        return await self._answered(change, self._transactions.confirm)

    async def rollback(self, change: str) -> Change:
        return await self._answered(change, self._transactions.rollback)

    async def undo(self, change: str) -> Change:
        return await self._answered(change, self._transactions.undo)

    async def _answered(self, change: str, answer: Callable[[str], Awaitable[Change]]) -> Change:
        watch = self._watches.get(change)
        if watch is not None:
            await self._transactions.keep(change, watch.outcome())
        now = await answer(change)
        self._tell(now)
        self._view.settings_changed()
        return now

    async def waiting(self) -> tuple[Change, ...]:
        await self._reached()
        return await self._own(await self._transactions.recover())

    async def history(self) -> tuple[Change, ...]:
        await self._reached()
        return await self._own(await self._transactions.history())

    async def _own(self, found: tuple[Change, ...]) -> tuple[Change, ...]:
        """Those of this instance: a host may have several, and their changes lie side by side."""
        if not found:
            return ()
        if self._instance is None:
            self._instance = self._config_directory or await self._default()
        return tuple(one for one in found if one.instance.rstrip("/") == self._instance.rstrip("/"))

    async def _default(self) -> str:
        return (await ask_postconf(self._host, None, "-dh", "config_directory")).strip()

    async def diff(self, change: Change) -> str:
        return await self._transactions.diff(change)

    async def retry(self, destinations: Sequence[str]) -> int:
        wanted = frozenset(name.lower() for name in destinations)
        found = await deferred.deferred(self._host, self._config_directory, wanted)
        return await deferred.retry(self._host, self._config_directory, found)

    def commands(self) -> tuple[Ran, ...]:
        return self._host.commands()


def _edits(fix: Fix, settings: Settings | None, value: str) -> tuple[Edit, ...]:
    """What differs from what it is to be; all of it where the settings are not known."""
    if settings is not None:
        found: Iterable[tuple[str, str | None, str | None]] = (
            (one.parameter, one.service, one.after) for one in fix.changes(settings, value)
        )
    else:
        found = ((parameter.name, parameter.service, after) for parameter, after in fix.assign(value).items())
    return tuple(Edit(name, after, f"{service}/unix" if service else None) for name, service, after in found)


def _names(fix: Fix, value: str) -> str:
    return ", ".join(_shown(parameter) for parameter in fix.parameters(value))


def _shown(parameter: Parameter) -> str:
    return f"{parameter.service}/unix/{parameter.name}" if parameter.service else parameter.name


def _prevented(told: Forecast) -> list[str]:
    """Why there is nothing to choose at all."""
    stops = [note for note in told.notes if note.stops]
    reasons = [note.text for note in stops if note.kind in ("single_protocol", "unsupported")]
    return reasons if reasons and len(reasons) == len(stops) else []
