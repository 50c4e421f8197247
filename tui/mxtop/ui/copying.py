"""What the application does with `c` and `S`: what is looked at as text, to the terminal and to a file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mxtop.mail.text import clean
from mxtop.ui.keys import KEYS, shown
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.page import Page

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp


class Copying:
    """Remembers the last copy."""

    _copied = ""

    def action_copy(self) -> None:
        app = cast("MxtopApp", self)
        if not isinstance(app.screen, Page | Main | Everyone):
            return
        self._copied = app.screen.plain()
        if not self._copied:
            app.tell("nothing to copy here")
            return
        app.copy_to_clipboard(self._copied)
        save = next(key for key in KEYS if key.id == "save")
        name = shown(app.keymap.keys_of(save)[0])
        app.tell(f"sent to your terminal, which may not take it; {name} saves to a file")

    def action_save_copy(self) -> None:
        app = cast("MxtopApp", self)
        if not self._copied:
            app.tell("copy first (c), then save")
            return
        path = Path.home() / time.strftime("mxtop-%Y%m%d-%H%M%S.txt")
        try:
            # A new file only: as root, a link that somebody left there must not be followed.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(self._copied + "\n")
        except OSError as error:
            app.tell(clean(f"not saved: {path}: {error.strerror}", 300), warning=True)
        else:
            app.tell(clean(f"saved to {path}", 300))
