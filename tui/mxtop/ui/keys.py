"""Every key of the screen, as data: bindings, help, footer and the palette are made from this.

Each has an id, by which config.toml's `[keys]` gives it other keys: `quit = "q,f10"`.
An id that does not exist or a key that is taken twice is refused with one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from textual.binding import Binding
from textual.keys import _normalize_key_list

from mxtop.mail.text import clean
from mxtop.mail.value import value

Where = Literal["everywhere", "main", "list", "text", "buttons", "fix", "all"]

PAGES: Final = ("text", "buttons", "fix", "all")
"""Places that are never on the screen together with `main`: these may use the same keys."""


@value
class Key:
    """One command.  `keys` as Textual names them, comma-separated; `footer` where the bar shows it."""

    id: str
    keys: str
    action: str
    help: str
    where: Where = "main"
    footer: str = ""
    palette: bool = True


KEYS: Final[tuple[Key, ...]] = (
    Key("help", "question_mark,f1", "help", "this help", "everywhere", "help"),
    Key("quit", "q,f10", "quit", "quit", "everywhere", "quit"),
    Key("interrupt", "ctrl+c", "quit", "quit, also from an input", "everywhere", palette=False),
    Key("suspend", "ctrl+z", "suspend_process", "stop, back to the shell; `fg` goes on", "everywhere"),
    Key("palette", "colon,ctrl+p", "command_palette", "find a command", "everywhere", palette=False),
    Key("theme", "T", "change_theme", "choose a theme", "everywhere"),
    Key("back", "escape", "back", "back: close, clear the filter, end the zoom; never quits", "main",
        palette=False),
    Key("fix", "x", "fix", "change the address preference; answer an unconfirmed change",
        "everywhere", "fix"),
    Key("history", "H", "history", "what was changed on this host; undo", "everywhere"),
    Key("commands", "L", "commands", "every command that mxtop ran on the host", "everywhere"),
    Key("retry", "R", "retry", "connect now to a host that is not connected", "everywhere"),
    Key("next-host", "right_square_bracket", "tab(1)", "the next host, where there are several",
        "everywhere"),
    Key("previous-host", "left_square_bracket", "tab(-1)", "the host before, at last all of them",
        "everywhere"),
    Key("filter", "slash,f4", "filter", "filter this panel; several words must all match, !word must not",
        "main", "filter"),
    Key("sort", "s,f6", "sort", "choose the column to sort by", "main", "sort"),
    Key("sort-left", "less_than_sign", "sort_by(-1)", "sort by the column to the left"),
    Key("sort-right", "greater_than_sign", "sort_by(1)", "sort by the column to the right"),
    Key("reverse", "r", "reverse", "reverse the order"),
    Key("pause", "space,p", "pause", "pause, and go on; sort and filter still work", "main", "pause"),
    Key("follow", "f", "follow", "follow the log, or stay"),
    Key("raw", "w", "raw", "log lines as written, or in columns"),
    Key("details", "enter", "details", "everything about the destination", "main", "details"),
    Key("copy", "c,y", "copy", "copy to the clipboard through your terminal", "everywhere", "copy"),
    Key("save", "S", "save_copy", "save what was copied to a file", "everywhere"),
    Key("faster", "plus,equals_sign", "interval(-1)", "refresh more often"),
    Key("slower", "minus", "interval(1)", "refresh less often"),
    Key("panel-1", "1", "panel(1)", "summary and feeds"),
    Key("panel-2", "2", "panel(2)", "destinations"),
    Key("panel-3", "3", "panel(3)", "MX of the selected destination"),
    Key("panel-4", "4", "panel(4)", "sockets"),
    Key("panel-5", "5", "panel(5)", "log"),
    Key("next-panel", "tab", "next_panel(1)", "next panel", palette=False),
    Key("previous-panel", "shift+tab", "next_panel(-1)", "previous panel", palette=False),
    Key("zoom", "z", "zoom", "this panel alone on the screen, and back", "main", "zoom"),
    Key("loopback", "b", "loopback", "show or hide loopback content filters among the sockets"),
    Key("utc", "U", "utc", "times in UTC, or as the server writes them"),
    Key("up", "up,k", "move(-1)", "up", "list", palette=False),
    Key("down", "down,j", "move(1)", "down", "list", palette=False),
    Key("left", "left,h", "sideways(-1)", "scroll to the left", "list", palette=False),
    Key("right", "right,l", "sideways(1)", "scroll to the right", "list", palette=False),
    Key("page-up", "pageup", "page(-1)", "page up", "list", palette=False),
    Key("page-down", "pagedown", "page(1)", "page down", "list", palette=False),
    Key("top", "g,home", "edge(-1)", "first", "list", palette=False),
    Key("bottom", "G,end", "edge(1)", "last", "list", palette=False),
    Key("close", "escape", "dismiss", "close this page", "text", palette=False),
    Key("press", "enter", "press", "press the button, or open the line", "buttons", palette=False),
    Key("next-button", "tab", "button(1)", "next button", "buttons", palette=False),
    Key("previous-button", "shift+tab", "button(-1)", "previous button", "buttons", palette=False),
    Key("open", "enter", "open", "open the host, or compare the hosts at the destination", "all",
        palette=False),
    Key("mark", "m", "mark", "mark the host for a change (x), or not any more; x is about all where none is",
        "all", palette=False),
    Key("other-list", "tab,shift+tab", "other", "hosts, or destinations of all hosts", "all", palette=False),
    Key("all-left", "less_than_sign", "sort_by(-1)", "sort by the column to the left", "all", palette=False),
    Key("all-right", "greater_than_sign", "sort_by(1)", "sort by the column to the right", "all",
        palette=False),
    Key("all-reverse", "r", "reverse", "reverse the order", "all", palette=False),
    Key("value", "v", "value(1)", "the next value", "fix", palette=False),
    Key("window", "t", "window(1)", "the next time after which an unanswered change goes back", "fix",
        palette=False),
)  # fmt: skip

_SHOWN: Final = {
    "question_mark": "?", "slash": "/", "colon": ":", "less_than_sign": "<", "greater_than_sign": ">",
    "left_square_bracket": "[", "right_square_bracket": "]",
    "plus": "+", "equals_sign": "=", "minus": "-", "escape": "esc", "enter": "⏎", "pageup": "pgup",
    "pagedown": "pgdn", "up": "↑", "down": "↓", "left": "←", "right": "→", "shift+tab": "⇧tab",
}  # fmt: skip


@value
class Keymap:
    """The user's changes that could be taken, and one line for each that could not."""

    changes: Mapping[str, str]
    problems: tuple[str, ...] = ()

    def keys_of(self, key: Key) -> list[str]:
        return (self.changes.get(key.id) or key.keys).split(",")


