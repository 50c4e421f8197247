"""The screen after a bug of the screen itself: a fresh application with the error page alone.

Textual ends the message loop in which an error was not caught, so the broken application
cannot be trusted to show anything any more.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.theme import Theme

from mxtop.ui import theme
from mxtop.ui.keys import bindings
from mxtop.ui.screens.error import Error
from mxtop.ui.widgets.countdown import Unconfirmed


class FailedApp(App[int], inherit_bindings=False):
    """Shows one error until the user quits; a change that is unconfirmed stays in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in bindings("everywhere") if binding.id in ("quit", "interrupt", "copy")
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, error: BaseException, chosen: Theme, changing: Unconfirmed) -> None:
        super().__init__()
        self.changing = changing
        self.register_theme(chosen)
        self.theme = chosen.name
        self.page = Error(error)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    def get_default_screen(self) -> Error:
        return self.page

    def action_copy(self) -> None:
        self.copy_to_clipboard(self.page.plain())
