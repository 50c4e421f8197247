"""One moment as the user looks at it: what is selected may be gone, what was not said is no answer."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from tests.ui.fake import OUTLOOK, SNAPSHOT

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.view import View


def test_before_the_first_snapshot_there_is_nothing_and_no_error() -> None:
    view = View()
    assert (view.destination(), view.outlook(), view.feed_state("log")) == (None, None, "starting")


def test_the_selected_destination() -> None:
    view = View(snapshot=SNAPSHOT, selected="gmail.example")
    row = view.destination()
    assert row is not None and row.destination == "gmail.example" and view.outlook() is OUTLOOK


@pytest.mark.parametrize("selected", [None, "", "gone.example"])
def test_a_selection_that_is_gone_is_none(selected: str | None) -> None:
    view = View(snapshot=SNAPSHOT, selected=selected)
    assert view.destination() is None and view.outlook() is None


def test_an_answer_outlives_the_row_of_its_destination() -> None:
    """Rows come and go with the log; what DNS said of the one under the cursor stays to be seen."""
    view = View(snapshot=replace(SNAPSHOT, destinations=()), selected="gmail.example")
    assert view.destination() is None and view.outlook() is OUTLOOK


def test_how_a_feed_does() -> None:
    assert View(snapshot=SNAPSHOT).feed_state("log") == "live"
    assert View(snapshot=SNAPSHOT).feed_state("journal") == "starting"


def test_choices_do_not_change_under_who_is_drawing() -> None:
    view = View(snapshot=SNAPSHOT)
    with pytest.raises(FrozenInstanceError):
        view.paused = 1.0  # type: ignore[misc]
    assert View().snapshot == Snapshot() and View().snapshot is not View().snapshot
