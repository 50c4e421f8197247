"""A follower that waits less, for tests in which no writer goes on with a rotated file."""

from __future__ import annotations

import pytest

from mxtop.sources import file


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "GRACE", 0.1)
    monkeypatch.setattr(file, "POLL", 0.05)
