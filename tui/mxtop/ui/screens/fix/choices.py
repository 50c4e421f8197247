"""The two choices of the fix: the value, and the time after which an unanswered change goes back.

And the page that has them on its head, for one host or for several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import SafeText, clean, literal
from mxtop.session.fixing import WINDOWS
from mxtop.ui.keys import KEYS, bindings, shown
from mxtop.ui.screens.fix.words import minutes
from mxtop.ui.screens.form import Form
from mxtop.ui.widgets.painted import Span, Text

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp


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


class Choosing(Form):
    """Subclasses draw by the stage, `preview` or `change`: only the first can be chosen about."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fix")]

    def __init__(self) -> None:
        super().__init__()
        self._stage = ""

    def head(self) -> ComposeResult:
        keymap = cast("MxtopApp", self.app).keymap
        first = {key.id: shown(keymap.keys_of(key)[0]) for key in KEYS}
        values = [value.name for value in ADDRESS_PREFERENCE.values]
        self.picker = Choices(values, WINDOWS, (first["value"], first["window"]))
        yield self.picker

    def on_mount(self) -> None:
        self.app.call_after_refresh(self.buttons.focus)

    def changed(self) -> None:
        if self.is_mounted:
            self.draw()

    def stage(self) -> str:
        raise NotImplementedError

    def draw(self) -> None:
        stage = self.stage()
        if stage != self._stage:
            self._stage = stage
            self.text.scroll_home(animate=False, immediate=True)
        self.picker.display = stage == "preview"
        super().draw()

    def action_value(self, step: int) -> None:
        self.picker.step(value=step)

    def action_window(self, step: int) -> None:
        self.picker.step(window=step)


def proposed(snapshots: Iterable[Snapshot], values: Sequence[str]) -> str:
    """What the worst finding of the first host that has one proposes; else another value than the first's."""
    settings: list[Settings | None] = []
    for snapshot in snapshots:
        for finding in snapshot.findings:
            if finding.fix == ADDRESS_PREFERENCE.name and finding.value in values:
                return str(finding.value)
        settings.append(snapshot.settings)
    return "ipv6" if settings and preference(settings[0]) == "any" else "any"


def preference(settings: Settings | None) -> str:
    return settings.transport("smtp").smtp_address_preference if settings is not None else "any"
