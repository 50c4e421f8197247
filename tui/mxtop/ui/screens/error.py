"""A fatal error: a page that says what happened and what to do next, never a bare traceback."""

from __future__ import annotations

import traceback
from typing import ClassVar, cast

from textual.binding import BindingType

from mxtop import __version__
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.countdown import Owner
from mxtop.ui.widgets.painted import Line, wrap


class Error(Page, inherit_bindings=False):
    """For an MxtopError its title and remedy; for a bug what a report needs."""

    BINDINGS: ClassVar[list[BindingType]] = []  # nothing to go back to
    hint = "q quits · c copies"

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def title_text(self) -> str:
        return "mxtop cannot go on"

    def lines(self, width: int) -> list[Line]:
        error = self.error
        if isinstance(error, MxtopError):
            shown = [(), *wrap(SafeText(f"✖ {clean(error.title)}"), width, "bad")]
            if error.remedy:
                shown += [(), *wrap(clean(error.remedy), width, "strong")]
            return shown
        stands = literal(
            "What it asked of this host stands: mxtop history tells it."
            if cast(Owner, self.app).changing.touched
            else "Nothing on this host was changed."
        )
        shown = [
            (),
            *wrap(SafeText(f"✖ {type(error).__name__}: {clean(str(error), 1000)}"), width, "bad"),
            (),
            *wrap(SafeText(f"This is a bug in mxtop. {stands}"), width, "strong"),
            *wrap(
                SafeText(f"Please report it with the lines below (c copies them). mxtop {__version__}"), width
            ),
            (),
        ]
        for block in traceback.format_exception(error):
            for line in block.rstrip("\n").split("\n"):
                shown += wrap(clean(line, 400), width, "muted")
        return shown
