"""Which machine a command is about: this one, unless a word says otherwise."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from mxtop.report.where import HERE, Instance, Where


def test_this_machine_is_the_one_without_a_word() -> None:
    assert not HERE.remote and Where() == HERE


@pytest.mark.parametrize("word", ["mx1", "localhost", "127.0.0.1", ""])
def test_any_word_is_another_machine(word: str) -> None:
    """`localhost` goes over SSH as asked, and an empty word is refused as no host: never read as here."""
    assert Where(word).remote


def test_a_transport_alone_is_no_other_machine() -> None:
    assert not Where(None, ("ssh",)).remote


def test_they_can_be_keys_and_do_not_change() -> None:
    assert len({Where("mx1"), Where("mx1"), Where("mx1", ("ssh",)), HERE}) == 3
    instance = Instance(HERE, None, None, as_json=False)
    with pytest.raises(FrozenInstanceError):
        HERE.word = "mx1"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        instance.where = Where("mx1")  # type: ignore[misc]


def test_it_costs_nothing_to_load() -> None:
    code = "import mxtop.report.where, sys; print(sorted(m for m in sys.modules if m.startswith('mxtop')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "['mxtop', 'mxtop.report', 'mxtop.report.where']\n"
