"""A command in a channel of its own: its bytes as they come, its end however it comes, and no more memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.hosts.wires import Line, LocalWire, ScriptedWire

from mxtop.hosts import process as module
from mxtop.hosts import script
from mxtop.hosts.errors import HostDown
from mxtop.hosts.process import HIGH_WATER, Process
from mxtop.hosts.shell import NOISE_CAP, STDERR_CAP


async def guarded(argv: Sequence[str], wire: LocalWire | None = None) -> Process:
    mark = script.nonce()
    return await Process.start(wire or LocalWire(), "mx1", script.guarded(argv, mark), mark)


async def scripted() -> tuple[Process, Line]:
    """A process whose far side has read its script and said so."""
    wire = ScriptedWire()
    process = await guarded(["true"], wire)
    wire.line.receiver.data(wire.line.mark + b" 4711\n")
    wire.line.receiver.complaint(wire.line.mark + b"\n")
    return process, wire.line


async def everything(process: Process) -> bytes:
    return b"".join([chunk async for chunk in process])


# -- a real sh ----------------------------------------------------------------------


async def test_output_of_any_bytes_then_the_exit_code() -> None:
    process = await guarded(["sh", "-c", "printf 'a\\377\\000b'; echo why >&2; exit 3"])
    assert await everything(process) == b"a\xff\0b"
    await process.finished()
    assert (process.exit_code, process.stderr, process.over) == (3, b"why\n", True)
    await process.close()


async def test_ended_by_a_signal() -> None:
    process = await guarded(["sh", "-c", "kill -9 $$"])
    await process.finished()
    assert process.exit_code == -9
    await process.close()


async def test_a_command_reads_nothing_of_the_script() -> None:
    process = await guarded(["cat"])
    assert await everything(process) == b""
    await process.close()


async def test_an_idle_reader_loses_nothing_of_a_big_output() -> None:
    size = 6 * HIGH_WATER
    process = await guarded(["head", "-c", str(size), "/dev/zero"])
    while not process._paused:  # beyond the high water the far side is asked to wait
        await process.news()
    assert process._waiting < 2 * HIGH_WATER
    assert len(await everything(process)) == size
    await process.finished()
    assert process.exit_code == 0
    await process.close()


async def test_a_conversation_has_the_channel_as_its_input() -> None:
    mark = script.nonce()
    argv = ["sh", "-c", "printf 'who? ' >&2; read name; cat; echo $name"]
    process = await Process.start(LocalWire(), "mx1", script.conversing(argv, mark), mark)
    await process.started()
    while process.stderr != b"who? ":
        await process.news()
    process.write(b"me\nrest\xff\n")
    process.write_eof()
    while not process.over:
        await process.news()
    assert process.taken() == b"rest\xff\nme\n"
    assert process.taken() == b"", "taken once"
    await process.finished()
    await process.close()


async def test_a_login_that_floods_is_refused() -> None:
    process = await guarded(["true"], LocalWire("cat", "/dev/zero"))
    with pytest.raises(HostDown, match="mx1 floods the login with output"):
        await process.started()
    await process.close()


# -- a far side that misbehaves -------------------------------------------------------


async def test_not_begun_before_the_far_side_has_read_the_script() -> None:
    wire = ScriptedWire()
    process = await guarded(["true"], wire)
    begun = asyncio.ensure_future(process.started())
    wire.line.receiver.data(b"motd\n" * 1000)
    wire.line.receiver.complaint(b"motd\n" * 1000)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not begun.done()
    wire.line.receiver.data(wire.line.mark + b" 4711\nfirst")
    await begun
    assert (process.pid, process.taken(), process.stderr) == (4711, b"first", b"")


@pytest.mark.parametrize("size", [1, 13, 10_000])
async def test_marks_in_pieces(size: int) -> None:
    wire = ScriptedWire()
    process = await guarded(["true"], wire)
    line = wire.line
    for receive, told in (
        (line.receiver.data, b"noise\n" + line.mark + b" 4711\nout"),
        (line.receiver.complaint, b"noise\n" + line.mark + b"\nwhy\n" + line.mark + b" 2\n"),
    ):
        for at in range(0, len(told), size):
            receive(told[at : at + size])
    line.receiver.ended(None)
    assert await everything(process) == b"out"
    await process.finished()
    assert (process.pid, process.exit_code, process.stderr) == (4711, 2, b"why\n")


async def test_what_waits_is_bounded_and_taking_it_lets_the_far_side_go_on() -> None:
    process, line = await scripted()
    line.receiver.data(b"x" * HIGH_WATER)
    assert not line.paused
    line.receiver.data(b"x")
    assert line.paused
    assert len(process.taken()) == HIGH_WATER + 1
    assert not line.paused


async def test_a_slow_reader_lets_the_far_side_go_on_before_all_is_read() -> None:
    process, line = await scripted()
    for _ in range(20):
        line.receiver.data(b"x" * (HIGH_WATER // 16))
    assert line.paused
    taken = 0
    async for chunk in process:
        taken += len(chunk)
        if not line.paused:
            break
    assert 0 < taken < 20 * HIGH_WATER // 16, "some of it still waits"


async def test_a_flood_of_complaints_is_cut_and_the_code_still_heard() -> None:
    process, line = await scripted()
    for _ in range(100):
        line.receiver.complaint(b"y" * 10_000)
    assert len(process.stderr) <= STDERR_CAP
    line.receiver.complaint(line.mark + b" 1\n")
    await process.finished()
    assert (process.exit_code, len(process.stderr)) == (1, STDERR_CAP)


async def test_a_flood_before_the_first_word_is_cut() -> None:
    wire = ScriptedWire()
    process = await guarded(["true"], wire)
    wire.line.receiver.data(b"z" * (NOISE_CAP + 100))
    with pytest.raises(HostDown, match="mx1 floods the login"):
        await process.started()
    with pytest.raises(HostDown, match="mx1 floods the login"):
        await everything(process)
    assert wire.line.closings


async def test_lost_before_the_exit_code_is_an_error_after_what_was_heard() -> None:
    process, line = await scripted()
    line.receiver.data(b"first")
    line.receiver.ended("connection lost")
    heard = []
    with pytest.raises(HostDown, match="mx1: connection lost"):
        async for chunk in process:
            heard += [chunk]
    assert heard == [b"first"]
    with pytest.raises(HostDown, match="mx1: connection lost"):
        await process.finished()
    assert process.exit_code is None


async def test_ended_without_an_exit_code_was_ended_by_somebody() -> None:
    process, line = await scripted()
    line.receiver.ended(None)
    with pytest.raises(HostDown, match="mx1: the command was ended"):
        await process.finished()


async def test_lost_after_the_exit_code_is_no_error() -> None:
    process, line = await scripted()
    line.receiver.data(b"all")
    line.receiver.complaint(line.mark + b" 0\n")
    assert line.eof, "the guard over there waits for this"
    line.receiver.ended("connection lost")
    assert await everything(process) == b"all"
    await process.finished()


async def test_waiting_ends_with_the_connection() -> None:
    wire = ScriptedWire()
    process = await guarded(["true"], wire)
    begun = asyncio.ensure_future(process.started())
    await asyncio.sleep(0)
    wire.line.receiver.ended("connection lost")
    with pytest.raises(HostDown, match="mx1: connection lost"):
        await begun


async def test_a_far_side_that_does_not_close_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CLOSE_SECONDS", 0.05)
    process, line = await scripted()
    async with asyncio.timeout(30):
        await process.close()
    assert line.closings


@pytest.mark.parametrize("word", [b" xyz", b" " + b"9" * 5000, b" -", b" 1 2"])
async def test_a_mark_that_no_number_follows_says_nothing(word: bytes) -> None:
    wire = ScriptedWire()
    mark = script.nonce()
    process = await Process.start(wire, "mx1", script.guarded(["true"], mark), mark)
    wire.line.receiver.data(mark.encode() + word + b"\n")
    wire.line.receiver.complaint(mark.encode() + b"\n" + mark.encode() + word + b"\n")
    assert process.exit_code is None and process.pid == 0
