"""What the screen needs of a session, and the message that brings its snapshots.

A Protocol only: the session room fulfils it without knowing the screen, and tests
inject a fake one with Snapshot literals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from mxtop.mail.snapshot import Snapshot

if TYPE_CHECKING:
    from mxtop.mail.connection import OfferedKey
    from mxtop.session.asking import Asking
    from mxtop.session.fixing import Fixing


class Session(Protocol):
    """One watched host.  All methods are called in the screen's event loop."""

    host: str
    fixing: Fixing | None
    """Guided fixes; None where nothing can be changed."""
    asking: Asking | None
    """What passes the questions of a login on; None where no login asks."""

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Run until cancelled, or until there is nothing more to read; publish at every tick."""

    def select(self, destination: str | None) -> None:
        """Resolve this destination before others: the MX panel shows it."""

    def unresolved(self) -> bool:
        """Whether settings, or DNS answers by which a change is foretold, are still on their way."""
        ...

    def attend(self, attended: bool) -> None:
        """Whether this host is looked at, and not others or all of them."""

    def retry(self) -> None:
        """Have a host that is not connected tried now."""

    async def trust(self, key: OfferedKey) -> None:
        """Keep a host key to which a person said yes.  OSError where it cannot be kept."""

    async def notices(self) -> list[str]:
        """What is to be known once, at the start."""

    def set_interval(self, seconds: float) -> None:
        """Change the time between two ticks."""

    async def close(self) -> None:
        """Let go of files and connections."""


class Tick(Message):
    """A new snapshot.  A later one replaces it while it waits, so that a flood cannot drown the screen."""

    def __init__(self, snapshot: Snapshot, number: int = 0) -> None:
        self.snapshot = snapshot
        self.number = number
        """Of its host among those that are watched."""
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Tick) and message.number == self.number
