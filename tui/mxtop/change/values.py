"""The values that may be set at all: Postfix checks almost none before its daemons die of them.

A parameter that is not listed cannot be changed.  Nothing here says whether a value is a good idea.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mxtop.change.model import Edit
from mxtop.mail.errors import MxtopError
from mxtop.mail.settings import PREFERENCES

ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {"smtp_address_preference": PREFERENCES}
"""Exactly these values (postconf(5)); taking the parameter out is always allowed."""


class Refused(MxtopError):
    """A change that is not made; nothing was touched.  `code` is 2, or 75 where it may work later."""

    def __init__(self, title: str, remedy: str = "", code: int = 2) -> None:
        super().__init__(title, remedy)
        self.code = code


def check(edit: Edit) -> None:
    """Refused where the parameter or its value is not on the list."""
    values = ALLOWED.get(edit.parameter)
    if values is None:
        raise Refused(f"{edit.parameter} is not a setting that mxtop changes")
    if edit.value is not None and edit.value not in values:
        raise Refused(f"{edit.parameter} cannot be {edit.value!r}", f"it is one of {', '.join(values)}")
