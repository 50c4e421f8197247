"""The base of every list and text on the screen: lines made of SafeText, each piece with a role.

Paints by Textual's line API: no markup is ever parsed, and nothing but SafeText comes in.
Does not know what the lines mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mxtop.mail.text import SafeText, literal
from mxtop.ui.keys import bindings
from mxtop.ui.theme import role_style

Span = tuple[SafeText, str]
"""A piece of text and its role: `text` or one of ROLES."""

Line = tuple[Span, ...]

ROLES: Final[dict[str, tuple[str, str | None, bool]]] = {
    "muted": ("role-muted", None, False),
    "heading": ("role-heading", None, False),
    "accent": ("accent", None, False),
    "strong": ("foreground", None, True),
    "ok": ("role-ok", None, False),
    "slow": ("role-slow", None, False),
    "bad": ("role-bad", None, True),
    "v4": ("role-v4", None, False),
    "v6": ("role-v6", None, False),
    "head": ("role-heading", "panel", True),
    "cursor": ("role-cursor-text", "role-cursor", True),
    "rest": ("foreground", "panel", True),
    "alarm": ("background", "role-slow", True),
}
"""Role -> variable of its colour, variable of its background (None: the widget's), bold.

Computed from the theme's variables: as component classes they would make every widget a dozen
nodes more to style, which is half of the time to the first paint.
"""

ELLIPSIS = literal("…")


def fit(text: SafeText, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells; what is cut ends in `…`."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""
    pad = " " * (width - length)
    return pad + text if right else text + pad


def width_of(spans: Iterable[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)


def wrap(text: SafeText, width: int, role: str = "text", indent: int = 0) -> list[Line]:
    """The text in lines of at most `width` cells, broken between words where there are any."""
    width = max(1, width - indent)
    lines: list[str] = [""]
    room = width
    most = 5 * (width + 1)  # characters that matter to one line: four marks at most go with each (`clean`)
    for word in text.split(" "):
        rest = word
        length = cell_len(rest)
        if lines[-1] and length + 1 <= room:
            lines[-1] += " " + rest
            room -= length + 1
            continue
        if lines[-1]:
            lines.append("")
        while cell_len(rest[:most]) > width:
            cut = set_cell_size(rest[:most], width).rstrip(" ") or rest[0]
            lines[-1] = cut
            lines.append("")
            rest = rest[len(cut) :]
        lines[-1] = rest
        room = width - cell_len(rest)
    pad = " " * indent
    return [((SafeText(pad + line), role),) for line in lines if line]


class Painted(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling view that paints `line(y)` for what is visible only."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    DEFAULT_CSS = """
    Painted {
        background: $surface; color: $foreground;
        scrollbar-size: 0 1; scrollbar-gutter: stable;
        scrollbar-background: $surface; scrollbar-color: $panel;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    """

    _styles_by_role: dict[str, Style]

    def style(self, role: str) -> Style:
        """The Rich style of a role, kept until the theme changes."""
        try:
            return self._styles_by_role[role]
        except AttributeError:
            self._styles_by_role = {}
        except KeyError:
            pass
        style = self.rich_style
        if role != "text":
            fore, back, bold = ROLES[role]
            style += role_style(self.app.theme_variables, fore, back, bold=bold)
        if role in ("cursor", "alarm") and self.app.no_color:
            style += Style(reverse=True)
        self._styles_by_role[role] = style
        return style

    @property
    def room(self) -> int:
        """Cells of a line, without the scrollbar's."""
        return self.scrollable_content_region.width

    @property
    def max_scroll_x(self) -> int:
        return max(0, self.virtual_size.width - self.room)

    def extend(self, size: Size) -> None:
        """Say how much there is to see.  Only the scrollbar depends on that, so nothing is laid out anew,
        which would paint the whole screen each time the log grows.
        """
        if size == self.virtual_size:
            return
        self.set_reactive(Widget.virtual_size, size)
        if self.styles.auto_dimensions:
            self.refresh(layout=True)
        elif self.size:  # else the first layout sees to it
            self._scroll_update(size)

    def notify_style_update(self) -> None:
        self._styles_by_role = {}
        super().notify_style_update()

    def paint(self, spans: Sequence[Span]) -> Strip:
        """A strip of the pieces, each in the style of its role."""
        style = self.style
        return Strip([Segment(text, style(role)) for text, role in spans]).simplify()

    # -- moving: what lists and texts share --------------------------------

    def action_move(self, step: int) -> None:
        self.scroll_relative(y=step, animate=False)

    def action_sideways(self, step: int) -> None:
        self.scroll_relative(x=step * 8, animate=False)

    def action_page(self, step: int) -> None:
        self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)

    def action_edge(self, step: int) -> None:
        if step < 0:
            self.scroll_home(animate=False, immediate=True)
        else:
            self.scroll_end(animate=False, immediate=True)


class Text(Painted):
    """Lines of text, handed over whole; only lines that changed are painted again."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()

    def show_lines(self, lines: Sequence[Line]) -> None:
        before, self.lines = self.lines, tuple(lines)
        if before == self.lines:
            return
        width = max((width_of(line) for line in self.lines), default=0)
        size = self.virtual_size.with_width(width).with_height(len(self.lines))
        if size != self.virtual_size:
            self.extend(size)
            self.refresh()
            return
        top = self.scroll_offset.y
        for y in range(top, min(top + self.size.height, len(self.lines))):
            if before[y] != self.lines[y]:
                self.refresh_line(y)

    def plain(self) -> str:
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.lines)

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        width = self.room
        if top + y >= len(self.lines):
            return Strip.blank(width, self.style("text"))
        return self.paint(self.lines[top + y]).crop_extend(x, x + width, self.style("text"))
