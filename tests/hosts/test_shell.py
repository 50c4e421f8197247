"""A shell that stays: what each command gets back, and what becomes of it when the far side misbehaves."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hosts.wires import Line, LocalWire, ScriptedWire

from mxtop.hosts import shell as module
from mxtop.hosts.errors import HostDown
from mxtop.hosts.shell import NOISE_CAP, STDERR_CAP, Shell, Until
from mxtop.mail.errors import CommandFailed

MARK = "0123456789abcdef" * 2


# -- Until: bytes up to a mark, whatever pieces they come in ---------------------------


@given(
    before=st.binary(max_size=300),
    after=st.binary(max_size=50),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_the_mark_is_found_wherever_the_pieces_are_cut(before: bytes, after: bytes, cuts: list[int]) -> None:
    whole = before + f"{MARK} 17\n".encode() + after
    until = Until(MARK, 1000)
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
    pieces = [whole[a:b] for a, b in zip([0, *ends], ends)]
    while pieces and not until.feed(pieces.pop(0)):
        pass
    assert (bytes(until.kept), until.word, until.rest + b"".join(pieces)) == (before, b"17", after)


def test_a_mark_without_the_end_of_its_line_is_not_yet_one() -> None:
    until = Until(MARK, 1000)
    assert not until.feed(f"out{MARK} 1".encode())
    assert until.feed(b"27\nrest")
    assert (until.word, until.rest) == (b"127", b"rest")


@pytest.mark.parametrize("piece", [1, 7, 100, 5000])
def test_a_flood_is_kept_up_to_the_cap_and_its_mark_still_found(piece: int) -> None:
    until = Until(MARK, 100)
    flood = b"".join(b"%07d\n" % n for n in range(2000))
    whole = flood + f"{MARK} 0\n".encode()
    most = 0
    for at in range(0, len(whole), piece):
        seen = until.feed(whole[at : at + piece])
        most = max(most, len(until.kept))
    assert seen and until.overflow
    assert bytes(until.kept) == flood[:100]
    assert most <= 100 + 64 + 64 + piece, "memory is bounded"


def test_no_more_than_the_cap_is_no_overflow() -> None:
    until = Until(MARK, 100)
    assert until.feed(b"x" * 100 + f"{MARK} 0\n".encode())
    assert not until.overflow
    assert bytes(until.kept) == b"x" * 100


# -- a real sh ----------------------------------------------------------------------


async def test_one_shell_runs_one_command_after_the_other() -> None:
    shell = await Shell.start(LocalWire(), "mx1")
    pids = set()
    for n in range(5):
        done = await shell.run(["sh", "-c", f"cat; echo $PPID >&2; exit {n}"], b"\xff\0in\n", timeout=30)
        assert (done.exit_code, done.stdout) == (n, b"\xff\0in\n")
        pids.add(done.stderr)
    assert shell.pid > 0
    assert not shell.broken
    shell.close()
    assert shell.broken


async def test_a_command_that_prints_too_much_leaves_the_shell_broken() -> None:
    shell = await Shell.start(LocalWire(), "mx1")
    with pytest.raises(CommandFailed, match="cat printed more than 1 MiB on mx1"):
        await shell.run(["cat", "/dev/zero"], b"", timeout=60, cap=1024 * 1024)
    assert shell.broken
    shell.close()


async def test_a_flood_of_complaints_is_cut_and_harms_nothing() -> None:
    shell = await Shell.start(LocalWire(), "mx1")
    done = await shell.run(["sh", "-c", "head -c 300000 /dev/zero >&2; echo out"], b"", timeout=60)
    assert (done.stdout, len(done.stderr)) == (b"out\n", STDERR_CAP)
    assert not shell.broken
    shell.close()


async def test_a_command_that_takes_too_long_leaves_the_shell_broken() -> None:
    shell = await Shell.start(LocalWire(), "mx1")
    with pytest.raises(TimeoutError):
        await shell.run(["sleep", "20"], b"", timeout=0.05)
    assert shell.broken
    shell.close()


@pytest.mark.parametrize(
    ("program", "title"),
    [
        (("false",), "mx1: the shell ended"),
        (
            ("sh", "-c", "echo motd; echo This account is not available. >&2"),
            "This account is not available.",
        ),
        (("sh", "-c", "echo This account is closed."), "This account is closed."),
    ],
)
async def test_a_login_that_leads_to_no_shell_says_its_last_words(
    program: tuple[str, ...], title: str
) -> None:
    with pytest.raises(HostDown, match=title) as caught:
        await Shell.start(LocalWire(*program), "mx1")
    assert caught.value.remedy == "the login's shell must be able to run sh"


async def test_a_login_that_floods_is_refused_and_not_kept() -> None:
    with pytest.raises(HostDown, match="mx1 floods the login with output"):
        await Shell.start(LocalWire("cat", "/dev/zero"), "mx1")


async def test_a_login_that_prints_a_little_is_let_be() -> None:
    noise = f"head -c {NOISE_CAP - 100} /dev/zero; exec sh"
    shell = await Shell.start(LocalWire("sh", "-c", noise), "mx1")
    assert (await shell.run(["printf", "x"], b"", timeout=60)).stdout == b"x"
    shell.close()


async def test_a_far_side_that_only_echoes_is_no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOGIN_SECONDS", 0.2)
    with pytest.raises(HostDown, match="mx1 starts no shell"):
        await Shell.start(LocalWire("cat"), "mx1")


# -- a far side that misbehaves -------------------------------------------------------


def ready(line: Line) -> None:
    """Answers the first script as a sh does, and nothing after it."""
    if line.written.count(b"\n") == 1:
        line.receiver.data(line.mark + b" 4711\n")
        line.receiver.complaint(line.mark + b"\n")


async def test_a_far_side_that_never_answers_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOGIN_SECONDS", 0.05)
    wire = ScriptedWire()
    with pytest.raises(HostDown, match="mx1 starts no shell"):
        await Shell.start(wire, "mx1")
    assert wire.line.closings


async def test_who_gives_up_waiting_for_the_shell_leaves_no_channel() -> None:
    wire = ScriptedWire()
    task = asyncio.ensure_future(Shell.start(wire, "mx1"))
    while not wire.lines:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wire.line.closings


async def test_lost_in_the_middle_of_a_command_and_after() -> None:
    wire = ScriptedWire(ready)
    shell = await Shell.start(wire, "mx1")
    assert shell.pid == 4711
    running = asyncio.ensure_future(shell.run(["true"], b"", timeout=30))
    await asyncio.sleep(0)
    wire.line.receiver.ended("connection lost")
    with pytest.raises(HostDown, match="mx1: connection lost"):
        await running
    assert shell.broken
    with pytest.raises(HostDown, match="mx1: connection lost"):
        await shell.run(["true"], b"", timeout=30)


async def test_one_end_of_two_is_not_the_end() -> None:
    """The answer is there when both streams say so: the last complaint may come later than the output."""
    wire = ScriptedWire(ready)
    shell = await Shell.start(wire, "mx1")
    running = asyncio.ensure_future(shell.run(["true"], b"", timeout=30))
    await asyncio.sleep(0)
    wire.line.receiver.data(b"out" + wire.line.mark + b" 1\n")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    wire.line.receiver.complaint(b"why\n" + wire.line.mark + b"\n")
    done = await running
    assert (done.exit_code, done.stdout, done.stderr) == (1, b"out", b"why\n")


async def test_what_comes_between_commands_is_nobodys() -> None:
    wire = ScriptedWire(ready)
    shell = await Shell.start(wire, "mx1")
    for _ in range(100):
        wire.line.receiver.data(b"noise" * 10_000)
        wire.line.receiver.complaint(b"noise" * 10_000)
    running = asyncio.ensure_future(shell.run(["true"], b"", timeout=30))
    await asyncio.sleep(0)
    wire.line.receiver.data(wire.line.mark + b" 0\n")
    wire.line.receiver.complaint(wire.line.mark + b"\n")
    assert (await running).stdout == b""


async def test_any_word_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    shell = Shell("mx1")
    now = 200.0
    shell.complaint(b"x")
    assert shell.heard == 200.0
    now = 300.0
    shell.data(b"")
    assert shell.heard == 300.0


@pytest.mark.parametrize("word", [b" xyz", b" \xff", b" " + b"9" * 5000, b" -", b"0", b" 1 2"])
async def test_a_mark_that_no_number_follows_is_none(word: bytes) -> None:
    wire = ScriptedWire(ready)
    shell = await Shell.start(wire, "mx1")
    running = asyncio.ensure_future(shell.run(["true"], b"", timeout=30))
    await asyncio.sleep(0)
    wire.line.receiver.data(wire.line.mark + word + b"\n")
    wire.line.receiver.complaint(wire.line.mark + b"\n")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    wire.line.receiver.data(wire.line.mark + b" 3\n")
    assert (await running).exit_code == 3


async def test_an_answer_without_an_exit_code_is_none() -> None:
    wire = ScriptedWire(ready)
    shell = await Shell.start(wire, "mx1")
    running = asyncio.ensure_future(shell.run(["true"], b"", timeout=30))
    await asyncio.sleep(0)
    wire.line.receiver.data(wire.line.mark + b"\n")
    wire.line.receiver.complaint(wire.line.mark + b"\n")
    with pytest.raises(HostDown, match="without an exit code"):
        await running
    assert shell.broken
