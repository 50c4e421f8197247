"""The errors that users see: a title, and the next step where there is one."""

from __future__ import annotations

import pytest

from mxtop.mail.errors import CommandFailed, LogUnreadable, MxtopError


@pytest.mark.parametrize("kind", [MxtopError, LogUnreadable, CommandFailed])
def test_what_and_what_next(kind: type[MxtopError]) -> None:
    error = kind("no such log", "name one by --log")
    assert (error.title, error.remedy, str(error)) == (
        "no such log",
        "name one by --log",
        "no such log; name one by --log",
    )


def test_without_a_next_step_nothing_hangs_at_the_end() -> None:
    assert (str(MxtopError("gone")), MxtopError("gone").remedy) == ("gone", "")


def test_what_a_stranger_said_is_kept_as_it_was() -> None:
    """Text is cleaned where it is shown; {}, % and newlines are never a format here."""
    said = "\x1b[2J {0} %s %d\nsecond"
    assert MxtopError(said).title == said and str(MxtopError(said, said)) == f"{said}; {said}"


def test_each_is_caught_for_itself() -> None:
    """A log that cannot be read degrades the log, a command that failed what asked it: not each other."""
    assert not issubclass(LogUnreadable, CommandFailed) and not issubclass(CommandFailed, LogUnreadable)
    assert not issubclass(LogUnreadable, OSError) and not issubclass(CommandFailed, OSError)
