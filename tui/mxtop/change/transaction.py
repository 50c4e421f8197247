"""Changes on one host: preview, apply, watch, confirm, take back, history.

Everything is asked of the script on that host (`script`), through `Host.run` alone, so that it is the same
here and behind SSH.  `apply` returns when the host has begun; what follows goes on there whether or not
anybody looks.  Where the user is not root, `root` finds out how to become it; `ask` is whom it asks.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

from mxtop.change import script, told
from mxtop.change.diff import unified, within
from mxtop.change.model import BUSY, STATES, Change, Edit, Preview, Probe
from mxtop.change.outcome import Outcome, line
from mxtop.change.root import Ask, Root
from mxtop.change.values import Refused, check
from mxtop.hosts.base import Completed, Host
from mxtop.mail.errors import CommandFailed

BASE: Final = "/var/lib/mxtop"
WINDOW: Final = 120
"""Seconds until an unanswered change goes back."""

COMMAND_SECONDS: Final = 30
"""The time limit of each Postfix command: just after an edit one takes two seconds (util/dict.c)."""

_ANSWER_SECONDS: Final = 330.0  # confirm and rollback wait for whoever works on the change, then reload
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now: float, chance: int) -> str:
    """A ULID: 10 digits of milliseconds since the epoch, 16 of chance (80 bits); sorts by time."""
    number = (int(now * 1000) << 80) | chance
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


class Transactions:
    """The changes of one host.  `config_directory` chooses the instance (None: Postfix's own).

    `ask` is asked for a password where sudo wants one (None: nobody is there to ask).  Every call but
    `probe` and `recover` may ask, and is Refused where root is not to be had.
    """

    def __init__(
        self, host: Host, *, config_directory: str | None = None, base: str = BASE, ask: Ask | None = None
    ) -> None:
        self._host = host
        self._config_directory = config_directory
        self._base = base
        self._root = Root(host, ask)

    def forget(self) -> None:
        """Overwrite the password, where one was given: the session is over."""
        self._root.forget()

    async def probe(self, *, quietly: bool = True) -> Probe:
        """What this machine offers, read-only; without root, what anybody sees, and why there is none.

        `quietly` asks nobody for a password.
        """
        arguments = ["probe", self._base, *([self._config_directory] if self._config_directory else [])]
        try:
            await self._root.gain(quietly=quietly)
        except Refused as error:
            done = await self._host.run(script.sent(arguments), stdin=script.text(), timeout=60)
            return replace(told.probe(done.text), obstacles=(str(error),))
        return told.probe((await self._send(arguments)).text)

    async def preview(
        self,
        edits: Sequence[Edit],
        *,
        operator: str,
        fix: str = "",
        window: int = WINDOW,
        limit: int = COMMAND_SECONDS,
    ) -> Preview:
        """Stage the change; nothing live is touched.

        `window` and `limit` (of each Postfix command) are seconds.  Refused with the reason: a value that is
        not allowed, that Postfix's own smtp(8) would die of, or what `Probe.obstacles` names.
        """
        for edit in edits:
            check(edit)
        found = await self.probe(quietly=False)
        if found.obstacles:
            raise Refused(found.obstacles[0], told.step(found.obstacles[0]))
        change = new_id(time.time(), secrets.randbits(80))
        lines = [
            f"operator {operator}",
            f"window {window}",
            f"limit {limit}",
            *([f"fix {fix}"] if fix else []),
        ]
        for edit in edits:
            verb, value = ("unset", "") if edit.value is None else ("set", f" {edit.value}")
            lines.append(f"{verb} {edit.service or '-'} {edit.parameter}{value}")
        done = await self._send(
            ["stage", self._base, change, found.config_directory, *lines], _ANSWER_SECONDS
        )
        if done.exit_code != 0:
            raise Refused(done.complaint or "the change cannot be staged", code=_code(done))
        staged = await self.status(change)
        before, after = [(await self._run(change, "show", [name])).stdout for name in ("before", "after")]
        if not within(before, after, edits):
            await self.discard(change)
            raise Refused(
                f"postconf would change more of {staged.file} than was asked for", "edit it by hand"
            )
        warnings = []
        if found.managed:
            warnings.append(f"{staged.file} says that {found.managed} writes it: it may undo this change")
        if staged.swap == "rename":
            warnings.append("files cannot be exchanged here: an edit saved in the same instant could be lost")
        postfix = ("postfix", "-c", found.config_directory)
        diff = unified(before, after, staged.file)
        return Preview(staged, diff, tuple(warnings), ((*postfix, "check"), (*postfix, "reload")))

    async def apply(self, change: str) -> None:
        """Begin, in a session of its own on the host; `follow` tells the rest.

        Refused where it cannot begin.
        """
        done = await self._run(change, "start")
        if done.exit_code != 0:
            raise Refused(done.complaint or f"{change} could not be started", code=_code(done))

    async def follow(self, change: str, every: float = 0.5) -> AsyncIterator[Change]:
        """The change as it goes on, each time it is looked at; ends with a state that stays by itself."""
        while True:
            now = await self.status(change)
            yield now
            if now.state not in ("preview", "applied"):
                return
            await asyncio.sleep(every)

    async def applied(self, change: str, every: float = 0.2) -> Change:
        """Wait for the end of `apply`: the change is applied, refused, or taken back already."""
        async for now in self.follow(change, every):
            if now.state != "preview" and not now.working:
                return now
        raise CommandFailed(f"{self._host.name} does not tell how {change} went on")

    async def confirm(self, change: str) -> Change:
        """Keep it.  The state returned is the true one: the watchdog may have been first."""
        return await self._answer(change, "confirm")

    async def rollback(self, change: str) -> Change:
        """Take back a change that is not confirmed."""
        return await self._answer(change, "rollback")

    async def undo(self, change: str) -> Change:
        """Take back any change: the bytes, or its parameters alone where somebody has edited since."""
        return await self._answer(change, "undo")

    async def recover(self) -> tuple[Change, ...]:
        """The changes that wait for an answer.

        One that was cut short before it was applied is taken back first.  Nobody is asked for a password:
        without one nothing is seen, and the next `apply` is Refused because of what waits.
        """
        try:
            await self._root.gain(quietly=True)
        except Refused:
            return ()
        waiting = []
        for change, phase in await self._list():
            if STATES.get(phase) != "applied":
                continue
            now = await self.status(change)
            if now.working:
                now = await self._answer(change, "recover")
            if now.state == "applied":
                waiting.append(now)
        return tuple(waiting)

    async def discard(self, change: str) -> None:
        """Forget a preview."""
        await self._run(change, "rollback")

    async def status(self, change: str) -> Change:
        done = await self._run(change, "status")
        if done.exit_code != 0:
            raise Refused(done.complaint or f"there is no change {change} on {self._host.name}")
        return told.change(self._host.name, done.text)

    async def history(self) -> tuple[Change, ...]:
        """Every change that was begun, oldest first."""
        begun = [change for change, phase in await self._list() if phase != "prepared"]
        return tuple([await self.status(change) for change in begun])

    async def diff(self, change: Change) -> str:
        """The unified diff of a change of any age."""
        before, after = [(await self._run(change.id, "show", [name])).stdout for name in ("before", "after")]
        return unified(before, after, change.file)

    async def keep(self, change: str, outcome: Outcome) -> None:
        """What was foreseen and seen of a change, for its history.  A change without it is as good."""
        argv = script.kept(self._base, change, "keep")
        await self._root.run(argv, stdin=f"{line(outcome)}\n".encode(), timeout=_ANSWER_SECONDS)

    async def _answer(self, change: str, verb: str) -> Change:
        done = await self._run(change, verb)
        if done.exit_code == BUSY:
            raise Refused(done.complaint or "another mxtop is at work here", "try again", BUSY)
        return await self.status(change)

    async def _list(self) -> list[tuple[str, str]]:
        done = await self._send(["list", self._base])
        if done.exit_code != 0:
            raise Refused(done.complaint or f"{self._base} cannot be read")
        return told.listed(done.text)

    async def _send(self, arguments: Sequence[str], seconds: float = 60) -> Completed:
        return await self._root.run(script.sent(arguments), stdin=script.text(), timeout=seconds)

    async def _run(self, change: str, verb: str, arguments: Sequence[str] = ()) -> Completed:
        argv = script.kept(self._base, change, verb, arguments)
        return await self._root.run(argv, timeout=_ANSWER_SECONDS)


def _code(done: Completed) -> int:
    return BUSY if done.exit_code == BUSY else 2
