"""Zones as rules: what a zone file says of the years to come, and no harm from what is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mxtop.mail.zone import rule_of, zone_of

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


def offset(rule: str, *moment: int) -> timedelta | None:
    return datetime(*moment, tzinfo=zone_of(rule)).utcoffset()  # type: ignore[arg-type,misc]


def test_a_rule_knows_summer_and_winter() -> None:
    assert offset(BERLIN, 2026, 10, 25, 1, 59) == timedelta(hours=2)
    assert offset(BERLIN, 2026, 10, 25, 3, 1) == timedelta(hours=1)
    assert offset("<+0545>-05:45", 2026, 1, 1) == timedelta(hours=5, minutes=45)


@pytest.mark.parametrize("rule", ["", "nonsense", "A\nB-1", "CET-1CEST,M3.5.0,M10.5.0/999", "ä-1", "X" * 300])
def test_what_is_no_rule_is_no_zone(rule: str) -> None:
    assert zone_of(rule) is None


@pytest.mark.parametrize(
    "data", [b"", b"TZif", b"nonsense\nJST-9\n", b"TZif2\n\n", b"TZif2\nnonsense\n", b"TZif2\n\xff\n"]
)
def test_a_file_without_a_rule(data: bytes) -> None:
    assert rule_of(data) == ""


@pytest.mark.skipif(not Path("/usr/share/zoneinfo/Europe/Berlin").exists(), reason="needs tzdata")
def test_the_rule_of_a_zone_file() -> None:
    assert rule_of(Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes()) == BERLIN
