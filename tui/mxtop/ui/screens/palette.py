"""The command palette: every command of the keys, found by its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from mxtop.ui.keys import KEYS, Key, keys_text

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp


class Commands(Provider):
    """Runs the same actions as the keys do."""

    def _commands(self) -> Iterator[tuple[Key, str, Callable[[], object]]]:
        app = cast("MxtopApp", self.app)
        for key in KEYS:
            if key.palette and (key.where == "everywhere" or self.screen is app.main):
                text = f"{key.help[0].upper()}{key.help[1:]}"
                yield key, text, partial(app.command, key)

    async def discover(self) -> Hits:
        app = cast("MxtopApp", self.app)
        for key, text, run in self._commands():
            yield DiscoveryHit(text, run, help=keys_text(app.keymap.keys_of(key)))

    async def search(self, query: str) -> Hits:
        app = cast("MxtopApp", self.app)
        matcher = self.matcher(query)
        for key, text, run in self._commands():
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), run, help=keys_text(app.keymap.keys_of(key)))
