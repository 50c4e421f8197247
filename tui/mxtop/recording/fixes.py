"""Guided fixes in a recording: what was proposed and how it went, each as one JSON value.

A line [seconds, "fix", [name, value, document]] each, after all samples; the header names them.  Who plays
the samples passes over these lines, and whoever wants one looks for it alone.  What a document means is
`session.recorded`'s; an older mxtop plays such a recording without them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mxtop.mail.errors import MxtopError

_MARK: Final = b',"fix",'

Key = tuple[str, str]
"""The fix and its value."""


def add(source: Path, target: Path, documents: Mapping[Key, Any]) -> None:
    """Copy a whole recording without fixes, and these with it.  OSError where `target` is there."""
    with gzip.open(source, "rb") as file:
        first, *lines = file.read().splitlines(keepends=True)
    header = {**json.loads(first), "fixes": [list(key) for key in documents]}
    end = json.loads(lines[-1])[0] if lines else 0.0
    added = [[end, "fix", [*key, document]] for key, document in documents.items()]
    written = [json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in (header, *added)]
    with target.open("xb") as out:
        out.write(gzip.compress(b"".join([written[0], *lines, *written[1:]]), 9, mtime=0))


def document(path: Path, key: Key) -> Any | None:
    """What was recorded of a fix; None where nothing was.  MxtopError where the file is none of ours."""
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                if _MARK in line[:32]:
                    name, value, found = json.loads(line)[2]
                    if (name, value) == key:
                        return found
    except (EOFError, zlib.error, ValueError, TypeError):
        return None  # cut off while it was written, as samples may be
    except OSError as error:
        raise MxtopError(f"{path} is no recording: {error}", "name a file that mxtop wrote") from error
    return None
