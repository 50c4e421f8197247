"""A table of immutable rows that paints only what is visible and only what changed.

It owns no data: it is handed a sequence and sorts, filters and shows it.  The cursor follows
a row's key, never its index.  Rows that compare equal are taken to look the same, so a row
must be a value; equal sort values keep the order in which the rows came.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from mxtop.mail.text import SafeText
from mxtop.mail.value import value
from mxtop.ui.widgets.painted import Line, Painted, fit, width_of

Row = TypeVar("Row")

CURSOR_MARK = "▸"


def _total(widths: Sequence[int]) -> int:
    """The cells of a whole line: the cursor's mark, the columns, a space between them."""
    return 1 + sum(widths) + len(widths) - 1


@value
class Column(Generic[Row]):
    """One column as data.  `sort` gives a value to compare, None for unknown (always last).

    `line` gives the same text in pieces with roles, for a cell of several colours.
    `width` in cells; with `most` it grows as long as there is room.  `descending`: how it is sorted
    first.  `frozen` columns stay when the rest scrolls sideways: they must come first.
    `optional` ones may be out of sight so that others can grow.
    """

    id: str
    label: str
    width: int
    text: Callable[[Row], SafeText]
    sort: Callable[[Row], Any] | None = None
    right: bool = False
    role: Callable[[Row], str] | None = None
    line: Callable[[Row], Line] | None = None
    most: int = 0
    descending: bool = True
    frozen: bool = False
    optional: bool = False
    help: str = ""


