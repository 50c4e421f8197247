"""What the screen's tests share: an app under a pilot, its plain text, the hostile payloads.

The only place that touches Textual's compositor.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.ui.fake import SNAPSHOT, FakeSession
from textual.app import App
from textual.pilot import Pilot

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.app import MxtopApp

GOLDENS = Path(__file__).parent / "goldens"

CONTROLS = [
    "\x1b]0;PWNED\x07", "\x1b]8;;http://x\x07link", "\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "\x1b[6n",
    "\x1bP1$q\x1b\\", "\x1b_apc\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x9b31m", "\x9d0;x\x9c", "\x1bc",
    "\x07\x08\r\x0b\x0c\x00", "reject\rsent", "a\u2028b\u2029c", "\udc80\udcff", "\u202eevil\u202c",
    "\u2066x\u2069", "\u200b\u200d\ufeff", "\U000e0041", "\U0001f468\u200d\U0001f469", "\t\n",
    "a" + "\u0301" * 5000, "\x1b]0;unterminated",
]  # fmt: skip
MARKUP = ["[red]", "[/x]", "[/]", "[@click=app.quit]x[/]", "[link=http://x]", "\\[", "[", "[bold"]
PAYLOADS = ["".join(CONTROLS[i : i + 4]) for i in range(0, len(CONTROLS), 4)] + MARKUP
"""Everything hostile in few pieces: escape sequences, controls, bidi, zalgo; each markup by itself."""


def screen_text(app: App[Any]) -> str:
    """The whole screen as plain text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def golden(app: MxtopApp, name: str) -> None:
    """Compare the screen with its golden file; MXTOP_GOLDENS=write makes it anew."""
    text = screen_text(app) + "\n"
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("MXTOP_GOLDENS") == "write":
        path.write_text(text)
    assert text == path.read_text(), f"{name}: MXTOP_GOLDENS=write makes it anew"


def hostile_characters(text: str) -> set[str]:
    """What must never reach a terminal: controls, format characters, lone surrogates, separators."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}


@asynccontextmanager
async def running(
    *snapshots: Snapshot,
    size: tuple[int, int] = (120, 36),
    session: FakeSession | None = None,
    others: Sequence[FakeSession] = (),
    **options: Any,
) -> AsyncIterator[tuple[MxtopApp, Pilot[int]]]:
    """An app on a fake session, after its first snapshots; an error within the app fails the test."""
    session = session or FakeSession(*(snapshots or (SNAPSHOT,)))
    app = MxtopApp(session, others=others, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot
        if app.fatal is not None and session.error is None:
            raise app.fatal


async def settle(pilot: Pilot[int]) -> None:
    """Until the session's worker has published, and everything is painted: two looks show the same screen."""
    shown = None
    for _ in range(50):
        await pilot.pause()
        if shown == (shown := screen_text(pilot.app)):
            return
