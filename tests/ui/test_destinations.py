# ruff: noqa: E501  (literals as they come)
"""The list of destinations: its columns, its order, and what it says where there is nothing to list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT

from mxtop.mail.snapshot import Feed, Snapshot, Totals
from mxtop.ui.panels.destinations import nothing
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line
from mxtop.ui.words import parse_filter


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def log(state: str, **more: object) -> dict[str, Feed]:
    return {"log": Feed(name="log", state=state, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("snapshot", "shown"),
    [
        (replace(SNAPSHOT, feeds=log("down", detail="denied", remedy="usermod -aG adm alice")), "usermod -aG adm alice"),
        (replace(SNAPSHOT, feeds=log("starting")), "Reading the log"),
        (replace(SNAPSHOT, totals=Totals()), "The log is empty so far."),
        (SNAPSHOT, "No outgoing delivery in 1,234,567 lines of log."),
    ],
)  # fmt: skip
def test_empty_destinations_teach(snapshot: Snapshot, shown: str) -> None:
    assert shown in plain(nothing(View(snapshot=replace(snapshot, destinations=())), parse_filter(""), 80))
