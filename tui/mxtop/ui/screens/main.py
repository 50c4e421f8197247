"""The main screen: the panels, which of them are visible at what size, and what the keys do to them.

Owns the layout, the focus and the filters; the snapshot comes from the app as a View.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Literal, cast

from textual import actions, events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import links
from mxtop.ui.keys import KEYS, Key, Keymap, bindings, shown
from mxtop.ui.panels.destinations import Destinations
from mxtop.ui.panels.log import LogPanel
from mxtop.ui.panels.mx import Mx
from mxtop.ui.panels.sockets import Sockets
from mxtop.ui.panels.summary import Summary
from mxtop.ui.screens.whole import Whole
from mxtop.ui.view import View
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.painted import Line, Span, Text, width_of
from mxtop.ui.widgets.table import Table
from mxtop.ui.widgets.tabs import Tabs
from mxtop.ui.words import parse_filter

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp

Name = Literal["summary", "destinations", "mx", "sockets", "log"]
NAMES: Final[tuple[Name, ...]] = ("summary", "destinations", "mx", "sockets", "log")

WIDE: Final = 100
"""Columns from which destinations and MX stand side by side."""

TALL: Final = 28
"""Lines from which everything is visible at once."""

TINY: Final = 16
"""Lines below which there is room for one panel only."""


def arrangement(width: int, height: int, current: Name, lower: Name, zoomed: bool) -> frozenset[Name]:
    """The panels that are visible: `lower` is the last focused one of MX, sockets and log."""
    if zoomed:
        return frozenset({current})
    if height < TINY:
        return frozenset({"summary", current if current != "summary" else "destinations"})
    if width < WIDE:
        return frozenset({"summary", "destinations", lower})
    if height < TALL:
        return frozenset({"summary", "destinations", "mx", "log" if lower == "mx" else lower})
    return frozenset(NAMES)


class FilterInput(Input):
    """One line to type a filter in; what is pasted is made visible like all text from outside.

    Keys take effect before the next one is looked at.  Textual passes a key through the queues of the widget
    and of its parents, so that `esc` and `<` typed in a burst would both reach the input.
    """

    DEFAULT_CSS = """
    FilterInput { height: 1; border: none; padding: 0 1; background: $panel; }
    FilterInput:focus { border: none; }
    """

    def __init__(
        self, accept: Callable[[], None], back: Callable[[], None], back_keys: Sequence[str]
    ) -> None:
        super().__init__(
            placeholder="words that must match, !word that must not · esc clears",
            select_on_focus=False,
            id="filter",
        )
        self.display = False
        self._ends = {**dict.fromkeys(back_keys, back), "enter": accept}

    def on_mount(self) -> None:
        """What was typed before it stood."""
        if self.value:
            self.post_message(self.Changed(self, self.value))

    def _forward_event(self, event: events.Event) -> None:
        """Called by the app, in the order in which keys were typed."""
        if not (isinstance(event, events.Key) and self._take(event)):
            super()._forward_event(event)

    def _take(self, event: events.Key) -> bool:
        if event.is_printable and event.character is not None:
            self.replace(event.character, *sorted(self.selection))
            return True
        if end := self._ends.get(event.key):
            end()
            return True
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            _, name, parameters = actions.parse(binding.action)  # cursor_left, delete_word_right, …
            getattr(self, f"action_{name}")(*parameters)
            return True
        return False

    def replace(self, text: str, start: int, end: int) -> None:
        super().replace(clean(text, 200), start, end)


class KeyBar(Text, can_focus=False):
    """The last line: the keys that matter most, from the bindings."""

    DEFAULT_CSS = "KeyBar { height: 1; padding: 0 1; background: $panel; scrollbar-gutter: auto; }"

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap

    def on_resize(self, event: events.Resize) -> None:
        """As many as have room: which ones give way is said below."""
        left = [key for key in KEYS if key.footer]
        for id in GIVE_WAY:
            if width_of(self._spans(left)) <= self.room + 2:  # two blanks at the end
                break
            left = [key for key in left if key.id != id]
        self.show_lines([self._spans(left)])

    def _spans(self, keys: list[Key]) -> Line:
        spans: list[Span] = []
        for key in sorted(keys, key=lambda key: key.id == "quit"):
            if key.id == "quit":  # last, as everywhere
                spans += [(literal("1-5"), "accent"), (literal("  "), "text")]
            name = shown(self._keymap.keys_of(key)[0])
            spans += [(SafeText(name), "accent"), (SafeText(f" {key.footer}  "), "text")]
        return tuple(spans)


GIVE_WAY: Final = ("copy", "zoom", "sort", "details", "filter", "pause")
"""The keys that the last line leaves out first where it is too narrow."""


_BACK: Final = next(key for key in KEYS if key.id == "back")


class Main(Whole):
    AUTO_FOCUS: ClassVar[str | None] = ""  # on_mount knows better
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("main")]
    DEFAULT_CSS = """
    Main { background: $background; layout: vertical; overflow: hidden; }
    Main > #top { layout: horizontal; height: 7fr; }
    Main #destinations { width: 62fr; height: 1fr; }
    Main #mx { width: 38fr; height: 1fr; }
    Main > #sockets { height: 3fr; }
    Main > #log { height: 4fr; }
    Main.-stacked > #top { layout: vertical; height: 1fr; }
    Main.-stacked > #sockets, Main.-stacked > #log { height: 1fr; }
    Main.-stacked #destinations, Main.-stacked #mx { width: 1fr; }
    Main.-stacked #mx { height: 1.3fr; }
    Main.-zoom > Summary { height: 1fr; }
    """

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.summary = Summary(id="summary")
        self.destinations = Destinations(id="destinations")
        self.mx = Mx(id="mx")
        self.sockets = Sockets(id="sockets")
        self.log_panel = LogPanel(id="log")
        self.input = FilterInput(self._end_input, self.action_back, keymap.keys_of(_BACK))
        self.top = Container(id="top")
        self.keymap = keymap
        self.current: Name = "destinations"
        self.lower: Name = "mx"
        self.zoomed = False
        self._filtered: Destinations | Sockets | LogPanel = self.destinations

    def compose(self) -> ComposeResult:
        if len(self._app.hosts) > 1:
            yield Tabs()
        yield self.summary
        with self.top:
            yield self.destinations
            yield self.mx
        yield self.sockets
        yield self.log_panel
        yield Countdown(id="countdown")
        yield KeyBar(self.keymap)

    def on_mount(self) -> None:
        self.lay_out()
        self.destinations.focus_view()
        self.show(self._app.view)

    def show(self, view: View) -> None:
        old = links.aged(view.snapshot)
        for name in NAMES:
            panel = self.panel(name)
            if not isinstance(panel, Summary):
                panel.aged = old
            panel.show(view)

    def panel(self, name: Name) -> Summary | Destinations | Mx | Sockets | LogPanel:
        match name:
            case "summary":
                return self.summary
            case "destinations":
                return self.destinations
            case "mx":
                return self.mx
            case "sockets":
                return self.sockets
            case "log":
                return self.log_panel

    # -- layout and focus ------------------------------------------------------

    def lay_out(self) -> None:
        """Show the panels that have room.  What is hidden goes last: focus must have a place."""
        width, height = self.app.size
        visible = arrangement(width, height, self.current, self.lower, self.zoomed)
        self.set_class(width < WIDE or height < TINY, "-stacked")
        self.set_class(self.zoomed, "-zoom")
        for name in NAMES:
            if name in visible:
                self.panel(name).display = True
        self.top.display = not visible.isdisjoint({"destinations", "mx"})
        if self.focused is not None and self.focused is not self.input:
            self._focus_current()
        for name in NAMES:
            if name not in visible:
                self.panel(name).display = False

    def _focus_current(self) -> None:
        panel = self.panel(self.current)
        if panel.has_focus_within:
            return
        if isinstance(panel, Summary):
            self.set_focus(panel)
        else:
            panel.focus_view()

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for name in NAMES:
            if event.widget in self.panel(name).walk_children(with_self=True):
                self._turn_to(name)

    def _turn_to(self, name: Name) -> None:
        self.current = name
        if name in ("mx", "sockets", "log"):
            self.lower = name
        self.lay_out()

    def action_panel(self, number: int) -> None:
        if self.focused is self.input:  # pressed before the filter key, but on a longer way
            return
        self._turn_to(NAMES[number - 1])
        self._focus_current()

    def action_next_panel(self, step: int) -> None:
        self.action_panel((NAMES.index(self.current) + step) % len(NAMES) + 1)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.lay_out()

    def action_back(self) -> None:
        """One step back: the input, then the zoom, then the filter."""
        if self.input.display:
            self.input.value = ""
            self._end_input()
        elif self.zoomed:
            self.action_zoom()
        elif (panel := self._filterable()).filter:
            panel.set_filter(parse_filter(""))
            self.after_change()

    # -- filter -------------------------------------------------------------------

    def _filterable(self) -> Destinations | Sockets | LogPanel:
        panel = self.panel(self.current)
        return panel if isinstance(panel, Sockets | LogPanel) else self.destinations

    def action_filter(self) -> None:
        self._filtered = self._filterable()
        if not self.input.is_attached:  # the first paint did not wait for it
            self.mount(self.input, before="#countdown")
        self.input.value = self._filtered.filter.text
        self.input.cursor_position = len(self.input.value)
        self.input.display = True
        self.set_focus(self.input)  # at once: keys typed ahead must not reach the panel

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Inside the input these keys are characters like any other."""
        return not (action in ("filter", "panel") and self.focused is self.input)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.input.display:
            self._filtered.set_filter(parse_filter(event.value))
            self.after_change()

    def _end_input(self) -> None:
        self._filtered.set_filter(parse_filter(self.input.value))
        self.after_change()
        self.set_focus(self._filtered.view)  # at once: the next key is for the panel
        self.input.display = False

    def after_change(self) -> None:
        """A filter or an order changed: titles and empty states follow."""
        self.show(self._app.view)

    # -- what the keys do to panels --------------------------------------------------

    def _table(self) -> Table[object]:
        panel = self.panel(self.current)
        return cast("Table[object]", panel.table if isinstance(panel, Sockets) else self.destinations.table)

    def action_sort_by(self, step: int) -> None:
        self._table().sort_step(step)

    def action_reverse(self) -> None:
        table = self._table()
        table.sort_by(table.column)

    def action_sort(self) -> None:
        from mxtop.ui.screens.sort import Sort

        table = self._table()

        def chosen(column_id: str | None) -> None:
            for column in table.columns:
                if column.id == column_id:
                    table.sort_by(column)

        self.app.push_screen(Sort(table.columns, table.column.id), chosen)

    def on_table_sorted(self) -> None:
        self.destinations.retitle()
        self.sockets.retitle()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        if event.table is self.destinations.table:
            self._app.select(cast("str | None", event.key))

    def on_table_chosen(self) -> None:
        self.action_details()

    def action_details(self) -> None:
        destination = self._app.view.selected
        if self.current == "sockets" and (row := self.sockets.table.row()) is not None:
            destination = row.destination
        if destination is None:
            return
        from mxtop.ui.screens.details import Details

        self._app.push_screen(
            Details(destination, self._app.view), lambda _: self._app.look_up(self._app.selected)
        )
        self._app.look_up(destination)

    def action_follow(self) -> None:
        self.log_panel.log_view.follow(not self.log_panel.log_view.following)

    def action_raw(self) -> None:
        self.log_panel.toggle_raw()

    def action_pause(self) -> None:
        self._app.toggle_pause()

    def action_interval(self, step: int) -> None:
        self._app.step_interval(step)

    def action_loopback(self) -> None:
        self._app.toggle_loopback()

    def action_utc(self) -> None:
        self._app.toggle_utc()

    def plain(self) -> SafeText:
        panel = self.panel(self.current)
        return SafeText(panel.plain())

    @property
    def _app(self) -> MxtopApp:
        return cast("MxtopApp", self.app)
