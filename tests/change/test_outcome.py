"""What is kept of a change's effect comes back as it was; anything else is unknown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.change.outcome import MOST, Outcome, document, line, read
from mxtop.mail.promise import Connections, Promise, Verdict

shares = st.none() | st.floats(0, 1)
seen = st.none() | st.builds(Connections, st.integers(0, 10**9), st.integers(0, 10**9))
counts = st.integers(0, 10**9)
promises = st.builds(
    Promise,
    destination=st.text(),
    before=shares,
    after=shares,
    connections=st.builds(Connections, counts, counts),
    deliveries=counts,
    troubled=counts,
    setup=st.none() | st.floats(0, 1e6),
)
verdicts: list[Verdict | None] = [None, "good", "bad", "too_little_traffic"]


@given(
    st.builds(
        Outcome,
        predicted_before=shares,
        predicted_after=shares,
        before=seen,
        after=seen,
        verdict=st.sampled_from(verdicts),
        warnings=st.lists(st.text()).map(tuple),
        began=st.none() | st.floats(0, 1e10),
        promises=st.lists(promises, max_size=3).map(tuple),
    )
)
def test_what_is_kept_comes_back_from_one_line(outcome: Outcome) -> None:
    kept = line(outcome)
    assert "\n" not in kept
    assert kept.isascii()
    assert read(kept) == outcome


def test_all_or_nothing_over_one_family_is_a_share_too() -> None:
    whole = Outcome(predicted_before=0.0, predicted_after=1.0, before=Connections(0, 0))
    assert read(line(whole)) == whole


def test_the_keys_are_those_of_the_interface() -> None:
    assert document(Outcome(before=Connections(1, 3))) == {
        "warnings": [],
        "predicted": {"before": None, "after": None},
        "observed": {
            "before": {"ipv4": 1, "ipv6": 3, "share": 0.75},
            "after": {"ipv4": None, "ipv6": None, "share": None},
        },
        "verdict": None,
    }


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", '{"warnings":[],"predicted":3}', "[" * 100_000]
)
def test_what_is_no_such_line_is_unknown(text: str) -> None:
    assert read(text) == Outcome()


def test_values_that_cannot_be_are_unknown() -> None:
    kept = document(Outcome(predicted_before=0.5, before=Connections(1, 2), verdict="good"))
    kept["predicted"]["before"] = 7
    kept["observed"]["before"]["ipv4"] = "1"
    kept["verdict"] = "splendid"
    assert read(json.dumps(kept)) == Outcome()


def test_the_line_has_so_many_promises_and_stays_short() -> None:
    long = Promise(destination="d" * 255, before=1 / 3, after=1.0, deliveries=10**9, setup=1 / 7)
    kept = line(Outcome(promises=(long,) * (MOST + 1)))
    assert len(read(kept).promises) == MOST
    assert len(kept) < 64 * 1024


def test_what_was_kept_before_there_were_promises_is_read() -> None:
    assert read(json.dumps(document(Outcome(verdict="good")))) == Outcome(verdict="good")


@pytest.mark.parametrize("row", [[], 3, ["d", None, None, 1, 2, 3, "4", None], ["d", None, None, 1, 2, 3]])
def test_a_promise_that_is_none_makes_the_line_unknown(row: object) -> None:
    kept = json.loads(line(Outcome(verdict="good")))
    kept["promises"] = [row]
    assert read(json.dumps(kept)) == Outcome()
