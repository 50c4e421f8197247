"""A row of buttons, one of them under the cursor: the first one, whenever others come.

Whoever gives buttons puts the harmless one first.  Keys that scroll go to the text above, so that one can
read on without leaving the buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from mxtop.mail.text import SafeText, literal
from mxtop.mail.value import value
from mxtop.ui.keys import bindings
from mxtop.ui.widgets.painted import Line, Painted, Span, Text

_GAP = literal("  ")


@value
class Button:
    id: str
    label: SafeText

    @property
    def cells(self) -> int:
        return cell_len(self.label) + 4


class Buttons(Painted):
    """`text` is what up, down and page keys scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("buttons")]
    DEFAULT_CSS = "Buttons { height: 1; background: $background; padding: 0 1; scrollbar-gutter: auto; }"

    class Pressed(Message):
        """A button was pressed."""

        def __init__(self, id: str) -> None:
            self.id = id
            super().__init__()

    def __init__(self, text: Text, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.buttons: tuple[Button, ...] = ()
        self.index = 0
        self._text = text

    def show_buttons(self, buttons: Sequence[Button]) -> None:
        """Show these; other ones than before put the cursor on the first."""
        if tuple(buttons) == self.buttons:
            return
        if [one.id for one in buttons] != [one.id for one in self.buttons]:
            self.index = 0
        self.buttons = tuple(buttons)
        self._lay_out()

    @property
    def focused_id(self) -> str:
        return self.buttons[self.index].id if self.buttons else ""

    def _rows(self) -> list[list[int]]:
        """The buttons of each line: as many as have room."""
        rows: list[list[int]] = [[]]
        room = width = max(1, self.room)
        for i, button in enumerate(self.buttons):
            if rows[-1] and button.cells > room:
                rows.append([])
                room = width
            rows[-1].append(i)
            room -= button.cells + len(_GAP)
        return rows

    def _lay_out(self) -> None:
        self.styles.height = len(self._rows())
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _line(self, row: list[int]) -> Line:
        spans: list[Span] = []
        for i in row:
            chosen = i == self.index
            mark = "▸" if chosen else " "
            role = ("cursor" if self.has_focus else "rest") if chosen else "head"
            spans += [(SafeText(f"[{mark}{self.buttons[i].label} ]"), role), (_GAP, "text")]
        return tuple(spans)

    def render_line(self, y: int) -> Strip:
        rows = self._rows()
        line = self._line(rows[y]) if y < len(rows) else ()
        return self.paint(line).crop_extend(0, self.room, self.style("text"))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_button(self, step: int) -> None:
        if self.buttons:
            self.index = (self.index + step) % len(self.buttons)
            self.refresh()

    def action_press(self) -> None:
        if self.buttons:
            self.post_message(self.Pressed(self.focused_id))

    def on_click(self, event: events.Click) -> None:
        rows, x = self._rows(), 1
        for i in rows[event.y] if event.y < len(rows) else ():
            if x <= event.x < x + self.buttons[i].cells:
                self.index = i
                self.refresh()
                self.action_press()
            x += self.buttons[i].cells + len(_GAP)

    def action_sideways(self, step: int) -> None:
        self.action_button(step)

    def action_move(self, step: int) -> None:
        self._text.action_move(step)

    def action_page(self, step: int) -> None:
        self._text.action_page(step)

    def action_edge(self, step: int) -> None:
        self._text.action_edge(step)
