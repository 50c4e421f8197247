"""A screen that is looked at for itself: the main screen, all hosts, a page; not a question lying over one.

Keys that work everywhere work on these.  Says nothing of what is on them, so that whoever only asks whether
a screen is one need not load it.
"""

from __future__ import annotations

from textual.screen import Screen

from mxtop.mail.text import SafeText


class Whole(Screen[None]):
    """Subclasses give what `copy` takes from them."""

    def plain(self) -> SafeText:
        raise NotImplementedError
