"""What a change does to a file: the unified diff, and whether it stays within what was asked for.

Pure.  Lines are Postfix's logical lines (postconf(5), master(5)): one that starts with white space goes on
with the line before it; comments and empty lines stand for themselves wherever they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from mxtop.change.model import Edit


def unified(before: bytes, after: bytes, name: str) -> str:
    """The unified diff; bytes that are not UTF-8 as lone surrogates, "" where nothing differs."""
    old, new = (content.decode("utf-8", "surrogateescape").splitlines(True) for content in (before, after))
    lines = difflib.unified_diff(old, new, f"{name} (now)", f"{name} (changed)")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _logical(content: bytes) -> Iterator[tuple[bool, str]]:
    """(whether it starts a logical line, the line without its end)."""
    text = content.decode("utf-8", "surrogateescape")
    for line in text.removesuffix("\n").split("\n"):
        yield not line[:1].isspace(), line


def _belongs(line: str, edits: Sequence[Edit]) -> bool:
    for edit in edits:
        if edit.service is None:
            name, separator, _ = line.partition("=")
            if separator and name.strip() == edit.parameter:
                return True
        else:
            service, _, kind = edit.service.rpartition("/")
            if line.split()[:2] == [service, kind]:
                return True
    return False


def others(content: bytes, edits: Sequence[Edit]) -> list[str]:
    """The lines that these edits have no business with, in their order."""
    kept = []
    ours = False
    for starts, line in _logical(content):
        apart = not line.strip() or line.lstrip().startswith("#")
        if starts and not apart:
            ours = _belongs(line, edits)
        if apart or not ours:
            kept.append(line)
    return kept


def within(before: bytes, after: bytes, edits: Sequence[Edit]) -> bool:
    """Whether only the lines of these edits differ (and a missing newline at the very end)."""
    return others(before, edits) == others(after, edits)
