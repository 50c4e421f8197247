"""What the application owes its terminal: keys awaited in peace, Ctrl-Z as elsewhere, an end when it is lost.

With SIGHUP ignored (nohup, some wrappers) Textual 8.2 would go on without a terminal, at full speed.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

from textual.app import App
from textual.driver import Driver

from mxtop.ui import job
from mxtop.ui.driver import quiet

PATIENCE: Final = 2.0
"""Seconds in which what is open may be closed when the terminal is lost."""

EXIT: Final = 129
"""128 + SIGHUP, as a shell would report it."""


class OnTerminal(App[int], inherit_bindings=False):
    """An application on a terminal; what it holds open is `close_all`'s to close."""

    async def close_all(self) -> None:
        """Let go of what is open."""

    def tell(self, text: str, *, warning: bool = False) -> None:
        """A notice; never markup."""
        self.notify(text, severity="warning" if warning else "information", markup=False)

    def get_driver_class(self) -> type[Driver]:
        return quiet(super().get_driver_class())

    async def on_terminal_lost(self) -> None:
        """Close what is open and end this process."""
        try:
            await asyncio.wait_for(self.close_all(), PATIENCE)
        finally:
            # Textual waits for its own threads at exit, which wait for the terminal.
            os._exit(EXIT)

    def action_suspend_process(self) -> None:
        if self._driver is not None and self._driver.can_suspend and job.is_of_a_shell():
            with self.suspend():
                job.stop()
            self.on_driver_signal_resume()
        else:
            self.tell("there is no shell to go back to")

    def on_driver_signal_resume(self) -> None:
        """This process was stopped and goes on, on an empty screen: Textual paints only what changes then."""
        self.screen.refresh()
