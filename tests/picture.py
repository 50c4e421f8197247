"""README's pictures: `python -m tests.picture DIRECTORY` saves screens of the demo at one moment.

The same recording and the same code give the same picture.  Letters are the reader's own: the fonts
that Textual's SVG would fetch from elsewhere are left out.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mxtop.mail.connection import OfferedKey
from mxtop.mail.snapshot import Snapshot
from mxtop.session.fixing import Fixing
from mxtop.session.replay import ReplaySession
from mxtop.ui.app import MxtopApp
from mxtop.ui.start import demo_recording

MOMENT: Final = 150.0
"""Seconds into the recording."""

SELECTED: Final = "bigmail.example"
PASSED: Final = 8
"""Lines of the preview that are passed over: the findings."""

SIZE: Final = (120, 36)
FONTS: Final = "'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
CELL: Final = 12.2
"""The width of a letter in Textual's SVG."""


class Still:
    """A session that shows one snapshot and no other."""

    def __init__(self, snapshot: Snapshot, fixing: Fixing | None) -> None:
        self.host = snapshot.host
        self.fixing = fixing
        self.asking = None
        self.snapshot = snapshot

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        publish(self.snapshot)
        await asyncio.Event().wait()

    def attend(self, attended: bool) -> None:
        pass

    def select(self, destination: str | None) -> None:
        pass

    def set_interval(self, seconds: float) -> None:
        pass

    def retry(self) -> None:
        pass

    async def trust(self, key: OfferedKey) -> None:
        pass

    async def notices(self) -> list[str]:
        return []

    async def close(self) -> None:
        pass


async def moment(path: Path, seconds: float) -> Still:
    """A recording after so many seconds of it."""
    session = ReplaySession(path, mode="demo", skip=seconds, speed=1e-9)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        playing = group.create_task(session.run(lambda snapshot: None))
        await session.ready.wait()
        playing.cancel()
    return Still(session.core.tick(session.now()), session.fixing)


async def take() -> dict[str, str]:
    """The SVG of each screen: the main one, the fix before consent, and its effect."""
    app = MxtopApp(await moment(demo_recording(), MOMENT), utc=True)
    shown: dict[str, str] = {}
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.3)
        for _ in app.view.snapshot.destinations:
            if app.selected == SELECTED:
                break
            await pilot.press("down")
        await pilot.pause(0.3)
        shown["screen"] = portable(app.export_screenshot(title="mxtop demo"))
        await pilot.press("x")
        while app.changing.proposal is None:
            await pilot.pause(0.1)
        await pilot.press(*["down"] * PASSED)
        await pilot.pause(0.3)
        shown["fix-preview"] = portable(app.export_screenshot(title="mxtop demo"))
        await pilot.press("tab", "enter")
        while not _good(app):
            await pilot.pause(0.02)
        await pilot.pause()
        shown["fix-effect"] = portable(app.export_screenshot(title="mxtop demo"))
    return shown


def _good(app: MxtopApp) -> bool:
    progress = app.changing.progress
    return progress is not None and progress.observed is not None and progress.observed.verdict == "good"


def portable(svg: str) -> str:
    """Without fonts from elsewhere; blanks at the ends of a text become its place, as not every
    program that draws SVG keeps them.
    """
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]+;", f"font-family: {FONTS};", svg)

    def place(match: re.Match[str]) -> str:
        before, x, between, length, after, text = match.groups()
        bare = text.lstrip("\N{NO-BREAK SPACE}")
        lead = len(text) - len(bare)
        bare = bare.rstrip("\N{NO-BREAK SPACE}")
        if not bare:
            return ""
        cut = len(text) - len(bare)
        x, length = f"{float(x) + lead * CELL:.5g}", f"{float(length) - cut * CELL:.5g}"
        return (
            f'{before}x="{x}"{between}textLength="{length}"{after}>{bare.replace(chr(160), "&#160;")}</text>'
        )

    svg = svg.replace("&#160;", "\N{NO-BREAK SPACE}")
    return re.sub(
        r'(<text [^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>([^<]*)</text>', place, svg
    )


def main() -> int:
    (directory,) = sys.argv[1:]
    for name, svg in asyncio.run(take()).items():
        (Path(directory) / f"{name}.svg").write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
