"""The line of hosts above a main screen, where there are several: state and name of each, all of them first.

A click opens one.  Where not all have room, those around the open one are shown.  Looks by itself once a
second, and paints only what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from textual import events

from mxtop.mail.text import SafeText, literal
from mxtop.ui.widgets.painted import Line, Span, Text, width_of

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp

LOOK: Final = 1.0
MORE: Final = literal("… ")


class Tabs(Text, can_focus=False):
    DEFAULT_CSS = "Tabs { height: 1; background: $panel; }"

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._ends: list[tuple[int, int]] = []  # the cell after each tab that is shown, and its number

    def on_mount(self) -> None:
        self.set_interval(LOOK, self.look)
        self.look()

    def on_resize(self) -> None:
        self.look()

    def look(self) -> None:
        """Show the hosts as they are now."""
        app = cast("MxtopApp", self.app)
        if self.is_mounted:
            labels: list[list[Span]] = [[(literal("all"), "text")]]
            for host in app.hosts:
                sign, role = host.state()
                word = SafeText(sign[2:])
                label: list[Span] = [(SafeText(sign[:1]), role), (SafeText(f" {host.name}"), "text")]
                labels.append(label if word == "live" else [*label, (SafeText(f" {word}"), role)])
            self.show_lines([self._line(labels, app.tab)])

    def _line(self, labels: Sequence[list[Span]], current: int) -> Line:
        first = 0
        while first < current and self._width(labels[first : current + 1], first) > self.room:
            first += 1
        spans: list[Span] = [(MORE, "muted")] if first else []
        self._ends = []
        for number, label in enumerate(labels[first:], first):
            shown: list[Span] = [(literal(" "), "text"), *label, (literal(" "), "text")]
            if number == current:
                shown = [(text, "cursor") for text, _ in shown]
            spans += shown
            self._ends.append((width_of(spans), number))
        return tuple(spans)

    @staticmethod
    def _width(labels: Sequence[list[Span]], first: int) -> int:
        return sum(width_of(label) + 2 for label in labels) + (2 if first else 0)

    async def on_click(self, event: events.Click) -> None:
        for end, number in self._ends:
            if event.x < end:
                await cast("MxtopApp", self.app).open_tab(number)
                return
