"""How a destination is judged, and where its histories end."""

from __future__ import annotations

import pytest

from mxtop.mail.rates import Rate
from mxtop.mail.tally import DestinationTally

STILL: Rate = (0.0, 0.0, 0.0)


def delivered(
    outcomes: str, stages: tuple[float, float, float, float] = (0, 0, 0.1, 0.1)
) -> DestinationTally:
    tally = DestinationTally("a.example", 0)
    names = {"s": "sent", "d": "deferred", "b": "bounced", "S": "SOFTBOUNCE"}
    for outcome in outcomes:
        tally.families["ipv4"].delivered(names[outcome], 1.0)
        tally.delivered(names[outcome], "t", stages, outcome)
        tally.remember(names[outcome], stages)
    return tally


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("", "few"),
        ("d" * 9, "few"),
        ("d" * 10, "stuck"),
        ("s" + "d" * 9, "failing"),
        ("s" * 8 + "d" * 2, "failing"),
        ("s" * 9 + "d", "ok"),
        ("s" * 9 + "b", "ok"),
        ("s" * 40 + "d" * 50, "stuck"),  # the last fifty only
        ("d" * 300 + "s" * 50, "ok"),
    ],
)
def test_state(outcomes: str, state: str) -> None:
    row = delivered(outcomes).row(STILL)
    assert row.state == state
    assert row.outcomes == outcomes[-50:]


def test_slow_is_when_connection_and_transmission_often_take_long() -> None:
    assert delivered("s" * 20, (90, 90, 4, 5.9)).row(STILL).state == "ok"
    assert delivered("s" * 20, (0, 0, 4, 6)).row(STILL).state == "slow"
    for late, state in ((5, "ok"), (6, "slow")):
        tally = delivered("s" * 45, (0, 0, 4, 6))  # long ago, but for the last of them
        for number in range(50):
            tally.remember("sent", (0, 0, 10.1 if number < late else 0.1, 0))
        assert tally.row(STILL).state == state


def test_stage_means_are_of_final_lines_for_a_b_and_of_all_attempts_for_c_d() -> None:
    tally = DestinationTally("a.example", 0)
    tally.delivered("deferred", None, (100, 100, 1, 2), None)
    tally.delivered("SOFTBOUNCE", None, (100, 100, 1, 2), None)
    tally.delivered("sent", None, (1, 2, 4, 5), None)
    tally.delivered("bounced", None, (3, 4, 4, 5), None)
    tally.delivered("sent", None, None, None)  # a version that logs no delays
    assert tally.stage_seconds == (2, 3, 2.5, 3.5)
    assert DestinationTally("b.example", 1).stage_seconds == (None, None, None, None)


def test_the_last_ten_errors_are_kept() -> None:
    tally = DestinationTally("a.example", 0)
    for n in range(12):
        tally.failed(("t", "deferred", "h", "192.0.2.1", str(n)))
    assert [failure.text for failure in tally.row(STILL).failures] == [str(n) for n in range(2, 12)]


def test_counts_and_the_last_line() -> None:
    row = delivered("ssdbS").row((1.0, 2.0, 3.0))
    assert (row.sent, row.deferred, row.bounced) == (2, 1, 1)
    assert (row.last_reply, row.last_time) == ("S", "t")
    assert (row.sent_rate, row.deferred_rate) == (1.0, 2.0)
    assert row.families.ipv4.delay_p50 == 1.0 and row.families.ipv6.delay_p50 is None
