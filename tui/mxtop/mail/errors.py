"""The errors that users see: a title and the next step, never a traceback."""

from __future__ import annotations


class MxtopError(Exception):
    """Something that cannot be done.  `title` says what, `remedy` what to do next."""

    def __init__(self, title: str, remedy: str = "") -> None:
        super().__init__(title if not remedy else f"{title}; {remedy}")
        self.title = title
        self.remedy = remedy


class LogUnreadable(MxtopError):
    """No log, or one that this user may not read."""


class CommandFailed(MxtopError):
    """A command of the host was missing, timed out or said no."""
