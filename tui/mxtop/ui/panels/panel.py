"""What every panel is: a frame whose title states what it shows, around one view."""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content

from mxtop.mail.text import SafeText


class Panel(Vertical):
    """Number and name come first in the title: the number is the panel's key."""

    DEFAULT_CSS = """
    Panel {
        border: round $panel; background: $surface; padding: 0;
        border-title-color: $role-muted; border-title-style: bold; border-subtitle-color: $role-muted;
    }
    Panel:focus-within {
        border: round $primary; border-title-color: $primary; border-subtitle-color: $role-heading;
    }
    """

    number = 0

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Both are our own words around SafeText; never markup."""
        self._set("border_title", f"{self.number} {title}")
        self._set("border_subtitle", subtitle)

    def _set(self, name: str, text: str) -> None:
        key = f"_shown_{name}"
        if getattr(self, key, None) != text:
            setattr(self, key, text)
            setattr(self, name, Content(text))

    def plain(self) -> SafeText:
        """What `copy` takes from this panel."""
        return SafeText("")
