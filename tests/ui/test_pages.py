"""Pages of text fit their width: nothing that is said ends beyond the frame."""

from __future__ import annotations

import pytest
from tests.ui.fake import DESTINATIONS, SNAPSHOT

from mxtop.ui.keys import KEYS, check
from mxtop.ui.screens.details import Details
from mxtop.ui.screens.help import Help
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, width_of


def words(lines: list[Line]) -> str:
    return " ".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("width", [48, 74, 96])
def test_help_says_every_key_whole(width: int) -> None:
    lines = Help(check({"quit": "f10,ctrl+x"})).lines(width)
    assert max(width_of(line) for line in lines) <= width
    said = " ".join(words(lines).split())
    for key in KEYS:
        if key.where in ("everywhere", "main", "list"):
            assert f" {key.id} {key.help.split(' ')[0]}" in said
    assert "F10 ^x quit quit" in said, "the user's keys"


@pytest.mark.parametrize("width", [30, 74, 96])
def test_details_begin_with_all_numbers_of_the_destination(width: int) -> None:
    row = next(row for row in DESTINATIONS if row.sent > 999 and row.delay is not None)
    lines = Details(row.destination, View(snapshot=SNAPSHOT)).lines(width)
    end = next(n for n, line in enumerate(lines) if "last outcomes" in words([line]))
    head = lines[:end]
    assert max(width_of(line) for line in head) <= width
    for part in (
        f"sent {row.sent:,}",
        f"deferred {row.deferred:,}",
        f"bounced {row.bounced:,}",
        "/s",
        "delay ",
    ):
        assert part in words(head)
