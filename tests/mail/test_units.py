"""Numbers keep their width and never lie about what is unknown."""

from __future__ import annotations

import pytest

from mxtop.mail import units


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0"), (9999, "9999"), (12_345, "12.3k"), (1_234_567, "1.2M"), (3_000_000_000, "3.0G")],
)
def test_count(value: int | None, shown: str) -> None:
    assert units.count(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0, "0.00s"), (0.123, "0.12s"), (1.44, "1.4s"), (9.96, "10s"), (42, "42s"), (99, "99s"),
        (186, "3.1m"), (9000, "2.5h"), (345_600, "4.0d"),
    ],
)  # fmt: skip
def test_duration(value: float | None, shown: str) -> None:
    assert units.duration(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.0, "0.0/s"), (1.44, "1.4/s"), (12_345.0, "12.3k/s")]
)
def test_rate(value: float | None, shown: str) -> None:
    assert units.rate(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.0, "0%"), (0.804, "80%"), (1.0, "100%")])
def test_share(value: float | None, shown: str) -> None:
    assert units.share(value) == shown
