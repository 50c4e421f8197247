"""What a connection to a machine must offer, whichever program speaks SSH: shells, streams, and its end.

A `Wire` starts `exec sh` on the far side: that one word of shell is all that the login shell, whatever it
is, gets to see; everything else goes to the standard input of that sh (`mxtop.hosts.script`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

CLOSE_SECONDS: Final = 15.0
"""As long as a silent machine is waited for."""


class Receiver(Protocol):
    """What hears a channel; called from the event loop, must not block."""

    def data(self, chunk: bytes) -> None:
        """Some stdout."""
        ...

    def complaint(self, chunk: bytes) -> None:
        """Some stderr."""
        ...

    def ended(self, why: str | None) -> None:
        """No more of either: None where the far side closed them, else how the connection was lost.  Once."""
        ...


class Channel(Protocol):
    """One running sh; all calls return at once and do nothing once it has ended."""

    def write(self, data: bytes | bytearray) -> None: ...

    def write_eof(self) -> None: ...

    def pause(self) -> None:
        """Take no more from the far side until `resume`."""
        ...

    def resume(self) -> None: ...

    def close(self) -> None: ...

    @property
    def closed(self) -> asyncio.Future[None]:
        """Done when the far side, too, has closed it: only then is its place free again.

        One that is never closed there, by a machine that is alive, counts as closed `CLOSE_SECONDS` after
        `close`.
        """
        ...


class Wire(Protocol):
    """One connection."""

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        ...

    async def shell(self, receiver: Receiver) -> Channel:
        """Start a sh.  HostDown where the far side gives no further channel, and frees none in time."""
        ...

    async def stream(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TCP connection made from there.  OSError with the far side's reason."""
        ...

    async def lost(self) -> str:
        """Wait for the end of the connection; how it came."""
        ...

    async def close(self) -> None:
        """End it and everything on it."""
        ...


Dial = Callable[[], Awaitable[Wire]]
"""Makes a connection; HostDown, NeedsAuthentication or a HostKeyTrouble where it cannot."""
