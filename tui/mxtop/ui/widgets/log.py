"""The last log lines: paints what is visible, follows without ever forcing the view.

Lines are known by numbers that only grow, so a view that is held stays on its lines while
older ones are trimmed; what was trimmed under a held view moves it to the oldest line left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import islice

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from mxtop.mail.snapshot import CHUNK, LogTail
from mxtop.mail.text import SafeText
from mxtop.ui.widgets.painted import Line, Painted, width_of
from mxtop.ui.words import Filter

NOTHING = Filter()


class Log(Painted):
    """The widget.  `line` turns a raw line into its pieces; it is called for visible lines only."""

    class Moved(Message):
        """Following ended or began, or lines came while not following."""

    def __init__(self, line: Callable[[str], Line], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.following = True
        self.tail = LogTail()
        self.line = line
        self._filter = NOTHING
        self._marked = ""
        self._numbers: list[int] = []
        """With a filter: the numbers of the lines that match, oldest first."""
        self._top = 0
        """The number of the first visible line."""
        self._seen = 0
        """The number after the last line that was followed."""
        self._widest = 0

    # -- what is shown --------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Lines that came since following ended."""
        return 0 if self.following else max(0, self.tail.end - max(self._seen, self.tail.first))

    def show_tail(self, tail: LogTail) -> None:
        if tail is self.tail:
            return
        before, self.tail = self.tail, tail
        if tail.first > before.end or tail.end < before.end:  # another log altogether
            self._numbers = []
            self._select(tail.first)
        elif self._filter:
            self._select(before.end)
            if self._numbers and self._numbers[0] < tail.first:
                self._numbers = self._numbers[bisect_left(self._numbers, tail.first) :]
        if self.following:
            self._seen = tail.end
            self._to_end()
            if before.end != tail.end:
                self.refresh()
        else:
            held = self._top  # a shorter view may move the scroll position by itself
            self._fit_size()
            self._scroll_to_number(held)
            if held < tail.first:
                self.refresh()
            self.post_message(self.Moved())

    def set_filter(self, wanted: Filter) -> None:
        held = self._top
        self._filter = wanted
        self._numbers = []
        self._select(self.tail.first)
        self._fit_size()
        if self.following:
            self._to_end()
        else:
            self._scroll_to_number(held)
        self.refresh()

    def mark(self, text: str | None) -> None:
        """Mark lines that contain this text: the selected destination."""
        wanted = (text or "").lower()
        if wanted != self._marked:
            self._marked = wanted
            self.refresh()

    def repaint(self) -> None:
        """The way that lines look has changed."""
        self._widest = 0
        self.scroll_to(x=0, animate=False, immediate=True)
        self._fit_size()
        self.refresh()

    def _select(self, start: int) -> None:
        """Note the lines from `start` on that match."""
        if not self._filter:
            return
        matches, number = self._filter.matches, max(start, self.tail.first)
        for chunk_index in range((number - self.tail.first) // CHUNK, len(self.tail.chunks)):
            base = self.tail.first + chunk_index * CHUNK
            for line in islice(self.tail.chunks[chunk_index], number - base, None):
                if matches(line):
                    self._numbers.append(number)
                number += 1

    def count(self) -> int:
        """How many lines can be shown."""
        return len(self._numbers) if self._filter else len(self.tail)

    def _number(self, index: int) -> int:
        return self._numbers[index] if self._filter else self.tail.first + index

    def _index(self, number: int) -> int:
        return bisect_left(self._numbers, number) if self._filter else max(0, number - self.tail.first)

    def _fit_size(self) -> None:
        self.extend(Size(self._widest, self.count()))

    # -- following --------------------------------------------------------------

    def follow(self, wanted: bool) -> None:
        self.following = wanted
        self._seen = self.tail.end
        if wanted:
            self._to_end()
            self.refresh()
        self.post_message(self.Moved())

    def _to_end(self) -> None:
        self._fit_size()
        self.scroll_y = max(0, self.count() - self.size.height)

    def _scroll_to_number(self, number: int) -> None:
        self.scroll_y = min(self._index(number), max(0, self.count() - self.size.height))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        top = round(new_value)
        if top < self.count():
            self._top = self._number(top)

    def on_resize(self) -> None:
        if self.following:
            self._to_end()

    def _after_moving(self) -> None:
        """The user moved: at the end follow, anywhere else stay."""
        at_end = self.scroll_offset.y >= max(0, self.count() - self.size.height)
        if at_end != self.following:
            self.follow(at_end)

    def action_move(self, step: int) -> None:
        self._scroll(step)

    def action_page(self, step: int) -> None:
        self._scroll(step * max(1, self.size.height - 1))

    def action_edge(self, step: int) -> None:
        self._scroll(step * self.count())

    def _scroll(self, lines: int) -> None:
        end = max(0, self.count() - self.size.height)
        self.scroll_y = max(0, min(end, self.scroll_offset.y + lines))
        self._after_moving()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(3)

    # -- painting ---------------------------------------------------------------

    def visible_lines(self) -> list[str]:
        """The raw lines on the screen."""
        top = self.scroll_offset.y
        return [self.tail[self._number(i)] for i in range(top, min(top + self.size.height, self.count()))]

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        width = self.room
        if top + y >= self.count():
            return Strip.blank(width, self.style("text"))
        raw = self.tail[self._number(top + y)]
        spans = self.line(raw)
        length = 2 + width_of(spans)  # the mark and a space
        if length > self._widest:
            self._widest = length
            self.call_later(self._fit_size)
        marked = bool(self._marked) and self._marked in raw.lower()
        gutter = Strip([Segment("▌" if marked else " ", self.style("accent"))])
        rest = self.paint(((SafeText(" "), "text"), *spans))
        return Strip.join([gutter, rest.crop_extend(x, x + max(0, width - 1), self.style("text"))])
