"""The bench of the transaction's tests: one lab for all of them, small Postfix instances on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.change.bench import Bench
from tests.lab import Lab, world


@pytest.fixture(scope="session")
def change_lab() -> Iterator[Lab]:
    with Lab([world.DUAL]) as lab:
        yield lab


@pytest.fixture(scope="session")
def session_bench(change_lab: Lab) -> Bench:
    return Bench(change_lab)


@pytest.fixture
def bench(session_bench: Bench) -> Iterator[Bench]:
    """One instance with its first settings and no change."""
    yield session_bench
    session_bench.reset()


@pytest.fixture(scope="session")
def benches(change_lab: Lab) -> list[Bench]:
    """Six more, for what takes long and can be done side by side."""
    return [Bench(change_lab) for _ in range(6)]
