"""The connections at this moment, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.fake import SNAPSHOT

from mxtop.mail.snapshot import Feed
from mxtop.ui.panels import sockets
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line
from mxtop.ui.words import parse_filter


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_empty_sockets_teach() -> None:
    def said(wanted: str = "", **fields: object) -> str:
        snapshot = replace(SNAPSHOT, sockets=(), **fields)  # type: ignore[arg-type]
        return plain(sockets.nothing(View(snapshot=snapshot), parse_filter(wanted), 80))

    assert "No SMTP connection at this moment." in said()
    assert "A log file has no sockets." in said(mode="files", feeds={})
    assert "esc clears the filter" in said("x")
    feeds = {"sockets": Feed(name="sockets", state="down", detail="/proc is hidden", remedy="run as root")}
    assert "/proc is hidden" in said(feeds=feeds) and "run as root" in said(feeds=feeds)
