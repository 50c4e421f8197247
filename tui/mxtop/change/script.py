"""The script that does the work on the machine whose Postfix it is, and how it gets there.

The parts of `run/` joined in the order of their names are one self-contained script for dash and bash, whose
last line is the only one that acts.  It travels on standard input to a temporary file, which is run only if
its SHA-256 is the one in the command line; from then on each change keeps its own copy beside its backup.
Nothing here promises privileges: the caller puts `sudo` in front.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

LAST_LINE: Final = b'main "$@"\n'

_RECEIVE: Final = (
    "umask 077; f=$(mktemp) || exit 2; "
    'trap \'rm -f "$f"\' EXIT; trap "exit 2" HUP INT TERM; '
    'cat >"$f"; set -- "$f" "$@"; '
    '[ "$(sha256sum <"$f")" = "$2  -" ] || { echo "the script did not arrive whole" >&2; exit 2; }; '
    'shift 2; sh "$f" "$@"'
)


@cache
def text() -> bytes:
    """The whole script."""
    parts = sorted(
        (part for part in files("mxtop.change").joinpath("run").iterdir() if part.name.endswith(".sh")),
        key=lambda part: part.name,
    )
    return b"\n".join(part.read_bytes() for part in parts) + LAST_LINE


@cache
def digest() -> str:
    """SHA-256 of the script, in hexadecimal."""
    return hashlib.sha256(text()).hexdigest()


def sent(arguments: Sequence[str]) -> list[str]:
    """The command line that takes the script on standard input and runs it with these arguments."""
    return ["sh", "-c", _RECEIVE, "mxtop", digest(), *arguments]


def kept(base: str, change: str, verb: str, arguments: Sequence[str] = ()) -> list[str]:
    """The command line that runs the copy which belongs to one change."""
    return ["sh", f"{base}/txn/{change}/run.sh", verb, base, change, *arguments]
