"""Text from outside made safe to display, in this one place.

Log lines, host names and replies are written by strangers.  `clean` makes every control
character visible (ESC as `␛`), so that nothing can move the cursor, set the title or
reach the clipboard; the result is a type of its own, and front ends show nothing else.
Does not promise anything about markup: widgets must take it as literal text.
"""

from __future__ import annotations

import unicodedata
from typing import Final, NewType

SafeText = NewType("SafeText", str)

CAP: Final = 8192
"""Characters shown of one piece of text; what is cut is counted in `…+N`."""

_MARKS: Final = 4  # combining marks kept in a row: more would climb over other rows


def _visible(char: str) -> str | None:
    """What to show instead of a character, None to keep it."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (surrogateescape)
        return f"\\x{code - 0xDC00:02x}"
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
    return None


def clean(text: str, cap: int = CAP) -> SafeText:
    """The text with every control, bidi, zero-width, private and undecodable character visible."""
    if len(text) > cap:
        more = len(text) - cap
        return SafeText(clean(text[:cap]) + f"…+{more}")
    if text.isascii() and text.isprintable():
        return SafeText(text)
    shown: list[str] = []
    marks = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):  # a variation selector too
            marks += 1
            if marks > _MARKS:
                continue
        else:
            marks = 0
        instead = _visible(char)
        shown.append(char if instead is None else instead)
    return SafeText("".join(shown))


def literal(text: str) -> SafeText:
    """Our own words, which need no cleaning: a claim by the programmer, checked while developing."""
    assert text.isprintable(), text
    return SafeText(text)
