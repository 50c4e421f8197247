"""Keys are data: unique, complete, and remapped only where that makes sense."""

from __future__ import annotations

import pytest
from tests.ui.fake import FakeSession

from mxtop.ui.app import MxtopApp
from mxtop.ui.keys import KEYS, Where, bindings, check, keys_text, shown
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.fix.page import Fix
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.buttons import Buttons
from mxtop.ui.widgets.painted import Painted

CLASSES = {
    "everywhere": MxtopApp, "main": Main, "list": Painted, "text": Page, "buttons": Buttons, "fix": Fix,
    "all": Everyone,
}  # fmt: skip
TOGETHER: list[tuple[Where, ...]] = [
    ("everywhere", "main", "list"), ("everywhere", "list", "text"), ("everywhere", "buttons", "fix", "text"),
    ("everywhere", "list", "all"),
]  # fmt: skip
"""Places that are looked at together.  Buttons take the keys of lists for their own use."""


def test_ids_are_unique_and_no_key_has_two_commands() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    for places in TOGETHER:
        keys = [name for key in KEYS if key.where in places for name in key.keys.split(",")]
        assert len(keys) == len(set(keys))


def test_keys_of_pages_and_of_the_main_screen_may_be_the_same() -> None:
    """They never meet; with a key of everywhere both would."""
    assert check({"zoom": "v"}).problems == () and check({"value": "z"}).problems == ()
    assert check({"value": "x"}).problems and check({"fix": "v"}).problems


def test_every_key_has_its_action() -> None:
    for key in KEYS:
        name = key.action.split("(")[0]
        assert hasattr(CLASSES[key.where], f"action_{name}"), key


def test_the_keys_of_the_fingers() -> None:
    """Terminal conventions, and none that tmux, screen or the terminal take for themselves."""
    bound = {name: key.id for key in KEYS if key.where in TOGETHER[0] for name in key.keys.split(",")}
    for name, wanted in {
        "question_mark": "help", "f1": "help", "q": "quit", "f10": "quit", "ctrl+c": "interrupt",
        "escape": "back", "slash": "filter", "f4": "filter", "s": "sort", "f6": "sort",
        "less_than_sign": "sort-left", "greater_than_sign": "sort-right", "r": "reverse", "space": "pause",
        "p": "pause", "f": "follow", "enter": "details", "c": "copy", "y": "copy", "colon": "palette",
        "ctrl+p": "palette", "plus": "faster", "minus": "slower", "1": "panel-1", "5": "panel-5", "z": "zoom",
        "h": "left", "j": "down", "k": "up", "l": "right", "g": "top", "G": "bottom", "pageup": "page-up",
        "x": "fix", "H": "history", "L": "commands",
    }.items():  # fmt: skip
        assert bound[name] == wanted
    assert not {"ctrl+b", "ctrl+a", "ctrl+m", "ctrl+i", "ctrl+s", "ctrl+q", "ctrl+h"} & set(bound)


def test_every_binding_has_an_id() -> None:
    for where in CLASSES:
        assert all(binding.id for binding in bindings(where))  # type: ignore[arg-type]
    assert all(binding.id for _, binding in MxtopApp(FakeSession())._bindings), "Textual's own are gone"


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"qiut": "x"}, "no command 'qiut', did you mean quit?"),
        ({"pause": "q"}, "pause: q is already the key of quit"),
        ({"pause": "n", "zoom": "n"}, "is already the key of"),
        ({"quit": ""}, "names no key"),
        ({"quit": "q,,f10"}, "names no key"),
        ({"\x1b[2J[red]": "x"}, "no command '\\x1b[2J[red]'"),
    ],
)
def test_refused(wanted: dict[str, str], problem: str) -> None:
    keymap = check(wanted)
    assert any(problem in line for line in keymap.problems), keymap.problems
    assert len(keymap.changes) < len(wanted)
    assert all(line.isprintable() for line in keymap.problems)


def test_swapped_keys_are_taken() -> None:
    keymap = check({"pause": "q", "quit": "space,ctrl+x"})
    assert keymap.problems == () and dict(keymap.changes) == {"pause": "q", "quit": "space,ctrl+x"}


def test_a_refused_change_that_frees_no_key_takes_others_with_it() -> None:
    """`quit` keeps q, since its own change is refused: then pause cannot have q."""
    keymap = check({"quit": "s", "pause": "q"})
    assert dict(keymap.changes) == {}
    assert len(keymap.problems) == 2


def test_how_keys_are_written() -> None:
    assert keys_text(["question_mark", "f1", "ctrl+p", "f", "shift+tab"]) == "? F1 ^p f ⇧tab"
    assert shown("space") == "space"
