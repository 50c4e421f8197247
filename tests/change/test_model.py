"""The words of a change, from the script on the host to the exit code of the command."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from importlib.resources import files
from typing import get_args

import pytest

from mxtop.change.model import EXIT_CODES, STATES, Change, Preview, Setting, State

CHANGE = Change(
    id="1", host="mx1", instance="/etc/postfix", file="/etc/postfix/main.cf", fix="address-preference",
    phase="applied", detail="", operator="alice", time="2026-09-21T14:13:18+02:00", settings=(),
)  # fmt: skip


def test_every_word_of_the_script_is_known_and_no_other() -> None:
    text = "\n".join(part.read_text() for part in (files("mxtop.change") / "run").iterdir())
    said = set(re.findall(r"\b(?:enter|reload_after|note state) \"?([a-z-]+)", text)) | {"prepared"}
    assert said - {""} == set(STATES)


def test_every_state_has_an_exit_code_and_every_code_a_state() -> None:
    assert set(EXIT_CODES) == set(get_args(State)) == set(STATES.values())


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("prepared", 0),
        ("applied", 0),
        ("confirmed", 0),
        ("rolledback", 1),
        ("failed", 2),
        ("conflict", 3),
        ("rollback-failed", 3),
    ],
)
def test_exit_codes_are_those_of_the_interface(phase: str, code: int) -> None:
    assert replace(CHANGE, phase=phase).exit_code == code


def test_only_a_refusal_may_say_that_it_may_work_later() -> None:
    assert replace(CHANGE, phase="failed", code=75).exit_code == 75
    for phase in set(STATES) - {"failed"}:
        assert replace(CHANGE, phase=phase, code=75).exit_code == replace(CHANGE, phase=phase).exit_code


def test_what_has_begun_counts_as_applied_so_that_nobody_leaves_it_alone() -> None:
    """`armed` and `installed` may still go back: whoever asks for unconfirmed changes must see them."""
    on_the_way = [phase for phase in STATES if replace(CHANGE, phase=phase).working]
    assert on_the_way == ["armed", "installed"]
    assert {replace(CHANGE, phase=phase).state for phase in on_the_way} == {"applied"}
    assert not replace(CHANGE, phase="applied").working


def test_a_word_of_a_later_version_is_no_state() -> None:
    with pytest.raises(KeyError):
        _ = replace(CHANGE, phase="paused").state


def test_nothing_is_known_of_a_change_that_was_not_told() -> None:
    """The defaults promise nothing: no clock runs, nobody watches, nothing was foreseen."""
    assert (CHANGE.remaining, CHANGE.watched, CHANGE.commands) == (None, False, ())
    assert CHANGE.outcome.verdict is None and CHANGE.outcome.promises == ()
    assert Setting("relayhost", None, "", "[x]").effective_before is None


def test_values_do_not_change_under_who_holds_them() -> None:
    for one in (CHANGE, Preview(CHANGE, "", (), ()), Setting("p", None, None, None)):
        with pytest.raises((FrozenInstanceError, AttributeError)):
            one.anything = 1  # type: ignore[union-attr]
        assert hash(one) == hash(replace(one))
