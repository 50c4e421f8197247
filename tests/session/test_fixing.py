"""What a proposal warns of names the destinations."""

from __future__ import annotations

from typing import cast

from mxtop.change.model import Change, Preview
from mxtop.route.effect import Forecast
from mxtop.route.notes import Note
from mxtop.session.fixing import Proposal


def proposal(*notes: Note) -> Proposal:
    told = Forecast(value="ipv6", before=None, after=None, known=0, unknown=0, rows=(), notes=notes)
    preview = Preview(cast(Change, None), "", ("written by puppet",), ())
    return Proposal(fix="f", value="ipv6", title="t", preview=preview, forecast=told)


def test_the_machines_warnings_come_first_and_notes_name_their_destinations() -> None:
    found = proposal(
        Note(kind="fails", text="connections fail", destinations=("a.example", "b.example")),
        Note(kind="nothing_moves", text="nothing moves"),
    )
    assert found.warnings == (
        "written by puppet",
        "connections fail (a.example, b.example)",
        "nothing moves",
    )


def test_many_destinations_are_not_all_named() -> None:
    many = tuple(f"{n}.example" for n in range(7))
    assert proposal(Note(kind="unknown", text="not known", destinations=many)).warnings[1] == (
        "not known (0.example, 1.example, 2.example, 3.example, 4.example and 2 more)"
    )
