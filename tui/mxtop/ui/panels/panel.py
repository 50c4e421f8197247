"""What every panel is: a frame whose title states what it shows, around one view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, Text
from mxtop.ui.widgets.table import Table
from mxtop.ui.words import Filter

Row = TypeVar("Row")


class Panel(Vertical):
    """Number and name come first in the title: the number is the panel's key."""

    DEFAULT_CSS = """
    Panel {
        border: round $panel; background: $surface; padding: 0;
        border-title-color: $role-muted; border-title-style: bold; border-subtitle-color: $role-muted;
    }
    Panel:focus-within {
        border: round $primary; border-title-color: $primary; border-subtitle-color: $role-heading;
    }
    """

    number = 0
    aged = literal("")
    """How old all of it is, where its host fell silent: told below it."""

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Both are our own words around SafeText; never markup."""
        self._set("border_title", f"{self.number} {title}")
        self._set("border_subtitle", " · ".join(filter(None, (subtitle, self.aged))))

    def _set(self, name: str, text: str) -> None:
        key = f"_shown_{name}"
        if getattr(self, key, None) != text:
            setattr(self, key, text)
            setattr(self, name, Content(text))

    def plain(self) -> SafeText:
        """What `copy` takes from this panel."""
        return SafeText("")


class TablePanel(Panel, Generic[Row]):
    """A table, or a text that tells why there is nothing to see.

    Subclasses give the table its rows, then call `show_or_tell`; `nothing` is the text.
    """

    DEFAULT_CSS = """
    TablePanel > .empty { display: none; padding: 0 1; }
    TablePanel.-empty > .empty { display: block; height: 1fr; }
    TablePanel.-empty > Table { display: none; }
    """

    def __init__(self, table: Table[Row], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.filter = Filter()
        self.table = table
        self.empty = Text(classes="empty")
        self._view = View()

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.empty

    def on_resize(self, event: events.Resize) -> None:
        self.show(self._view)

    def show(self, view: View) -> None:
        raise NotImplementedError

    def nothing(self, width: int) -> Sequence[Line]:
        raise NotImplementedError

    def retitle(self) -> None:
        raise NotImplementedError

    def show_or_tell(self) -> None:
        """The table if it has rows, else the text; the title tells what is seen."""
        none = not self.table.rows
        if none:
            self.empty.show_lines(list(self.nothing(max(20, self.size.width - 3))))
        if none != self.has_class("-empty"):
            focused = self.has_focus_within  # it has to stay in this panel while its view changes
            self.set_class(none, "-empty")
            if focused:
                self.focus_view()
        self.retitle()

    @property
    def view(self) -> Table[Row] | Text:
        """What is shown of the two."""
        return self.empty if self.has_class("-empty") else self.table

    def focus_view(self) -> None:
        self.screen.set_focus(self.view)

    def query_words(self) -> list[str]:
        """The parts of a title that state what is shown: the order, and the filter where there is one."""
        table = self.table
        order = "▼" if table.descending else "▲"
        words = [f"by {(table.column.help or table.column.label).lower()} {order}"]
        if self.filter:
            words.append(f"filter {clean(self.filter.text, 60)}")
        return words

    def plain(self) -> SafeText:
        return SafeText(self.table.plain())
