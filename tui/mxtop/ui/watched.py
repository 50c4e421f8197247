"""One host of the screen: its session, what that said last, and what the user chose about this host alone.

Each has a main screen of its own, so that selection, filter, order and open pages stay as they were while
another host is looked at.  A host that is not looked at is not painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mxtop.mail.snapshot import Destination, Snapshot
from mxtop.mail.text import SafeText, clean
from mxtop.ui import links
from mxtop.ui.changing import Changing
from mxtop.ui.feed import Session
from mxtop.ui.screens.main import Main
from mxtop.ui.words import worst

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.keys import Keymap


class Watched:
    """`mode` names the stack of screens that is this host's; `failed` is the error that ended its session."""

    def __init__(
        self, app: MxtopApp, session: Session, keymap: Keymap, *, read_only: bool, mode: str
    ) -> None:
        self.session = session
        self.mode = mode
        self.main = Main(keymap)
        self.changing = Changing(app, session, read_only=read_only)
        self.selected: str | None = None
        self.paused: float | None = None
        self.latest = Snapshot(host=session.host)
        self.shown = self.latest
        self.failed: BaseException | None = None
        self._worst: tuple[Sequence[Destination], Destination | None] = (), None

    def screen(self) -> Main:
        """The main screen, on which the pages of this host lie."""
        return self.main

    def show_destination(self, destination: str) -> None:
        """Put the cursor of its list there, where it has that destination."""
        table = self.main.destinations.table
        for index, row in enumerate(table.rows):
            if row.destination == destination:
                table.move_to(index)

    @property
    def name(self) -> SafeText:
        """As it was named on the command line."""
        return clean(self.session.host, 40)

    def state(self) -> tuple[SafeText, str]:
        """What matters most about it at this moment, as glyph and word, and its role."""
        if self.failed is not None:
            return SafeText("✖ failed"), "bad"
        if self.changing.unconfirmed is not None:
            return SafeText("▲ UNCONFIRMED"), "slow"
        link = self.latest.connection
        if link is not None and not link.live:
            return links.SIGNS[link.state]
        log = self.latest.feeds.get("log")
        if log is None or log.state in ("starting", "history"):
            return SafeText("◌ reading"), "accent"
        if log.state == "down":
            return SafeText("✖ no log"), "bad"
        if self.latest.findings:
            return SafeText("▲ finding"), "slow"
        if (bad := self._failing()) is not None:
            return SafeText(f"▲ {bad.state}"), "slow"
        return SafeText("● live"), "ok"

    def _failing(self) -> Destination | None:
        """The worst destination of those that fail, looked up once in each list of them."""
        rows = self.latest.destinations
        if rows is not self._worst[0]:
            failing = [row for row in rows if row.state in ("failing", "stuck")]
            self._worst = rows, max(failing, key=worst, default=None)
        return self._worst[1]
