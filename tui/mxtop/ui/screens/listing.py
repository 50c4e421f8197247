"""A page with a table below a few words: enter opens the row under the cursor."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mxtop.mail.text import SafeText
from mxtop.ui.keys import bindings
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.table import Table

Row = TypeVar("Row")


class Listing(Page, Generic[Row]):
    """Subclasses give `title_text`, the `lines(width)` above the table, and `open(row)`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("buttons")]

    def __init__(self, table: Table[Row]) -> None:
        super().__init__()
        self.table = table

    def compose(self) -> ComposeResult:
        with self.frame:
            yield self.text
            yield self.table
        yield Countdown(id="countdown")

    def first(self) -> Widget:
        return self.table

    def open(self, row: Row) -> None:
        raise NotImplementedError

    def draw(self) -> None:
        super().draw()
        self.text.styles.height = len(self.text.lines)
        self.text.display = bool(self.text.lines)

    def plain(self) -> SafeText:
        return SafeText(self.table.plain())

    def on_table_chosen(self) -> None:
        self.action_press()

    def action_button(self, step: int) -> None:
        self.table.action_move(step)

    def action_press(self) -> None:
        if (row := self.table.row()) is not None:
            self.open(row)
