"""The page of a host that only a person can bring back: why, what helps, and why nobody is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.test_links import DOWN, KEY

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.screens.lost import Lost


def away(**fields: Any) -> Snapshot:
    return replace(SNAPSHOT, connection=replace(DOWN, **fields))


def words(snapshot: Snapshot) -> str:
    page = Lost(FakeSession(snapshot), snapshot)
    return " ".join("".join(text for text, _ in line) for line in page.lines(72))


def test_why_and_what_helps_are_there_in_full() -> None:
    remedy = "load the key into the agent " * 6
    said = words(away(state="needs authentication", title="mx1: permission denied", remedy=remedy))
    assert "mx1: permission denied" in said
    assert said.count("agent") == 6
    assert "It is not tried again by itself." in said


def test_a_host_that_is_tried_again_is_not_left_to_a_person() -> None:
    assert "by itself" not in words(away(state="down"))


@pytest.mark.parametrize(
    ("file", "reason"),
    [("/home/alice/.ssh/known_hosts", "StrictHostKeyChecking is yes"), ("", "UserKnownHostsFile is none")],
)
def test_why_nobody_is_asked_about_a_key(file: str, reason: str) -> None:
    offered = replace(KEY, file=file, refused=True)
    said = words(away(state="unknown host key", offered=offered))
    assert f"Your {reason}" in said
    assert "Your" not in words(away(state="unknown host key", offered=replace(offered, refused=False)))
