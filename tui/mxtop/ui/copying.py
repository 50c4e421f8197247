"""What `c` and `S` do: the screen that is looked at goes to the terminal's clipboard, then to a file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mxtop.mail.text import clean
from mxtop.ui.keys import KEYS, shown
from mxtop.ui.screens.whole import Whole

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp


class Copying:
    """What the application does with these keys."""

    _copied = ""

    def action_copy(self) -> None:
        app = cast("MxtopApp", self)
        if not isinstance(app.screen, Whole):
            return
        self._copied = app.screen.plain()
        if not self._copied:
            app.tell("nothing to copy here")
            return
        app.copy_to_clipboard(self._copied)
        app.tell(f"sent to your terminal, which may not take it; {_key(app, 'save')} saves to a file")

    def action_save_copy(self) -> None:
        app = cast("MxtopApp", self)
        if not self._copied:
            app.tell(f"copy first ({_key(app, 'copy')}), then save")
            return
        try:
            path = Path.home() / time.strftime("mxtop-%Y%m%d-%H%M%S.txt")
        except RuntimeError as error:  # neither HOME nor an entry in passwd
            app.tell(clean(f"not saved: {error}", 300), warning=True)
            return
        try:
            # A new file only: as root, a link that somebody left there must not be followed.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(self._copied + "\n")
        except OSError as error:
            app.tell(clean(f"not saved: {path}: {error.strerror}", 300), warning=True)
        else:
            app.tell(clean(f"saved to {path}", 300))


def _key(app: MxtopApp, id: str) -> str:
    """The key of this command as the user has it."""
    return shown(app.keymap.keys_of(next(key for key in KEYS if key.id == id))[0])
