"""How far a change is: each end in words that claim no more than was seen."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from tests.ui.fixing import RAN, change, observed
from tests.ui.harness import PAYLOADS, hostile_characters

from mxtop.change.model import STATES, Command
from mxtop.change.outcome import Outcome
from mxtop.mail.promise import Connections, Verdict
from mxtop.session.fixing import Progress
from mxtop.ui.screens.fix import progress
from mxtop.ui.widgets.painted import Line, width_of

APPLIED = change("ipv6", phase="applied", remaining=99.0, watched=True, commands=RAN)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def said(told: Progress, width: int = 90) -> str:
    return text(progress.lines(told, width, utc=True))


ENDS = [
    ("prepared", "◔ Being applied", ""),
    ("armed", "◔ Being applied", ""),
    ("installed", "◔ Being applied", ""),
    ("applied", "▲ /etc/postfix/main.cf is changed and Postfix has reloaded: keep it?", ""),
    ("confirmed", "● smtp_address_preference = ipv6: kept", ""),
    ("rolledback", "◀ smtp_address_preference = ipv6: taken back", ""),
    ("failed", "✖ smtp_address_preference = ipv6: refused, nothing was changed", ""),
    (
        "conflict",
        "▲ smtp_address_preference = ipv6: not taken back",
        "Look at /etc/postfix/main.cf and decide",
    ),
    ("rollback-failed", "✖ smtp_address_preference = ipv6: could not be taken back", "txn/01KB4Z/backup"),
]


def test_the_states_below_are_all_that_there_are() -> None:
    assert [phase for phase, _, _ in ENDS] and {phase for phase, _, _ in ENDS} == set(STATES)


@pytest.mark.parametrize(("phase", "start", "step"), ENDS)
def test_each_state_and_what_remains_to_be_done(phase: str, start: str, step: str) -> None:
    shown = text(progress.state(change("ipv6", phase=phase), 200))
    assert shown.startswith(start)
    assert step in shown and ("\n" in shown) is bool(step)


def test_why_it_ended_so_is_told() -> None:
    shown = text(progress.state(change("ipv6", phase="rolledback", detail="no confirmation"), 200))
    assert shown.endswith("(no confirmation)")


def test_a_host_that_is_away_goes_on_by_itself() -> None:
    shown = said(Progress(APPLIED, lost="mx1: connection lost"))
    assert "◔ mx1: connection lost: as it was last seen; mx1.example.net goes on by itself." in shown
    assert "goes on by itself" not in said(Progress(APPLIED))


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_verdict_with_its_reason(verdict: Verdict) -> None:
    seen = observed(12, verdict)
    shown = said(Progress(APPLIED, seen))
    assert progress.VERDICTS[verdict][0] in shown and seen.why.split()[0] in shown
    assert "since the reload at 12:14:02" in shown


def test_before_the_reload_nothing_counts_as_seen_since() -> None:
    shown = said(Progress(APPLIED, replace(observed(0), reloaded=None, setup_after=None)))
    assert "waiting for Postfix to reload" in shown and "since the reload" not in shown
    assert "0.42s → –" in shown


def test_no_connections_are_no_share() -> None:
    seen = replace(observed(0), before=Connections(0, 0), after=Connections(0, 0))
    for row in said(Progress(APPLIED, seen)).splitlines():
        if row.startswith(("  before", "  after")):
            assert row.rstrip().endswith("–") and "%" not in row


def test_each_command_with_its_exit_code_and_no_path_of_ours() -> None:
    ran = (
        Command(("postfix", "-c", "/var/lib/mxtop/txn/01KB4ZABCDEFGHJKMNPQRSTVWX", "check"), 0, 0.1),
        Command(("postfix", "reload"), 75, 0.2),
    )
    shown = text(progress.commands(replace(APPLIED, commands=ran), 90))
    assert "     0   0.10s  $ postfix -c … check" in shown and "    75   0.20s  $ postfix reload" in shown
    assert text(progress.commands(replace(APPLIED, commands=()), 90)).endswith("none yet")


def test_of_what_nobody_watched_nothing_is_said() -> None:
    assert progress.outcome(Outcome(), 90) == []
    assert progress.outcome(Outcome(predicted_before=0.5), 90) == []
    assert "→" not in text(progress.outcome(Outcome(predicted_after=1.0), 90))
    half = text(progress.outcome(Outcome(predicted_before=0.5, predicted_after=1.0), 90))
    assert "50% → 100%" in half and "before" not in half
    seen = text(
        progress.outcome(Outcome(before=Connections(1, 1), after=Connections(0, 2), verdict="bad"), 90)
    )
    assert "predicted" not in seen and "✖ bad" in seen and "100%" in seen


@pytest.mark.parametrize("width", [20, 34, 96])
def test_words_of_strangers(width: int) -> None:
    payload = "".join(PAYLOADS) + "漢字" * 60
    made = change(
        host=payload, file=payload, detail=payload, phase="conflict", commands=(Command((payload,), 1, 0.1),)
    )
    told = Progress(made, replace(observed(3), why=payload, reloaded=payload), lost=payload)
    lines = progress.lines(told, width, utc=True)
    assert not hostile_characters(text(lines)) and len(lines) < 2000
    assert all(width_of(line) <= width for line in progress.state(made, width))


@pytest.mark.parametrize("argv", [("",), (), (" ",)])
def test_a_command_of_nothing_is_shown_as_that(argv: tuple[str, ...]) -> None:
    assert text(progress.commands(replace(APPLIED, commands=(Command(argv, 0, 0.1),)), 60))
