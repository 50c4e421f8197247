"""Process trees that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.sockets.daemons import Daemons

Start = Callable[..., Daemons]


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Start]:
    """Starts a `master` with the children given as (name, code, arguments)."""
    started: list[Daemons] = []

    def start(*children: tuple[str, str, Sequence[str]], **options: Any) -> Daemons:
        directory = tmp_path / f"tree{len(started)}"
        directory.mkdir()
        started.append(Daemons(directory, children, **options))
        return started[-1]

    yield start
    for tree in started:
        tree.close()
