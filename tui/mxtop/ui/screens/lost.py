"""A host that only a person can bring back: why it lets nobody in, and what helps, in full.

Follows the state, and closes by itself once the host answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from mxtop.mail.connection import Connection
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import links
from mxtop.ui.feed import Session
from mxtop.ui.screens.form import Form
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, wrap


class Lost(Form):
    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        super().__init__()
        self.session = session
        self._snapshot = snapshot

    def follow(self, snapshot: Snapshot) -> None:
        """The host's next state."""
        self._snapshot = snapshot
        if snapshot.connection is None or snapshot.connection.live:
            self.dismiss()
        elif self.is_mounted:
            self.draw()

    @property
    def _link(self) -> Connection:
        assert self._snapshot.connection is not None
        return self._snapshot.connection

    def title_text(self) -> str:
        return f"{clean(self.session.host, 60)} · {self._link.state}"

    def lines(self, width: int) -> list[Line]:
        link = self._link
        sign, role = links.SIGNS[link.state]
        lines: list[Line] = [()]
        lines += wrap(SafeText(f"{sign}: {links.sentence(link)}"), width, role)
        if link.remedy:
            lines += [(), *wrap(SafeText(f"→ {clean(link.remedy, 1000)}"), width, "strong")]
        lines.append(())
        if link.offered is not None and link.offered.refused:
            said = (
                "Your StrictHostKeyChecking is yes, so nobody is asked whether this key is the right one."
                if link.offered.file
                else "Your UserKnownHostsFile is none: nothing could keep the key, so nobody is asked."
            )
            lines += wrap(SafeText(said), width)
        if link.for_a_person:
            lines += wrap(literal("It is not tried again by itself."), width, "muted")
        return lines

    def choices(self) -> Sequence[Button]:
        return Button("close", literal("Close")), Button("retry", literal("Try again"))

    def pressed(self, id: str) -> None:
        if id == "retry":
            self.session.retry()
        else:
            self.dismiss()
