"""What the panels are shown besides the snapshot: the user's choices, as one frozen value."""

from __future__ import annotations

from dataclasses import field

from mxtop.mail.snapshot import Destination, Outlook, Snapshot
from mxtop.mail.value import named


@named
class View:
    """One moment and how the user looks at it.  `paused` is the wall-clock second, None while live."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    selected: str | None = None
    paused: float | None = None
    interval: float = 1.0
    read_only: bool = False
    utc: bool = False
    loopback: bool = False

    def destination(self) -> Destination | None:
        """The row of the selected destination."""
        name = self.selected
        return next((row for row in self.snapshot.destinations if row.destination == name), None)

    def outlook(self) -> Outlook | None:
        return self.snapshot.outlooks.get(self.selected) if self.selected is not None else None

    def feed_state(self, name: str) -> str:
        """How a feed does; `starting` where it has not said."""
        feed = self.snapshot.feeds.get(name)
        return feed.state if feed else "starting"
