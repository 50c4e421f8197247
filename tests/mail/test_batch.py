"""A batch of raw log text: what a source need not say, and that it goes to a worker and back unharmed."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from mxtop.mail.batch import Batch


def test_what_is_not_said_is_live_whole_and_of_no_known_zone() -> None:
    batch = Batch(text="x\n")
    assert (batch.phase, batch.gap, batch.zone, batch.done, batch.origin) == ("live", "", "", 0, "")


@pytest.mark.parametrize("text", ["", "a \udcff\x00\r b\n", "\U0001f4e7\u2028\n", "x" * 2_000_000 + "\n"])
def test_any_bytes_of_a_log_reach_the_worker(text: str) -> None:
    """`session.history` sends batches by pickle to a process of its own."""
    batch = Batch(
        text=text, origin="/var/log/mail.log", reference=1.5, zone="CET-1CEST", phase="history", done=7
    )
    sent = pickle.loads(pickle.dumps(batch))
    assert sent == batch
    assert sent.text.encode("utf-8", "surrogateescape") == text.encode("utf-8", "surrogateescape")


def test_arguments_have_names_and_stay() -> None:
    with pytest.raises(TypeError):
        Batch("x\n")  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Batch(text="x").text = "y"  # type: ignore[misc]
