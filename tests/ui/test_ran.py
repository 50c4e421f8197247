"""The log of commands: every one that ran, with its end."""

from __future__ import annotations

from dataclasses import replace

from mxtop.session.fixing import Ran
from mxtop.ui.screens.ran import folded


def test_the_same_command_over_and_over_is_one_line() -> None:
    one, other = Ran(1.0, ("a",), 0, 0.1), Ran(3.0, ("b",), 0, 0.1)
    again = replace(one, time=2.0)
    assert folded((one, again, other, one)) == [(again, 2), (other, 1), (one, 1)]
    assert folded((one, replace(one, exit_code=1))) == [(one, 1), (replace(one, exit_code=1), 1)]
