"""The two choices of the fix: the value, and the time after which an unanswered change goes back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.fix.words import minutes
from mxtop.ui.widgets.painted import Span, Text


class Choices(Text, can_focus=False):
    """Two lines; a click chooses too."""

    DEFAULT_CSS = "Choices { height: 3; background: $surface; }"

    class Chosen(Message):
        def __init__(self, value: str, window: int) -> None:
            self.value = value
            self.window = window
            super().__init__()

    def __init__(self, values: Sequence[str], windows: Sequence[int], keys: tuple[str, str]) -> None:
        super().__init__()
        self.values = tuple(values)
        self.windows = tuple(windows)
        self.value = self.values[0]
        self.window = self.windows[0]
        self._keys = keys

    def choose(self, value: str, window: int) -> None:
        self.value, self.window = value, window
        words = [clean(value, 40) for value in self.values], [minutes(w) for w in self.windows]
        chosen = self.values.index(value), self.windows.index(window)
        heads = literal("set it to"), literal("unanswered, goes back after")
        lines = []
        for key, head, labels, at in zip(self._keys, heads, words, chosen, strict=True):
            spans: list[Span] = [(SafeText(f"{key} "), "accent"), (SafeText(f"{head:<29}"), "muted")]
            for i, label in enumerate(labels):
                spans.append(
                    (SafeText(f"({'●' if i == at else ' '}) {label}"), "strong" if i == at else "text")
                )
                spans.append((literal("  "), "text"))
            lines.append(tuple(spans))
        self.show_lines([*lines, ()])

    def step(self, *, value: int = 0, window: int = 0) -> None:
        """The next one, round and round."""
        values, windows = self.values, self.windows
        self._pick(
            values[(values.index(self.value) + value) % len(values)],
            windows[(windows.index(self.window) + window) % len(windows)],
        )

    def _pick(self, value: str, window: int) -> None:
        """At once: the next key goes on from here."""
        self.choose(value, window)
        self.post_message(self.Chosen(value, window))

    def on_click(self, event: events.Click) -> None:
        if event.y >= 2:
            return
        end = 0
        for i, (text, _) in enumerate(self.lines[event.y]):
            end += cell_len(text)
            if event.x < end:
                if i >= 2:
                    at = (i - 2) // 2
                    value = self.values[at] if event.y == 0 else self.value
                    window = self.windows[at] if event.y == 1 else self.window
                    self._pick(value, window)
                return
