"""A feed's errors become a state; bugs do not."""

from __future__ import annotations

import asyncio

import pytest

from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import Feed
from mxtop.session import supervise as module
from mxtop.session.supervise import supervise


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))


async def test_expected_errors_are_shown_and_tried_again() -> None:
    tries: list[int] = []
    shown: list[Feed] = []

    async def feed() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise MxtopError("log unreadable", "sudo mxtop")
        if len(tries) == 2:
            raise PermissionError(13, "Permission denied")

    await supervise("log", feed, shown.append)
    assert len(tries) == 3
    assert [(f.name, f.state, f.detail, f.remedy) for f in shown] == [
        ("log", "down", "log unreadable", "sudo mxtop"),
        ("log", "down", "Permission denied", ""),
    ]


async def test_a_bug_is_not_hidden() -> None:
    async def feed() -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        await supervise("log", feed, lambda feed: None)


async def test_the_same_trouble_again_is_since_the_first_time() -> None:
    errors = [MxtopError("a"), MxtopError("a"), MxtopError("b")]
    shown: list[Feed] = []

    async def feed() -> None:
        if errors:
            raise errors.pop(0)

    await supervise("log", feed, shown.append)
    first, again, other = (f.since for f in shown)
    assert first is not None and other is not None
    assert first == again < other


async def test_trouble_in_one_of_several_tasks_is_told_like_any_other() -> None:
    shown: list[Feed] = []

    async def fails() -> None:
        raise MxtopError("log unreadable", "sudo mxtop")

    async def feed() -> None:
        if shown:
            return
        async with asyncio.TaskGroup() as outer:
            outer.create_task(asyncio.sleep(60))
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())

    await supervise("log", feed, shown.append)
    assert [(f.state, f.detail, f.remedy) for f in shown] == [("down", "log unreadable", "sudo mxtop")]


async def test_a_bug_beside_trouble_is_not_hidden() -> None:
    async def feed() -> None:
        raise ExceptionGroup("both", [MxtopError("log unreadable"), KeyError("bug")])

    with pytest.raises(ExceptionGroup):
        await supervise("log", feed, lambda feed: None)
