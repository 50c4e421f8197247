"""Which version has which rule."""

from __future__ import annotations

import pytest

from mxtop.route.features import Features, features


@pytest.mark.parametrize(
    ("version", "name", "has"),
    [
        ("2.7.16", "preference", False),
        ("2.8.0", "preference", True),
        ("2.10.10", "fair_shuffle", False),
        ("2.11.11", "fair_shuffle", True),
        ("2.11.11", "null_mx", False),
        ("3.0.0", "null_mx", True),
        ("3.2.37", "balance", False),
        ("3.3.0", "balance", True),
        ("3.4.29", "hop_list", False),
        ("3.5.27", "hop_list", True),
        ("3.12-20260821", "fair_shuffle", True),
    ],
)
def test_rules(version: str, name: str, has: bool) -> None:
    assert getattr(features(version), name) is has


@pytest.mark.parametrize(
    ("version", "limit"),
    [
        ("3.4.29", None),
        ("3.5.24", None),
        ("3.5.25", 100),
        ("3.6.14", None),
        ("3.6.15", 100),
        ("3.7.10", None),
        ("3.7.11", 100),
        ("3.8.5", None),
        ("3.8.6", 100),
        ("3.9.0", 100),
        ("3.9-20240101", 100),
        ("3.11.6", 100),
    ],
)
def test_record_limit(version: str, limit: int | None) -> None:
    assert features(version).record_limit == limit


@pytest.mark.parametrize("version", ["", "mail", "$x"])
def test_an_unknown_version_is_a_current_one(version: str) -> None:
    assert features(version) == Features()
