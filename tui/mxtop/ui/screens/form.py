"""A page with buttons below its text: the keys scroll the text while a button has the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.buttons import Button, Buttons
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.painted import Line, wrap


class Form(Page):
    """Subclasses give `choices()`, the harmless button first, and `pressed(id)`."""

    hint = "⇥ button · ⏎ press · ↑↓ scroll · esc closes"

    def __init__(self) -> None:
        super().__init__()
        self.text.can_focus = False
        self.buttons = Buttons(self.text, id="buttons")

    def compose(self) -> ComposeResult:
        with self.frame:
            yield from self.head()
            yield self.text
        yield self.buttons
        yield Countdown(id="countdown")

    def head(self) -> ComposeResult:
        """What stands above the text and does not scroll."""
        yield from ()

    def first(self) -> Widget:
        return self.buttons

    def choices(self) -> Sequence[Button]:
        raise NotImplementedError

    def pressed(self, id: str) -> None:
        raise NotImplementedError

    def on_buttons_pressed(self, event: Buttons.Pressed) -> None:
        self.pressed(event.id)

    def draw(self) -> None:
        super().draw()
        self.buttons.show_buttons(self.choices())


def trouble(error: MxtopError, width: int) -> list[Line]:
    """Why something was not done, and the next step; where there was nothing to do, that is no trouble."""
    sign, role = ("·", "text") if getattr(error, "code", None) == 0 else ("✖", "bad")
    shown = wrap(SafeText(f"{sign} {clean(error.title, 1000)}"), width, role)
    if error.remedy:
        shown += wrap(SafeText(f"→ {clean(error.remedy, 1000)}"), width, "strong")
    return [*shown, ()]
