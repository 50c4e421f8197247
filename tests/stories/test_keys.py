"""Keys on a real terminal, also those that are typed faster than the screen looks."""

from __future__ import annotations

import pytest
from tests.lab import Lab
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab


def test_what_is_typed_ahead_is_the_filters_text(quiet_lab: Lab, size: tuple[int, int]) -> None:
    """A slow line delivers keys in one burst: `q` in a filter must not quit, `p` not pause."""
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        screen.wait(r"predicted")
        screen.type("/quad.example/p")
        screen.wait(r"None of \d+ destinations matches quad\.example/p")
        screen.keys("BSpace", "BSpace")
        screen.wait(r"filter quad\.example")
        screen.wait(r"^│▸.*quad\.example")
        assert "paused" not in screen.text()
