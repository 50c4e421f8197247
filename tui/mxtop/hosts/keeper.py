"""The connection to one machine and its state: made at first use, or kept up by a supervisor.

Knows nothing of commands but the sign of life that it asks of a silent machine.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from mxtop.hosts.errors import HostDown, HostKeyTrouble, NeedsAuthentication, UnknownHostKey
from mxtop.hosts.link import STEADY, Backoff, Link, State
from mxtop.hosts.wire import Dial, Wire
from mxtop.mail.errors import CommandFailed

LOOK_SECONDS: Final = 5.0
"""How often a silent machine is asked whether it is still there."""

STALE_SECONDS: Final = 3.0
"""How long it may take to say so before it is shown as stale."""


class Kept(ABC):
    """What has a connection.  `async with` or `close` ends it.

    `link` is its state; `generation` how many connections there were: another number, another connection.
    """

    def __init__(self, dial: Dial, at: Callable[[], str] | None = None) -> None:
        self._dial = dial
        self._at = at
        self._wire: Wire | None = None
        self._connecting = asyncio.Lock()
        self._kept = False
        self._changed = asyncio.Event()
        self._again = asyncio.Event()
        self._heard: float | None = None
        self.link = Link("idle", time.time())
        self.generation = 0

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    def hop(self) -> str:
        """The jump host on the way that is being talked to; "" for none."""
        at = self._at() if self._at is not None and self.link.state == "connecting" else ""
        return "" if at == self.whole_name else at

    @property
    @abstractmethod
    def whole_name(self) -> str:
        """As it was asked for, with the user."""

    @abstractmethod
    async def _sign(self, wire: Wire) -> None:
        """Have the machine say anything, however long it takes."""

    @abstractmethod
    async def _begin(self, wire: Wire) -> None:
        """Have it run something for the first time.  HostDown where its login leads to no shell."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget what belonged to the last connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection and everything on it."""
        wire, self._wire = self._wire, None
        self._forget()
        if wire is not None:
            await wire.close()
        self._show("closed")

    def _show(self, state: State, trouble: Exception | None = None, next_try: float | None = None) -> None:
        since = self.link.since if state == self.link.state else time.time()
        self.link = Link(state, since, self._heard, next_try, trouble)
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> Link:
        """Wait for the next state."""
        await self._changed.wait()
        return self.link

    async def connected(self) -> int:
        """Wait until commands may be sent; the connection's number, as `generation`."""
        while not self.link.up:
            await self.changed()
        return self.generation

    def retry(self) -> None:
        """Have `keep` try now: a person answered, accepted a key, or does not want to wait."""
        self._again.set()

    async def connect(self) -> None:
        """Make the connection unless there is one.  HostDown, NeedsAuthentication, a HostKeyTrouble."""
        async with self._connecting:
            if self._wire is not None:
                return
            self._show("connecting")
            try:
                self._wire = await self._made()
            except HostDown as error:
                self._show(_state_of(error), error)
                raise
            self.generation += 1
            self._hear()
            self._show("live")

    async def _made(self) -> Wire:
        """A new connection over which commands have been seen to run."""
        wire = await self._dial()
        self._forget()
        try:
            await self._begin(wire)
        except BaseException:
            await wire.close()
            raise
        return wire

    async def keep(self) -> None:
        """Keep the connection until cancelled: connect, notice the end, wait, try again.

        A machine that needs a person (authentication, host key) is tried again only after `retry`.
        """
        backoff = Backoff()
        self._kept = True
        try:
            while True:
                self._again.clear()
                try:
                    await self.connect()
                except HostDown as error:
                    trouble = error
                else:
                    began = time.monotonic()
                    trouble = await self._watch()
                    if time.monotonic() - began > STEADY:
                        backoff.reset()
                needs_person = isinstance(trouble, NeedsAuthentication | HostKeyTrouble)
                pause = None if needs_person else backoff.pause()
                self._show(_state_of(trouble), trouble, None if pause is None else time.time() + pause)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._again.wait()
        finally:
            self._kept = False
            await self.close()

    async def _watch(self) -> HostDown:
        """Wait for the end of the connection; meanwhile tell live from stale.  What ended it."""
        wire = self._wire
        if wire is None:
            return HostDown(f"{self.name}: the connection was closed")
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look(wire))
            why = await wire.lost()
            looking.cancel()
        await self._drop(wire)
        return HostDown(f"{self.name}: {why}")

    async def _look(self, wire: Wire) -> None:
        """Ask a silent machine for a sign of life; a command of nothing at all."""
        while self._wire is wire:
            await asyncio.sleep(LOOK_SECONDS)
            if self._heard is not None and time.time() - self._heard < LOOK_SECONDS:
                self._show_live()
                continue
            async with asyncio.TaskGroup() as group:
                slow = group.create_task(self._grow_stale())
                with suppress(CommandFailed):
                    await self._sign(wire)
                    self._show_live()
                slow.cancel()

    async def _grow_stale(self) -> None:
        while True:
            await asyncio.sleep(STALE_SECONDS)
            if self._heard is None or time.time() - self._heard >= STALE_SECONDS:
                self._show("stale")

    def _show_live(self) -> None:
        if self.link.state in ("stale", "live"):
            self._show("live")

    def _hear(self) -> None:
        self._heard = time.time()

    async def _drop(self, wire: Wire) -> None:
        """Let go of a connection that has ended, and of what it held (its jump host, its socket)."""
        if self._wire is wire:
            self._wire = None
            self._forget()
            await wire.close()

    async def _ready(self) -> Wire:
        """The connection, made now unless somebody keeps it."""
        if self._kept:
            while self.link.state in ("idle", "connecting"):
                await self.changed()
        else:
            if self._wire is not None and self._wire.gone:
                await self._drop(self._wire)
            await self.connect()
        if self._wire is None:
            raise self._why_down()
        return self._wire

    def _why_down(self) -> HostDown:
        trouble = self.link.trouble
        return trouble if isinstance(trouble, HostDown) else HostDown(f"{self.name} is not connected")


def _state_of(error: Exception) -> State:
    if isinstance(error, UnknownHostKey):
        return "unknown host key"
    if isinstance(error, HostKeyTrouble):
        return "host key changed"
    return "needs authentication" if isinstance(error, NeedsAuthentication) else "down"
