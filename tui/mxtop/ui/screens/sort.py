"""The sort picker: the columns of a table, to choose one."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mxtop.ui.keys import bindings
from mxtop.ui.widgets.table import Column


class Sort(ModalScreen[str | None]):
    """Gives the id of the chosen column; None where nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("text")]
    DEFAULT_CSS = """
    Sort { align: center middle; }
    Sort > OptionList {
        width: 46; max-width: 90%; height: auto; max-height: 80%;
        border: round $primary; border-title-color: $primary; background: $surface;
    }
    Sort > OptionList:focus { border: round $primary; }
    """

    def __init__(self, columns: tuple[Column[Any], ...], current: str) -> None:
        super().__init__()
        self.columns = [column for column in columns if column.sort is not None]
        self.current = current

    def compose(self) -> ComposeResult:
        options = OptionList(*(Option(Content(_name(column)), id=column.id) for column in self.columns))
        options.border_title = Content("Sort by")
        options.border_subtitle = Content("again: reverse · esc: as it is")
        options.highlighted = next((i for i, c in enumerate(self.columns) if c.id == self.current), 0)
        yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


def _name(column: Column[Any]) -> str:
    """What a column tells, as the first words of a line."""
    words = column.help or column.label
    return words[:1].upper() + words[1:]
