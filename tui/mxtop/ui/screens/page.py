"""A page of text over the main screen: scrolls, is copied, is closed by esc."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mxtop.mail.text import SafeText
from mxtop.ui.keys import bindings
from mxtop.ui.panels.panel import Panel
from mxtop.ui.screens.whole import Whole
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.painted import Line, Text


class Frame(Panel):
    """The frame of a page: no number, since no key leads to it."""

    def set_title(self, title: str, subtitle: str = "") -> None:
        self._set("border_title", title)
        self._set("border_subtitle", subtitle)


class Page(Whole):
    """Subclasses give `title_text` and `lines(width)`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("text")]
    DEFAULT_CSS = """
    Page { background: $background; }
    Page > Frame { height: 1fr; padding: 0 1; }
    """
    hint = "esc closes · c copies"

    def __init__(self) -> None:
        super().__init__()
        self.frame = Frame()
        self.text = Text(id="page")

    def compose(self) -> ComposeResult:
        with self.frame:
            yield self.text
        yield Countdown(id="countdown")

    def first(self) -> Widget:
        """What has the focus at first."""
        return self.text

    def title_text(self) -> str:
        raise NotImplementedError

    def lines(self, width: int) -> list[Line]:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.set_focus(self.first())
        self.draw()

    def changed(self) -> None:
        """The change that the application owns began, went on or ended."""

    def on_resize(self, event: events.Resize) -> None:
        self.draw()

    def draw(self) -> None:
        self.frame.set_title(self.title_text(), self.hint)
        self.text.show_lines(self.lines(max(20, self.app.size.width - 6)))

    def plain(self) -> SafeText:
        return SafeText(self.text.plain())
