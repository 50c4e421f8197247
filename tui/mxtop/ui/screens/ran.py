"""The log of commands: every command that mxtop ran on the host, with its exit code and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, cast

from mxtop.mail import units
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.fix.words import command
from mxtop.ui.screens.page import Page
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.words import moment

if TYPE_CHECKING:
    from mxtop.session.fixing import Ran
    from mxtop.ui.app import MxtopApp


class Commands(Page):
    """Follows the log while the newest line is in view."""

    hint = "◆ changes something · esc closes · c copies"

    def on_mount(self) -> None:
        self.call_after_refresh(self.text.action_edge, 1)

    def show(self, view: View) -> None:
        self._follow()

    def changed(self) -> None:
        self._follow()

    def _follow(self) -> None:
        at_end = self.text.scroll_offset.y >= self.text.max_scroll_y
        self.draw()
        if at_end:
            self.text.action_edge(1)

    def title_text(self) -> str:
        return f"Commands · {clean(cast('MxtopApp', self.app).session.host, 60)}"

    def lines(self, width: int) -> list[Line]:
        app = cast("MxtopApp", self.app)
        ran = app.session.fixing.commands() if app.session.fixing is not None else ()
        if not ran:
            return wrap(literal("mxtop has run no command on this host yet."), width, "muted")
        shown: list[Line] = [((literal("time      exit    took"), "muted"),)]
        for one, times in folded(ran):
            code = "–" if one.exit_code is None else str(one.exit_code)
            role = "ok" if one.exit_code == 0 else "slow" if one.exit_code is not None else "bad"
            text = SafeText(command(one.argv) + (f"  ×{times}" if times > 1 else ""))
            first, *rest = wrap(text, width, "text", indent=28) or [((literal(""), "text"),)]
            changes = one.purpose == "change"
            shown.append(
                (
                    (SafeText(f"{moment(one.time, utc=app.view.utc)} "), "muted"),
                    (SafeText(f"{code:>5} "), role),
                    (SafeText(f"{units.duration(one.seconds):>7}  "), "muted"),
                    (literal("◆ " if changes else "  "), "accent"),
                    (literal("$ "), "muted"),
                    (SafeText(first[0][0].lstrip()), "strong" if changes else "text"),
                )
            )
            shown += rest
        return shown


def folded(ran: Sequence[Ran]) -> list[tuple[Ran, int]]:
    """The same command with the same exit code over and over, as the last of it and how often."""
    runs = groupby(ran, key=lambda one: (one.argv, one.exit_code))
    return [(those[-1], len(those)) for those in (list(group) for _, group in runs)]
