"""Every command is remembered with its outcome, and many looks forget no change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mxtop.hosts.base import Reply
from mxtop.hosts.local import LocalHost
from mxtop.hosts.remembering import KEPT, Ran, Remembering
from mxtop.mail.errors import CommandFailed


def changing(argv: Sequence[str]) -> bool:
    return argv[0] == "false"


async def test_each_way_to_run_a_command_is_remembered() -> None:
    host = Remembering(LocalHost("mx1"), changing)
    assert host.name == "mx1"
    assert (await host.run(["sh", "-c", "cat; exit 3"], stdin=b"secret")).stdout == b"secret"
    assert (await host.run(["false"])).exit_code == 1
    async with host.output(["echo", "x"]) as output:
        assert [chunk async for chunk in output] == [b"x\n"]

    async def answer(said: bytes) -> Reply:
        return Reply(b"secret\n", last=True)

    await host.converse(["sh", "-c", "echo who >&2; cat"], answer)
    with pytest.raises(CommandFailed):
        await host.run(["sleep", "9"], timeout=0.1)
    with pytest.raises(CommandFailed):
        await host.run(["/no/such/command"])
    ran = host.commands()
    assert [(one.argv[0], one.exit_code, one.purpose) for one in ran] == [
        ("sh", 3, "look"),
        ("false", 1, "change"),
        ("echo", 0, "look"),
        ("sh", 0, "look"),
        ("sleep", None, "look"),
        ("/no/such/command", None, "look"),
    ]
    assert 0.1 <= ran[4].seconds < 5
    assert "secret" not in repr(ran)


async def test_who_goes_away_is_remembered_too() -> None:
    host = Remembering(LocalHost(), changing)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await host.run(["sleep", "9"])
    assert [one.exit_code for one in host.commands()] == [None]


def test_many_looks_forget_no_change() -> None:
    host = Remembering(LocalHost(), changing)
    host.remember(Ran(0.0, ("postfix", "reload"), 0, 0.1, "change"))
    for number in range(KEPT + 5):
        host.remember(Ran(float(number + 1), ("postconf",), 0, 0.1))
    ran = host.commands()
    assert len(ran) == KEPT + 1
    assert ran[0].argv == ("postfix", "reload")
    assert ran[1].time == 6.0
