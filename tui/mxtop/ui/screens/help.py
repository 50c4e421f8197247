"""Help: every key, made from the bindings themselves, and what the signs mean."""

from __future__ import annotations

from typing import Final

from mxtop.mail.text import SafeText, literal
from mxtop.ui.keys import KEYS, Keymap, Where, keys_text
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.painted import Line, Span, width_of, wrap
from mxtop.ui.words import STATES, split_bar

_PLACES: Final[tuple[tuple[Where, str], ...]] = (
    ("everywhere", "Everywhere"),
    ("main", "On the main screen"),
    ("all", "On the tab of all hosts, where there are several"),
    ("list", "Moving in lists and texts"),
)

_ID: Final = max(len(key.id) for key in KEYS) + 2
_LEAST: Final = 12
"""Cells in which words can still be read."""

_STATES: Final = {
    "ok": "mail goes out",
    "slow": "mail goes out, but it waits",
    "failing": "some of it is deferred or bounced",
    "stuck": "nothing goes out",
    "few": "too few outcomes to judge",
}


class Help(Page):
    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap

    def title_text(self) -> str:
        return "Help"

    def lines(self, width: int) -> list[Line]:
        shown: list[Line] = []
        for where, name in _PLACES:
            shown += wrap(literal(name), width, "heading")
            for key in KEYS:
                if key.where == where:
                    keys = keys_text(self.keymap.keys_of(key))
                    head = (SafeText(f"  {keys:<14}"), "accent"), (SafeText(f"{key.id:<{_ID}}"), "muted")
                    shown += _beside(head, SafeText(key.help), width)
            shown.append(())
        return [*shown, *_signs(width)]


def _beside(head: tuple[Span, ...], text: SafeText, width: int) -> list[Line]:
    """The text beside a head, and below itself where it is longer than the line; all of it below the head
    where there is no room beside it.
    """
    indent = width_of(head)
    if width - indent < _LEAST:
        return [head, *wrap(text, width, indent=4)]
    first, *others = wrap(text, width - indent)
    pad = (SafeText(" " * indent), "text")
    return [(*head, *first), *((pad, *line) for line in others)]


def _signs(width: int) -> list[Line]:
    shown: list[Line] = [((literal("Signs"), "heading"),)]
    for state, (sign, role) in STATES.items():
        shown += _beside(((SafeText(f"  {sign:<14}"), role),), literal(_STATES[state]), width)

    def line(sign: str, text: str, role: str = "text") -> None:
        shown.extend(_beside(((SafeText(f"  {sign:<14}"), role),), literal(text), width))

    line(split_bar(2, 1), "new connections: two thirds over IPv4 (high), one third over IPv6 (low)", "v6")
    line("–", "not known, or nothing to tell; 0 is really none")
    line("Hang", "connection attempts without an answer so far (SYN_SENT)", "bad")
    line("Delay", "median of connection setup and transmission (c + d) of recent attempts")
    line("a b c d", "delay before the queue manager, in the queue, connecting, transmitting")
    other = _beside(
        ((literal("Other keys: "), "muted"),),
        literal('[keys] in config.toml, by the names beside the keys: quit = "q,f10"'),
        width,
    )
    return [*shown, (), *other]
