"""The log as it grows: followed, never forced; the selected destination's lines are marked."""

from __future__ import annotations

from textual.app import ComposeResult

from mxtop.mail.text import SafeText, clean
from mxtop.ui import loglines
from mxtop.ui.panels.panel import Panel
from mxtop.ui.view import View
from mxtop.ui.widgets.log import Log
from mxtop.ui.widgets.painted import Line
from mxtop.ui.words import Filter


class LogPanel(Panel):
    number = 5

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.log_view = Log(self._line, id="log-lines")
        self.filter = Filter()
        self.raw = False
        self._view = View()

    def compose(self) -> ComposeResult:
        yield self.log_view

    def show(self, view: View) -> None:
        before, self._view = self._view, view
        self.log_view.show_tail(view.snapshot.log)
        self.log_view.mark(view.selected)
        if view.utc != before.utc:
            self.log_view.repaint()
        self.retitle()

    @property
    def view(self) -> Log:
        return self.log_view

    def focus_view(self) -> None:
        self.screen.set_focus(self.log_view)

    def set_filter(self, wanted: Filter) -> None:
        self.filter = wanted
        self.log_view.set_filter(wanted)

    def toggle_raw(self) -> None:
        self.raw = not self.raw
        self.log_view.repaint()
        self.retitle()

    def _line(self, line: str) -> Line:
        if self.raw:
            return loglines.as_written(line)
        return loglines.in_columns(line, self._view.snapshot.time, utc=self._view.utc)

    def retitle(self) -> None:
        parts = ["Log", "following" if self.log_view.following else "held (f follows)"]
        if self.filter:
            parts.append(f"filter {clean(self.filter.text, 60)}: {self.log_view.count():,} found")
        if self._view.selected is not None:
            parts.append(f"▌ {clean(self._view.selected, 60)}")
        if self.raw:
            parts.append("as written")
        waiting = self.log_view.waiting
        self.set_title(" · ".join(parts), f"+{waiting:,} lines" if waiting else "")

    def on_log_moved(self) -> None:
        self.retitle()

    def plain(self) -> SafeText:
        """The lines on the screen, as written, control characters visible."""
        return SafeText("\n".join(clean(line) for line in self.log_view.visible_lines()))
