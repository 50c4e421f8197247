"""What the feeds bring to a session: raw lines and samples, never derived state.

A recording holds exactly these, so that a later version reads them with its own eyes.
"""

from __future__ import annotations

from mxtop.mail.answer import Answer
from mxtop.mail.batch import Batch
from mxtop.mail.settings import Route, Settings
from mxtop.mail.snapshot import Feed, QueueCounts
from mxtop.mail.sockets import SocketRow
from mxtop.mail.value import value


@value
class SocketSample:
    """The socket table at one moment; `note` says what could not be seen, and why."""

    rows: tuple[SocketRow, ...]
    note: str = ""


@value
class Resolved:
    """One destination's route and what DNS said of its next hops; `error` where neither could be told."""

    destination: str
    route: Route | None
    answers: tuple[Answer, ...] = ()
    error: str = ""


Sample = Batch | SocketSample | Resolved | Settings | QueueCounts | Feed
