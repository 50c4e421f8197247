"""Commands of this machine: bounded in time and size, and nothing stays behind."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from mxtop.hosts.base import Host, Reply
from mxtop.hosts.local import LocalHost, environment
from mxtop.mail.errors import CommandFailed

host: Host = LocalHost()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_run() -> None:
    done = await host.run(["sh", "-c", "cat; echo why >&2; exit 3"], stdin=b"in\xff\n")
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"in\xff\n", b"why\n")
    assert done.text == "in\udcff\n"
    assert done.complaint == "why"
    assert 0 < done.seconds < 10


async def test_big_input_and_output_at_once() -> None:
    data = os.urandom(1024) * 3000
    done = await host.run(["sh", "-c", "tee /dev/stderr"], stdin=data)
    assert done.stdout == data


async def test_no_input_is_the_end_of_input() -> None:
    assert (await host.run(["cat"], timeout=5)).stdout == b""


async def test_arguments_are_never_a_shells() -> None:
    argument = "$(touch /tmp/no); `id` 'q' \"q\" *"
    assert (await host.run(["printf", "%s", argument])).text == argument


async def test_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = time.monotonic()
    with pytest.raises(CommandFailed) as caught:
        await host.run(["sh", "-c", 'sleep 60 & echo $! $$ > "$0"; wait', str(pids)], timeout=0.5)
    assert time.monotonic() - started < 40
    assert "0.5 s" in caught.value.title
    assert all([await gone(int(pid)) for pid in pids.read_text().split()])


async def test_cancellation_kills(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await host.run(["sh", "-c", 'echo $$ > "$0"; exec sleep 60', str(pids)])
    assert await gone(int(pids.read_text()))


async def test_missing_command() -> None:
    with pytest.raises(CommandFailed) as caught:
        await host.run(["no-such-command-of-ours"])
    assert "no-such-command-of-ours" in caught.value.title
    assert caught.value.remedy


async def test_too_much_output() -> None:
    with pytest.raises(CommandFailed, match="more than"):
        await host.run(["cat", "/dev/zero"], timeout=20)


async def test_reading_as_it_comes_and_going_away() -> None:
    async with host.output(["sh", "-c", "echo $$; exec sleep 60"]) as output:
        async for chunk in output:
            pid = int(chunk)
            break
    assert output.exit_code is None
    assert await gone(pid)


async def test_reading_to_the_end() -> None:
    got = b""
    async with host.output([sys.executable, "-c", "print('x' * 300000)"]) as output:
        async for chunk in output:
            got += chunk
    assert (len(got), output.exit_code) == (300001, 0)


async def test_a_readers_own_timeout_stays_its_own() -> None:
    with pytest.raises(TimeoutError, match="mine"):
        async with host.output(["sleep", "60"]):
            raise TimeoutError("mine")


def test_environment() -> None:
    made = environment({"PATH": "/opt/x:/usr/bin", "LC_ALL": "de_DE.UTF-8", "A": "b"})
    assert made["PATH"].split(":")[:2] == ["/opt/x", "/usr/bin"]
    assert {"/usr/sbin", "/sbin"} <= set(made["PATH"].split(":"))
    assert (made["LC_ALL"], made["A"]) == ("C", "b")


async def test_files(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    assert await host.read_file(str(path), limit=4) == b"0123"
    found = await host.stat(str(path))
    assert found is not None
    assert (found.is_file, found.size, found.inode) == (True, 10, path.stat().st_ino)
    assert await host.stat(str(path / "under")) is None
    assert await host.can_read(str(path))
    with pytest.raises(FileNotFoundError):
        await host.read_file(str(tmp_path / "none"))


async def test_stream() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await host.open_stream("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()


async def test_a_conversation() -> None:
    """Asked on stderr, answered on stdin; then the rest of stdin is the command's."""
    heard: list[bytes] = []

    async def answer(said: bytes) -> Reply:
        heard.append(said)
        if said.endswith(b"name? "):
            await asyncio.sleep(0.6)  # longer than the command has
            return Reply(bytearray(b"alice\n"))
        return Reply(b"x" * 200_000, last=True) if said.endswith(b"more? ") else Reply()

    script = 'printf "name? " >&2; read n; printf "more? " >&2; wc -c; echo $n; echo end >&2; exit 3'
    done = await host.converse(["sh", "-c", script], answer, timeout=0.5)
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"200000\nalice\n", b"name? more? end\n")
    assert heard == [b"name? ", b"name? more? "]


async def test_a_conversation_ends_with_everything_in_it(tmp_path: Path) -> None:
    async def silent(said: bytes) -> Reply:
        return Reply()

    async def angry(said: bytes) -> Reply:
        raise ValueError(said)

    pids = tmp_path / "pids"
    script = 'sleep 60 & echo $! $$ > "$0"; echo hello >&2; wait'
    with pytest.raises(CommandFailed, match="gave no answer"):
        await host.converse(["sh", "-c", script, str(pids)], silent, timeout=0.5)
    assert all([await gone(int(pid)) for pid in pids.read_text().split()])
    with pytest.raises(ValueError, match="hello"):
        await host.converse(["sh", "-c", script, str(pids)], angry)
    assert all([await gone(int(pid)) for pid in pids.read_text().split()])
    with pytest.raises(CommandFailed, match="more than"):
        await host.converse(["sh", "-c", "head -c 17000000 /dev/zero"], silent)
    with pytest.raises(CommandFailed, match="no such command"):
        await host.converse(["no-such-command-of-ours"], silent)
