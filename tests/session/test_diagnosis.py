"""Findings come by themselves, and only where something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from tests.route.hosts import DUAL, QUAD, instance, seen, snapshot

from mxtop.fixes import diagnose
from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot
from mxtop.session import diagnosis
from mxtop.session.core import Core


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Snapshot]]:
    """Every snapshot that was diagnosed."""
    done: list[Snapshot] = []

    def counted(shown: Snapshot) -> tuple[Finding, ...]:
        done.append(shown)
        return diagnose(shown)

    monkeypatch.setattr(diagnosis, "diagnose", counted)
    monkeypatch.setattr(diagnosis, "SEEN", diagnosis.Pace(first=0.01, last=0.01, share=0.5))
    monkeypatch.setattr(diagnosis, "SOON", 0.01)
    yield done


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0.01)


async def test_found_once_and_again_where_something_changed(looks: list[Snapshot]) -> None:
    current = Snapshot()
    told: list[tuple[Finding, ...]] = []

    async def story() -> None:
        nonlocal current
        await asyncio.sleep(0.1)
        assert looks == []  # no settings yet: nothing can be told
        current = snapshot(instance(), (seen("dual.example", 12, 13), DUAL))
        await until(lambda: len(told) == 1)
        await asyncio.sleep(0.1)
        assert [[one.id for one in found] for found in told] == [["mixed-families"]]
        current = snapshot(
            instance(), (seen("dual.example", 12, 13), DUAL), (seen("quad.example", 9, 31), QUAD)
        )
        await until(lambda: len(told) == 2)
        assert len(looks) == 2
        assert told[1][0].destinations == ("quad.example", "dual.example")

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        life = group.create_task(diagnosis.keep_diagnosed(lambda: current, told.append, seen_by(True)))
        await story()
        life.cancel()


async def test_a_host_that_nobody_looks_at_is_looked_at_as_soon_as_somebody_does(
    looks: list[Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "BEHIND", diagnosis.Pace(first=3600.0, last=3600.0, share=0.01))
    attended = seen_by(False)
    current = snapshot(instance(), (seen("dual.example", 12, 13), DUAL))
    told: list[tuple[Finding, ...]] = []
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        life = group.create_task(diagnosis.keep_diagnosed(lambda: current, told.append, attended))
        await until(lambda: len(told) == 1)
        current = snapshot(instance(), (seen("quad.example", 9, 31), QUAD))
        await asyncio.sleep(0.1)
        assert len(looks) == 1
        attended.set()
        await until(lambda: len(told) == 2)
        life.cancel()


def seen_by(somebody: bool) -> asyncio.Event:
    attended = asyncio.Event()
    if somebody:
        attended.set()
    return attended


def test_a_long_look_is_followed_by_a_longer_rest() -> None:
    assert diagnosis.SEEN.rest(0.001) == 5.0
    assert diagnosis.SEEN.rest(1.3) == pytest.approx(1.3 * 19)
    assert diagnosis.BEHIND.rest(1.3) > 10 * diagnosis.SEEN.rest(1.3)


def test_where_nobody_looks_and_nothing_new_is_found_looks_are_rarer() -> None:
    assert [diagnosis.SEEN.rest(0.001, same) for same in (0, 1, 9)] == [5.0, 5.0, 5.0]
    assert [diagnosis.BEHIND.rest(0.001, same) for same in (0, 1, 2, 3, 10**6)] == [
        5.0,
        10.0,
        20.0,
        40.0,
        40.0,
    ]


def test_the_core_shows_them() -> None:
    core = Core("mx1")
    core.findings = (Finding(id="x", title="t", sentence="s"),)
    assert core.tick(1.0).findings == core.findings == core.look(2.0).findings
