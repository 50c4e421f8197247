"""Regular expressions that are compiled when they are first used: most logs need few of the parser's, and the
first screen waits for each.

A mistake in one shows at its first use, not at import: each has a test that uses it.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    """Stands for `re.compile(text, flags)`; what was asked of it once is kept, and found as fast."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._source), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """As re.compile, but later."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