def bindings(where: Where) -> list[Binding]:
    """The bindings of one place.  Priority where a key must work inside an input, or before the next
    key is looked at: what is typed ahead after `/` is text, no command, and `5 /` filters the log.
    """
    return [
        Binding(
            key.keys,
            key.action,
            key.help,
            id=key.id,
            show=False,
            priority=key.id in ("interrupt", "filter") or key.action.startswith("panel("),
        )
        for key in KEYS
        if key.where == where
    ]


def check(wanted: Mapping[str, str]) -> Keymap:
    """Which of the user's keys can be taken.  Each change is taken whole or refused whole."""
    known = {key.id: key for key in KEYS}
    changes: dict[str, str] = {}
    problems: list[str] = []
    for name, text in wanted.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            problems.append(f"no command {name!r}" + (f", did you mean {near[0]}?" if near else ""))
        elif not all(part.strip() for part in text.split(",")):
            problems.append(f"{name}: {text!r} names no key")
        else:
            changes[name] = _normalize_key_list(text)
    # A refused change may bring a default back that another change had counted on: look again.
    while clash := _clash(changes):
        name, key, other = clash
        problems.append(f"{name}: {shown(key)} is already the key of {other}")
        del changes[name]
    return Keymap(changes, tuple(clean(f"[keys] {problem}", 200) for problem in problems))


def _clash(changes: Mapping[str, str]) -> tuple[str, str, str] | None:
    """A changed command, its key, and another command of the same place that has this key too."""
    owners: dict[str, list[Key]] = {}
    # Defaults first, so that the blame falls on a change; the latest change yields.
    for key in sorted(KEYS, key=lambda k: k.id in changes):
        for name in (changes.get(key.id) or key.keys).split(","):
            for other in owners.setdefault(name, []):
                if other is not key and key.id in changes and not _apart(key, other):
                    return key.id, name, other.id
            owners[name].append(key)
    return None


def _apart(one: Key, other: Key) -> bool:
    """Whether they are never looked at together."""
    return (one.where == "main" and other.where in PAGES) or (one.where in PAGES and other.where == "main")


def shown(key: str) -> str:
    """A key as people write it: `question_mark` as `?`, `ctrl+p` as `^p`, `f1` as `F1`."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    return key.upper() if key[0] == "f" and key[1:].isdigit() else key


def keys_text(keys: Iterable[str]) -> str:
    return " ".join(shown(key) for key in keys)
