"""A finding as a value: its numbers, its raw text, and a fix only where one helps."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from mxtop.mail.finding import Evidence, Finding


def test_a_finding_without_a_remedy_offers_none() -> None:
    bare = Finding(id="x", title="t", sentence="s")
    assert (bare.fix, bare.value, bare.advice, bare.destinations, bare.evidence) == (None, None, "", (), ())


def test_evidence_is_a_number_not_a_sentence() -> None:
    assert Evidence("IPv6 connections that failed", 14).count == 14
    assert Evidence("seconds", 15.5).count == 15.5
    assert [f.name for f in fields(Evidence)] == ["what", "count"], "as report --json has them"


def test_text_of_strangers_is_kept_raw() -> None:
    hostile = "[red]\x1b]0;x\x07\udcff"
    finding = Finding(id="x", title=hostile, sentence=hostile, destinations=(hostile,))
    assert (finding.title, finding.sentence, finding.destinations) == (hostile, hostile, (hostile,))


def test_the_same_finding_is_the_same_in_the_next_snapshot() -> None:
    one, other = (Finding(id="x", title="t", sentence="s", evidence=(Evidence("n", 1),)) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.fix = "address-preference"  # type: ignore[misc]
