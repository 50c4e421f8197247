"""What a front end may do about a guided fix on one host, and the values that it shows.

A Protocol and values only: `session.change` does it on a live host, `session.recorded` plays what was
recorded in the demo.  A front end knows no other way to change anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mxtop.change.model import Change, Preview
from mxtop.change.root import Ask
from mxtop.hosts.remembering import Ran
from mxtop.mail.finding import Finding
from mxtop.mail.promise import Observed
from mxtop.route.effect import Forecast
from mxtop.route.notes import Note

__all__ = ["WINDOWS", "Fixing", "Progress", "Proposal", "Ran"]

WINDOWS: Final = (60, 120, 300, 900)
"""Seconds that a front end offers until an unanswered change goes back; 120 by default."""

NAMED: Final = 5
"""Destinations that a warning names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that is staged and can be previewed; nothing live was touched.

    `findings` are the findings of this moment that this fix may mend.  `instead` is what to do in its
    place where the aim is another one ("" where nothing).  `recorded`: it is only played.  `mail_version` is
    Postfix's, "" where it is not known.
    """

    fix: str
    value: str
    title: str
    preview: Preview
    forecast: Forecast | None
    """None where the settings or the log are not known."""
    findings: tuple[Finding, ...] = ()
    risk: str = ""
    safe: bool = True
    instead: str = ""
    check: str = ""
    recorded: bool = False
    mail_version: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before: of the machine, and of the effect.  Raw text."""
        notes = self.forecast.notes if self.forecast else ()
        return (*self.preview.warnings, *(_told(note) for note in notes))

    @property
    def no_effect(self) -> bool:
        """Whether something overrides it everywhere."""
        return self.forecast is not None and self.forecast.no_effect


def _told(note: Note) -> str:
    """A note with the first of the destinations that it is about."""
    if not note.destinations:
        return note.text
    more = len(note.destinations) - NAMED
    names = ", ".join(note.destinations[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{note.text} ({names})"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a change is: its state with the commands that ran, and what was seen of its effect.

    `lost` says why the host cannot be asked at the moment ("": it can); the change is as it was last seen.
    """

    change: Change
    observed: Observed | None = None
    lost: str = ""

    @property
    def over(self) -> bool:
        """Whether it stays as it is by itself."""
        return self.change.state not in ("preview", "applied")


class Fixing(Protocol):
    """Guided fixes on one host.  Every call may raise Refused or CommandFailed, which have a next step."""

    host: str

    def ask_with(self, ask: Ask | None) -> None:
        """Whom to ask for sudo's password where it is needed; None: nobody, and then it is Refused."""
        ...

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        """Stage and predict.  Refused with the reason where it cannot be done."""
        ...

    async def discard(self, proposal: Proposal) -> None:
        """Forget a proposal that is not wanted."""
        ...

    def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        """Begin, and tell how it goes on, several times a second, until it is over.

        Whoever stops looking stops nothing: the host goes on, and its watchdog decides.
        A `bad` verdict by a daemon in trouble rolls back at once.  Where the connection to the host is
        lost, that is told once, and the next look comes when it is back.
        """
        ...

    def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        """The same for a change that was begun before: after a restart of mxtop, or by somebody else.

        Its effect is told from the lines of the log since then, as far as they are held.  With `read_only`
        nothing is rolled back and nothing noted.
        """
        ...

    async def confirm(self, change: str) -> Change:
        """Keep it.  The state returned is the true one."""
        ...

    async def rollback(self, change: str) -> Change:
        """Take back what is not confirmed."""
        ...

    async def undo(self, change: str) -> Change:
        """Take back any change."""
        ...

    async def waiting(self) -> tuple[Change, ...]:
        """The changes that wait for an answer; those that were cut short are cleaned up first."""
        ...

    async def history(self) -> tuple[Change, ...]:
        """Every change that was begun, oldest first."""
        ...

    async def diff(self, change: Change) -> str:
        """The unified diff of a change of any age."""
        ...

    async def retry(self, destinations: Sequence[str]) -> int:
        """Ask Postfix to try now what is deferred for these destinations; how many messages that were."""
        ...

    def commands(self) -> tuple[Ran, ...]:
        """Every command that mxtop ran on the host, oldest first, as far as they are kept."""
        ...
