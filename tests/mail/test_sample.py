"""What feeds bring: raw, frozen, and each kind told from every other, so that a recording can hold it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, is_dataclass
from typing import get_args

import pytest

from mxtop.mail.answer import Answer
from mxtop.mail.sample import Resolved, Sample, SocketSample
from mxtop.recording.codec import decode, encode


def test_what_was_not_seen_is_not_an_empty_table() -> None:
    assert SocketSample((), "owners need root") != SocketSample(()) and SocketSample(()).note == ""


def test_a_destination_that_has_no_route_says_why_and_one_without_answers_is_no_error() -> None:
    failed = Resolved("a.example", None, error="no settings")
    assert failed.answers == () and failed.route is None
    assert Resolved("a.example", None).error == ""


@pytest.mark.parametrize("text", ["a.example", "\x1b]0;x\x07", "\udcff", "漢字", ""])
def test_raw_text_goes_through_a_recording_as_it_was(text: str) -> None:
    for sample in (Resolved(text, None, (Answer(name=text),), text), SocketSample((), text)):
        assert decode(type(sample), encode(sample)) == sample


def test_every_kind_is_a_frozen_value_of_its_own() -> None:
    kinds = get_args(Sample)
    assert len(set(kinds)) == len(kinds) and all(is_dataclass(kind) for kind in kinds)
    with pytest.raises(FrozenInstanceError):
        SocketSample(()).note = "x"  # type: ignore[misc]