class Table(Painted, Generic[Row]):
    """The widget.  `key` names a row; `matches` is the filter, None for all rows."""

    ALLOW_SELECT: ClassVar[bool] = False

    class Highlighted(Message):
        """The cursor is on another row; `key` is None where there is none."""

        def __init__(self, table: Table[Any], key: Hashable | None) -> None:
            self.table = table
            self.key = key
            super().__init__()

    class Sorted(Message):
        """The order changed, by a click or a key."""

    class Chosen(Message):
        """A double click on a row."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        sort: str,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.column = next(c for c in columns if c.id == sort)
        self.descending = self.column.descending
        self.cursor: Hashable | None = None
        self.touched = False
        """Whether the user has moved the cursor: until `pin` ends it stays on the first row else."""
        self.pin = False
        self._key = key
        self._rows: Sequence[Row] = ()
        self._view: list[Row] = []
        self._matches: Callable[[Row], bool] | None = None
        self._index = 0
        self._widths: tuple[int, ...] = tuple(c.width for c in columns)

    # -- what is shown ------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row]:
        """The visible rows, in order."""
        return self._view

    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._view[self._index] if self._view and self.cursor is not None else None

    def show_rows(self, rows: Sequence[Row], *, force: bool = False) -> None:
        """Take the next snapshot's rows; the same object again costs nothing."""
        if rows is self._rows and not force:
            return
        self._rows = rows
        self._arrange()

    def set_filter(self, matches: Callable[[Row], bool] | None) -> None:
        self._matches = matches
        self._arrange()

    def sort_by(self, column: Column[Row], descending: bool | None = None) -> None:
        """Sort by this column: its usual way first, the other way where it is sorted by already."""
        if descending is None:
            descending = not self.descending if column is self.column else column.descending
        self.column, self.descending = column, descending
        self._arrange()
        self.refresh()
        self.post_message(self.Sorted())

    def sort_step(self, step: int) -> None:
        sortable = [c for c in self.columns if c.sort is not None]
        self.sort_by(sortable[(sortable.index(self.column) + step) % len(sortable)])

    def _arrange(self) -> None:
        before, cursor, index = self._window(), self.cursor, self._index
        rows = self._rows if self._matches is None else [row for row in self._rows if self._matches(row)]
        value = self.column.sort
        if value is None:
            self._view = list(rows)
        else:
            pairs = [(value(row), row) for row in rows]
            known = [pair for pair in pairs if pair[0] is not None]
            known.sort(key=lambda pair: pair[0], reverse=self.descending)
            self._view = [row for _, row in known]
            if len(known) < len(pairs):
                self._view += [row for found, row in pairs if found is None]
        self.extend(Size(_total(self._widths), len(self._view) + 1))
        top = self.scroll_offset.y
        was_visible = top <= index < top + self.size.height - 1
        self._find_cursor()
        if self.touched and was_visible and self._index != index:
            self._into_view()
        self._repaint(before, cursor, top)
        if self.cursor != cursor:
            self.post_message(self.Highlighted(self, self.cursor))

    def _find_cursor(self) -> None:
        """Where the cursor's row is now; a row that went away leaves the cursor at its place."""
        view, key = self._view, self._key
        if not view:
            self.cursor, self._index = None, 0
            return
        if self.cursor is None or (self.pin and not self.touched):
            self._index = 0
        elif not (self._index < len(view) and key(view[self._index]) == self.cursor):
            wanted = self.cursor
            found = next((i for i, row in enumerate(view) if key(row) == wanted), None)
            self._index = min(self._index, len(view) - 1) if found is None else found
        self.cursor = key(view[self._index])

    def _window(self) -> list[tuple[Row, bool]]:
        top = self.scroll_offset.y
        rows = self._view[top : top + max(0, self.size.height - 1)]
        return [(row, top + i == self._index) for i, row in enumerate(rows)]

    def _repaint(self, before: list[tuple[Row, bool]], cursor: Hashable | None, top: int) -> None:
        after = self._window()
        if len(before) != len(after) or self.scroll_offset.y != top:
            self.refresh()
            return
        width = self.size.width
        dirty = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True), 1)
            if old[1] != new[1] or (old[0] is not new[0] and old[0] != new[0])
        ]
        if dirty:
            self.refresh(*dirty)

    # -- painting -----------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._measure(self.room - 1)  # the last cell is for the sign that there is more

    def _measure(self, width: int) -> None:
        """Share the room that is left among the columns that can grow; optional ones come last."""
        widths = [column.width for column in self.columns]
        for part in (False, True):
            counted = [w for w, c in zip(widths, self.columns, strict=True) if part or not c.optional]
            room = width - _total(counted)
            growing = [i for i, c in enumerate(self.columns) if c.optional is part and c.most > c.width]
            while room > 0 and growing:
                for i in growing[:room]:
                    widths[i] += 1
                room -= len(growing[:room])
                growing = [i for i in growing if widths[i] < self.columns[i].most]
        if tuple(widths) != self._widths:
            self._widths = tuple(widths)
            self.extend(Size(_total(self._widths), len(self._view) + 1))
            self.refresh()

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        width = self.room
        if y == 0:
            return self._paint_header(x, width)
        index = top + y - 1
        if index >= len(self._view):
            return Strip.blank(width, self.style("text"))
        row = self._view[index]
        selected = index == self._index
        base = ("cursor" if self.has_focus else "rest") if selected else "text"
        style = self.style
        space = Segment(" ", style(base))
        frozen = [Segment(CURSOR_MARK if selected else " ", style(base))]
        moving: list[Segment] = []
        for column, cells, whole in self._cells(x, width):
            part = frozen if column.frozen else moving
            if column.line is not None and not selected:
                spans = column.line(row)
                part += [Segment(text, style(role)) for text, role in spans]
                part.append(Segment(" " * (cells - width_of(spans)), style(base)))
            else:
                role = base if selected or column.role is None else column.role(row)
                text = fit(column.text(row), cells, right=column.right) if whole else " " * cells
                part.append(Segment(text, style(role)))
            part.append(space)
        return self._join(frozen, moving, x, width, base)

    def _cells(self, x: int, width: int) -> Iterator[tuple[Column[Row], int, bool]]:
        """The columns, their widths, and whether each may be shown: half a number would be a lie."""
        end = 1
        for column, cells in zip(self.columns, self._widths, strict=True):
            end += cells + 1
            yield column, cells, column.frozen or not column.right or end - x <= width

    def _join(self, frozen: list[Segment], moving: list[Segment], x: int, width: int, base: str) -> Strip:
        still = Strip(frozen).simplify()
        style = self.style(base)
        room = width - still.cell_length
        if room <= 0:
            return still.crop_extend(0, width, style)
        return Strip.join([still, Strip(moving).simplify().crop_extend(x, x + room, style)])

    def _paint_header(self, x: int, width: int) -> Strip:
        style = self.style("head")
        frozen, moving = [Segment(" ", style)], list[Segment]()
        for column, cells, whole in self._cells(x, width):
            mark = ("▼" if self.descending else "▲") if column is self.column else ""
            room = cells - len(mark)
            label = fit(SafeText(column.label[:room] + mark if whole else ""), cells, right=column.right)
            (frozen if column.frozen else moving).append(Segment(label + " ", style))
        strip = self._join(frozen, moving, x, width, "head")
        if self.max_scroll_x > x and width > 1:  # more to the right
            strip = Strip.join([strip.crop(0, width - 1), Strip([Segment("›", style)])])
        return strip

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def plain(self) -> str:
        """The row under the cursor, whole: one `label: text` a line."""
        row = self.row()
        if row is None:
            return ""
        return "\n".join(f"{c.help or c.label}: {c.text(row)}" for c in self.columns)

    # -- moving ---------------------------------------------------------------

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, as the user's own wish."""
        self.touched = True
        if not self._view:
            return
        index = max(0, min(index, len(self._view) - 1))
        if index == self._index and self.cursor is not None:
            return
        self._index = index
        self.cursor = self._key(self._view[index])
        self._into_view()
        self.refresh()
        self.post_message(self.Highlighted(self, self.cursor))

    def _into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if self._index < top:
            self.scroll_to(y=self._index, animate=False, immediate=True)
        elif self._index >= top + height:
            self.scroll_to(y=self._index - height + 1, animate=False, immediate=True)

    def action_move(self, step: int) -> None:
        self.move_to(self._index + step)

    def action_page(self, step: int) -> None:
        self.move_to(self._index + step * max(1, self.size.height - 2))

    def action_edge(self, step: int) -> None:
        self.move_to(0 if step < 0 else len(self._view) - 1)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y == 0:
            column = self._column_at(event.x)
            if column is not None and column.sort is not None:
                self.sort_by(column)
            return
        index = self.scroll_offset.y + event.y - 1
        if index < len(self._view):
            self.move_to(index)
            if event.chain == 2:
                self.post_message(self.Chosen())

    def action_sideways(self, step: int) -> None:
        """To the next column's edge, so that no number is cut at the left."""
        edges = [0]
        for column, cells in zip(self.columns, self._widths, strict=True):
            if not column.frozen:
                edges.append(edges[-1] + cells + 1)
        x, end = self.scroll_offset.x, self.max_scroll_x
        beyond = [edge for edge in edges if (x < edge if step > 0 else edge < x)]
        if beyond and (step < 0 or x < end):
            self.scroll_x = min(min(beyond) if step > 0 else max(beyond), end)

    def _column_at(self, x: int) -> Column[Row] | None:
        end = cell_len(CURSOR_MARK)
        moved = False
        for column, cells in zip(self.columns, self._widths, strict=True):
            if not column.frozen and not moved:
                moved = True
                end -= self.scroll_offset.x
            end += cells + 1
            if x < end:
                return column
        return None
