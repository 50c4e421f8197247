"""One question for a password, sudo's or a login's, over whatever page needed it.

Gives what was typed to whoever asked, and keeps none of it: the field goes with the screen.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from mxtop.mail.text import clean, literal
from mxtop.ui.keys import bindings
from mxtop.ui.widgets.painted import Text, wrap

WIDTH = 60
FOR_SUDO = "For sudo alone: it is not stored, and seen by nobody else."


class Password(ModalScreen[str | None]):
    """None where the question was closed with esc: nothing is done then."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("text")]
    DEFAULT_CSS = """
    Password { align: center middle; }
    Password > Vertical {
        width: 64; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        border: round $primary; border-title-color: $primary; background: $surface;
    }
    Password Text { height: auto; background: $surface; scrollbar-gutter: auto; }
    Password Input { height: 1; border: none; padding: 0; background: $panel; }
    Password Input:focus { border: none; }
    """

    def __init__(
        self, prompt: str, *, note: str = FOR_SUDO, title: str = "Password", echo: bool = False
    ) -> None:
        super().__init__()
        self._prompt = prompt
        self._note = note
        self._title = title
        self._field = Input(password=not echo, id="password")

    async def answer(self, app: App[Any]) -> str | None:
        """Show it over whatever is there, and wait; where nobody waits any more it goes away by itself."""
        given: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def take(text: str | None) -> None:
            if not given.done():
                given.set_result(text)

        # By the application's own loop: whoever asks may come from a thread that Textual does not know.
        app.call_later(app.push_screen, self, take)
        try:
            return await given
        finally:
            app.call_later(self._withdraw)

    def _withdraw(self) -> None:
        if self.is_attached and self.app.screen is self:
            self.dismiss(None)

    def compose(self) -> ComposeResult:
        text = Text(id="question")
        text.can_focus = False
        lines = wrap(clean(self._prompt, 300), WIDTH, "strong")
        lines += wrap(literal(self._note), WIDTH, "muted")
        text.styles.height = len(lines)
        text.show_lines(lines)
        with Vertical() as frame:
            frame.border_title = Content(self._title)
            frame.border_subtitle = Content("⏎ go on · esc: do nothing")
            yield text
            yield self._field

    def on_mount(self) -> None:
        self.set_focus(self._field)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
